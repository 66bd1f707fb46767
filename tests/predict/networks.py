"""Small networks in every variant, and clips for them."""

from dataclasses import replace

import torch
from torch import nn

from tased.network.config import CLIP_LENGTHS, NetworkConfig
from tased.network.tased import TASEDNet
from tased.predict.clip import Clip, to_network

SMALL = NetworkConfig(clip_length=16, rows=64, columns=64, blur=0)
VARIANTS = {
    "paper": SMALL,
    **{f"T={t}": replace(SMALL, clip_length=t) for t in CLIP_LENGTHS if t != 16},
    **{a: replace(SMALL, aggregation=a) for a in ("released", "early-two-step", "late")},
    "trilinear": replace(SMALL, upsampling="trilinear"),
    "transposed": replace(SMALL, upsampling="transposed"),
    "dense": replace(SMALL, dense=True),
    "4 maps": replace(SMALL, maps=4),
    **{d: replace(SMALL, decoder=d) for d in ("fcn", "unet", "deeplab")},
    "odd levels": replace(SMALL, rows=60, columns=41),
}


def network_of(config, seed=0):
    """Random weights whose maps differ from frame to frame, as trained ones do; no normalization is idle."""
    torch.manual_seed(seed)
    network = TASEDNet(config)
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.3)
            nn.init.normal_(module.running_mean, 0, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


def frames_of(count, config, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (count, 3, config.rows, config.columns)
    return list(torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator))


def clips_of(frames, length):
    """Those of a shot, in the order in which a stream asks for them."""
    for end in range(length - 1, len(frames)):
        window = tuple(frames[end - length + 1 : end + 1])
        if end < 2 * length - 2:
            yield Clip(window[::-1], end, -1)
        yield Clip(window, end - length + 1, 1)


def alone(network, clip, dtype):
    maps = network(to_network(clip.stacked()[None]).to(dtype))[0]
    return maps.view(-1, *maps.shape[-2:])
