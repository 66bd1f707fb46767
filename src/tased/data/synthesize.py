"""A small data set in any layout, made by code: what the tests and the documentation read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tased.atomic import AtomicWriter
from tased.data.layouts import LAYOUTS, Layout
from tased.data.maps import ACTIONS, DHF1K_SIGMA, Gaussian, gaussian_density, relative
from tased.data.table import frames_covered
from tased.data.viewers import Fixation, gaze, known_density
from tased.errors import OutputError, UsageError
from tased.video.synthetic import Scene
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_movie import GrayMovie
from tased.video.write_pictures import GrayPictures
from tased.video.write_table import TableFile

RATE = 25  # frames a second
KNOWN = "known_density.npz"


@dataclass(frozen=True, slots=True)
class Watched:
    """A clip and who looked where."""

    scene: Scene
    fixations: list[Fixation]

    def fixated(self, index: int) -> np.ndarray:
        """(N, 2) whole numbers: row and column of every fixation that this frame is shown during."""
        start, duration, x, y = np.array([[f.start, f.duration, f.x, f.y] for f in self.fixations]).T
        first, last = frames_covered(start, duration, RATE)
        now = (first <= index) & (index <= last)
        return np.stack([y[now], x[now]], axis=1).astype(np.int64)


def synthesize(
    path: Path,
    *,
    layout: Layout,
    videos: int = 4,
    frames: int = 40,
    width: int = 160,
    height: int = 96,
    observers: int = 12,
    seed: int = 0,
    report: Callable[[str, int], None] | None = None,
) -> list[str]:
    """Write a data set that appears under its name when it is whole; return the names of its clips.

    Videos are `Scene`s, gaze is that of `viewers.gaze`. Beside them `known_density.npz` has, for every clip
    by its name, (frames, rows, columns) of the density that fixations were drawn from, divided by the
    uniform one: 1 is chance. Half of the clips are of the split to evaluate on, half of the other, where a
    layout has two. One seed gives one data set. `report` is told each clip's name and how
    many are done.

    Raises
    ------
    OutputError
        When there is something at `path` already, or it cannot be written.

    """
    if layout not in LAYOUTS:
        raise UsageError(f"there is no layout {layout!r}; there are {', '.join(LAYOUTS)}")
    if min(videos, observers) < 1:
        raise UsageError(f"{videos} videos and {observers} observers were asked for; both are at least 1")
    names, known = [], {}
    with NewFolder(path) as folder:
        write = {
            "dhf1k": _write_dhf1k,
            "hollywood2": _write_hollywood2,
            "ucfsports": _write_ucfsports,
            "challenge": _write_challenge,
            "table": _write_table_video,
        }[layout]
        rows = []
        for number in range(videos):
            scene = Scene(seed=1000 * seed + number, frames=frames, height=height, width=width, rate=RATE)
            watched = Watched(scene, gaze(scene, observers))
            evaluated = number < (videos + 1) // 2
            name = write(
                folder.place, watched, number if evaluated else number - (videos + 1) // 2, evaluated
            )
            names.append(name)
            rows += [(name, fixation) for fixation in watched.fixations]
            densities = [known_density(scene, index) * width * height for index in range(frames)]
            known[name] = np.stack(densities).astype(np.float16)
            if report is not None:
                report(name, number + 1)
        if layout == "table":
            _write_table(folder.place / "gaze.csv", rows)
        np.savez_compressed(folder.place / KNOWN, allow_pickle=False, **known)
    return names


class NewFolder(AtomicWriter):
    """A folder that is written in `place` and appears under its name when it is whole."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, folder=True)
        if self._target.exists() and any(self._target.iterdir()):
            raise OutputError(f"{path}: there is something in this folder already; choose a new one")

    @property
    def place(self) -> Path:
        """Where to write."""
        return self._partial

    def _begin(self, partial: Path) -> None:
        partial.mkdir()

    def _finish(self, partial: Path) -> None:
        """Each file is complete once written."""

    def _publish(self, partial: Path, target: Path) -> None:
        if target.exists():  # empty, as the constructor saw; Windows renames onto nothing alone
            target.rmdir()
        partial.replace(target)


def _write_dhf1k(root: Path, watched: Watched, number: int, evaluated: bool) -> str:
    clip = (601 if evaluated else 1) + number
    _write_avi(root / "video" / f"{clip:03d}.AVI", watched.scene)
    names = [f"{index + 1:04d}" for index in range(watched.scene.frames)]
    annotation = root / "annotation" / f"{clip:04d}"
    _write_truth(annotation, watched, names, relative(DHF1K_SIGMA, watched.scene.width))
    return f"{clip:04d}"


def _write_hollywood2(root: Path, watched: Watched, number: int, evaluated: bool) -> str:
    video = f"actionclip{'test' if evaluated else 'train'}00001"
    first = 1 + number * watched.scene.frames  # shots go on counting where the one before ended
    names = [f"{video}_{first + index:05d}" for index in range(watched.scene.frames)]
    return _write_action(root, f"{video}_{number + 1}", watched, names, evaluated)


def _write_ucfsports(root: Path, watched: Watched, number: int, evaluated: bool) -> str:
    action = "Diving-Side" if evaluated else "Kicking-Front"
    names = [f"{action}_{number + 1:03d}_{index + 1:03d}" for index in range(watched.scene.frames)]
    return _write_action(root, f"{action}-{number + 1:03d}", watched, names, evaluated)


def _write_action(root: Path, name: str, watched: Watched, names: list[str], evaluated: bool) -> str:
    folder = root / ("testing" if evaluated else "training") / name
    (folder / "images").mkdir(parents=True)
    for index, frame in enumerate(names):
        Image.fromarray(watched.scene.frame(index).pixels).save(folder / "images" / f"{frame}.png")
    _write_truth(folder, watched, names, ACTIONS)
    return name


def _write_challenge(root: Path, watched: Watched, number: int, evaluated: bool) -> str:
    part = "Test" if evaluated else "Train"
    name = f"{'test' if evaluated else 'train'}_{number + 1}"
    _write_mp4(root / "Videos" / f"{name}.mp4", watched.scene)
    rows, columns, frames = watched.scene.height, watched.scene.width, range(watched.scene.frames)
    saliency = root / f"Saliency{part}" / part / f"{name}.mp4"
    with GrayMovie(saliency, rate=Fraction(RATE), codec="x265") as movie:
        for index in frames:
            density = gaussian_density(watched.fixated(index), rows, columns, relative(DHF1K_SIGMA, columns))
            movie.write(density, index, index / RATE)
    file = root / f"Fixations{part}" / part / name / "fixations.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps([watched.fixated(index).tolist() for index in frames]))
    return name


def _write_table_video(root: Path, watched: Watched, number: int, evaluated: bool) -> str:
    name = f"{'clip' if evaluated else 'more'}-{number + 1}"
    _write_mp4(root / "videos" / f"{name}.mp4", watched.scene)
    return name


def _write_table(path: Path, rows: list[tuple[str, Fixation]]) -> None:
    with TableFile(path, columns=("video", "observer", "start_ms", "duration_ms", "x_px", "y_px")) as table:
        for name, fixation in rows:
            table.write(
                {
                    "video": name,
                    "observer": f"o{fixation.observer + 1:02d}",
                    "start_ms": round(1000 * fixation.start),
                    "duration_ms": round(1000 * fixation.duration),
                    "x_px": fixation.x,
                    "y_px": fixation.y,
                }
            )


def _write_truth(folder: Path, watched: Watched, names: list[str], gaussian: Gaussian) -> None:
    """fixation/ and maps/ of one clip."""
    rows, columns = watched.scene.height, watched.scene.width
    with (
        GrayPictures(folder / "fixation", names=names) as fixation,
        GrayPictures(folder / "maps", names=names) as maps,
    ):
        for index in range(len(names)):
            fixated = watched.fixated(index)
            hit = np.zeros((rows, columns))
            hit[fixated[:, 0], fixated[:, 1]] = 1
            fixation.write(hit, index, index / RATE)
            # In a picture of two levels a pixel that was hit twice stands once, and so it does in its map.
            maps.write(gaussian_density(np.argwhere(hit), rows, columns, gaussian), index, index / RATE)


def _write_mp4(path: Path, scene: Scene) -> None:
    with ColourMovie(path, width=scene.width, height=scene.height, rate=Fraction(RATE)) as movie:
        for index in range(scene.frames):
            movie.write(scene.frame(index))


def _write_avi(path: Path, scene: Scene) -> None:
    """Motion JPEG, which every reader of AVI knows."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=RATE, options={"q:v": "2"})
        stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuvj420p"
        for index in range(scene.frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene.frame(index).pixels, "rgb24")))
        container.mux(stream.encode(None))
