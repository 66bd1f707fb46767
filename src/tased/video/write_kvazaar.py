"""QP offsets for the HEVC encoder Kvazaar."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Int8

from tased.atomic import AtomicWriter, check_suffix
from tased.errors import OutputError

BLOCK = 64  # pixels a side: Kvazaar sets a QP for each of its largest blocks


class KvazaarFile(AtomicWriter):
    """A grid of QP offsets a frame, for `kvazaar --roi FILE`, as text (.txt) or binary (.bin).

    Each is columns, rows, and the offsets from the top left, row by row. In a .bin the first two are 32-bit
    integers of the machine and the offsets signed bytes. The encoder begins again after the last frame.

    Raises
    ------
    UsageError
        For another suffix.
    OutputError
        When the file cannot be written, or is to be without a frame.

    """

    def __init__(self, path: str | Path) -> None:
        self._binary = check_suffix(path, (".txt", ".bin"), "a file for Kvazaar") == ".bin"
        super().__init__(path)
        self._file: BinaryIO  # from `_begin`

    def write(self, offsets: Int8[np.ndarray, "rows columns"]) -> None:
        """Append the offsets of the next frame."""
        size = np.array(offsets.shape[::-1], np.int32)
        with self._failing_clearly():
            if self._binary:
                self._file.write(size.tobytes() + offsets.tobytes())
            else:
                lines = (" ".join(map(str, row)) for row in (size, *offsets))
                self._file.write(("\n".join(lines) + "\n").encode())

    def _begin(self, partial: Path) -> None:
        self._file = self._open.enter_context(partial.open("wb"))

    def _finish(self, partial: Path) -> None:  # noqa: ARG002  `_file` has the path
        if not self._file.tell():
            raise OutputError(f"{self.path}: no frame was written, and Kvazaar needs one")
