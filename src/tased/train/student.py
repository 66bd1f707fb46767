"""The network as it is trained: beside a teacher, and with the batch statistics of a recipe."""

from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tased.network.build import Network
from tased.network.tased import TASEDNet
from tased.predict.network import to_network
from tased.train.features import NoTeacher, Teacher, Unlike, nothing_unlike


class Answer(NamedTuple):
    """What the network makes of clips."""

    maps: Float[Tensor, "B K H W"]  # in [0, 1]; none, K = 0, where features alone are learnt
    unlike: Unlike  # the teacher, in training; 0 without one


class Student(nn.Module):
    """The network as it is trained, on clips of uint8 frames, with the heads that learn from a teacher.

    A TASED-Net has its channels last in memory, where convolutions in three dimensions are faster.
    Batch statistics are those of groups of `over` clips (0: of all), as where several GPUs share a batch.
    Without `maps` the prediction network has nothing to learn, and rests.
    """

    def __init__(
        self, network: Network, teacher: Teacher | NoTeacher, over: int, *, maps: bool = True
    ) -> None:
        super().__init__()
        self._layout = torch.channels_last_3d if isinstance(network, TASEDNet) else torch.preserve_format
        self.network = network.to(memory_format=self._layout)  # type: ignore[call-overload]
        self.teacher = teacher
        self._over = over
        self._maps = maps
        # What does not learn is none of several devices' to wait for.
        self.network.prediction.requires_grad_(maps)

    def forward(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Answer:
        groups = clips.split(self._over if self.training and self._over else len(clips))
        answers = [self._answer(group) for group in groups]
        unlike = zip(*(answer.unlike for answer in answers), strict=True)
        return Answer(torch.cat([answer.maps for answer in answers]), Unlike(*map(torch.cat, unlike)))

    def _answer(self, clips: Tensor) -> Answer:
        x = to_network(clips).to(memory_format=self._layout)
        if self.training and not self._maps:
            self.network.encoder(x)
            none = torch.empty(len(clips), 0, *clips.shape[-2:], device=clips.device)
            return Answer(none, self.teacher(clips))
        maps = self.network(x)
        maps = maps if maps.ndim == 4 else maps[:, None]
        return Answer(maps, self.teacher(clips, maps) if self.training else nothing_unlike(clips))
