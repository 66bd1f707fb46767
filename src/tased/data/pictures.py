"""A clip whose ground truth is one picture of fixations a frame, and perhaps one map."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tased.data.clip import Truth
from tased.data.finding import FileError, Finding
from tased.data.folders import Numbered, numbered, subfolder
from tased.data.gray import read_fixated, read_map, size_of
from tased.data.maps import Gaussian, gaussian_density, relative
from tased.errors import DataError, VideoError
from tased.video.inputs import PICTURE_SUFFIXES
from tased.video.read import Video, open_video
from tased.video.read_pictures import open_pictures

_PNG = frozenset({".png"})
_MAT = frozenset({".mat"})


@dataclass(frozen=True)
class PictureClip:
    """One video of DHF1K, Hollywood2 or UCFSports.

    Its frames are numbered without a hole from `first` to `last`; a number without a file is an error when
    it is asked for, so that a missing file never moves the frames after it.
    """

    name: str
    source: Path | Numbered  # of the frames: a video, or the pictures of a folder
    fixations: Numbered
    maps: Numbered | None  # None where there is no such folder: they are made of the fixations
    blur: float | Gaussian  # of maps made here: sigma as a share of the width, or one for all sizes
    first: int  # number of the first frame
    last: int  # of the last that has a ground truth

    @property
    def frames(self) -> int:
        """How many frames have a ground truth, or should have one."""
        return self.last - self.first + 1

    @property
    def maps_given(self) -> bool:
        """Whether there is a folder of maps."""
        return self.maps is not None

    @property
    def rows(self) -> int:
        """Of the ground truth, pixels."""
        return self._size[0]

    @property
    def columns(self) -> int:
        """Of the ground truth, pixels."""
        return self._size[1]

    @cached_property
    def _size(self) -> tuple[int, int]:
        first = next(self.fixations.path(number) for number in sorted(self.fixations.files))
        return size_of(first)

    @cached_property
    def frame_names(self) -> tuple[str, ...]:
        """Names of the pictures of fixations, without suffix."""
        return tuple(Path(self._file(number)).stem for number in range(self.first, self.last + 1))

    def _file(self, number: int) -> str:
        there = self.fixations.files.get(number)
        return there[0] if there else self.fixations.expected(number)

    @property
    def gaussian(self) -> Gaussian:
        """What the data set puts on a fixation of this clip."""
        return self.blur if isinstance(self.blur, Gaussian) else relative(self.blur, self.columns)

    @property
    def video_path(self) -> Path:
        """Where the frames are, or should be."""
        return self.source if isinstance(self.source, Path) else self.source.folder

    def video(self) -> Video:
        """The frames; raises VideoError if the video, or one of its pictures, is missing."""
        if isinstance(self.source, Path):
            return open_video(self.source)
        if not self.source.files:
            raise VideoError(
                f"{self.source.folder}: has no pictures, and {self.name} no frames; is the copy whole?"
            )
        numbers = range(self.first, max(self.source.files) + 1)
        try:
            return open_pictures(self.source.folder, [self.source.path(number) for number in numbers])
        except DataError as error:
            raise VideoError(str(error)) from error

    def gaze(self, index: int) -> Truth:
        """The fixated pixels; observers are not distributed with these data sets."""
        path = self.fixations.path(self._number(index))
        fixated = read_fixated(path)
        self._check_size(path, fixated.shape)
        return Truth(np.argwhere(fixated).astype(np.int64), None, None)

    def density(self, index: int) -> Float32[np.ndarray, "H W"]:
        """The levels of its picture, or a map made of the fixations where there is no folder of maps."""
        if self.maps is None:
            fixations = self.gaze(index).fixations
            return gaussian_density(fixations, self.rows, self.columns, self.gaussian).astype(np.float32)
        path = self.maps.path(self._number(index))
        density = read_map(path)
        self._check_size(path, density.shape)
        return density

    def truth(self, index: int) -> Truth:
        """Fixations and map of one frame."""
        return replace(self.gaze(index), density=self.density(index))

    def _number(self, index: int) -> int:
        if not 0 <= index < self.frames:
            raise DataError(f"{self.name}: has {self.frames} frames of ground truth, and no frame {index}")
        return self.first + index

    def _check_size(self, path: Path, shape: tuple[int, ...]) -> None:
        if shape != self._size:
            message = (
                f"is {shape[1]}x{shape[0]}, but the first picture of fixations of {self.name} is "
                f"{self.columns}x{self.rows}; all of a clip has one size"
            )
            raise FileError("mismatched", path, message)

    def misnamed(self) -> list[Finding]:
        """Pictures of its folders whose names say no frame."""
        parts = [self.fixations, self.maps, self.source]
        return [
            Finding("misnamed", part.folder / name, "its name does not say which frame it is")
            for part in parts
            if isinstance(part, Numbered)
            for name in part.misnamed
        ]


def fixation_files(folder: Path, prefix: str | None) -> Numbered:
    """The .png of a folder, else the .mat of its `maps`, else its own .mat."""
    pictures = numbered(folder, _PNG, prefix)
    if pictures.files:
        return pictures
    matrices = numbered(subfolder(folder, "maps") or folder, _MAT, prefix)
    return matrices if matrices.files else pictures


def map_files(folder: Path | None, prefix: str | None) -> Numbered | None:
    """The .png of a folder; None where there is no folder, or nothing in it."""
    found = None if folder is None else numbered(folder, _PNG, prefix)
    return found if found is not None and (found.files or found.misnamed) else None


def frame_files(folder: Path, prefix: str | None) -> Numbered:
    """The pictures of a folder of frames, of any kind."""
    return numbered(folder, PICTURE_SUFFIXES, prefix)
