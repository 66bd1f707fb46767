"""The prediction network: decodes in space, aggregates in time (paper, sections 3.2 to 3.4).

Axes: B batch, C channels, T time, H rows, W columns; every tensor is (B, C, T, H, W).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tased.network.config import NetworkConfig
from tased.network.encoder import Conv, Features, pointwise
from tased.network.planes import Convolution, TransposedConvolution, kept_precision


def pool_time(x: Tensor, time: int) -> Tensor:
    """The first auxiliary pooling, P1: maxima over equal spans of time, `time` of them."""
    with kept_precision(x):
        return F.max_pool3d(x, (x.shape[2] // time, 1, 1))


def auxiliary_switches(x: Tensor, time: int) -> Tensor:
    """Auxiliary pooling, P2 after P1: switches of the prediction network's length in time.

    They address (T, H, W) flattened, as pooling gives them. Nothing but the switches is used.
    """
    x = pool_time(x, time)
    with kept_precision(x):
        _, switches = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1), return_indices=True)
    return switches


def unpool(x: Tensor, switches: Tensor, size: torch.Size) -> Tensor:
    """Put every value where the switch says, zeros elsewhere: (B, C, T, h, w) -> (B, C, *size).

    Time may be left out of all of them.

    Overlapping pooling windows share maxima, so that a third of the switches repeat: the later value
    stays, as in the published network on a CPU. The earlier ones are sent to a place outside the map
    first, so that a plain scatter gives the same result on every device and in any order, and the
    gradient is that of the values that stayed. Windows overlap with their neighbours only.
    """
    s = switches
    earlier = torch.zeros_like(s, dtype=torch.bool)
    earlier[..., :, :-1] |= s[..., :, :-1] == s[..., :, 1:]
    earlier[..., :-1, :] |= s[..., :-1, :] == s[..., 1:, :]
    earlier[..., :-1, :-1] |= s[..., :-1, :-1] == s[..., 1:, 1:]
    earlier[..., :-1, 1:] |= s[..., :-1, 1:] == s[..., 1:, :-1]
    places = size.numel()
    flat = x.new_zeros(*x.shape[:2], places + 1)
    flat = flat.scatter(2, s.masked_fill(earlier, places).flatten(2), x.flatten(2))
    return flat[..., :places].unflatten(2, size)


def transposed(c_in: int, c_out: int) -> Conv:
    """3x3 transposed convolution of stride 1, within each time step."""
    return Conv(TransposedConvolution(c_in, c_out, (1, 3, 3), padding=(0, 1, 1), bias=False))


class SpatialDecoding(nn.Module):
    """A spatial decoding block of Figure 2: a transposed convolution, then twice the rows and columns.

    `dense` adds two more transposed convolutions (section 4.5). The paper gives only their effect on
    the size, about +40%; through half the width they give +41%.

    "transposed" replaces the unpooling by a learned 2x2 one (section 4.4, which leaves the kernel
    open): the smallest that reaches every pixel, to stay near the size of the other variants.
    """

    def __init__(self, c_in: int, c_out: int, config: NetworkConfig):
        super().__init__()
        self.upsampling = config.upsampling
        self.convs = nn.Sequential(transposed(c_in, c_out))
        if config.dense:
            self.convs.extend([transposed(c_out, c_out // 2), transposed(c_out // 2, c_out)])
        if self.upsampling == "transposed":
            self.up = Conv(TransposedConvolution(c_out, c_out, (1, 2, 2), (1, 2, 2), bias=False))

    def forward(self, x: Tensor, switches: Tensor, like: Tensor) -> Tensor:
        x = self.convs(x)
        time, (rows, columns) = x.shape[2], like.shape[3:]
        match self.upsampling:
            case "unpool":
                return unpool(x, switches, torch.Size((time, rows, columns)))
            case "trilinear":
                return F.interpolate(x, size=(time, rows, columns), mode="trilinear", align_corners=False)
            case _:
                return self.up(x)[..., :rows, :columns]


class Decoder(nn.Module):
    """TASED-Net's own: Features -> (B, 192, T/8, H/4, W/4), time left alone."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.time = config.decoder_time
        self.redistribute = pointwise(1024, 1024)
        self.to16 = SpatialDecoding(1024, 832, config)
        self.to8 = SpatialDecoding(832, 480, config)
        self.to4 = SpatialDecoding(480, 192, config)

    def forward(self, f: Features) -> Tensor:
        x = self.redistribute(f.x32)  # 1024, T/8, H/32
        x = self.to16(x, f.switches16, like=f.x16)  # 832, T/8, H/16
        x = self.to8(x, auxiliary_switches(f.x8, self.time), like=f.x8)  # 480, T/8, H/8
        return self.to4(x, auxiliary_switches(f.x4, self.time), like=f.x4)  # 192, T/8, H/4


def double(c_in: int, c_out: int) -> TransposedConvolution:
    """Transposed convolution that doubles rows and columns (section 3.2)."""
    return TransposedConvolution(c_in, c_out, (1, 4, 4), (1, 2, 2), (0, 1, 1), bias=False)


def reduce_time(channels: int, k: int) -> Conv:
    """Temporal convolution that reduces time k times."""
    return Conv(Convolution(channels, channels, (k, 1, 1), (k, 1, 1), bias=False))


def aggregation(config: NetworkConfig) -> nn.Sequential:
    """From a quarter of the resolution to the maps: (B, 192, T/8, H/4, W/4) -> (B, maps, 1, H, W).

    The strategies of section 3.4 differ in their order. Their widths are in a supplement that is not
    public; we take 192, 64, 32 and a 1x1x1 convolution with a bias as the last layer, after which comes
    the sigmoid. "released" is the published code, which narrows to 4 channels before the second step.
    """
    p, q = config.temporal_kernels
    match config.aggregation:
        case "late":
            layers = [Conv(double(192, 64)), Conv(double(64, 32)), reduce_time(32, p * q)]
        case "early-two-step":
            layers = [reduce_time(192, p), Conv(double(192, 64)), reduce_time(64, q), Conv(double(64, 32))]
        case "late-two-step":
            layers = [Conv(double(192, 64)), reduce_time(64, p), Conv(double(64, 32)), reduce_time(32, q)]
        case "released":
            narrow = Conv(TransposedConvolution(64, 4, 1, bias=False))
            layers = [Conv(double(192, 64)), reduce_time(64, p), narrow, reduce_time(4, q)]
            return nn.Sequential(*layers, double(4, 4), Convolution(4, config.maps, 1))
    return nn.Sequential(*layers, Convolution(32, config.maps, 1))
