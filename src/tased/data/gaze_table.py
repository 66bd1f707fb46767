"""A table of gaze: its rows, and which of them can be used.

As with names, nothing is guessed that could be wrong: values that can be pixels or shares are an error.
"""

import csv
import gzip
import math
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from jaxtyping import Float64

from tased.data.gaze_columns import GazeColumns, Units, find_columns
from tased.errors import DataError, UsageError
from tased.video.inputs import natural_key

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_MISSING = frozenset({"", ".", "nan", "na", "n/a", "none", "null"})  # an eye tracker's blink


@dataclass(frozen=True, slots=True)
class GazeTable:
    """The rows that have a place and, but for those of pictures, a time; the columns have one length."""

    videos: tuple[str, ...]  # as the table calls them
    pictures: bool  # they are pictures, of one frame each
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

    def rows_by_video(self) -> list[np.ndarray]:
        """The numbers of each video's rows, in the order of `videos` and of the table."""
        order = np.argsort(self.video, kind="stable")
        ends = np.cumsum(np.bincount(self.video, minlength=len(self.videos)))
        return np.split(order, ends[:-1])


def read_gaze_table(path: Path) -> GazeTable:
    """Read .csv or .tsv (also .gz; commas, semicolons or tabs), or .parquet with `tased[parquet]`.

    Raises
    ------
    DataError
        For a column that is missing or unclear, or a cell that is no number; it names column and line.

    """
    names, rows = _parquet(path) if path.name.lower().endswith(".parquet") else _csv(path)
    return _read_rows(path, find_columns(path, names), rows)


def _read_rows(path: Path, at: GazeColumns, rows: Iterable[Sequence[object]]) -> GazeTable:
    """One pass through the rows, of which numbers alone are kept."""
    x, y, when, lasting = (array("d") for _ in range(4))
    videos, observers = _Names(), _Names()
    blank = 0
    for line, row in enumerate(rows, start=2):
        if len(row) != len(at.names):
            raise DataError(f"{path}: line {line} has {len(row)} cells, and the header {len(at.names)}")

        def number(place: int, row: Sequence[object] = row, line: int = line) -> float:
            return _number(path, line, at.names[place], row[place])

        across, down = number(at.x), number(at.y)
        if math.isnan(across) or math.isnan(down):
            blank += 1
            continue
        time = 0.0 if at.when is None else number(at.when)
        duration = 0.0 if at.duration is None else number(at.duration)
        _check_time(path, line, at, time, duration)
        if not videos.add(row[at.video]):
            raise DataError(f"{path}: line {line} has nothing in its column {at.names[at.video]!r}")
        if at.observer is not None:
            observers.add(row[at.observer])
        for column, value in zip((x, y, when, lasting), (across, down, time, duration), strict=True):
            column.append(value)
    if not x:
        what = (
            f"no row with a place in {at.names[at.x]!r} and {at.names[at.y]!r}"
            if blank
            else "no rows below its header"
        )
        raise DataError(f"{path}: has {what}")
    units, units_from = _units(path, at.names[at.x], at.units, np.array(x), np.array(y))
    in_order, video = videos.coded()
    counts_frames = at.first_frame is not None or at.pictures
    return GazeTable(
        videos=in_order,
        pictures=at.pictures,
        video=video,
        observer=None if at.observer is None else observers.coded()[1],
        frame=np.array(when).astype(np.int64) - (at.first_frame or 0)
        if counts_frames
        else np.full(len(x), -1),
        start=None if counts_frames else np.array(when) * at.unit,
        duration=np.array(lasting) * at.duration_unit,
        x=np.array(x),
        y=np.array(y),
        units=units,
        units_from=units_from,
        blank=blank,
    )


def _check_time(path: Path, line: int, at: GazeColumns, time: float, duration: float) -> None:
    """Refuse what is before the start, between two frames, or not known."""
    for place, value in ((at.when, time), (at.duration, duration)):
        if place is not None and not value >= 0:
            what = "goes below 0" if value < 0 else "is empty, though the row has a place"
            raise DataError(f"{path}: line {line}: the column {at.names[place]!r} {what}")
    if at.first_frame is None or at.when is None:
        return
    name = at.names[at.when]
    if time != math.floor(time):
        raise DataError(f"{path}: line {line}: {name!r} is {time:g}, a part of a frame; are they seconds?")
    if time < at.first_frame:
        raise DataError(f"{path}: line {line}: {name!r} counts from {at.first_frame}, but is {time:g}")


class _Names:
    """Names that repeat, kept once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows = array("q")

    def add(self, cell: object) -> bool:
        """One more row; whether it has a name."""
        name = "" if cell is None else str(cell).strip()
        self._rows.append(self._numbers.setdefault(name, len(self._numbers)))
        return bool(name)

    def coded(self) -> tuple[tuple[str, ...], np.ndarray]:
        """The distinct names in natural order, and for each row which one it has."""
        names = tuple(sorted(self._numbers, key=natural_key))
        place = np.empty(len(names), np.int64)
        place[[self._numbers[name] for name in names]] = np.arange(len(names))
        return names, place[np.array(self._rows)]


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


def _number(path: Path, line: int, name: str, cell: object) -> float:
    """A cell as a number; NaN for what is missing."""
    if cell is None or (isinstance(cell, str) and cell.strip().casefold() in _MISSING):
        return math.nan
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.inf
    if math.isinf(value):
        raise DataError(f"{path}: line {line}: the column {name!r} holds {cell!r}, which is no number")
    return value


def _csv(path: Path) -> tuple[list[str], Iterator[Sequence[object]]]:
    with _reading(path), _text(path) as file:
        header = file.readline()
    delimiter = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    return names, _csv_rows(path, delimiter)


def _csv_rows(path: Path, delimiter: str) -> Iterator[Sequence[object]]:
    """The rows below the header, but for empty lines."""
    with _reading(path), _text(path) as file:
        rows = csv.reader(file, delimiter=delimiter)
        next(rows, None)
        yield from (row for row in rows if row)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error})") from error


def _text(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _parquet(path: Path) -> tuple[list[str], Iterator[Sequence[object]]]:
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
    batches = table.to_batches(max_chunksize=10_000)
    rows = (row for b in batches for row in zip(*(c.to_pylist() for c in b.columns), strict=True))
    return table.column_names, rows
