"""Clips without files, for plans; and a data set of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tased.data.clip import Truth
from tased.errors import DataError
from tased.video.frame import Frame


@dataclass(frozen=True)
class Noise:
    """A video of noise; the number of a frame is in its first pixel."""

    path: Path
    frames: int
    height: int = 40
    width: int = 60
    picture_names: tuple[str, ...] | None = None

    def __iter__(self):
        for index in range(self.frames):
            pixels = np.random.default_rng(index).integers(0, 256, (self.height, self.width, 3), np.uint8)
            pixels[0, 0] = index
            yield Frame(pixels, index, index / 25)


@dataclass(frozen=True)
class HandmadeClip:
    """Where people look is drawn at random, in a picture of its own size."""

    name: str
    frames: int
    rows: int = 20
    columns: int = 30
    blank: tuple[int, ...] = ()  # frames whose map is black
    broken: tuple[int, ...] = ()  # frames whose truth cannot be read
    maps_given: bool = True

    @property
    def frame_names(self):
        return tuple(f"{index + 1:04d}" for index in range(self.frames))

    @property
    def video_path(self):
        return Path("videos") / self.name

    def video(self):
        return Noise(self.video_path, self.frames)

    def gaze(self, index):
        if index in self.broken:
            raise DataError(f"{self.name}: frame {index} is broken")
        rng = np.random.default_rng(1000 + index)
        places = np.stack([rng.integers(0, self.rows, 7), rng.integers(0, self.columns, 7)], axis=1)
        return Truth(places, None, None)

    def density(self, index):
        if index in self.blank:
            return np.zeros((self.rows, self.columns), np.float32)
        return np.random.default_rng(index).random((self.rows, self.columns), np.float32)

    def truth(self, index):
        return Truth(self.gaze(index).fixations, None, self.density(index))


@dataclass(frozen=True)
class HandmadeData:
    all: tuple[HandmadeClip, ...]
    name: str = "handmade"
    path: Path = Path("handmade")
    splits: tuple[str, ...] = ("all",)

    def clips(self, split=None):
        return self.all
