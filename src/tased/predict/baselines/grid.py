"""Between a frame's pixels, the small grid a method works on, and the grid of every map.

A plane is a float32 array (rows, columns); a picture is three of them, (3, rows, columns), RGB in [0, 1].
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from tased.predict.maps import resized

MAP_ROWS, MAP_COLUMNS = 224, 384  # the network's grid, so that all models give maps of one size
LARGEST_ASPECT = 8  # a longer strip is squeezed to this, so that every grid keeps two dimensions

Plane = Float32[np.ndarray, "rows columns"]
Picture = Float32[np.ndarray, "3 rows columns"]


def working_size(height: int, width: int, *, longest: int) -> tuple[int, int]:
    """The (rows, columns) of a frame's shape whose longer side is `longest`.

    640x360 at 64 is 36 rows of 64; a strip of 4000x1 is 8 rows of 64.
    """
    shortest = max(1, longest // LARGEST_ASPECT)
    if width >= height:
        return max(shortest, round(longest * height / width)), longest
    return longest, max(shortest, round(longest * width / height))


def shrink(pixels: UInt8[np.ndarray, "H W 3"], *, longest: int) -> Picture:
    """The frame on a working grid, each cell the (triangle-weighted) mean of the pixels it covers.

    A large frame is first shrunk as bytes to four times the grid, which is fifteen times as fast; sixteen
    rounded values average to well under a quarter of a gray level.
    """
    rows, columns = working_size(pixels.shape[0], pixels.shape[1], longest=longest)
    channels_first = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
    if max(pixels.shape) > 4 * longest:
        channels_first = _interpolate(channels_first, (4 * rows, 4 * columns))
    return _interpolate(channels_first.float(), (rows, columns))[0].numpy() / np.float32(255)


def resize(planes: Float[np.ndarray, "... H W"], size: tuple[int, int]) -> Float32[np.ndarray, "... h w"]:
    """Bilinear where it grows, anti-aliased where it shrinks."""
    flat = torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32)).reshape(1, -1, *planes.shape[-2:])
    return _interpolate(flat, size).reshape(*planes.shape[:-2], *size).numpy()


def _interpolate(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(planes, size=size, mode="bilinear", antialias=True, align_corners=False)


def luma(picture: Picture) -> Plane:
    """Rec. 601 luma, [0, 1]: what a viewer's achromatic channel roughly sees of gamma-coded RGB."""
    return np.tensordot(np.array([0.299, 0.587, 0.114], dtype=np.float32), picture, axes=1)


def unit_range(plane: Float[np.ndarray, "rows columns"]) -> Plane:
    """Least to 0, greatest to 1; a plane that prefers no place is 0.5 everywhere."""
    low, high = float(plane.min()), float(plane.max())
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return np.full(plane.shape, 0.5, dtype=np.float32)
    return ((plane - low) / (high - low)).astype(np.float32)


def map_values(plane: Float[np.ndarray, "rows columns"]) -> Float[Tensor, "H W"]:
    """A method's plane as the values of a map: 224x384, float32, in [0, 1]."""
    return torch.from_numpy(resized(unit_range(plane), MAP_ROWS, MAP_COLUMNS).clip(0, 1))
