"""QP offsets in a file, for other encoders and programs."""

from collections.abc import Callable
from pathlib import Path

from tased.apps.offsets import Grid, block_for
from tased.atomic import AtomicWriter, check_suffix
from tased.video.frame import Frame
from tased.video.write_array import ArrayFile
from tased.video.write_kvazaar import BLOCK, KvazaarFile
from tased.video.write_table import TableFile

SUFFIXES = (".csv", ".npz", ".txt", ".bin")
COLUMNS = ("frame", "seconds", "x", "y", "size", "offset")  # of a block: its top left and side, in pixels


def plan_file(
    path: Path, *, width: int, height: int
) -> tuple[AtomicWriter, int, Callable[[Frame, Grid], None]]:
    """A file for the offsets of pictures of `width` x `height` pixels, by its suffix.

    .csv has a row for each block (COLUMNS); .npz the grids as `maps` (N, rows, columns) int8, `seconds` and
    `index`; .txt and .bin are Kvazaar's. Gives the file, to be entered, the side of its blocks in pixels, and
    what appends a frame's offsets.
    """
    match check_suffix(path, SUFFIXES, "a plan of QP offsets"):
        case ".csv":
            block = block_for(width, height)
            table = TableFile(path, columns=COLUMNS)

            def add(frame: Frame, grid: Grid) -> None:
                for row, offsets in enumerate(grid.tolist()):
                    for column, offset in enumerate(offsets):
                        cells = (frame.index, frame.seconds, column * block, row * block, block, offset)
                        table.write(dict(zip(COLUMNS, cells, strict=True)))

            return table, block, add
        case ".npz":
            array = ArrayFile(path, dtype="int8")
            return array, block_for(width, height), lambda f, grid: array.write(grid, f.index, f.seconds)
        case _:
            kvazaar = KvazaarFile(path)
            return kvazaar, BLOCK, lambda _, grid: kvazaar.write(grid)
