"""What a teacher sees, learnt by the encoder of TASED-Net: feature distillation, whose heads are thrown away.

The teacher is a tased-lite, whose encoder knows ImageNet. Its features of strides 8, 16 and 32 are predicted
by a 1x1x1 convolution each from S3D's of the same strides (Romero et al., FitNets, ICLR 2015). The heads
learn beside the network, are kept in the state of a run, and never in a file of weights.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tased.errors import CheckpointError, UsageError
from tased.network.build import Network
from tased.network.efficientnet import WIDTHS
from tased.network.encoder import Features
from tased.network.fold import folded
from tased.network.lite import TASEDLite
from tased.network.planes import Convolution
from tased.network.tased import TASEDNet, extend, padded
from tased.network.weights import network_from, read_weights
from tased.predict.network import to_network
from tased.train.recipe import Recipe

TAPPED = (480, 832, 1024)  # channels of S3D's features of strides 8, 16 and 32
TOGETHER = 8  # frames that a teacher looks at: as many as stay in a CPU's cache


class NoTeacher(nn.Module):
    """Where nothing but maps is learnt: it has no heads."""

    def forward(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, " B"]:
        """Nothing is unlike."""
        return torch.zeros(len(clips), device=clips.device)


class Teacher(nn.Module):
    """Heads on a network's encoder, and how unlike a teacher's features their predictions are.

    It sees what the encoder saw last: call it with the same clips, after the network. Of every 8 frames (of
    a clip of 32) the teacher looks at one, in the middle of those that a step in time of the prediction
    network is made of.
    """

    def __init__(self, network: TASEDNet, teacher: TASEDLite) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Convolution(c, w, 1) for c, w in zip(TAPPED, WIDTHS, strict=True))
        # In a tuple, so that it is no part of what learns and is saved.
        self._teacher = (folded(teacher),)
        self._seen: Features | None = None
        self._every = network.config.clip_length // network.config.decoder_time
        network.encoder.register_forward_hook(self._keep)

    def forward(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, " B"]:
        """The share of the features' variance over the clips that is not explained, a mean over strides.

        0 is the same, 1 what their means over clips and places explain.
        """
        if self._seen is None:
            raise RuntimeError("the network must see the clips first")
        seen, self._seen = self._seen, None
        frames = range(self._every // 4, clips.shape[1], self._every)
        unlike = torch.zeros(len(clips), device=clips.device)
        levels = (seen.x8, seen.x16, seen.x32)
        for x, head, features in zip(levels, self.heads, self._look(clips[:, list(frames)]), strict=True):
            steps = [frame * x.shape[2] // clips.shape[1] for frame in frames]
            target = F.adaptive_avg_pool2d(features, (x.shape[-2], x.shape[-1]))
            target = F.batch_norm(target.float(), None, None, training=True)
            target = target.unflatten(0, (len(clips), len(frames))).transpose(1, 2)
            unlike = unlike + (head(x[:, :, steps]).float() - target).square().mean((1, 2, 3, 4))
        return unlike / len(levels)

    def to_device(self, device: torch.device) -> None:
        """Where the teacher looks; the heads go with the network."""
        self._teacher[0].to(device)

    @torch.no_grad()
    def _look(self, frames: UInt8[Tensor, "B n 3 H W"]) -> Sequence[Tensor]:
        """The teacher's features of frames at its own size, extended at the border as the network does."""
        (teacher,) = self._teacher
        rows, columns = (padded(size) for size in frames.shape[-2:])
        x = extend(extend(to_network(frames), 3, rows), 4, columns).transpose(1, 2).flatten(0, 1)
        size = (teacher.config.rows, teacher.config.columns)
        x = F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
        together = TOGETHER if x.device.type == "cpu" else len(x)
        looks = [teacher.encoder(part) for part in x.split(together)]
        return [torch.cat(level) for level in zip(*looks, strict=True)]

    def _keep(self, _encoder: nn.Module, _given: Any, seen: Features) -> None:
        if self.training:
            self._seen = seen


def taught_by(recipe: Recipe, network: Network, weights: Path | None) -> Teacher | NoTeacher:
    """The recipe's teacher, with heads whose first weights are the seed's.

    Raises
    ------
    UsageError
        Where the recipe learns features and there is no teacher, or the other way round.
    CheckpointError
        For weights that are no tased-lite's.

    """
    if (weights is None) != (recipe.features == 0):
        raise UsageError(
            f"recipe: features is {recipe.features:g} and {'no' if weights is None else 'a'} teacher was "
            "given; learning its features needs both"
        )
    if weights is None:
        return NoTeacher()
    if not isinstance(network, TASEDNet):
        raise UsageError("recipe: tased-lite has the features of ImageNet already; set features=0")
    teacher = network_from(read_weights(weights))
    if not isinstance(teacher, TASEDLite):
        raise CheckpointError(f"{weights}: is no tased-lite, and features are learnt from that alone")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return Teacher(network, teacher)
