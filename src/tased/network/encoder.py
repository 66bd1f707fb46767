"""S3D (Xie et al., ECCV 2018), the encoder of TASED-Net, down to stride 32.

Axes: B batch, C channels, T time, H rows, W columns; every tensor is (B, C, T, H, W).
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tased.network.planes import Convolution, MaxPool, channels_last, in_planes


class Features(NamedTuple):
    """What the encoder saw, by stride; shapes for a clip of T = 32 frames of H x W pixels."""

    x4: Tensor  # 192,  T/2, H/4
    x8: Tensor  # 480,  T/2, H/8
    x16: Tensor  # 832, T/8, H/16, after the temporal pooling before block 5
    x32: Tensor  # 1024, T/8, H/32
    switches16: Tensor  # where the pooling from x16 found its maxima: T/8, H/32, flat over (T, H, W)


class Widths(NamedTuple):
    """Channels of an Inception block, by branch."""

    direct: int
    reduce3: int
    conv3: int
    reduce5: int  # named as in Inception; here it leads to a second 3x3x3
    conv5: int
    pool: int

    @property
    def out(self) -> int:
        """Channels of the four branches together."""
        return self.direct + self.conv3 + self.conv5 + self.pool


WIDTHS = {
    "3": (Widths(64, 96, 128, 16, 32, 32), Widths(128, 128, 192, 32, 96, 64)),
    "4": (
        Widths(192, 96, 208, 16, 48, 64),
        Widths(160, 112, 224, 24, 64, 64),
        Widths(128, 128, 256, 24, 64, 64),
        Widths(112, 144, 288, 32, 64, 64),
        Widths(256, 160, 320, 32, 128, 128),
    ),
    "5": (Widths(256, 160, 320, 32, 128, 128), Widths(384, 192, 384, 48, 128, 128)),
}


class Conv(nn.Module):
    """Convolution without bias, batch normalization, ReLU; `conv` may be a transposed one."""

    def __init__(self, conv: nn.Conv3d | nn.ConvTranspose3d):
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm3d(conv.out_channels, eps=1e-3, momentum=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm(self.conv(x)), inplace=True)
        return channels_last(y) if in_planes(x) else y


def pointwise(c_in: int, c_out: int) -> Conv:
    """1x1x1 convolution."""
    return Conv(Convolution(c_in, c_out, 1, bias=False))


class SeparableConv(nn.Module):
    """A (k, k, k) convolution as a spatial one and a temporal one; for a `still`, that one is (1, 1, 1)."""

    def __init__(self, c_in: int, c_out: int, k: int, stride: int = 1, still: bool = False):
        super().__init__()
        pad = k // 2
        time, ends = (1, 0) if still else (k, pad)
        self.spatial = Conv(
            Convolution(c_in, c_out, (1, k, k), (1, stride, stride), (0, pad, pad), bias=False)
        )
        self.temporal = Conv(
            Convolution(c_out, c_out, (time, 1, 1), (stride, 1, 1), (ends, 0, 0), bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.temporal(self.spatial(x))


class Inception(nn.Module):
    """Four branches side by side, joined on channels: (B, c_in, T, H, W) -> (B, w.out, T, H, W)."""

    def __init__(self, c_in: int, w: Widths, still: bool = False):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Sequential(pointwise(c_in, w.direct)),
                nn.Sequential(pointwise(c_in, w.reduce3), SeparableConv(w.reduce3, w.conv3, 3, still=still)),
                nn.Sequential(pointwise(c_in, w.reduce5), SeparableConv(w.reduce5, w.conv5, 3, still=still)),
                nn.Sequential(MaxPool(3, stride=1, padding=1), pointwise(c_in, w.pool)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def inceptions(c_in: int, widths: tuple[Widths, ...], still: bool = False) -> nn.Sequential:
    """A row of Inception blocks, each as wide as the next one expects."""
    inputs = (c_in, *(w.out for w in widths[:-1]))
    return nn.Sequential(*(Inception(c, w, still) for c, w in zip(inputs, widths, strict=True)))


def spatial_pool() -> MaxPool:
    """Overlapping 3x3 maxima at every second row and column."""
    return MaxPool((1, 3, 3), (1, 2, 2), (0, 1, 1))


class Encoder(nn.Module):
    """(B, 3, T, H, W) in [-1, 1] -> Features.

    `stride4` and `stride5` are the temporal strides of the poolings before blocks 4 and 5: 2, except
    for the shortest clips (see NetworkConfig). `still` is for T = 1: nothing looks along time.
    """

    def __init__(self, stride4: int = 2, stride5: int = 2, still: bool = False):
        super().__init__()
        self.stem = nn.Sequential(
            SeparableConv(3, 64, 7, stride=2, still=still),
            spatial_pool(),
            pointwise(64, 64),
            SeparableConv(64, 192, 3, still=still),
        )
        self.pool3 = spatial_pool()
        self.mixed3 = inceptions(192, WIDTHS["3"], still)
        self.pool4 = MaxPool(3, (stride4, 2, 2), padding=1)
        self.mixed4 = inceptions(480, WIDTHS["4"], still)
        # S3D's (2, 2, 2) pooling in two steps, so that the spatial one can give its switches.
        self.pool5_time = MaxPool((stride5, 1, 1))
        self.pool5_space = MaxPool((1, 2, 2), return_indices=True)
        self.mixed5 = inceptions(832, WIDTHS["5"], still)

    def forward(self, clip: Tensor) -> Features:
        x4 = self.stem(clip)  # 192, T/2, H/4
        x8 = self.mixed3(self.pool3(x4))  # 480, T/2, H/8
        x16 = self.pool5_time(self.mixed4(self.pool4(x8)))  # 832, T/8, H/16
        pooled, switches16 = self.pool5_space(x16)  # 832, T/8, H/32
        return Features(x4, x8, x16, self.mixed5(pooled), switches16)
