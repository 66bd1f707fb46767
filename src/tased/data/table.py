"""Anyone's own recordings: videos or pictures, and one table of gaze.

gaze.csv (any one .csv, .tsv, .csv.gz, .tsv.gz or .parquet), and the videos beside it or in videos/, the
pictures below it or below images/
"""

import logging
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tased.data.clip import Clip, Truth
from tased.data.finding import Finding
from tased.data.fingerprint import fingerprint
from tased.data.folders import entries, subfolder
from tased.data.gaze_table import SUFFIXES, GazeTable, read_gaze_table
from tased.data.maps import DHF1K_SIGMA, Gaussian, gaussian_density, relative
from tased.data.named_pictures import NamedPictures
from tased.errors import DataError, UsageError
from tased.video.inputs import is_picture, is_video_name
from tased.video.read import Video, open_video

log = logging.getLogger(__name__)

_ROUNDING = 1e-6  # frames: a time of 0.28 s at 25 frames a second is frame 7, not 6.999...


@dataclass(frozen=True)
class TableClip:
    """One video, or one picture, and its gaze; each row is gaze on every frame from `first` to `last`."""

    name: str  # of the file without its suffix; of a picture with the folders that the table names
    video_path: Path
    rows: int
    columns: int
    frames: int  # as the video's header says
    first: np.ndarray  # int64, frames from 0
    last: np.ndarray
    row: np.ndarray  # int64, pixels; may lie outside
    column: np.ndarray
    observer: np.ndarray | None
    late: int  # rows that begin after the last frame, and are on none
    maps_given: bool = False

    @property
    def frame_names(self) -> tuple[str, ...]:
        """Numbers from 0001."""
        return tuple(f"{index + 1:04d}" for index in range(self.frames))

    @property
    def gaussian(self) -> Gaussian:
        """Of DHF1K, for want of a word on the screen and its distance."""
        return relative(DHF1K_SIGMA, self.columns)

    def video(self) -> Video:
        """The frames; raises VideoError if they are missing."""
        return open_video(self.video_path)

    def gaze(self, index: int) -> Truth:
        """Gaze that lies in the frame; the gaze outside is counted."""
        if not 0 <= index < self.frames:
            raise DataError(f"{self.name}: has {self.frames} frames, and no frame {index}")
        now = (self.first <= index) & (index <= self.last)
        row, column = self.row[now], self.column[now]
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        fixations = np.stack([row[inside], column[inside]], axis=1)
        observers = None if self.observer is None else self.observer[now][inside]
        return Truth(fixations, observers, None, outside=int((~inside).sum()))

    def density(self, index: int) -> Float32[np.ndarray, "H W"]:
        """A map made of the gaze."""
        fixations = self.gaze(index).fixations
        return gaussian_density(fixations, self.rows, self.columns, self.gaussian).astype(np.float32)

    def truth(self, index: int) -> Truth:
        """Gaze, and a map made of it."""
        return replace(self.gaze(index), density=self.density(index))


@dataclass(frozen=True)
class Table:
    """Videos or pictures, and a table; all of it is one split, `all`."""

    path: Path  # the folder
    table: Path
    gaze: GazeTable
    splits: tuple[str, ...] = ("all",)

    @property
    def name(self) -> str:
        """The folder's."""
        return self.path.resolve().name

    def gaussian(self, clip: Clip) -> Gaussian:
        """DHF1K's share of the width, 12.74 px in 640; nothing here says what a degree is."""
        return relative(DHF1K_SIGMA, clip.columns)

    def clips(self, split: str | None = None) -> list[TableClip]:
        """The videos, or pictures, that the table names."""
        if split not in (None, "all"):
            raise UsageError(f"{self.name}: a table of gaze has no split {split!r}, only 'all'")
        return self._clips

    def fingerprint(self, split: str | None = None) -> str:
        """Of names, sizes and counts, those of the rows too."""
        return fingerprint(self.name, self.clips(split), len(self.gaze.x), self.gaze.blank)

    def strays(self) -> list[Finding]:
        """Videos and pictures without gaze, and gaze that begins after its video's end."""
        known = {clip.video_path for clip in self._clips}
        there, kind = (
            (self._pictures.listed(), "picture") if self.gaze.pictures else (_videos(self.path), "video")
        )
        found = [
            Finding("missing", path, f"the table has no gaze on this {kind}")
            for path in there
            if path not in known
        ]
        for clip in self._clips:
            if clip.late:
                message = f"{clip.late} rows of {clip.name} begin after its last frame"
                found.append(Finding("outside", self.table, message))
        return found

    @cached_property
    def _clips(self) -> list[TableClip]:
        clips: list[TableClip] = []
        taken: dict[Path, str] = {}
        kind = "picture" if self.gaze.pictures else "video"
        for called, mine in zip(self.gaze.videos, self.gaze.rows_by_video(), strict=True):
            found = self._named(called)
            if len(found) != 1:
                places = "images/" if self.gaze.pictures else "videos/"
                why = (
                    f"there are {len(found)} of that name" if found else f"there is none here or in {places}"
                )
                raise DataError(f"{self.table}: has gaze on a {kind} {called!r}, and {why}")
            (path, name), *_ = found.items()
            if path in taken:
                raise DataError(
                    f"{self.table}: calls one {kind} {taken[path]!r} and {called!r}; take one name"
                )
            taken[path] = called
            clips.append(_clip(path, name, self.gaze, mine, self.table))
        twice = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
        if twice:
            raise DataError(f"{self.table}: has gaze on two files called {twice[0]!r}; rename one of them")
        return clips

    def _named(self, called: str) -> dict[Path, str]:
        """The files that the table may mean, and the clips' names."""
        if self.gaze.pictures:
            try:
                return self._pictures.find(called)
            except DataError as error:
                raise DataError(f"{self.table}: {error}") from error
        return {path: _stem(path) for path in self._videos.get(Path(called).name.casefold(), [])}

    @cached_property
    def _pictures(self) -> NamedPictures:
        return NamedPictures(self.path)

    @cached_property
    def _videos(self) -> dict[str, list[Path]]:
        """By name with and without suffix."""
        found: dict[str, list[Path]] = {}
        for path in _videos(self.path):
            for key in {path.stem.casefold(), path.name.casefold()}:
                found.setdefault(key, []).append(path)
        return found


def open_table(path: Path) -> Table:
    """The table itself, or a folder that holds one."""
    if path.is_file():
        return Table(path.parent, path, read_gaze_table(path))
    tables = [entry for entry in entries(path) if entry.is_file() and is_table(entry)]
    if len(tables) != 1:
        found = f"holds {', '.join(table.name for table in tables)}" if tables else "holds no table of gaze"
        raise DataError(f"{path}: {found}; give the path of one {', '.join(SUFFIXES)}")
    return Table(path, tables[0], read_gaze_table(tables[0]))


def is_table(path: Path) -> bool:
    """Whether the name is a table's; the file itself is not read."""
    return path.name.lower().endswith(SUFFIXES)


def _videos(folder: Path) -> list[Path]:
    """Files and folders of pictures, beside the table and in videos/."""
    inner = subfolder(folder, "videos", "video")
    places = [folder] if inner is None else [folder, inner]
    there = [entry for place in places for entry in entries(place) if entry != inner]
    return [entry for entry in there if is_video_name(entry) or (entry.is_dir() and _has_pictures(entry))]


def _has_pictures(folder: Path) -> bool:
    return any(is_picture(entry) for entry in entries(folder))


def _stem(path: Path) -> str:
    return path.stem if path.is_file() else path.name


def _clip(path: Path, name: str, gaze: GazeTable, mine: np.ndarray, table: Path) -> TableClip:
    video = open_video(path)
    frames = video.frames if video.frames is not None else sum(1 for _ in video)
    if gaze.start is not None:
        start, duration = gaze.start[mine], gaze.duration[mine]
        first, last = frames_covered(start, duration, float(video.rate))
    else:
        first = last = gaze.frame[mine]
        if first.max() >= frames:
            hint = "; if it counts from 1, call the column frame_number" if first.max() == frames else ""
            raise DataError(
                f"{table}: has gaze on frame {first.max()} of {path.name}, whose {frames} frames are 0 to "
                f"{frames - 1}{hint}"
            )
    late = first >= frames
    if late.any():
        log.warning("%s: %d rows begin after the last frame of %s", table, late.sum(), path.name)
    kept = ~late
    width, height = (video.width, video.height) if gaze.units == "shares" else (1, 1)
    return TableClip(
        name=name,
        video_path=path,
        rows=video.height,
        columns=video.width,
        frames=frames,
        first=first[kept],
        last=last[kept],
        row=_pixels(gaze.y[mine][kept] * height, video.height if gaze.units == "shares" else None),
        column=_pixels(gaze.x[mine][kept] * width, video.width if gaze.units == "shares" else None),
        observer=None if gaze.observer is None else gaze.observer[mine][kept],
        late=int(late.sum()),
    )


def frames_covered(start: np.ndarray, duration: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """The first and last frame shown during each time; frame i is shown from i / rate to (i + 1) / rate.

    25 frames a second: 0.07 s from 0.05 s on is 0.05..0.12 s, frame 1 (0.04..0.08) and frame 2 (0.08..0.12).
    """
    first = np.floor(start * rate + _ROUNDING).astype(np.int64)
    last = np.ceil((start + duration) * rate - _ROUNDING).astype(np.int64) - 1
    return first, np.maximum(first, last)


def _pixels(places: np.ndarray, size: int | None) -> np.ndarray:
    """The pixel that each place lies in; a share of exactly 1 is the last pixel."""
    pixels = np.floor(places).astype(np.int64)
    if size is not None:
        pixels[places == size] = size - 1
    return pixels
