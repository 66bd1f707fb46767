"""A data set made of numbers alone, for tests of what reads data sets."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tased.data.clip import Truth
from tased.video.read import open_video


@dataclass(frozen=True)
class HandmadeClip:
    name: str
    seed: int = 0
    frames: int = 6
    rows: int = 18
    columns: int = 32
    people: int = 6
    path: Path | None = None  # of its video
    empty: tuple[int, ...] = ()  # frames in which nobody looks
    maps_given: bool = True

    @property
    def frame_names(self):
        return tuple(f"{i + 1:04d}" for i in range(self.frames))

    @property
    def video_path(self):
        return self.path or Path(f"{self.name}.mp4")

    def video(self):
        return open_video(self.path)

    def gaze(self, index):
        return replace(self.truth(index), density=None)

    def truth(self, index):
        draw = np.random.default_rng([self.seed, index])
        people = 0 if index in self.empty else self.people
        centre = draw.uniform(0.2, 0.8, 2)
        points = (centre + draw.normal(0, 0.08, (people, 2))).clip(0, 0.999) * (self.rows, self.columns)
        y, x = np.mgrid[: self.rows, : self.columns]
        away = (y - centre[0] * self.rows) ** 2 + (x - centre[1] * self.columns) ** 2
        density = np.exp(-away / (2 * (0.08 * self.columns) ** 2)).astype(np.float32)
        return Truth(points.astype(np.int64), np.arange(people), density, outside=index % 2)


@dataclass(frozen=True)
class HandmadeData:
    path: Path
    handmade: tuple[HandmadeClip, ...]
    name: str = "handmade"
    splits: tuple[str, ...] = ("all",)

    def gaussian(self, clip):
        return None

    def strays(self):
        return ()

    def clips(self, split=None):
        return self.handmade

    def fingerprint(self, split=None):
        return f"{hash(self.handmade):x}"
