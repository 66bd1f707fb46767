"""Clips in other colours, for a network that is to know things by more than these."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor

LUMA = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709


@dataclass(frozen=True, slots=True)
class Colour:
    """How the colours of a clip are changed."""

    contrast: float = 1.0  # about mid-grey
    saturation: float = 1.0
    brightness: float = 0.0  # what is added, as a share of white


def recoloured(
    clips: UInt8[Tensor, "B T 3 H W"], colours: Sequence[Colour | None]
) -> UInt8[Tensor, "B T 3 H W"]:
    """Each clip in its colours, where the clips are; None leaves one as it is."""
    if not any(colours):
        return clips
    found = [colour or Colour() for colour in colours]
    contrast, saturation, brightness = (
        torch.tensor([getattr(colour, name) for colour in found], device=clips.device).view(-1, 1, 1, 1, 1)
        for name in Colour.__slots__
    )
    seen = clips.float()
    luma = torch.tensor(LUMA, device=clips.device).view(3, 1, 1)
    grey = (seen * luma).sum(2, keepdim=True)
    seen = grey + saturation * (seen - grey)
    seen = 127.5 + contrast * (seen - 127.5) + 255 * brightness
    return seen.round().clamp(0, 255).to(torch.uint8)
