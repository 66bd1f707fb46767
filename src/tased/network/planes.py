"""The network's layers on planes, for bfloat16 on a CPU.

Each of its convolutions is along space or along time, so that it is one of pictures: of all frames of a
batch, or of one picture a clip, whose rows are frames and whose columns are pixels. Of these oneDNN has the
gradients in bfloat16, with matrix units where a CPU has them (AMX); of volumes PyTorch 2.13 crashes or hangs
in some (strided along time, few channels, one frame), and other layers are slow where channels are not last
in memory. Without autocast the layers here are PyTorch's own.

Axes: B batch, C channels, T time, H rows, W columns.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def in_planes(x: Tensor) -> bool:
    """Whether it is computed in half precision on a CPU, as training in bfloat16 there does."""
    return x.device.type == "cpu" and torch.is_autocast_enabled("cpu")


class Convolution(nn.Conv3d):
    """A convolution along space, (1, k, k), or along time, (k, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return _along(self, x) if in_planes(x) else super().forward(x)


class TransposedConvolution(nn.ConvTranspose3d):
    """A transposed convolution within each time step, (1, k, k)."""

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        return _along(self, x) if in_planes(x) else super().forward(x, output_size)


class MaxPool(nn.MaxPool3d):
    """Maxima, with their places if `return_indices`."""

    def forward(self, x: Tensor) -> Any:
        with kept_precision(x):
            return super().forward(x)


def kept_precision(x: Tensor) -> AbstractContextManager[object]:
    """Autocast takes maxima on a CPU in float32, which costs twice the memory and changes nothing."""
    return torch.autocast("cpu", enabled=False) if in_planes(x) else nullcontext()


def channels_last(x: Tensor) -> Tensor:
    """The same, whose gradient has its channels last in memory; joined branches give theirs otherwise."""
    last: Tensor = _ChannelsLast.apply(x)  # type: ignore[no-untyped-call]
    return last


class _ChannelsLast(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        batch, channels, *size = gradient.shape
        return _volume(_pixels(gradient), batch, *size, channels)


def _pixels(x: Tensor) -> Tensor:
    """All numbers in the order (B, T, H, W, C); a view where they lie so."""
    return x.permute(0, 2, 3, 4, 1).reshape(-1)


def _volume(pixels: Tensor, *size: int) -> Tensor:
    """(B, C, T, H, W) of them.

    Made of one long row, because a tensor with an axis of length 1 that was sliced can be contiguous and yet
    have strides by which PyTorch takes it for one with channels first.
    """
    return pixels.view(*size).permute(0, 4, 1, 2, 3)


def _along(conv: nn.Conv3d | nn.ConvTranspose3d, x: Tensor) -> Tensor:
    batch, channels, time, rows, columns = x.shape
    stride, pads = conv.stride, tuple(int(pad) for pad in conv.padding)
    in_space = conv.kernel_size[0] == stride[0] == 1
    size = (batch * time, rows, columns) if in_space else (batch, time, rows * columns)
    plane = _pixels(x).view(*size, channels).permute(0, 3, 1, 2)
    if isinstance(conv, nn.ConvTranspose3d):
        plane = F.conv_transpose2d(plane, conv.weight.squeeze(2), conv.bias, stride[1:], pads[1:])
    elif in_space:
        plane = F.conv2d(plane, conv.weight.squeeze(2), conv.bias, stride[1:], pads[1:], conv.dilation[1:])
    else:
        plane = F.conv2d(plane, conv.weight.squeeze(4), conv.bias, (stride[0], 1), (pads[0], 0))
    size = (time, *plane.shape[2:]) if in_space else (plane.shape[2], rows, columns)
    return _volume(plane.permute(0, 2, 3, 1).reshape(-1), batch, *size, conv.out_channels)
