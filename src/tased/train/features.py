"""What a teacher sees, and says of it, learnt by TASED-Net: distillation, whose heads are thrown away.

The teacher is a tased-lite, whose encoder knows ImageNet. What its blocks give is predicted, by a 1x1x1
convolution each, from what the parts of S3D give that have looked as far (Romero et al., FitNets, ICLR 2015).
There are so many of these stations that each part of S3D has little to learn by itself, as where few pictures
are there to learn from (Li et al., Few Sample Knowledge Distillation, CVPR 2020).

What it says is its map of the very frames, read off the encoder's end, where all must be that the prediction
network shall know, and off each block of that (Lee et al., Deeply-Supervised Nets, AISTATS 2015).

The heads learn beside the network, are kept in the state of a run, and never in a file of weights.
"""

import copy
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tased.errors import CheckpointError, UsageError
from tased.network.build import Network
from tased.network.efficientnet import STAGES, ConvNorm
from tased.network.fold import folded
from tased.network.lite import CELL, TASEDLite
from tased.network.planes import Convolution
from tased.network.tased import TASEDNet, extend, padded
from tased.network.weights import network_from, read_weights
from tased.predict.network import to_network
from tased.train.losses import kld
from tased.train.recipe import Recipe

TOGETHER = 8  # frames that a teacher looks at: as many as stay in a CPU's cache


class Station(NamedTuple):
    """A part of S3D, and the block of EfficientNet-Lite0 that it is to see as much as."""

    part: str
    channels: int
    stage: int
    block: int

    @property
    def theirs(self) -> str:
        """The teacher's block, as a part of its encoder."""
        return f"stages.{self.stage}.{self.block}"


STATIONS = (
    Station("stem.0", 64, 0, 0),  # stride 2
    Station("stem.3", 192, 1, 1),  # stride 4
    Station("mixed3.0", 256, 2, 0),  # stride 8
    Station("mixed3.1", 480, 2, 1),
    Station("mixed4.0", 512, 3, 0),  # stride 16, where six blocks are five
    Station("mixed4.1", 512, 3, 2),
    Station("mixed4.2", 512, 4, 0),
    Station("mixed4.3", 528, 4, 1),
    Station("mixed4.4", 832, 4, 2),
    Station("mixed5.0", 832, 5, 1),  # stride 32, where five are two
    Station("mixed5.1", 1024, 6, 0),
)


class Outlook(NamedTuple):
    """A part of TASED-Net, and the stride at which it is to know the teacher's map."""

    part: str
    channels: int
    stride: int


ENDS = Outlook("encoder.mixed5.1", 1024, 32)  # what the encoder has to say
OUTLOOKS = (
    Outlook("prediction.decoder.redistribute", 1024, 32),
    Outlook("prediction.decoder.to16.convs", 832, 32),
    Outlook("prediction.decoder.to8.convs", 480, 16),
    Outlook("prediction.decoder.to4.convs", 192, 8),
)


class Unlike(NamedTuple):
    """How far clips are from what the teacher sees, and from what it says."""

    features: Float[Tensor, " B"]
    maps: Float[Tensor, " B"]  # 0 where the prediction network rests


def nothing_unlike(clips: UInt8[Tensor, "B T 3 H W"]) -> Unlike:
    """Where nobody looks."""
    none = torch.zeros(len(clips), device=clips.device)
    return Unlike(none, none)


class NoTeacher(nn.Module):
    """Where nothing but maps is learnt: it has no heads."""

    def forward(
        self, clips: UInt8[Tensor, "B T 3 H W"], _maps: Float[Tensor, "B K H W"] | None = None
    ) -> Unlike:
        """Nothing is unlike."""
        return nothing_unlike(clips)


class MapHead(nn.Module):
    """Features -> a density in the teacher's cells, (B, C, T, h, w) to (B, T, H/4, W/4)."""

    def __init__(self, outlook: Outlook) -> None:
        super().__init__()
        self._cells = outlook.stride // CELL
        self.logits = Convolution(outlook.channels, self._cells**2, 1)

    def forward(self, x: Float[Tensor, "B C T h w"]) -> Float[Tensor, "B T H W"]:
        # As pictures: PyTorch shuffles no volumes whose channels are last in memory.
        pictures = self.logits(x).float().transpose(1, 2).flatten(0, 1)
        logits = F.pixel_shuffle(pictures, self._cells).squeeze(1)
        return logits.flatten(1).softmax(1).view_as(logits).unflatten(0, (len(x), -1))


class Teacher(nn.Module):
    """Heads on a network, and how unlike a teacher's features and maps their predictions are.

    It sees what the network saw last: call it with the same clips, after the network. Of every 8 frames (of
    a clip of 32) the teacher looks at one, in the middle of those that a step in time of the prediction
    network is made of. With `answers` the prediction network learns the teacher's maps, too.
    """

    def __init__(
        self,
        network: TASEDNet,
        teacher: TASEDLite,
        stations: Sequence[Station] = STATIONS,
        *,
        answers: bool = False,
    ) -> None:
        super().__init__()
        outlooks = (ENDS, *(OUTLOOKS if answers and network.config.decoder == "tased" else ()))
        self.stations = stations
        self.heads = nn.ModuleList(
            Convolution(station.channels, STAGES[station.stage].channels, 1) for station in stations
        )
        self.maps = nn.ModuleList(map(MapHead, outlooks))
        # In a tuple, so that they are no part of what learns and is saved.
        self._teacher = (folded(aligned(teacher)).encoder, folded(teacher))
        self._theirs = _Seen(self._teacher[0], (station.theirs for station in stations))
        self._ours = _Seen(network.encoder, (station.part for station in stations))
        self._said = _Seen(network, (outlook.part for outlook in outlooks))
        self._every = network.config.clip_length // network.config.decoder_time
        self._answers = answers

    def forward(
        self, clips: UInt8[Tensor, "B T 3 H W"], maps: Float[Tensor, "B K H W"] | None = None
    ) -> Unlike:
        """Of features the mean of `by_station`, and what the encoder's end does not know of the maps.

        Of maps, the mean over the prediction network's blocks, and `maps`, its own: the last one is of the
        last frame.
        """
        looked_at, last = self._looked_at(clips), clips.shape[1] - 1
        density = self._density(clips, sorted({*looked_at, last} if self._answers else looked_at))
        said = [
            _divergence(head(x)[:, self._steps(clips, x)], density[:, : len(looked_at)]).mean(1)
            for head, x in zip(self.maps, self._said.taken(), strict=True)
        ]
        features = self.by_station(clips).mean(1) + said[0]
        if not self._answers or maps is None:
            return Unlike(features, torch.zeros_like(features))
        target = F.interpolate(density[:, -1:], scale_factor=CELL, mode="bilinear")[:, 0]
        return Unlike(features, torch.stack([*said[1:], _divergence(maps[:, -1], target)]).mean(0))

    def by_station(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, "B stations"]:
        """The share of the features' variance over the clips that is not explained.

        0 is the same, 1 what their means over clips and places explain.
        """
        looks = self._look(clips, self._looked_at(clips))
        unlike = []
        for x, head, features in zip(self._ours.taken(), self.heads, looks, strict=True):
            target = features[..., : x.shape[-2], : x.shape[-1]].float()
            target = F.batch_norm(target, None, None, training=True)
            target = target.unflatten(0, (len(clips), -1)).transpose(1, 2)
            found = head(x[:, :, self._steps(clips, x)]).float()
            unlike.append((found - target).square().mean((1, 2, 3, 4)))
        return torch.stack(unlike, 1)

    def to_device(self, device: torch.device) -> None:
        """Where the teacher looks; the heads go with the network."""
        for part in self._teacher:
            part.to(device)

    def _looked_at(self, clips: Tensor) -> list[int]:
        return list(range(self._every // 4, clips.shape[1], self._every))

    def _steps(self, clips: Tensor, x: Tensor) -> list[int]:
        """In which steps in time of features the frames are that the teacher looks at."""
        return [frame * x.shape[2] // clips.shape[1] for frame in self._looked_at(clips)]

    @torch.no_grad()
    def _look(self, clips: UInt8[Tensor, "B T 3 H W"], frames: list[int]) -> Sequence[Tensor]:
        """The teacher's features."""
        looks = []
        for part in _parts(clips[:, frames]):
            self._teacher[0](part)
            looks.append(self._theirs.taken())
        return [torch.cat(station) for station in zip(*looks, strict=True)]

    @torch.no_grad()
    def _density(
        self, clips: UInt8[Tensor, "B T 3 H W"], frames: list[int]
    ) -> Float[Tensor, "B frames H/4 W/4"]:
        """The teacher's maps."""
        found = torch.cat([self._teacher[1].density(part) for part in _parts(clips[:, frames])])
        return found.unflatten(0, (len(clips), len(frames)))


def _parts(frames: UInt8[Tensor, "B n 3 H W"]) -> Sequence[Float[Tensor, "some 3 rows columns"]]:
    """As large as the network sees them, and as the teacher takes them; some at a time."""
    rows, columns = (-(-padded(size) // 32) * 32 for size in frames.shape[-2:])
    x = extend(extend(to_network(frames), 3, rows), 4, columns).transpose(1, 2).flatten(0, 1)
    return x.split(TOGETHER if x.device.type == "cpu" else len(x))


def _divergence(found: Float[Tensor, "... H W"], density: Float[Tensor, "... h w"]) -> Float[Tensor, " ..."]:
    """KL divergence; what either has at the right and below beside the other is cut."""
    rows, columns = (min(sizes) for sizes in zip(found.shape[-2:], density.shape[-2:], strict=True))
    return kld(found[..., :rows, :columns], density[..., :rows, :columns])


class _Seen:
    """What parts of a network gave last."""

    def __init__(self, network: nn.Module, parts: Iterable[str]) -> None:
        self._parts = tuple(parts)
        self._outputs: dict[str, Tensor] = {}
        for part in self._parts:
            network.get_submodule(part).register_forward_hook(partial(self._keep, part))

    def _keep(self, part: str, _module: nn.Module, _given: Any, output: Tensor) -> None:
        self._outputs[part] = output

    def taken(self) -> list[Tensor]:
        """In the order of the parts; once, so that nothing is taken for that of other frames."""
        if len(self._outputs) < len(self._parts):
            raise RuntimeError("the network must see the clips first")
        outputs, self._outputs = self._outputs, {}
        return [outputs[part] for part in self._parts]


def aligned(teacher: TASEDLite) -> TASEDLite:
    """A copy whose features are of the same places as S3D's: where it strides it pads alike on all sides.

    As released it pads more below and at the right (network/efficientnet.py). Each stride then moves what a
    cell has in its middle, by 31 pixels in the end: a student would have to learn that, too.
    """
    found = copy.deepcopy(teacher)
    for layer in found.encoder.modules():
        if isinstance(layer, ConvNorm) and layer.margin is not None:
            reach = layer.conv.kernel_size[0] // 2
            layer.margin, layer.conv.padding = None, (reach, reach)
    return found


def taught_by(recipe: Recipe, network: Network, weights: Path | None) -> Teacher | NoTeacher:
    """The recipe's teacher, with heads whose first weights are the seed's.

    Raises
    ------
    UsageError
        Where the recipe learns features and there is no teacher, or the other way round.
    CheckpointError
        For weights that are no tased-lite's.

    """
    if (weights is None) == recipe.needs_teacher:
        raise UsageError(
            f"recipe: features is {recipe.features:g}, taught is {recipe.taught:g}, and "
            f"{'no' if weights is None else 'a'} teacher was given; to learn from one needs both"
        )
    if weights is None:
        return NoTeacher()
    if not isinstance(network, TASEDNet):
        raise UsageError("recipe: tased-lite has the features of ImageNet already; set features=0, taught=0")
    teacher = network_from(read_weights(weights))
    if not isinstance(teacher, TASEDLite):
        raise CheckpointError(f"{weights}: is no tased-lite, and features are learnt from that alone")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return Teacher(network, teacher, answers=recipe.taught > 0)
