"""How well the full network says where people look, on clips that it has not seen, and whether time matters.

Beside it stand tased-lite, the models that need no training, and people. Two controls take motion from it:
its past frames in random order, or the last frame as all of its past. If that costs nothing, it has learned
none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tased.data.clip import Clip, DataSet
from tased.errors import CheckpointError
from tased.evaluate.compare import bootstrap_mean
from tased.evaluate.predictions import ModelPredictions, Observers, Predictions, Scored
from tased.evaluate.results import Results
from tased.evaluate.run import evaluate
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights
from tased.predict.device import resolve_device
from tased.predict.maps import blurred
from tased.predict.network import to_network
from tased.predict.predictor import TRAINING_FREE
from tased.predict.resize import resize
from tased.predict.windows import windows

Past = Literal["as it was", "shuffled", "frozen"]
PASTS: tuple[Past, ...] = ("as it was", "shuffled", "frozen")
BATCH = 8  # windows at once


@dataclass(frozen=True, slots=True)
class Windows:
    """A TASED-Net on the windows of prediction, of which all frames but the last may be changed."""

    weights: Path
    past: Past
    device: str = "auto"
    batch: int = BATCH

    @property
    def name(self) -> str:
        """As tables call it."""
        return "full" if self.past == "as it was" else f"full, past {self.past}"

    @property
    def identity(self) -> str:
        """What the maps depend on."""
        return f"{self.weights_sha256}|{self.past}"

    @property
    def weights_sha256(self) -> str:
        """Of the file."""
        return read_weights(self.weights).sha256

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """The maps of some frames; only these are predicted."""
        network, device = _loaded(self.weights, self.device)
        config = network.config
        seen = torch.stack([resize(f.pixels, config.rows, config.columns) for f in clip.video()])
        plan = [window.frames for window in windows(clip.frames, config.clip_length)]
        for begun in range(0, len(frames), self.batch):
            some = frames[begun : begun + self.batch]
            clips = torch.stack([seen[list(self.order(plan[index]))] for index in some])
            half = torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
            with torch.inference_mode(), half:
                maps = network(to_network(clips.to(device)))
            for index, values in zip(some, maps.float().cpu(), strict=True):
                yield Scored(index, blurred(values, config.blur).numpy(), clip.truth(index))

    def order(self, frames: Sequence[int]) -> tuple[int, ...]:
        """What is shown for a window: the frame that is asked for is always the last."""
        *past, last = frames
        if self.past == "shuffled":
            past = np.random.default_rng(last).permutation(past).tolist()
        elif self.past == "frozen":
            past = [last] * len(past)
        return (*past, last)


def judged(
    data: DataSet,
    full: Path,
    lites: Sequence[Path],
    *,
    device: str,
    parts: Path,
    workers: int,
    max_frames: int | None,
    report: Callable[[str, int, int], None],
) -> dict[str, object]:
    """Every metric of all of them, by clip and over clips, and what the controls cost.

    It goes on from `parts`, where what is done is kept until all is.
    """
    sources: list[Predictions] = [Windows(full, past, device) for past in PASTS]
    sources += [
        ModelPredictions(str(path), device, weights_sha256=read_weights(path).sha256) for path in lites
    ]
    sources += [*map(ModelPredictions, TRAINING_FREE), Observers()]
    # Networks are in one process. One source after the other, so that what is done stays.
    found = [
        evaluate(
            data,
            [source],
            max_frames=max_frames,
            workers=1 if source.weights_sha256 else workers,
            parts=parts,
            report=lambda what, done, total: report(f"judging, {what}", done, total),
        )[0].results
        for source in sources
    ]
    scores = {results.model: _summary(results) for results in found}
    first = found[0]
    return {
        "data": {"videos": len(first.videos), "frames": first.counts["frames"], "print": first.fingerprint},
        "scores": scores,
        "nss_lost_by_the_control": {
            past: _difference(first, results) for past, results in zip(PASTS[1:], found[1:], strict=False)
        },
        "nss_above_lite": None if not lites else _difference(first, found[len(PASTS)]),
    }


def _summary(results: Results) -> dict[str, object]:
    return {
        "over_videos": results.over_videos,
        "nss_interval": _interval([video.scores["nss"] for video in results.videos]),
        "weights_sha256": results.weights_sha256,
    }


def _difference(one: Results, other: Results) -> dict[str, object]:
    """Of mean NSS, clip by clip."""
    both = zip(one.videos, other.videos, strict=True)
    differences = [a.scores["nss"] - b.scores["nss"] for a, b in both]
    return {"mean": float(np.mean(differences)), "interval": _interval(differences)}


def _interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Of the mean over clips; one clip has none."""
    return bootstrap_mean(np.array(values)) if len(values) > 1 else None


@lru_cache(maxsize=1)
def _loaded(path: Path, device: str) -> tuple[TASEDNet, torch.device]:
    network = network_from(read_weights(path))
    if not isinstance(network, TASEDNet):
        raise CheckpointError(f"{path}: is no TASED-Net")
    where = resolve_device(device)
    return network.to(where).eval(), where
