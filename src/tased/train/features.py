"""What a teacher sees, learnt by the encoder of TASED-Net: feature distillation, whose heads are thrown away.

The teacher is a tased-lite, whose encoder knows ImageNet. What its blocks give is predicted, by a 1x1x1
convolution each, from what the parts of S3D give that have looked as far (Romero et al., FitNets, ICLR 2015).
There are so many of these stations that each part of S3D has little to learn by itself, as where few pictures
are there to learn from (Li et al., Few Sample Knowledge Distillation, CVPR 2020). The heads learn beside the
network, are kept in the state of a run, and never in a file of weights.
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
from tased.network.lite import TASEDLite
from tased.network.planes import Convolution
from tased.network.tased import TASEDNet, extend, padded
from tased.network.weights import network_from, read_weights
from tased.predict.network import to_network
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

    def __init__(self, network: TASEDNet, teacher: TASEDLite, stations: Sequence[Station] = STATIONS) -> None:
        super().__init__()
        self.stations = stations
        self.heads = nn.ModuleList(
            Convolution(station.channels, STAGES[station.stage].channels, 1) for station in stations
        )
        # In a tuple, so that it is no part of what learns and is saved.
        self._teacher = (folded(aligned(teacher)).encoder,)
        self._theirs = _Seen(self._teacher[0], (station.theirs for station in stations))
        self._ours = _Seen(network.encoder, (station.part for station in stations))
        self._every = network.config.clip_length // network.config.decoder_time

    def forward(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, " B"]:
        """The mean of `by_station`."""
        return self.by_station(clips).mean(1)

    def by_station(self, clips: UInt8[Tensor, "B T 3 H W"]) -> Float[Tensor, "B stations"]:
        """The share of the features' variance over the clips that is not explained.

        0 is the same, 1 what their means over clips and places explain.
        """
        ours = self._ours.taken()
        frames = range(self._every // 4, clips.shape[1], self._every)
        unlike = []
        for x, head, features in zip(ours, self.heads, self._look(clips[:, list(frames)]), strict=True):
            steps = [frame * x.shape[2] // clips.shape[1] for frame in frames]
            target = features[..., : x.shape[-2], : x.shape[-1]].float()
            target = F.batch_norm(target, None, None, training=True)
            target = target.unflatten(0, (len(clips), len(frames))).transpose(1, 2)
            unlike.append((head(x[:, :, steps]).float() - target).square().mean((1, 2, 3, 4)))
        return torch.stack(unlike, 1)

    def to_device(self, device: torch.device) -> None:
        """Where the teacher looks; the heads go with the network."""
        self._teacher[0].to(device)

    @torch.no_grad()
    def _look(self, frames: UInt8[Tensor, "B n 3 H W"]) -> Sequence[Tensor]:
        """The teacher's features of frames as large as the network sees them, extended at the border."""
        rows, columns = (-(-padded(size) // 32) * 32 for size in frames.shape[-2:])
        x = extend(extend(to_network(frames), 3, rows), 4, columns).transpose(1, 2).flatten(0, 1)
        looks = []
        for part in x.split(TOGETHER if x.device.type == "cpu" else len(x)):
            self._teacher[0](part)
            looks.append(self._theirs.taken())
        return [torch.cat(station) for station in zip(*looks, strict=True)]


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
