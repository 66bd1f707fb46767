"""Two models on the same videos: by how much one is better, how sure that is, and where."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from tased.atomic import WholeFile
from tased.errors import DataError, UsageError
from tased.evaluate.results import Results, VideoScores
from tased.evaluate.tables import LABELS, LESS_IS_BETTER
from tased.metrics import METRICS

VISIBLE_NSS = 0.5  # section 4.2: a gap in NSS above which a difference is easily recognised by eye
LEVEL = 0.95
FEW = 20  # videos, below which a bootstrap interval is markedly too narrow
BLOCK = 1_000_000  # numbers drawn at a time


@dataclass(frozen=True, slots=True)
class PairedVideo:
    """One video that both have a score for."""

    name: str
    middle: int  # a frame in the middle of what was scored, from 0
    a: float
    b: float

    @property
    def difference(self) -> float:
        """A - B."""
        return self.a - self.b


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Model A against model B by one metric, paired by video; every difference is A - B."""

    a: str
    b: str
    metric: str
    videos: tuple[PairedVideo, ...]  # A's best against B first, its worst last
    mean: float  # difference over videos, each counting the same however long it is
    interval: tuple[float, float] | None  # of that mean; None for a single video
    level: float  # that the interval is meant to cover
    resamples: int
    seed: int
    threshold: float
    a_wins: int  # videos on which A is better by more than the threshold
    b_wins: int
    only_a: tuple[str, ...]  # videos without a score in the other
    only_b: tuple[str, ...]
    notes: tuple[str, ...]  # what weakens the pairing

    @property
    def settled(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]

    def __str__(self) -> str:
        """All of it in one or two sentences, as the paper puts it."""
        label = LABELS[self.metric]
        text = f"{self.a} - {self.b}: {self.mean:+.3f} {label} over {count(len(self.videos), 'video')}"
        if self.interval is None:
            text += " (one video has no interval)"
        else:
            low, high = self.interval
            text += f" ({self.level:.0%} interval {low:+.3f} to {high:+.3f})"
        return (
            f"{text}. {self.a} beats {self.b} by more than {self.threshold:g} {label} on "
            f"{count(self.a_wins, 'video')}, {self.b} beats {self.a} on {self.b_wins}."
        )


def compare(
    a: Results,
    b: Results,
    *,
    metric: str = "nss",
    threshold: float | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Pair two evaluations by the names of their videos.

    The interval is the bias-corrected and accelerated bootstrap over videos (`bootstrap_mean`): it
    says how the mean difference would vary with other videos of the kind, not with other trainings
    of the models. `threshold` is what a win must exceed: by default the paper's 0.5 for NSS, and 0
    for other metrics. Less is better for KLD, and wins are counted so.

    Raises
    ------
    UsageError
        For a metric that does not exist, a negative threshold, or too few resamples.
    DataError
        If data, fingerprint or protocol differ, if a name stands twice, or if no video has a
        score in both.

    """
    if metric not in METRICS:
        raise UsageError(f"{metric!r} is not a metric; take one of {', '.join(METRICS)}")
    if threshold is None:
        threshold = VISIBLE_NSS if metric == "nss" else 0.0
    if not threshold >= 0:
        raise UsageError(f"a threshold of {threshold:g} cannot be exceeded by a win; give 0 or more")
    _check_same_terms(a, b)
    ours, theirs = _scored(a, metric), _scored(b, metric)
    videos = [
        PairedVideo(
            name=name,
            middle=(one.frames + one.skipped) // 2,
            a=one.scores[metric],
            b=theirs[name].scores[metric],
        )
        for name, one in ours.items()
        if name in theirs
    ]
    if not videos:
        raise DataError(
            f"{a.model} and {b.model} have no video in common with a score in {LABELS[metric]}: evaluate "
            "both on the same videos with this metric"
        )
    sign = -1 if metric in LESS_IS_BETTER else 1
    videos.sort(key=lambda video: (-sign * video.difference, video.name))
    differences = np.array([video.difference for video in videos])
    notes = []
    if a.seed != b.seed:
        notes.append(
            f"What is drawn at random, perhaps the frames, differs: seed {a.seed} and seed {b.seed}."
        )
    uneven = sum(ours[v.name].frames != theirs[v.name].frames for v in videos)
    if uneven:
        notes.append(
            f"{count(uneven, 'video')} had another number of frames scored in one than in the other."
        )
    if 1 < len(videos) < FEW:
        notes.append(f"With fewer than {FEW} videos the interval is narrower than it should be.")
    return Comparison(
        a=a.model,
        b=b.model,
        metric=metric,
        videos=tuple(videos),
        mean=float(differences.mean()),
        interval=bootstrap_mean(differences, resamples=resamples, seed=seed) if len(videos) > 1 else None,
        level=LEVEL,
        resamples=resamples,
        seed=seed,
        threshold=threshold,
        a_wins=int((sign * differences > threshold).sum()),
        b_wins=int((-sign * differences > threshold).sum()),
        only_a=tuple(name for name in ours if name not in theirs),
        only_b=tuple(name for name in theirs if name not in ours),
        notes=tuple(notes),
    )


def save_comparisons(path: Path, comparisons: Sequence[Comparison]) -> None:
    """Write JSON, whole or not at all: the fields of every comparison, its videos with their differences."""
    content = [
        asdict(comparison)
        | {"videos": [asdict(video) | {"difference": video.difference} for video in comparison.videos]}
        for comparison in comparisons
    ]
    with WholeFile(path) as file:
        file.write((json.dumps({"comparisons": content}, indent=2) + "\n").encode())


def bootstrap_mean(
    values: Float[np.ndarray, " N"], *, level: float = LEVEL, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Bias-corrected and accelerated bootstrap interval of a mean (Efron, 1987).

    The same values, `resamples` and seed give the same interval. Equal values give an interval of
    no width. Few values, below some twenty, give one that is too narrow.

    Raises
    ------
    UsageError
        For fewer than two values or fewer than 100 resamples.

    """
    if len(values) < 2 or resamples < 100:
        raise UsageError(
            f"a bootstrap of {count(len(values), 'value')} with {resamples} resamples says nothing; it needs "
            "2 values and 100 resamples at least"
        )
    mean = float(values.mean())
    off = values - mean
    if np.ptp(values) == 0:
        return mean, mean
    generator = np.random.default_rng(seed)
    rows = max(1, BLOCK // len(values))
    means = np.concatenate(
        [
            values[generator.integers(len(values), size=(min(rows, resamples - done), len(values)))].mean(
                axis=1
            )
            for done in range(0, resamples, rows)
        ]
    )
    # The share of resampled means below the mean itself, and half of those that equal it; never none or all,
    # which would be an infinite bias.
    share = ((means < mean).mean() + (means <= mean).mean()) / 2
    bias = ndtri(np.clip(share, 0.5 / resamples, 1 - 0.5 / resamples))
    acceleration = (off**3).sum() / (6 * (off**2).sum() ** 1.5)
    ends = ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    adjusted = ndtr(bias + (bias + ends) / (1 - acceleration * (bias + ends)))
    low, high = np.quantile(means, adjusted)
    return float(low), float(high)


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 video, 2 videos."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _check_same_terms(a: Results, b: Results) -> None:
    for what, one, other in (
        ("data", a.data, b.data),
        ("protocol", a.protocol, b.protocol),
        ("data's fingerprint", a.fingerprint, b.fingerprint),
    ):
        if one != other:
            raise DataError(
                f"{a.model} and {b.model} cannot be paired: the {what} is {one[:16]!r} in one and "
                f"{other[:16]!r} in the other; evaluate both on the same terms"
            )


def _scored(results: Results, metric: str) -> dict[str, VideoScores]:
    """The videos that have a score in `metric`, by name."""
    twice = [name for name, times in Counter(video.name for video in results.videos).items() if times > 1]
    if twice:
        raise DataError(
            f"{results.model}: holds the video {twice[0]!r} twice, so nothing can be paired with it"
        )
    return {
        video.name: video for video in results.videos if not math.isnan(video.scores.get(metric, math.nan))
    }
