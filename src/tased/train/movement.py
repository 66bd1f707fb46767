"""What moves by itself, learnt from every part of TASED-Net on the way to its maps.

In a map what moves is a small part beside what stands out anyway, and is learnt as slowly. So heads shall
tell it by itself: motion contrast (`tased.predict.baselines.motion`), by which tased-lite knows it, too. The
network then has it to make maps of (Lee et al., Deeply-Supervised Nets, AISTATS 2015).
"""

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from tased.errors import UsageError
from tased.network.build import Network
from tased.network.lite import CELL
from tased.network.tased import TASEDNet
from tased.predict.baselines.motion import UNTIMED_RATE, Motion
from tased.predict.maps import resized
from tased.train.heads import MapHead, Outlook, Seen, divergence
from tased.train.recipe import Recipe
from tased.video.frame import Frame

ALONE = Motion(
    off_centre=1.0, floor=0.0, still_weight=0.0
)  # motion contrast: 0 to 1, and 0 where nothing moves
UNMOVED = 0.05  # beside it: where nothing moves, no place is more likely than others
EVERY = 2  # frames apart, of those that are watched: half the time
ENCODER = (
    Outlook("encoder.stem.3", 192, 4),
    Outlook("encoder.mixed3.1", 480, 8),
    Outlook("encoder.mixed4.4", 832, 16),
    Outlook("encoder.mixed5.1", 1024, 32),
)
DECODER = (
    Outlook("prediction.decoder.to16.convs", 832, 32),
    Outlook("prediction.decoder.to8.convs", 480, 16),
    Outlook("prediction.decoder.to4.convs", 192, 8),
)


class Movement(nn.Module):
    """Heads on a network, and how unlike what moves their densities are.

    It sees what the network saw last: call it with the same clips, after the network.
    """

    def __init__(self, network: TASEDNet) -> None:
        super().__init__()
        outlooks = ENCODER + (DECODER if network.config.decoder == "tased" else ())
        self.heads = nn.ModuleList(map(MapHead, outlooks))
        self._seen = Seen(network, (outlook.part for outlook in outlooks))

    def forward(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, " B"]:
        """The mean, over the heads, of KL divergences: each head sees the mean over a clip's time."""
        density = torch.stack([torch.from_numpy(moving(clip)) for clip in clips.cpu()]).to(clips.device)
        unlike = [
            divergence(head(x.mean(2, keepdim=True))[:, 0], density)
            for head, x in zip(self.heads, self._seen.taken(), strict=True)
        ]
        return torch.stack(unlike).mean(0)


def movement_of(recipe: Recipe, network: Network) -> Movement | None:
    """The recipe's, with heads whose first weights are the seed's; UsageError for tased-lite."""
    if not recipe.movement:
        return None
    if not isinstance(network, TASEDNet):
        raise UsageError("recipe: tased-lite sees single frames, in which nothing moves; set movement=0")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return Movement(network)


def moving(clip: UInt8[Tensor, "T 3 H W"]) -> Float32[np.ndarray, "H/4 W/4"]:
    """Where it moves at the end of a clip, as a density over tased-lite's cells."""
    watcher, last = ALONE.viewer(), len(clip) - 1
    for index in range(last % EVERY, len(clip), EVERY):
        pixels = np.ascontiguousarray(clip[index].permute(1, 2, 0).numpy())
        contrast = watcher.see(Frame(pixels, index, index / UNTIMED_RATE))
    plane = resized(contrast(), *(size // CELL for size in clip.shape[-2:])).clip(0) + np.float32(UNMOVED)
    return plane / plane.sum()
