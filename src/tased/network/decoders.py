"""The paper's comparison (section 4.4): other decoders on the same encoder and temporal aggregation.

The paper names FCN, U-Net and DeepLab; what it did to them is in a supplement that is not public. Each
here takes the encoder's features to (B, 192, T/8, H/4, W/4), where TASED-Net's own decoder ends. Skips
are brought to T/8 in time by the first auxiliary pooling.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tased.network.encoder import Conv, Features, pointwise
from tased.network.planes import Convolution, TransposedConvolution
from tased.network.prediction import pool_time


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Linear interpolation in space to the rows and columns of `like`."""
    return F.interpolate(x, size=(x.shape[2], *like.shape[3:]), mode="trilinear", align_corners=False)


def spatial(c_in: int, c_out: int, dilation: int = 1) -> Conv:
    """3x3 convolution within each time step."""
    pad = (0, dilation, dilation)
    return Conv(
        Convolution(c_in, c_out, (1, 3, 3), padding=pad, dilation=(1, dilation, dilation), bias=False)
    )


class FCN(nn.Module):
    """Fully convolutional network (Long et al., CVPR 2015): a score at every stride, summed upwards."""

    def __init__(self, time: int):
        super().__init__()
        self.time = time
        self.scores = nn.ModuleList([Convolution(c, 192, 1) for c in (1024, 832, 480, 192)])

    def forward(self, f: Features) -> Tensor:
        x = self.scores[0](f.x32)
        for score, skip in zip(self.scores[1:], (f.x16, f.x8, f.x4), strict=True):
            x = resize(x, skip) + score(pool_time(skip, self.time))
        return F.relu(x)


class UNet(nn.Module):
    """U-Net (Ronneberger et al., MICCAI 2015): up-convolution, the skip beside it, two convolutions."""

    def __init__(self, time: int):
        super().__init__()
        self.time = time
        self.ups, self.convs = nn.ModuleList(), nn.ModuleList()
        for c_in, c_out in ((1024, 832), (832, 480), (480, 192)):
            self.ups.append(TransposedConvolution(c_in, c_out, (1, 2, 2), (1, 2, 2)))
            self.convs.append(nn.Sequential(spatial(2 * c_out, c_out), spatial(c_out, c_out)))

    def forward(self, f: Features) -> Tensor:
        x = f.x32
        for up, conv, skip in zip(self.ups, self.convs, (f.x16, f.x8, f.x4), strict=True):
            rows, columns = skip.shape[3:]
            x = conv(torch.cat([up(x)[..., :rows, :columns], pool_time(skip, self.time)], dim=1))
        return x


class DeepLab(nn.Module):
    """DeepLabv3+ (Chen et al., ECCV 2018): atrous spatial pyramid pooling, then one skip from stride 4.

    The rates 3, 6, 9 at stride 32 reach as far as DeepLab's 6, 12, 18 at stride 16.
    """

    def __init__(self, time: int):
        super().__init__()
        self.time = time
        self.pyramid = nn.ModuleList([pointwise(1024, 256), *(spatial(1024, 256, r) for r in (3, 6, 9))])
        self.whole = pointwise(1024, 256)  # of the mean over the picture
        self.project = pointwise(5 * 256, 256)
        self.low = pointwise(192, 48)
        self.refine = nn.Sequential(spatial(256 + 48, 256), spatial(256, 192))

    def forward(self, f: Features) -> Tensor:
        whole = self.whole(f.x32.mean(dim=(3, 4), keepdim=True)).expand(-1, -1, -1, *f.x32.shape[3:])
        x = self.project(torch.cat([*(branch(f.x32) for branch in self.pyramid), whole], dim=1))
        return self.refine(torch.cat([resize(x, f.x4), self.low(pool_time(f.x4, self.time))], dim=1))
