"""A saliency map, and what is done to it after the network."""

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

Scale = Literal["frame", "video", "density"]


@dataclass(frozen=True, slots=True)
class SaliencyMap:
    """Where people look in one frame.

    A network's values are on one scale within a video; those of training-free predictors reach 1 in
    every frame.
    """

    values: Float[Tensor, "H W"]  # in [0, 1], float32, on the CPU
    index: int  # of the frame, from 0
    seconds: float  # presentation time of the frame

    def resized(self, rows: int, columns: int) -> Self:
        """Bilinear, with an antialiasing filter where it shrinks; the values keep their scale."""
        if self.values.shape == (rows, columns):
            return self
        values = F.interpolate(
            self.values[None, None], (rows, columns), mode="bilinear", align_corners=False, antialias=True
        )
        return replace(self, values=values[0, 0].clamp(0, 1))

    def mixed(self, other: Self, share: float, index: int, seconds: float) -> Self:
        """Linear interpolation for a frame in between; `share` is the weight of the other map."""
        values = torch.lerp(self.values, other.values, share)
        return replace(self, values=values, index=index, seconds=seconds)


def by_maximum(values: Tensor, maximum: float) -> Tensor:
    """Divide by a maximum, the frame's or the whole video's; a map of zeros stays one."""
    return values / maximum if maximum > 0 else torch.zeros_like(values)


def density(values: Float[Tensor, "H W"]) -> Tensor:
    """Make it sum to 1; a map of zeros becomes the uniform density."""
    total = values.sum(dtype=torch.float64)
    return (values / total).float() if total > 0 else torch.full_like(values, 1 / values.numel())


def blurred(values: Float[Tensor, "H W"], sigma: float) -> Float[Tensor, "H W"]:
    """Gaussian blur with reflected borders, cut off at 4 sigma; `sigma` in pixels, 0 for none."""
    if sigma == 0:
        return values
    return torch.from_numpy(gaussian_filter(values.numpy(), sigma))


def published(values: Float[Tensor, "H W"], sigma: float) -> Float[Tensor, "H W"]:
    """What the published script writes, as multiples of 1/255: floor, blur, divide by the maximum, floor.

    The published script gives NaN for a map of zeros; here it stays one.
    """
    levels = np.floor(values.numpy().astype(np.float64) * 255) / 255
    smooth = gaussian_filter(levels, sigma)
    maximum = smooth.max()
    scaled = np.floor(smooth / maximum * 255) / 255 if maximum > 0 else smooth
    return torch.from_numpy(scaled.astype(np.float32))
