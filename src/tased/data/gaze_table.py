"""A table of gaze as columns: what their names mean, and which rows can be used.

Nothing is guessed that could be wrong: a name or a range of values that can be read in two ways is an error
that says which name is clear.
"""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import numpy as np
from jaxtyping import Float64

from tased.errors import DataError, UsageError
from tased.video.inputs import natural_key

Units = Literal["pixels", "shares"]
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_MISSING = frozenset({"", ".", "nan", "na", "n/a", "none", "null"})  # an eye tracker's blink

# What each column means, and the names it is found by, in any case; - and spaces are as good as _.
VIDEO = ("video", "clip", "stimulus", "video_name", "file")
OBSERVER = ("observer", "subject", "participant", "viewer")
FRAME = {"frame": 0, "frame_index": 0, "frame_number": 1}  # the number of the first frame
SECONDS = {
    **dict.fromkeys(("seconds", "time_s", "start_seconds", "start_s"), 1.0),
    **dict.fromkeys(("milliseconds", "ms", "time_ms", "timestamp_ms", "start_ms"), 1e-3),
}
DURATION = {
    **dict.fromkeys(("duration_seconds", "duration_s"), 1.0),
    **dict.fromkeys(("duration_ms",), 1e-3),
}
X: dict[str, Units | None] = {"x": None, "x_px": "pixels", "x_pixels": "pixels", "x_share": "shares"}
_UNCLEAR = {
    "time": "seconds or milliseconds",
    "timestamp": "seconds or milliseconds",
    "t": "seconds or milliseconds",
    "start": "start_seconds or start_ms",
    "duration": "duration_seconds or duration_ms",
}


@dataclass(frozen=True, slots=True)
class GazeTable:
    """The rows that have a place and a time; the columns have one length."""

    videos: tuple[str, ...]  # as the table calls them
    video: np.ndarray  # int64, place in `videos`
    observer: np.ndarray | None  # int64, from 0 in the order of their names
    frame: np.ndarray  # int64, from 0; where `start` is None
    start: Float64[np.ndarray, " N"] | None  # seconds; None where the table counts frames
    duration: Float64[np.ndarray, " N"]  # seconds; 0 for a sample
    x: Float64[np.ndarray, " N"]  # from the left, in `units`
    y: Float64[np.ndarray, " N"]  # from the top
    units: Units
    units_from: str  # how they are known
    blank: int  # rows without a place: blinks and losses of track

    @property
    def remark(self) -> str:
        """What was made of the columns x and y, in one line."""
        left_out = f"; {self.blank} rows without a place are left out" if self.blank else ""
        return f"x and y are {self.units} of the frame: {self.units_from}{left_out}"


def read_gaze_table(path: Path) -> GazeTable:
    """Read .csv or .tsv (also .gz; commas, semicolons or tabs), or .parquet with `tased[parquet]`.

    Raises
    ------
    DataError
        For a column that is missing or unclear, or a cell that is no number; it names column and line.

    """
    columns = _parquet(path) if path.name.lower().endswith(".parquet") else _csv(path)
    names = {name: _clean(name) for name in columns}
    if len(set(names.values())) < len(names):
        raise DataError(f"{path}: two columns have one name among {', '.join(columns)}")
    return _parsed(path, {names[name]: cells for name, cells in columns.items()})


def _parsed(path: Path, columns: Mapping[str, Sequence[object]]) -> GazeTable:
    video_name = _one(path, columns, VIDEO, "the video")
    x_name = _one(path, columns, tuple(X), "the place across")
    y_name = "y" + x_name[1:]
    if y_name not in columns:
        raise DataError(f"{path}: has a column {x_name!r} and no {y_name!r}; it has {', '.join(columns)}")
    x, y = (_numbers(path, name, columns[name], blank=True) for name in (x_name, y_name))
    seen = ~(np.isnan(x) | np.isnan(y))
    if not seen.any():
        raise DataError(f"{path}: has no row with a place in {x_name!r} and {y_name!r}")
    x, y = x[seen], y[seen]
    units, units_from = _units(path, x_name, X[x_name], x, y)

    def kept(cells: Sequence[object]) -> list[object]:
        return [cell for cell, good in zip(cells, seen, strict=True) if good]

    frame, start, duration = _times(path, {name: kept(cells) for name, cells in columns.items()})
    videos, video = _coded(kept(columns[video_name]))
    if "" in videos:
        raise DataError(f"{path}: a row has nothing in its column {video_name!r}")
    observer = None
    if any(name in columns for name in OBSERVER):
        _, observer = _coded(kept(columns[_one(path, columns, OBSERVER, "the observer")]))
    return GazeTable(
        videos=tuple(videos),
        video=video,
        observer=observer,
        frame=frame,
        start=start,
        duration=duration,
        x=x,
        y=y,
        units=units,
        units_from=units_from,
        blank=int((~seen).sum()),
    )


def _times(
    path: Path, columns: Mapping[str, Sequence[object]]
) -> tuple[np.ndarray, Float64[np.ndarray, " N"] | None, Float64[np.ndarray, " N"]]:
    """Frames or starts, and durations."""
    for name, clear in _UNCLEAR.items():
        if name in columns:
            raise DataError(f"{path}: the column {name!r} does not say its unit; rename it to {clear}")
    when = _one(path, columns, (*FRAME, *SECONDS), "the time")
    values = _numbers(path, when, columns[when])
    if (values < 0).any():
        raise DataError(f"{path}: the column {when!r} goes below 0, to {values.min():g}")
    lasting = [name for name in DURATION if name in columns]
    if when in FRAME:
        if lasting:
            raise DataError(
                f"{path}: a {lasting[0]!r} needs a start in seconds or ms, not the column {when!r}"
            )
        if (values != np.floor(values)).any():
            raise DataError(f"{path}: the column {when!r} holds parts of frames; are they seconds?")
        if (values < FRAME[when]).any():
            raise DataError(
                f"{path}: the column {when!r} counts from {FRAME[when]}, but holds {values.min():g}"
            )
        return values.astype(np.int64) - FRAME[when], None, np.zeros(len(values))
    nowhere = np.full(len(values), -1)
    if not lasting:
        return nowhere, values * SECONDS[when], np.zeros(len(values))
    name = _one(path, columns, tuple(DURATION), "the duration")
    durations = _numbers(path, name, columns[name])
    if (durations < 0).any():
        raise DataError(f"{path}: the column {name!r} goes below 0, to {durations.min():g}")
    return nowhere, values * SECONDS[when], durations * DURATION[name]


def _units(path: Path, name: str, said: Units | None, x: np.ndarray, y: np.ndarray) -> tuple[Units, str]:
    """What x and y are counted in: as the header says, else as all values together leave no doubt."""
    if said is not None:
        return said, f"the column is called {name!r}"
    both = np.concatenate([x, y])
    within = float(((both >= 0) & (both <= 1)).mean())
    clear = "rename the columns to x_px, y_px or to x_share, y_share"
    if within == 1 and (both != np.floor(both)).any():
        return "shares", "every x and y lies in 0..1"
    if within == 1:
        raise DataError(f"{path}: every x and y is 0 or 1, which may be pixels or shares; {clear}")
    if within > 0.5 or np.abs(both).max() <= 2:
        raise DataError(
            f"{path}: {within:.0%} of x and y lie in 0..1 and others reach {both.min():g} and "
            f"{both.max():g}, which may be pixels or shares; {clear}"
        )
    return "pixels", f"x and y reach {both.max():g}"


def _one(path: Path, columns: Mapping[str, Sequence[object]], names: Sequence[str], what: str) -> str:
    """The one of these columns that is there."""
    found = [name for name in names if name in columns]
    if len(found) == 1:
        return found[0]
    has = f"it has {', '.join(columns)}"
    if found:
        raise DataError(f"{path}: {' and '.join(found)} could each be {what}; keep one of these columns")
    raise DataError(f"{path}: no column is {what}: it is called {', '.join(names)}; {has}")


def _numbers(
    path: Path, name: str, cells: Sequence[object], *, blank: bool = False
) -> Float64[np.ndarray, " N"]:
    """A column as numbers; NaN for what is missing, where that may be."""
    try:
        values = np.array([_number(cell) for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise DataError(f"{path}: the column {name!r} holds {error}, which is no number") from error
    bad = np.isinf(values) if blank else ~np.isfinite(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(f"{path}: the column {name!r} holds {cells[row]!r}, which is no number")
    return values


def _number(cell: object) -> float:
    if cell is None or (isinstance(cell, str) and cell.strip().casefold() in _MISSING):
        return float("nan")
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(repr(cell)) from None


def _coded(cells: list[object]) -> tuple[list[str], np.ndarray]:
    """Distinct names in natural order, and for each row which one it has."""
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    distinct = sorted(set(names), key=natural_key)
    place = {name: number for number, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names], dtype=np.int64)


def _clean(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def _csv(path: Path) -> dict[str, Sequence[object]]:
    try:
        with _text(path) as file:
            header = file.readline()
            delimiter = max(",;\t", key=header.count)
            names = next(csv.reader([header], delimiter=delimiter), [])
            rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error})") from error
    for line, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise DataError(f"{path}: line {line} has {len(row)} cells, and the header {len(names)}")
    if not rows:
        raise DataError(f"{path}: has no rows below its header")
    if len({_clean(name) for name in names}) < len(names):
        raise DataError(f"{path}: two columns have one name among {', '.join(names)}")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _text(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _parquet(path: Path) -> dict[str, Sequence[object]]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError(
            f'{path}: reading .parquet needs one more package: pip install "tased[parquet]"'
        ) from error
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read as a table ({' '.join(str(error).split())})") from error
    if table.num_rows == 0:
        raise DataError(f"{path}: has no rows")
    return {name: table.column(name).to_pylist() for name in table.column_names}
