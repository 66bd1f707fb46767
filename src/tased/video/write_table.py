"""Tables: one row a frame, or whatever the rows are."""

import csv
import importlib.util
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from tased.atomic import AtomicWriter, check_suffix
from tased.errors import UsageError

Cell = str | int | float | bool | None | np.generic
_ROWS_A_GROUP = 4096  # of a Parquet file: what is held in memory


class TableFile(AtomicWriter):
    """Rows with fixed columns as .csv (UTF-8, a header line) or .parquet.

    A float is written with as many digits as bring it back exactly; None is an empty cell. A Parquet
    column has the type of its first 4096 rows, and the file carries the `notes` as its metadata; a CSV has
    no place for them.

    Raises
    ------
    UsageError
        For another suffix, columns that repeat, or .parquet without the pyarrow package.
    OutputError
        When the file cannot be written.

    """

    def __init__(
        self, path: str | Path, *, columns: Sequence[str], notes: Mapping[str, str] | None = None
    ) -> None:
        suffix = check_suffix(path, (".csv", ".parquet"), "a table")
        if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
            raise UsageError(f'{path}: writing .parquet needs one more package: pip install "tased[parquet]"')
        if len(set(columns)) < len(columns):
            raise UsageError(f"{path}: the columns {', '.join(columns)} repeat a name")
        super().__init__(path)
        self.columns = tuple(columns)
        self._notes = dict(notes or {})
        self._rows: _Csv | _Parquet  # from `_begin`

    def write(self, row: Mapping[str, Cell]) -> None:
        """Append a row that has every column and no other; ValueError when it does not."""
        if row.keys() != set(self.columns):
            raise ValueError(f"a row with {', '.join(row)} in a table of {', '.join(self.columns)}")
        with self._failing_clearly():
            self._rows.append([_plain(row[column]) for column in self.columns])

    def _begin(self, partial: Path) -> None:
        if self.path.suffix.lower() == ".parquet":
            self._rows = _Parquet(partial, self.columns, self._notes)
            self._open.callback(self._rows.close)
        else:
            file = self._open.enter_context(partial.open("w", newline="", encoding="utf-8"))
            self._rows = _Csv(file, self.columns)

    def _finish(self, partial: Path) -> None:  # noqa: ARG002  `_rows` has the file
        self._rows.finish()


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """What a .csv of these rows holds."""
    text = io.StringIO(newline="")
    lines = _Csv(text, tuple(columns))
    for row in rows:
        lines.append([_plain(row[column]) for column in columns])
    return text.getvalue()


def _plain(cell: Cell) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell


class _Csv:
    def __init__(self, file: TextIO, columns: tuple[str, ...]) -> None:
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(columns)

    def append(self, cells: list[Any]) -> None:
        self._writer.writerow(cells)

    def finish(self) -> None:
        self._file.flush()


class _Parquet:
    def __init__(self, path: Path, columns: tuple[str, ...], notes: dict[str, str]) -> None:
        self._path, self._columns, self._notes = path, columns, notes
        self._held: list[list[Any]] = []
        self._writer: Any = None  # from the first rows, which tell the types

    def append(self, cells: list[Any]) -> None:
        self._held.append(cells)
        if len(self._held) == _ROWS_A_GROUP:
            self._write_group()

    def finish(self) -> None:
        if self._held or self._writer is None:
            self._write_group()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        held = {name: [row[place] for row in self._held] for place, name in enumerate(self._columns)}
        if self._writer is None:
            table = pa.table(held)
            # A column of which nothing is known yet is one of numbers.
            types = [pa.float64() if pa.types.is_null(field.type) else field.type for field in table.schema]
            schema = pa.schema(list(zip(self._columns, types, strict=True)), metadata=self._notes)
            self._writer = pq.ParquetWriter(self._path, schema)
        self._writer.write_table(pa.table(held, schema=self._writer.schema))
        self._held.clear()
