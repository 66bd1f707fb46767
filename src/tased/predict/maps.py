"""A saliency map, and what is done to it after the network."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Self

import numpy as np
import torch
from jaxtyping import Float, Float32
from PIL import Image
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from torch import Tensor

Scale = Literal["frame", "video", "density"]


def resized(
    values: Float32[np.ndarray, "H W"], rows: int, columns: int
) -> Float32[np.ndarray, "rows columns"]:
    """Bilinear, with an antialiasing filter where it shrinks.

    By Pillow: its arithmetic is PyTorch's (antialias=True), without threads that wait for the encoder's.
    """
    return np.array(Image.fromarray(values).resize((columns, rows), Image.Resampling.BILINEAR))


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
        """The same map at another size; the values keep their scale."""
        if self.values.shape == (rows, columns):
            return self
        return replace(self, values=torch.from_numpy(resized(self.values.numpy(), rows, columns).clip(0, 1)))

    def mixed(self, other: Self, share: float, index: int, seconds: float) -> Self:
        """Linear interpolation for a frame in between; `share` is the weight of the other map."""
        values = torch.lerp(self.values, other.values, share)
        return replace(self, values=values, index=index, seconds=seconds)


def blurred(values: Float[Tensor, "*maps H W"], sigma: float) -> Float[Tensor, "*maps H W"]:
    """Gaussian blur with reflected borders, cut off at 4 sigma; `sigma` in pixels, 0 for none.

    For values in [0, 1], on the device where they are. Two matrix products, with what SciPy's filter makes of
    each single row and column: as exact as the filter, and faster.
    """
    if sigma == 0:
        return values
    down, across = (_blurring(length, sigma).to(values) for length in values.shape[-2:])
    return (down @ values @ across.T).clamp(max=1)  # rounding could pass it


@lru_cache(16)
def _blurring(length: int, sigma: float) -> Float[Tensor, "length length"]:
    return torch.from_numpy(gaussian_filter1d(np.eye(length), sigma, axis=0))


def published(values: Float[Tensor, "H W"], sigma: float) -> Float[Tensor, "H W"]:
    """What the published script writes, as multiples of 1/255: floor, blur, divide by the maximum, floor.

    The published script gives NaN for a map of zeros; here it stays one.
    """
    levels = np.floor(values.numpy().astype(np.float64) * 255) / 255
    smooth = gaussian_filter(levels, sigma)
    maximum = smooth.max()
    scaled = np.floor(smooth / maximum * 255) / 255 if maximum > 0 else smooth
    return torch.from_numpy(scaled.astype(np.float32))
