"""A TASED-Net as a model: clips of uint8 frames in, finished maps out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from jaxtyping import Float
from torch import Tensor

from tased.errors import CheckpointError
from tased.network.tased import TASEDNet
from tased.predict.batched import TOGETHER, Batched
from tased.predict.clip import Clip
from tased.predict.clip import to_network as to_network  # training shows frames in the same way
from tased.predict.engine import Engine
from tased.predict.finish import finished
from tased.predict.maps import published
from tased.predict.resize import resize, resize_on, resize_published
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

    On a GPU frames are resized there, and the windows of a file go through the network several at a time, but
    not for `published` either.
    """

    name: str
    network: TASEDNet
    device: torch.device
    precision: torch.dtype
    published: bool = False
    trained: bool = True  # False: only the encoder has weights
    engine: bool = True

    def shot(self, *, live: bool = True) -> SlidingShot:
        """Begin a new shot; raises CheckpointError for a network that was never trained.

        Unless it is `live`, maps may wait for others that are computed with them.
        """
        if not self.trained:
            raise CheckpointError(f"{self.name}: {ENCODER_ALONE}")
        length, maps = self.network.config.clip_length, self._plain
        if self.uses_engine:
            maps = self._engine.shot()
        if self.uses_batches:
            maps = self._batched
        together = TOGETHER if self.uses_batches and not live else 1
        return SlidingShot(length, self._prepare, partial(self._predict, maps), together)

    @property
    def uses_engine(self) -> bool:
        """Whether it does; windows of one frame have nothing in common."""
        precise = self.precision in (torch.float32, torch.bfloat16)
        shared = self.network.config.clip_length > 1 and not self.published
        return self.engine and shared and self.device.type == "cpu" and precise

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.network, self.precision)

    @property
    def uses_batches(self) -> bool:
        """Whether windows can go through the network side by side."""
        return self.device.type == "cuda" and not self.published

    @cached_property
    def _batched(self) -> Batched:
        return Batched(self.network, self.precision)

    def _prepare(self, frame: Frame) -> Tensor:
        config = self.network.config
        if self.uses_batches:
            return resize_on(self.device, frame.pixels, config.rows, config.columns)
        return (resize_published if self.published else resize)(frame.pixels, config.rows, config.columns)

    @torch.inference_mode()
    def _predict(
        self, maps: Callable[[list[Clip]], Float[Tensor, "B K H W"]], clips: list[Clip]
    ) -> list[Float[Tensor, "H W"]]:
        """The finished maps of clips, each of its last frame, which has the whole past."""
        config, last = self.network.config, maps(clips)[:, -1].float()
        if self.published:
            return [published(m, config.blur) for m in last.cpu()]
        return list(finished(last, config).cpu())

    def _plain(self, clips: list[Clip]) -> Float[Tensor, "B K H W"]:
        # One clip at a time: in a batch sums are rounded in another order, and the published script's floor
        # then puts whole areas a level lower or higher.
        return torch.stack([self._alone(clip) for clip in clips])

    def _alone(self, clip: Clip) -> Float[Tensor, "K H W"]:
        x = to_network(clip.stacked()[None].to(self.device))
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            return self.network(x).view(-1, *x.shape[3:])
