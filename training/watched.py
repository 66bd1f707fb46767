"""What a tased-lite sees in each frame of a clip, kept in files.

The encoder is the same for all of them and costs most: it looks at each frame once, and so does motion. How
densities are aggregated over time is tried out on what is kept, by the functions that predict.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import torch

from tased.atomic import WholeFile
from tased.data.clip import Clip
from tased.errors import CheckpointError
from tased.evaluate.predictions import Scored
from tased.network.config import LiteConfig
from tased.network.fold import folded
from tased.network.lite import TASEDLite
from tased.network.weights import network_from, read_weights
from tased.predict.baselines.grid import unit_range
from tased.predict.baselines.motion import UNTIMED_RATE, Motion
from tased.predict.lite import CausalMean, aggregated, finished
from tased.predict.maps import resized
from tased.predict.network import to_network
from tased.predict.resize import resize

MOTION = "motion"  # the folder of what moves, beside those of the networks


@torch.inference_mode()
def watch(clip: Clip, weights: Mapping[str, Path], folder: Path) -> None:
    """Keep the densities by each of these networks, and what moves: folder/NAME/CLIP.npz.

    What is there already is left alone. Raises CheckpointError for networks with encoders of their own.
    """
    lacking = [name for name in (MOTION, *weights) if not _place(folder, name, clip).is_file()]
    networks = {name: _loaded(weights[name]) for name in lacking if name != MOTION}
    if not lacking:
        return
    first = next(iter(networks.values()), None)
    for name, network in networks.items():
        if first is not None and not _same(network.encoder, first.encoder):
            raise CheckpointError(f"{weights[name]}: has an encoder of its own, and was to share one")
    seen: dict[str, list[np.ndarray]] = {name: [] for name in lacking}
    watcher, seconds = Motion().viewer(), []
    for frame in clip.video():
        seconds.append(frame.seconds if math.isfinite(frame.seconds) else frame.index / UNTIMED_RATE)
        if first is not None:
            pixels = resize(frame.pixels, first.config.rows, first.config.columns)
            features = first.encoder(to_network(pixels[None, None])[:, :, 0])
            for name, network in networks.items():
                seen[name].append(network.prediction(features)[0].numpy())
        if MOTION in seen:
            seen[MOTION].append(unit_range(watcher.see(frame)()))
    for name, maps in seen.items():
        file = BytesIO()
        np.savez(file, maps=np.stack(maps).astype(np.float32), seconds=np.array(seconds))
        with WholeFile(_place(folder, name, clip)) as whole:
            whole.write(file.getvalue())


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What `tased predict` gives by a configuration, of what was seen."""

    name: str
    folder: Path
    seen_by: Mapping[str, str]  # the network's name, by the clip's
    config: LiteConfig

    weights_sha256 = None  # they may be several

    @property
    def identity(self) -> str:
        """What the maps depend on."""
        return f"{self.folder}|{sorted(self.seen_by.items())}|{self.config.to_json()}"

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """The maps of some frames; the mean is that of all."""
        config, wanted = self.config, set(frames)
        mean = CausalMean(config.memory)
        with (
            np.load(_place(self.folder, self.seen_by[clip.name], clip)) as seen,
            np.load(_place(self.folder, MOTION, clip)) as moving,
        ):
            densities, seconds, motion = seen["maps"], seen["seconds"], moving["maps"]
        for index, (density, moment) in enumerate(zip(densities, seconds.tolist(), strict=True)):
            remembered = mean.add(density, moment)
            if index in wanted:
                moves = resized(motion[index], *density.shape) if config.motion else None
                values = finished(aggregated(remembered, moves, config), config)
                yield Scored(index, values.numpy(), clip.truth(index))


def _place(folder: Path, name: str, clip: Clip) -> Path:
    return folder / name / f"{clip.name}.npz"


@cache
def _loaded(path: Path) -> TASEDLite:
    network = network_from(read_weights(path))
    if not isinstance(network, TASEDLite):
        raise CheckpointError(f"{path}: is no tased-lite")
    return folded(network)


def _same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
