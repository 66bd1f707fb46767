"""What is wrong with a data set, file by file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tased.errors import DataError

Kind = Literal["missing", "broken", "misnamed", "mismatched", "outside"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: Kind
    path: Path  # of the file or folder, or of where it should be
    message: str  # one line


class FileError(DataError):
    """A DataError about one file, told apart for `tased data check`."""

    def __init__(self, kind: Kind, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.finding = Finding(kind, path, message)

    def __reduce__(self) -> tuple[type["FileError"], tuple[Kind, Path, str]]:
        """Another process gets it whole."""
        return type(self), (self.finding.kind, self.finding.path, self.finding.message)
