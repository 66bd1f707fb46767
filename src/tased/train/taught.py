"""What a teacher thinks of every frame, learnt from like gaze: map distillation.

The teacher's maps are written once, a file a clip, with all that its memory adds from frame to frame; a data
set that is `Taught` has them as its densities. So pictures and videos that nobody has watched teach too.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float16, Float32

from tased.atomic import WholeFile
from tased.data.borrowed import BorrowingClip, BorrowingSet
from tased.data.clip import Clip, Truth
from tased.data.finding import Finding
from tased.data.fingerprint import fingerprint
from tased.data.maps import Gaussian
from tased.errors import DataError, UsageError
from tased.predict.maps import resized
from tased.predict.predictor import Predictor, load
from tased.train.pool import each
from tased.video.read import Video, open_video

# A density of a frame, by number, that sums to 1, and another one.
Change = Callable[[Clip, int, Float32[np.ndarray, "H W"]], Float32[np.ndarray, "H W"]]
CELL = 4  # pixels of a teacher's map that one value stands for, each way: what tased-lite resolves


@dataclass(frozen=True)
class Unwatched:
    """A video, or a picture, of which no gaze is known."""

    name: str
    video_path: Path
    rows: int
    columns: int
    frames: int
    maps_given = False

    @property
    def frame_names(self) -> tuple[str, ...]:
        """Numbers from 0001."""
        return tuple(f"{index + 1:04d}" for index in range(self.frames))

    def video(self) -> Video:
        """The frames."""
        return open_video(self.video_path)

    def gaze(self, index: int) -> Truth:
        """Nobody looked; DataError for a frame that there is not."""
        if not 0 <= index < self.frames:
            raise DataError(f"{self.name}: has {self.frames} frames, and no frame {index}")
        return Truth(np.empty((0, 2), np.int64), None, None)

    def density(self, index: int) -> None:
        """None."""

    def truth(self, index: int) -> Truth:
        """Nothing."""
        return self.gaze(index)


def unwatched(paths: Iterable[Path], root: Path) -> list[Unwatched]:
    """Videos and pictures, called by their places below `root`."""
    found = []
    for path in paths:
        video = open_video(path)
        frames = video.frames if video.frames is not None else sum(1 for _ in video)
        name = path.relative_to(root).with_suffix("").as_posix()
        found.append(Unwatched(name, path, video.height, video.width, frames))
    return found


@dataclass(frozen=True)
class TaughtClip(BorrowingClip):
    """A clip whose densities are, by a share, a teacher's."""

    maps: Path  # .npy, (frames, rows, columns) of any scale
    share: float

    @property
    def maps_given(self) -> bool:
        """They are."""
        return True

    def density(self, index: int) -> Float32[np.ndarray, "H W"]:
        """The teacher's map; where people looked, their density is mixed in."""
        map_ = _divided(self._read(index))
        if self.share == 1 or not len(self.clip.gaze(index).fixations):
            return map_
        seen = self.clip.density(index)
        if seen is None or not seen.any():
            return map_
        map_ = _divided(resized(map_, *seen.shape).clip(0))
        return np.float32(1 - self.share) * _divided(seen) + np.float32(self.share) * map_

    def truth(self, index: int) -> Truth:
        """Gaze, and the density."""
        return replace(self.clip.gaze(index), density=self.density(index))

    def _read(self, index: int) -> Float32[np.ndarray, "H W"]:
        try:
            maps = np.load(self.maps, mmap_mode="r")
            return np.array(maps[index], np.float32)
        except (OSError, ValueError, IndexError) as error:
            raise DataError(f"{self.maps}: holds no map of frame {index} of {self.name} ({error})") from error


@dataclass(frozen=True)
class Taught(BorrowingSet):
    """A data set whose densities are a teacher's, in the folder `maps`, by `share`; gaze has the rest.

    Learning from a mixture of two densities is learning from both: its KL divergence has the gradient of
    (1 - share) times that of the one and `share` times that of the other. So the teacher at weight w beside
    gaze at weight 1 is the share w / (1 + w), `share_of(w)`.

    Validate on the data set itself, never on this: what people did not look at proves nothing.
    """

    maps: Path
    share: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UsageError(f"the teacher's share is {self.share}; it must be above 0, up to 1")

    def clips(self, split: str | None = None) -> list[TaughtClip]:
        """The data set's; DataError for one without a file of maps."""
        found = [TaughtClip(clip, maps_of(self.maps, clip), self.share) for clip in self.data.clips(split)]
        lacking = [clip.name for clip in found if not clip.maps.is_file()]
        if lacking:
            raise DataError(f"{self.maps}: lacks the maps of {len(lacking)} clips, first {lacking[0]!r}")
        return found

    def fingerprint(self, split: str | None = None) -> str:
        """The data set's, and the share."""
        return f"{self.data.fingerprint(split)}-taught-{self.share:g}"


@dataclass(frozen=True)
class Files:
    """A data set of some clips, all of one split: of videos that nobody watched, or of a part of another."""

    name: str
    path: Path
    members: tuple[Clip, ...]
    splits: tuple[str, ...] = ("all",)

    def gaussian(self, clip: Clip) -> Gaussian | None:  # noqa: ARG002
        """Nobody says."""
        return None

    def strays(self) -> Sequence[Finding]:
        """None: what is there was named."""
        return ()

    def clips(self, split: str | None = None) -> Sequence[Clip]:
        """Those that were named."""
        if split not in (None, *self.splits):
            raise UsageError(f"{self.name}: has no split {split!r}, only 'all'")
        return self.members

    def fingerprint(self, split: str | None = None) -> str:
        """Of names, sizes and counts."""
        return fingerprint(self.name, self.clips(split))


def share_of(weight: float) -> float:
    """The teacher's share of a density, for its divergence at a weight beside that of gaze at 1."""
    return 1.0 if math.isinf(weight) else weight / (1 + weight)


def maps_of(folder: Path, clip: Clip) -> Path:
    """The file of a clip's maps."""
    return folder / f"{clip.name}.npy"


def write_maps(
    clips: Sequence[Clip],
    teachers: Sequence[Path | str],
    folder: Path,
    *,
    device: str = "auto",
    workers: int = 0,
    change: Change | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Write the mean of the teachers' maps, as probability densities, of every frame; what is there stays.

    `teachers` are as `tased.load` takes them. A file appears when it is whole, so that an interrupted call
    goes on with the clips that are left; so many `workers` share them. `change` makes another density of
    each, and goes to these processes. `report` is told how many clips are done, and how many there are.
    """
    tasks = [
        _Task(clip, tuple(map(str, teachers)), device, maps_of(folder, clip), change)
        for clip in clips
        if not maps_of(folder, clip).is_file()
    ]
    there = len(clips) - len(tasks)
    for done, _ in enumerate(each(_write_maps, tasks, workers), start=there + 1):
        report(done, len(clips))


@dataclass(frozen=True, slots=True)
class _Task:
    """A clip whose maps are to be written."""

    clip: Clip
    teachers: tuple[str, ...]
    device: str
    path: Path
    change: Change | None


def _write_maps(task: _Task) -> None:
    clip = task.clip
    found = [
        [_divided(map_.values.numpy()) for map_ in predictor.predict(clip.video(), size="network")]
        for predictor in _loaded(task.teachers, task.device)
    ]
    maps = []
    for index, same in enumerate(zip(*found, strict=True)):
        whole = np.mean(same, axis=0)
        density = _divided(resized(whole, whole.shape[0] // CELL, whole.shape[1] // CELL))
        maps.append(_stored(density if task.change is None else task.change(clip, index, density)))
    if len(maps) < clip.frames:
        raise DataError(f"{clip.video_path}: ends after {len(maps)} of {clip.frames} frames")
    save_maps(task.path, np.stack(maps))


@lru_cache(maxsize=1)
def _loaded(teachers: tuple[str, ...], device: str) -> list[Predictor]:
    """Once a process."""
    return [load(teacher, device=device) for teacher in teachers]


def save_maps(path: Path, maps: Float16[np.ndarray, "frames rows columns"]) -> None:
    """Write a clip's maps, at once or not at all."""
    file = BytesIO()
    np.save(file, maps, allow_pickle=False)
    with WholeFile(path) as whole:
        whole.write(file.getvalue())


def _stored(density: Float32[np.ndarray, "H W"]) -> Float16[np.ndarray, "H W"]:
    """In units of the uniform density, which half precision holds well."""
    return (_divided(density) * np.float32(density.size)).astype(np.float16)


def _divided(density: Float32[np.ndarray, "H W"]) -> Float32[np.ndarray, "H W"]:
    """By its sum; a map that is 0 everywhere stands for the uniform one."""
    total = density.sum(dtype=np.float64)
    if total == 0:
        return np.full_like(density, 1 / density.size)
    return (density / total).astype(np.float32)
