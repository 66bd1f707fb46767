"""TASED-Net (Min & Corso, ICCV 2019): one saliency map from the last T frames."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tased.errors import UsageError
from tased.network.config import NetworkConfig
from tased.network.decoders import FCN, DeepLab, UNet
from tased.network.encoder import Encoder
from tased.network.prediction import Decoder, aggregation


def padded(length: int) -> int:
    """The least number of rows (or columns) from `length` up that the network takes as it is.

    A quarter of it must be whole, and its sixteenth, rounded up, even: what the published code needs.
    """
    length = -(-length // 4) * 4
    while -(-length // 16) % 2:
        length += 4
    return length


def extend(x: Tensor, dim: int, length: int) -> Tensor:
    """Repeat the last row (or column) until there are `length`."""
    missing = length - x.shape[dim]
    last = x.narrow(dim, x.shape[dim] - 1, 1)
    return torch.cat([x, last.expand(*(missing if d == dim else -1 for d in range(x.ndim)))], dim)


class PredictionNetwork(nn.Module):
    """Features -> maps before the sigmoid, (B, maps, H, W)."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        time = config.decoder_time
        self.decoder: nn.Module
        match config.decoder:
            case "tased":
                self.decoder = Decoder(config)
            case "fcn":
                self.decoder = FCN(time)
            case "unet":
                self.decoder = UNet(time)
            case "deeplab":
                self.decoder = DeepLab(time)
        self.aggregation = aggregation(config)

    def forward(self, features: object) -> Tensor:
        maps: Tensor = self.aggregation(self.decoder(features))
        return maps.squeeze(2)


class TASEDNet(nn.Module):
    """Temporally-aggregating spatial encoder-decoder network.

        clip (B, 3, T, H, W), RGB in [-1, 1]  ->  saliency (B, H, W) in [0, 1], of the last frame

    With `config.maps` = K > 1 it gives (B, K, H, W), the maps of the last K frames in their order.
    T is `config.clip_length`; H and W are any from 32 up. Sizes that the poolings do not divide are
    extended at the right and below by repeating the border, and the maps are cropped back.
    """

    def __init__(self, config: NetworkConfig | None = None):
        super().__init__()
        self.config = config or NetworkConfig()
        self.encoder = Encoder(*self.config.temporal_strides, still=self.config.clip_length == 1)
        self.prediction = PredictionNetwork(self.config)

    def forward(self, clip: Float[Tensor, "B 3 T H W"]) -> Tensor:
        time, rows, columns = clip.shape[2:]
        if time != self.config.clip_length or min(rows, columns) < 32:
            raise UsageError(
                f"a clip of {time} frames of {columns}x{rows} was given; this network takes "
                f"{self.config.clip_length} frames of 32x32 or more"
            )
        clip = extend(extend(clip, 3, padded(rows)), 4, padded(columns))
        logits: Tensor = self.prediction(self.encoder(clip))[..., :rows, :columns]
        # In half precision the sigmoid is 1, and its gradient 0, from a logit of 9 on.
        maps = logits.to(torch.promote_types(logits.dtype, torch.float32)).sigmoid()
        return maps.squeeze(1) if self.config.maps == 1 else maps
