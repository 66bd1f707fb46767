"""The video saliency challenges of AIM 2024 and NTIRE, as their organisers distribute the data.

    Videos/NAME.mp4
    SaliencyTrain/Train/NAME.mp4      SaliencyTest/Test/NAME.mp4             gray, almost lossless, 10 bits
    FixationsTrain/Train/NAME/fixations.json   FixationsTest/Test/NAME/fixations.json
    TrainTestSplit.json                        the names in each split, if it is there

A fixations.json holds a list a frame of [row, column] in pixels, the order in which the organisers' own
evaluation reads them. The pictures beside it lose fixations that share a pixel, and are not read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32, Int64

from tased.data.clip import Clip, Truth
from tased.data.finding import FileError, Finding
from tased.data.fingerprint import fingerprint
from tased.data.folders import child, entries
from tased.data.gray_movie import GrayMovieReader
from tased.data.maps import Gaussian
from tased.errors import DataError, UsageError
from tased.video.inputs import is_video_name, natural_key
from tased.video.read import Video, open_video

_FIXATIONS = "fixations.json"
_NAMES = "TrainTestSplit.json"


@dataclass(frozen=True)
class ChallengeClip:
    """One video; its maps are the frames of a gray movie, read from its beginning to the one asked for."""

    name: str
    video_path: Path
    file: Path  # fixations.json
    saliency: Path | None

    @property
    def maps_given(self) -> bool:
        """Whether there is a movie of its maps."""
        return self.saliency is not None

    @property
    def rows(self) -> int:
        """Of the movie of maps, else of the video."""
        return self._size[0]

    @property
    def columns(self) -> int:
        """Of the movie of maps, else of the video."""
        return self._size[1]

    @cached_property
    def _size(self) -> tuple[int, int]:
        movie = open_video(self.saliency or self.video_path)
        return movie.height, movie.width

    @property
    def frames(self) -> int:
        """The lists in fixations.json."""
        return len(self._points.starts) - 1

    @property
    def frame_names(self) -> tuple[str, ...]:
        """Numbers from 0001."""
        return tuple(f"{index + 1:04d}" for index in range(self.frames))

    @cached_property
    def _points(self) -> "Points":
        return _read_points(self.file)

    def video(self) -> Video:
        """The frames; raises VideoError if they are missing."""
        return open_video(self.video_path)

    def gaze(self, index: int) -> Truth:
        """Fixations inside the frame; those outside are counted."""
        if not 0 <= index < self.frames:
            raise DataError(f"{self.name}: has fixations of {self.frames} frames, and of no frame {index}")
        found = self._points.of(index)
        inside = (found >= 0).all(axis=1) & (found < [self.rows, self.columns]).all(axis=1)
        return Truth(found[inside], None, None, outside=int((~inside).sum()))

    def density(self, index: int) -> Float32[np.ndarray, "H W"] | None:
        """A frame of the movie of maps, None where there is no movie; going backwards is slow."""
        return None if self.saliency is None else self._maps[index]

    def truth(self, index: int) -> Truth:
        """Fixations and map of one frame."""
        return replace(self.gaze(index), density=self.density(index))

    @cached_property
    def _maps(self) -> GrayMovieReader:
        return GrayMovieReader(self.saliency or self.video_path)

    def __getstate__(self) -> dict[str, Any]:
        """What is needed to open it elsewhere: an open movie cannot travel, and points should not."""
        return {k: value for k, value in self.__dict__.items() if k not in ("_maps", "_points")}


@dataclass(frozen=True)
class Challenge:
    """The data set in a folder; every video with fixations is in split `all`."""

    path: Path
    name: str = "challenge"

    @property
    def splits(self) -> tuple[str, ...]:
        """`all`, and those of TrainTestSplit.json, such as public_test."""
        return ("all", *self._named)

    def gaussian(self, clip: Clip) -> Gaussian | None:  # noqa: ARG002
        """Not said by the organisers: their maps are in the movies."""
        return None

    def clips(self, split: str | None = None) -> list[ChallengeClip]:
        """Every clip, or those that TrainTestSplit.json lists."""
        if split not in (None, *self.splits):
            raise UsageError(f"{self.name}: there is no split {split!r}; it has {', '.join(self.splits)}")
        wanted = self._named.get(split or "all")
        found = [clip for clip in self._clips if wanted is None or clip.name in wanted]
        if not found:
            raise DataError(f"{self.path}: has no fixations of any video of split {split!r}")
        return found

    def fingerprint(self, split: str | None = None) -> str:
        """Of names, sizes and counts of frames."""
        return fingerprint(self.name, self.clips(split))

    def strays(self) -> list[Finding]:
        """Movies of maps without fixations, and listed videos that have none."""
        known = {clip.name for clip in self._clips}
        found = [
            Finding("missing", path, "is a movie of maps without fixations")
            for name, path in self._movies("saliency").items()
            if name not in known
        ]
        for split, names in self._named.items():
            for name in sorted(names - known, key=natural_key):
                found.append(Finding("missing", self.path / name, f"split {split!r} lists it; no fixations"))
        return found

    @cached_property
    def _named(self) -> dict[str, frozenset[str]]:
        """The names in each split, without suffix."""
        path = child(self.path, _NAMES)
        if path is None:
            return {}
        content = _read_json(path)
        if not isinstance(content, dict) or not all(isinstance(names, list) for names in content.values()):
            raise DataError(f"{path}: should give a list of names for each split")
        return {split: frozenset(Path(str(n)).stem for n in names) for split, names in content.items()}

    @cached_property
    def _clips(self) -> list[ChallengeClip]:
        files = [file for tree in _trees(self.path, "fixations") for file in sorted(tree.rglob(_FIXATIONS))]
        if not files:
            raise DataError(f"{self.path}: is no challenge's data: no Fixations*/.../NAME/{_FIXATIONS} in it")
        saliency, videos = self._movies("saliency"), self._movies("video")
        found: dict[str, ChallengeClip] = {}
        for file in files:
            name = file.parent.name
            if name in found:
                raise DataError(
                    f"{file}: {name!r} has fixations in {found[name].file} too; remove one of them"
                )
            video = videos.get(name, self.path / "Videos" / f"{name}.mp4")
            found[name] = ChallengeClip(name, video, file, saliency.get(name))
        return [found[name] for name in sorted(found, key=natural_key)]

    def _movies(self, tree: str) -> dict[str, Path]:
        """By name without suffix."""
        found: dict[str, Path] = {}
        for folder in _trees(self.path, tree):
            for path in sorted(folder.rglob("*")):
                if is_video_name(path) and path.is_file() and not path.name.startswith("."):
                    if path.stem in found:
                        raise DataError(f"{path}: is called as {found[path.stem]} is; remove one of them")
                    found[path.stem] = path
        return found


def _trees(path: Path, beginning: str) -> Iterator[Path]:
    """The folders whose names begin so: FixationsTrain, FixationsTest."""
    return (e for e in entries(path) if e.is_dir() and e.name.casefold().startswith(beginning))


@dataclass(frozen=True, slots=True)
class Points:
    """All fixations of one video."""

    places: Int32[np.ndarray, "N 2"]  # row and column, frame after frame
    starts: Int64[np.ndarray, " frames_and_one"]  # where each frame's begin, and where the last one's end

    def of(self, index: int) -> Int64[np.ndarray, "N 2"]:
        """Those of one frame."""
        return self.places[self.starts[index] : self.starts[index + 1]].astype(np.int64)


def _read_points(path: Path) -> Points:
    """What fixations.json holds; parts of a pixel are cut off."""
    content = _read_json(path)
    if not isinstance(content, list):
        raise FileError("broken", path, "should be a list of frames, each a list of [row, column]")
    places, starts = [np.empty((0, 2))], [0]
    for index, points in enumerate(content):
        try:
            values = np.array(points, dtype=np.float64).reshape(-1, 2) if points else places[0]
            if any(len(point) != 2 for point in points) or not (np.abs(values) < 2**31).all():
                raise ValueError
        except (TypeError, ValueError) as error:
            raise FileError("broken", path, f"frame {index + 1} is no list of pairs of numbers") from error
        places.append(values)
        starts.append(starts[-1] + len(values))
    whole = np.floor(np.concatenate(places)).astype(np.int32)
    return Points(whole, np.array(starts, np.int64))


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError("broken", path, f"cannot be read as JSON ({error})") from error
