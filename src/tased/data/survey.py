"""All fixations of a data set at once: what shuffled AUC and information gain compare with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from jaxtyping import Float32, Int64
from scipy.ndimage import gaussian_filter

from tased.data.clip import Clip
from tased.data.maps import DHF1K_SIGMA

UNIFORM = 0.01  # share of the centre prior that is the same everywhere, so that no place is impossible

Counts = Float32[np.ndarray, "H W"]


@dataclass(frozen=True, slots=True)
class Fixations:
    """Of one clip, as shares of height and width."""

    points: Float32[np.ndarray, "N 2"]
    starts: Int64[np.ndarray, " F"]  # where each frame's begin, and the end of the last
    outside: int


def survey_clip(clip: Clip, frames: Sequence[int] | None = None) -> Fixations:
    """Read the fixations of some frames of a clip, in their order; of every frame if none are named."""
    points, outside = [], 0
    for index in range(clip.frames) if frames is None else frames:
        truth = clip.gaze(index)
        points.append((truth.fixations + 0.5) / (clip.rows, clip.columns))
        outside += truth.outside
    starts = np.cumsum([0, *(len(p) for p in points)])
    joined = np.concatenate(points) if points else np.empty((0, 2))
    return Fixations(joined.astype(np.float32), starts, outside)


@dataclass(frozen=True, slots=True)
class Survey:
    """The fixations of all clips, one after the other."""

    points: Float32[np.ndarray, "N 2"]
    frames: Int64[np.ndarray, " F"]  # where each frame's begin in `points`, and the end of the last
    clips: Int64[np.ndarray, " C"]  # where each clip's begin in `frames`, and the end of the last

    @classmethod
    def join(cls, parts: Iterable[Fixations]) -> Self:
        """Put clips together, in order."""
        points, frames, clips = [np.empty((0, 2), np.float32)], [np.zeros(1, np.int64)], [0]
        count = 0
        for part in parts:
            points.append(part.points)
            frames.append(part.starts[1:] + count)
            count += len(part.points)
            clips.append(clips[-1] + len(part.starts) - 1)
        return cls(np.concatenate(points), np.concatenate(frames), np.asarray(clips))

    def save(self, path: Path) -> None:
        """For other processes."""
        np.savez(path, points=self.points, frames=self.frames, clips=self.clips)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as archive:
            return cls(archive["points"], archive["frames"], archive["clips"])

    def others(self, clip: int, rows: int, columns: int) -> Counts | None:
        """Count all fixations of the other clips, at a frame's size: exact shuffled AUC's negatives.

        None where there is no other clip with fixations.
        """
        begin, end = self.frames[self.clips[clip]], self.frames[self.clips[clip + 1]]
        rest = np.concatenate([self.points[:begin], self.points[end:]])
        return _counted(rest, rows, columns) if len(rest) else None

    def of_random_frames(self, draw: np.random.Generator, rows: int, columns: int, count: int = 10) -> Counts:
        """Count the fixations of some frames of the set: the DHF1K code's negatives."""
        chosen = draw.choice(len(self.frames) - 1, min(count, len(self.frames) - 1), replace=False)
        points = [self.points[self.frames[i] : self.frames[i + 1]] for i in chosen]
        return _counted(np.concatenate(points), rows, columns)


def _counted(points: Float32[np.ndarray, "N 2"], rows: int, columns: int) -> Counts:
    pixels = (points * (rows, columns)).astype(np.int64).clip(0, (rows - 1, columns - 1))
    flat = np.bincount(pixels[:, 0] * columns + pixels[:, 1], minlength=rows * columns)
    return flat.reshape(rows, columns).astype(np.float32)


def centre_prior(others: Counts) -> Counts:
    """The density of other videos' fixations: information gain's baseline."""
    blurred = gaussian_filter(others, DHF1K_SIGMA * others.shape[1])
    prior = (1 - UNIFORM) * blurred / blurred.sum() + UNIFORM / blurred.size
    return prior.astype(np.float32)
