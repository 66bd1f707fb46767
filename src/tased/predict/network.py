"""A TASED-Net as a model: clips of uint8 frames in, finished maps out."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tased.errors import CheckpointError
from tased.network.tased import TASEDNet
from tased.predict.maps import blurred, published
from tased.predict.resize import resize, resize_published
from tased.predict.sliding import SlidingShot
from tased.video.frame import Frame

ENCODER_ALONE = (
    "these weights are an encoder's alone, and the prediction network on it is untrained: nothing can be "
    "predicted with it yet; give the weights of a whole network"
)


@dataclass(frozen=True, slots=True)
class NetworkModel:
    """A network with its weights, on its device.

    `published` makes everything around the network as in the published script: frames are resized as
    OpenCV does, and maps are floored, blurred, divided by their maximum and floored again.
    """

    name: str
    network: TASEDNet
    device: torch.device
    precision: torch.dtype
    published: bool = False
    trained: bool = True  # False: only the encoder has weights

    def shot(self) -> SlidingShot:
        """Begin a new shot; raises CheckpointError for a network that was never trained."""
        if not self.trained:
            raise CheckpointError(f"{self.name}: {ENCODER_ALONE}")
        return SlidingShot(self.network.config.clip_length, self._prepare, self._predict)

    def _prepare(self, frame: Frame) -> Tensor:
        config = self.network.config
        return (resize_published if self.published else resize)(frame.pixels, config.rows, config.columns)

    @torch.inference_mode()
    def _predict(self, clip: UInt8[Tensor, "T 3 H W"]) -> Float[Tensor, "H W"]:
        # One clip at a time: in a batch sums are rounded in another order, and the published script's floor
        # then puts whole areas a level lower or higher.
        x = to_network(clip[None].to(self.device))
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            maps = self.network(x)
        if self.network.config.maps > 1:
            maps = maps[:, -1]  # every window is asked for its last frame, the one with the whole past
        finish = published if self.published else blurred
        return finish(maps[0].float().cpu(), self.network.config.blur)


def to_network(clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, "B 3 T H W"]:
    """RGB 0..255 to [-1, 1], as training and inference of the published network do."""
    return clips.transpose(1, 2).float().mul_(2).sub_(255).div_(255)
