"""A TASED-Net as a model: clips of uint8 frames in, finished maps out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from jaxtyping import Float
from torch import Tensor

from tased.errors import CheckpointError
from tased.network.tased import TASEDNet
from tased.predict.clip import Clip
from tased.predict.clip import to_network as to_network  # training shows frames in the same way
from tased.predict.engine import Engine
from tased.predict.maps import blurred, published
from tased.predict.resize import resize, resize_published
from tased.predict.sliding import SlidingShot
from tased.video.frame import Frame

ENCODER_ALONE = (
    "these weights are an encoder's alone, and the prediction network on it is untrained: nothing can be "
    "predicted with it yet; give the weights of a whole network"
)


@dataclass(frozen=True)
class NetworkModel:
    """A network with its weights, on its device.

    `published` makes everything around the network as in the published script: frames are resized as
    OpenCV does, and maps are floored, blurred, divided by their maximum and floored again.

    `engine` lets windows share what they have in common (see Engine), where that is made for: on a CPU, in
    float32 or bfloat16, and not for `published`, which is exact to the bit.
    """

    name: str
    network: TASEDNet
    device: torch.device
    precision: torch.dtype
    published: bool = False
    trained: bool = True  # False: only the encoder has weights
    engine: bool = True

    def shot(self) -> SlidingShot:
        """Begin a new shot; raises CheckpointError for a network that was never trained."""
        if not self.trained:
            raise CheckpointError(f"{self.name}: {ENCODER_ALONE}")
        length, maps = self.network.config.clip_length, self._plain
        if self.uses_engine:
            maps = self._engine.shot()
        return SlidingShot(length, self._prepare, partial(self._predict, maps))

    @property
    def uses_engine(self) -> bool:
        """Whether it does."""
        precise = self.precision in (torch.float32, torch.bfloat16)
        return self.engine and not self.published and self.device.type == "cpu" and precise

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.network, self.precision)

    def _prepare(self, frame: Frame) -> Tensor:
        config = self.network.config
        return (resize_published if self.published else resize)(frame.pixels, config.rows, config.columns)

    @torch.inference_mode()
    def _predict(
        self, maps: Callable[[list[Clip]], Float[Tensor, "B K H W"]], clips: list[Clip]
    ) -> list[Float[Tensor, "H W"]]:
        """The finished maps of clips, each of its last frame, which has the whole past."""
        finish = published if self.published else blurred
        return [finish(m[-1].float().cpu(), self.network.config.blur) for m in maps(clips)]

    def _plain(self, clips: list[Clip]) -> Float[Tensor, "B K H W"]:
        # One clip at a time: in a batch sums are rounded in another order, and the published script's floor
        # then puts whole areas a level lower or higher.
        return torch.stack([self._alone(clip) for clip in clips])

    def _alone(self, clip: Clip) -> Float[Tensor, "K H W"]:
        x = to_network(clip.stacked()[None].to(self.device))
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            return self.network(x).view(-1, *x.shape[3:])
