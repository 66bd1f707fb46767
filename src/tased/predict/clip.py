"""What a network is shown for one map."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


class Clip(NamedTuple):
    """T frames of a shot, in the order in which they are seen."""

    frames: tuple[UInt8[Tensor, "3 H W"], ...]
    first: int = 0  # position in the shot of the frame seen first
    step: int = 1  # from one frame to the next: 1, or -1 in a clip shown backwards

    @property
    def positions(self) -> range:
        """Where in the shot the frames are; past its end in a shot that is looped."""
        return range(self.first, self.first + self.step * len(self.frames), self.step)

    def stacked(self) -> UInt8[Tensor, "T 3 H W"]:
        """All frames in one tensor."""
        return torch.stack(self.frames)


def gathered(clips: Sequence[Clip]) -> UInt8[Tensor, "B T 3 H W"]:
    """Clips of one shot in one tensor; what they share is collected once."""
    frames = {p: f for clip in clips for p, f in zip(clip.positions, clip.frames, strict=True)}
    place = {position: n for n, position in enumerate(frames)}
    rows = torch.tensor([[place[p] for p in clip.positions] for clip in clips])
    return torch.stack(list(frames.values()))[rows]


def to_network(clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, "B 3 T H W"]:
    """RGB 0..255 to [-1, 1], as training and inference of the published network do."""
    return clips.transpose(1, 2).float().mul_(2).sub_(255).div_(255)
