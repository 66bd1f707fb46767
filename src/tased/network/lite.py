"""tased-lite, for machines without a GPU: a spatial encoder-decoder, whose maps are aggregated over time.

What costs most, the encoder, sees each frame once: EfficientNet-Lite0 with ImageNet weights. A small decoder
sums its features from coarse to fine, and a readout makes a probability density of them. Time is aggregated
after that (`predict/lite.py`), of the densities of earlier frames and of what moves, kept as they come.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from tased.errors import UsageError
from tased.network.config import LiteConfig, LiteUpsampling
from tased.network.efficientnet import WIDTHS, EfficientNetLite0
from tased.network.prediction import unpool

CELL = 4  # pixels a side, of the density
PEAK = 1000.0  # times the uniform density: what a map calls 1. Sharper peaks than this are not seen
_PACE = 10.0  # Adam moves all numbers alike: those of the readout, of which there are few, go so much faster


class Separable(nn.Module):
    """Looks around in every channel by itself, then mixes channels; added to what came in."""

    def __init__(self, width: int):
        super().__init__()
        self.around = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.mixed = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mixed(F.relu(self.around(x)))


class LiteDecoder(nn.Module):
    """Features of strides 8, 16 and 32 -> one logit a cell of stride 8, (B, 1, H/8, W/8).

    By unpooling, what is coarse goes where finer features are largest: auxiliary pooling, as in TASED-Net.
    """

    def __init__(self, width: int, upsampling: LiteUpsampling, drop: float = 0.1):
        super().__init__()
        self.upsampling = upsampling
        self.laterals = nn.ModuleList(nn.Conv2d(c, width, 1) for c in WIDTHS)
        self.blocks = nn.ModuleList(Separable(width) for _ in WIDTHS)
        self.drop = nn.Dropout2d(drop)
        self.logit = nn.Conv2d(width, 1, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        x: Tensor | None = None
        for feature, lateral, block in zip(
            reversed(features), reversed(self.laterals), reversed(self.blocks), strict=True
        ):
            fine = F.relu(lateral(feature))
            kept = self.drop(fine)
            x = block(kept if x is None else kept + self._up(x, fine))
        return self.logit(x)

    def _up(self, x: Tensor, fine: Tensor) -> Tensor:
        if self.upsampling == "bilinear":
            return _doubled(x)
        _, switches = F.max_pool2d(fine, 3, stride=2, padding=1, return_indices=True)
        return unpool(x, switches, fine.shape[2:])


class Readout(nn.Module):
    """Logits -> a density, (B, H/4, W/4), that sums to 1: with a learned gain, blur and (or not) prior."""

    def __init__(self, prior: bool = True) -> None:
        super().__init__()
        y = torch.linspace(-1, 1, 7)[:, None] / 0.6
        x = torch.linspace(-1, 1, 12)[None, :] / 0.6
        logit = -(x**2 + y**2)[None, None] / 2 / _PACE  # on a coarse grid
        self.prior: nn.Parameter | None = nn.Parameter(logit) if prior else None
        self.gain = nn.Parameter(torch.zeros(1))  # its logarithm
        self.sigma = nn.Parameter(torch.zeros(1))  # of the blur in cells, its logarithm

    def forward(self, logits: Float[Tensor, "B 1 h w"]) -> Float[Tensor, "B 2*h 2*w"]:
        x = logits.float() * (_PACE * self.gain).exp()
        if self.prior is not None:
            x = x + F.interpolate(_PACE * self.prior, x.shape[-2:], mode="bilinear", align_corners=False)
        x = _doubled(x)
        p = x.flatten(1).softmax(1).view_as(x)
        reach = torch.arange(-6.0, 7.0, device=p.device)
        kernel = (-((reach / (_PACE * self.sigma).exp()) ** 2) / 2).exp()
        kernel = (kernel / kernel.sum())[None, None]
        p = F.conv2d(F.conv2d(p, kernel[..., None], padding=(6, 0)), kernel[..., None, :], padding=(0, 6))[
            :, 0
        ]
        return p / p.sum((1, 2), keepdim=True)


class LitePrediction(nn.Module):
    """Decoder and readout: all that is not the encoder."""

    def __init__(self, config: LiteConfig):
        super().__init__()
        self.decoder = LiteDecoder(config.width, config.upsampling)
        self.readout = Readout(config.prior)

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.readout(self.decoder(features))


class TASEDLite(nn.Module):
    """clip (B, 3, T, H, W), RGB in [-1, 1] -> saliency (B, H, W) in [0, 1], of the last frame.

    Only the last frame is looked at: what time adds is aggregated from frame to frame, in prediction. The
    saliency is a density: its sum is the same for every frame, 1 where it is `PEAK` times the uniform one.
    """

    def __init__(self, config: LiteConfig | None = None):
        super().__init__()
        self.config = config or LiteConfig()
        self.encoder = EfficientNetLite0()
        self.prediction = LitePrediction(self.config)

    def density(self, frames: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B H/4 W/4"]:
        """The probability of each cell of 4x4 pixels to be looked at; sums to 1."""
        if frames.shape[-2] % 32 or frames.shape[-1] % 32:
            size = f"{frames.shape[-1]}x{frames.shape[-2]}"
            raise UsageError(f"a frame of {size} was given; tased-lite takes multiples of 32")
        p: Tensor = self.prediction(self.encoder(frames))
        return p

    def forward(self, clip: Float[Tensor, "B 3 T H W"]) -> Float[Tensor, "B H W"]:
        p = self.density(clip[:, :, -1])
        cells = p.shape[-2] * p.shape[-1]
        x = F.interpolate(
            p[:, None] * (cells / PEAK), scale_factor=CELL, mode="bilinear", align_corners=False
        )
        return x[:, 0].clamp(max=1)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
