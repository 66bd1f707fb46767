"""EfficientNet-Lite0 without its classifier: what the frames of tased-lite are looked at with.

Tan & Le, EfficientNet (ICML 2019), the Lite variant of the TensorFlow TPU models: no squeeze-and-excitation,
ReLU6, and a stem that is not scaled (github.com/tensorflow/tpu, models/official/efficientnet/lite).
Axes: every tensor is (B, C, H, W).
"""

from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

STEM = 32  # channels, stride 2


class Stage(NamedTuple):
    """Blocks of one kind, of which the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),  # stride 2
    Stage(2, 3, 2, 6, 24),  # stride 4
    Stage(2, 5, 2, 6, 40),  # stride 8
    Stage(3, 3, 2, 6, 80),  # stride 16
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),  # stride 32
    Stage(1, 3, 1, 6, 320),
)
TAPPED = (2, 4, 6)  # the last stages of strides 8, 16 and 32
WIDTHS = tuple(STAGES[stage].channels for stage in TAPPED)


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless it is a projection, ReLU6.

    Where it strides it pads more below and at the right, as TensorFlow does for sizes that 32 divides.
    """

    def __init__(
        self, c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1, *, active: bool = True
    ):
        super().__init__()
        reach = kernel // 2
        self.margin = (reach - 1, reach, reach - 1, reach) if stride == 2 else None
        self.conv = nn.Conv2d(
            c_in, c_out, kernel, stride, 0 if self.margin else reach, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(c_out, eps=1e-3)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        if self.margin is not None:
            x = F.pad(x, self.margin)
        x = self.norm(self.conv(x))
        return F.relu6(x) if self.active else x


class InvertedResidual(nn.Module):
    """Widen, look around in every channel by itself, narrow; added to what came in where sizes allow it."""

    def __init__(self, c_in: int, stage: Stage, stride: int):
        super().__init__()
        wide = c_in * stage.expansion
        self.added = stride == 1 and c_in == stage.channels
        self.layers = nn.Sequential(
            *([ConvNorm(c_in, wide, 1)] if stage.expansion > 1 else []),
            ConvNorm(wide, wide, stage.kernel, stride, groups=wide),
            ConvNorm(wide, stage.channels, 1, active=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.added else y


class EfficientNetLite0(nn.Module):
    """(B, 3, H, W) in [-1, 1] -> features of strides 8, 16 and 32, of 40, 112 and 320 channels.

    H and W are multiples of 32.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM, 3, 2)
        stages, c_in = [], STEM
        for stage in STAGES:
            blocks = []
            for number in range(stage.blocks):
                blocks.append(InvertedResidual(c_in, stage, stage.stride if number == 0 else 1))
                c_in = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> list[Tensor]:
        x = self.stem((127.5 * x + 0.5) / 128)  # the released weights saw (pixel - 127) / 128
        found = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in TAPPED:
                found.append(x)
        return found
