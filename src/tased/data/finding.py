"""What is wrong with a data set, file by file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["missing", "broken", "misnamed", "mismatched", "outside"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: Kind
    path: Path  # of the file or folder, or of where it should be
    message: str  # one line
