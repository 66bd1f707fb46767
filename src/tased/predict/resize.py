"""Frames at the size of the network, as (3, H, W) uint8."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor

Pixels = UInt8[np.ndarray, "H W 3"]


def resize(pixels: Pixels, rows: int, columns: int) -> UInt8[Tensor, "3 rows columns"]:
    """Bilinear, with an antialiasing filter where it shrinks; the aspect ratio is not kept."""
    x = torch.from_numpy(pixels).permute(2, 0, 1)
    if x.shape[1:] == (rows, columns):
        return x.contiguous()
    return F.interpolate(x[None], (rows, columns), mode="bilinear", align_corners=False, antialias=True)[0]


def resize_on(
    device: torch.device, pixels: Pixels, rows: int, columns: int
) -> UInt8[Tensor, "3 rows columns"]:
    """As `resize`, but done on another device, to which the frame goes as bytes.

    PyTorch resizes bytes on CPUs alone, in integers. This is in float32, rounded once: a value can be a level
    higher or lower.
    """
    # Not by way of pinned memory, which has to be filled first: PyTorch's tutorial on it measures it slower.
    x = torch.from_numpy(pixels).to(device, non_blocking=True).permute(2, 0, 1)
    if x.shape[1:] == (rows, columns):
        return x.contiguous()
    y = F.interpolate(x[None].float(), (rows, columns), mode="bilinear", align_corners=False, antialias=True)
    return y[0].round_().clamp_(0, 255).to(torch.uint8)


def resize_published(pixels: Pixels, rows: int, columns: int) -> UInt8[Tensor, "3 rows columns"]:
    """Bilinear without antialiasing, bit for bit as cv2.resize computes it for the published script.

    OpenCV's INTER_LINEAR on 8 bits: weights in 2048ths, products cut to 16 bits between the two passes
    (modules/imgproc/src/resize.cpp, VResizeLinear).
    """
    x, weights_x = _taps(pixels.shape[1], columns)
    y, weights_y = _taps(pixels.shape[0], rows)
    # Beyond the left and right borders OpenCV takes one pixel at full weight, above and below two halves
    # of one: the same but for rounding.
    weights_x[:, x[0] == x[1]] = ((2048,), (0,))
    left, right = weights_x[:, :, None]
    above, below = (row[:, x[0]] * left + row[:, x[1]] * right >> 4 for row in pixels[y].astype(np.int32))
    top, bottom = weights_y[:, :, None, None]
    mixed = ((top * above >> 16) + (bottom * below >> 16) + 2) >> 2
    return torch.from_numpy(mixed.astype(np.uint8)).permute(2, 0, 1).contiguous()


def _taps(length: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """For every output pixel the two input pixels (2, out) and their weights in 2048ths (2, out)."""
    at = ((np.arange(out) + 0.5) * (length / out) - 0.5).astype(np.float32)
    first = np.floor(at)
    share = at - first
    pixels = np.stack([first, first + 1]).astype(np.int64).clip(0, length - 1)
    return pixels, np.rint(np.stack([1 - share, share]) * 2048).astype(np.int32)
