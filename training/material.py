"""What the full network learns from, and whose maps: made once, into one folder, and gone on with."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tased.data.clip import Clip, DataSet
from tased.data.layouts import open_data_set
from tased.data.synthesize import NewFolder, synthesize
from tased.data.viewers import known_density
from tased.errors import DataError, UsageError
from tased.network.weights import read_weights
from tased.train.pool import each
from tased.train.samples import Source
from tased.train.taught import Change, Files, Taught, save_maps, share_of, unwatched, write_maps
from tased.video.synthetic import Scene
from training import movers

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is made by code."""

    movers: int = 160
    scenes: int = 24
    frames: int = 64  # of each; shown at twice the speed a clip of 32 takes 63
    rows: int = 240
    columns: int = 416


@dataclass(frozen=True, slots=True)
class Material:
    """What there is, with the teacher's maps of it."""

    folder: Path
    pictures: DataSet
    clips: DataSet | None  # to learn from; None: pictures and clips made by code only

    def sources(self, weight: float) -> list[Source]:
        """Of a stage: by which share each kind is in its steps; the teacher has `weight` beside gaze."""
        share = share_of(weight)
        made = [
            (Taught(_made(self.folder / "movers"), self.folder / "maps" / "movers"), 0.15),
            (Taught(_made(self.folder / "scenes"), self.folder / "maps" / "scenes"), 0.1),
        ]
        shares = [(Taught(self.pictures, self.folder / "maps" / "pictures", share), 0.35), *made]
        if self.clips is not None:
            shares.append((Taught(self.clips, self.folder / "maps" / "clips", share), 0.4))
        return [Source(data, data.splits[0], part) for data, part in shares]


def prepare(
    folder: Path,
    pictures: DataSet,
    clips: DataSet | None,
    teachers: Sequence[Path],
    *,
    amounts: Amounts,
    device: str,
    workers: int,
    report: Report,
) -> Material:
    """Make what is missing.

    Raises UsageError where the folder was begun with other teachers or amounts.
    """
    facts: dict[str, object] = {
        "teachers": [read_weights(path).sha256 for path in teachers],
        "amounts": [getattr(amounts, name) for name in Amounts.__slots__],
        "pictures": pictures.fingerprint(),
        "clips": None if clips is None else clips.fingerprint(),
    }
    check_same(folder / "material.json", facts)
    maps = folder / "maps"

    def teach(what: str, clips: Sequence[Clip], change: Change | None = None) -> None:
        told = partial(report, f"maps of {what}")
        write_maps(clips, teachers, maps / what, device=device, workers=workers, change=change, report=told)

    teach("pictures", pictures.clips())
    if clips is not None:
        teach("clips", clips.clips())
    planned = _planned(pictures.clips(), amounts)
    tasks = [
        (mover, path)
        for name, mover in planned.items()
        if not (path := folder / "movers" / f"{name}.mp4").is_file()
    ]
    for done, _ in enumerate(each(_write_mover, tasks, workers), start=len(planned) - len(tasks) + 1):
        report("movers", done, len(planned))
    teach("movers", _made(folder / "movers").clips(), Raised(planned))
    names = [f"scene-{number:04d}" for number in range(amounts.scenes)]
    scenes = [
        (number, amounts, folder / "scenes" / f"{name}.mp4", path)
        for number, name in enumerate(names)
        if not (path := maps / "scenes" / f"{name}.npy").is_file()
    ]
    for done, _ in enumerate(each(_write_scene, scenes, workers), start=len(names) - len(scenes) + 1):
        report("scenes", done, len(names))
    return Material(folder, pictures, clips)


@dataclass(frozen=True, slots=True)
class Raised:
    """A density, raised on what moves in a mover."""

    movers: Mapping[str, movers.Mover]

    def __call__(
        self, clip: Clip, index: int, density: Float32[np.ndarray, "H W"]
    ) -> Float32[np.ndarray, "H W"]:
        return self.movers[clip.name].raised(density, index)


def _planned(pictures: Sequence[Clip], amounts: Amounts) -> Mapping[str, movers.Mover]:
    size = {"frames": amounts.frames, "rows": amounts.rows, "columns": amounts.columns}
    return {f"mover-{number:04d}": movers.plan(pictures, number, **size) for number in range(amounts.movers)}


def _write_mover(task: tuple[movers.Mover, Path]) -> None:
    mover, path = task
    movers.write(mover, path, mover.rows, mover.columns)


def _write_scene(task: tuple[int, Amounts, Path, Path]) -> None:
    """A landscape in which things move, and the density that is known of it."""
    number, amounts, path, maps = task
    scene = Scene(
        seed=77000 + number,
        frames=amounts.frames,
        height=amounts.rows,
        width=amounts.columns,
        rate=movers.RATE,
    )
    size = scene.height * scene.width
    movers.write(map(scene.frame, range(scene.frames)), path, scene.height, scene.width)
    known = [size * known_density(scene, index) for index in range(scene.frames)]
    save_maps(maps, np.stack(known).astype(np.float16))


def _made(folder: Path) -> Files:
    """The videos in a folder."""
    paths = sorted(folder.glob("*.mp4"))
    return Files(folder.name, folder, tuple(unwatched(paths, folder)))


def check_same(path: Path, facts: Mapping[str, object]) -> None:
    """That the folder is of these facts; write them into a new one. UsageError for others."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, indent=1) + "\n")
        return
    before = json.loads(path.read_text())
    other = [name for name, fact in facts.items() if before.get(name) != fact]
    if other:
        raise UsageError(f"{path}: was made with other {', '.join(other)}; take a new folder")


def grouped(data: DataSet, groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """All clips by name, near-duplicates together: `groups`, and each clip that none names by itself.

    Raises DataError for a name that is of no clip, or stands twice.
    """
    names = {clip.name for clip in data.clips()}
    named = [name for group in groups for name in group]
    wrong = [name for name in named if name not in names or named.count(name) > 1]
    if wrong:
        raise DataError(f"the groups name {wrong[0]!r}, which is no clip of {data.path}, or stands twice")
    return [list(group) for group in groups] + [[name] for name in sorted(names - set(named))]


def divided(
    data: DataSet, groups: Sequence[Sequence[str]], folds: int, fold: int | None
) -> tuple[Files, Files | None]:
    """The clips to learn from, and those of a fold, in which no near-duplicate of them is.

    The largest groups are dealt first, each to the smallest fold so far; without a `fold` all are learnt
    from.
    """
    clips = list(data.clips())
    dealt: list[list[str]] = [[] for _ in range(folds)]
    for group in sorted(grouped(data, groups), key=lambda group: (-len(group), group)):
        min(dealt, key=len).extend(group)
    out = set() if fold is None else set(dealt[fold])
    learnt = tuple(clip for clip in clips if clip.name not in out)
    held = tuple(clip for clip in clips if clip.name in out)
    if not learnt or (fold is not None and not held):
        raise DataError(f"{data.path}: {len(clips)} clips cannot be divided into {folds} folds")
    return (
        Files(data.name, data.path, learnt),
        Files(f"{data.name}, fold {fold}", data.path, held) if held else None,
    )


def rehearsal(folder: Path) -> None:
    """Pictures and clips with gaze, made by code: a table for each, as the real ones have."""
    if not (folder / "clips").is_dir():
        synthesize(folder / "clips", layout="table", videos=4, frames=40, width=96, height=64, seed=3)
    if not (folder / "pictures").is_dir():
        _pictures(folder / "pictures")


def _pictures(folder: Path) -> None:
    from PIL import Image

    from tased.video.write_table import TableFile

    columns = ("image", "observer", "x", "y", "duration_ms")
    with NewFolder(folder) as new, TableFile(new.place / "gaze.csv", columns=columns) as table:
        for number in range(6):
            scene = Scene(seed=500 + number, frames=20, height=64, width=96)
            Image.fromarray(scene.frame(10).pixels).save(new.place / f"{number}.png")
            chances = known_density(scene, 10).ravel()
            draw = np.random.default_rng(number)
            for place in draw.choice(len(chances), 40, p=chances / chances.sum()).tolist():
                x, y = (place % 96 + 0.5) / 96, (place // 96 + 0.5) / 64
                cells = (str(number), f"o{place % 8}", f"{x:.4f}", f"{y:.4f}", 250)
                table.write(dict(zip(columns, cells, strict=True)))


def opened(path: Path) -> DataSet:
    """A table of gaze, or the folder that holds it."""
    return open_data_set("table", path)
