"""Networks that stand in for trained ones where only the cost counts, and something for them to look at."""

from collections.abc import Iterator

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.predict.clip import to_network
from tased.video.frame import Frame


def random_network(config: NetworkConfig) -> TASEDNet:
    """A network with random weights, the same every time, whose maps are worth comparing.

    What a network costs does not depend on its weights, but for numbers that are not finite, or next to 0.
    So normalizations have the statistics that a scene gives.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TASEDNet(config)
        for module in network.modules():
            if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.BatchNorm3d):
                nn.init.normal_(module.weight, 1, 0.2)
                nn.init.normal_(module.bias, 0, 0.3)
                module.momentum = None  # the mean over all that is seen: one clip
    seen = list(scene(config.clip_length, config.rows, config.columns))
    with torch.no_grad():
        network.train()(to_network(torch.stack(seen)[None]))
    return network.eval()


def scene(frames: int, rows: int, columns: int) -> Iterator[UInt8[Tensor, "3 rows columns"]]:
    """A picture that moves, with a disc that moves on it."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 20, 60, generator=generator) * 255
    wide = nn.functional.interpolate(coarse, size=(rows, 3 * columns), mode="bicubic").clamp(0, 255)[0]
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    for n in range(frames):
        left = 3 * n % (2 * columns)
        frame = wide[:, :, left : left + columns].clone()
        centre = (columns // 10 + 5 * n) % columns
        frame[:, (y - rows // 2) ** 2 + (x - centre) ** 2 < (rows // 7) ** 2] = 250
        yield frame.to(torch.uint8)


def scene_frames(frames: int, rows: int, columns: int) -> list[Frame]:
    """The same as a video's frames."""
    pictures = scene(frames, rows, columns)
    return [Frame(picture.permute(1, 2, 0).numpy(), n, n / 25) for n, picture in enumerate(pictures)]
