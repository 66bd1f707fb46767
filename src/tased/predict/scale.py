"""The scales of written maps: by the frame, by the whole video, or as probability densities."""

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from tased.errors import OutputError
from tased.predict.maps import SaliencyMap, Scale

Values = Float[np.ndarray, "H W"]


def scaled(values: Values, scale: Scale, maximum: float) -> Values:
    """Bring the values of a map to the scale that is written.

    frame    divided by the frame's own maximum: every frame uses the whole range, and frames cannot be
             compared (as the published code does)
    video    divided by `maximum`, that of the whole video: a network's frames can be compared; training-
             free predictors give every frame the same maximum, so for them this is `frame`
    density  divided by the sum: the probability of each pixel to be looked at
    """
    match scale:
        case "frame":
            return by_maximum(values, values.max())
        case "video":
            return by_maximum(values, maximum)
        case "density":
            return density(values)


def by_maximum(values: Values, maximum: float) -> Values:
    """Divide by a maximum, the frame's or the whole video's; a map of zeros stays one."""
    return values / np.float32(maximum) if maximum > 0 else np.zeros_like(values)


def density(values: Values) -> Values:
    """Make it sum to 1; a map of zeros becomes the uniform density."""
    total = values.sum(dtype=np.float64)
    return (values / total).astype(values.dtype) if total > 0 else np.full_like(values, 1 / values.size)


class _Entry(NamedTuple):
    frame: int
    seconds: float
    maximum: float
    length: int  # bytes in the file


class Spool:
    """Maps kept in a temporary file, because the maximum of a video is known only at its end.

    Each is stored in 16 bits of its own maximum, about 0.1 MB for a map of 224x384.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._entries: list[_Entry] = []
        self._shape = (0, 0)

    @property
    def maximum(self) -> float:
        """Of all maps so far; 0 if there are none."""
        return max((entry.maximum for entry in self._entries), default=0.0)

    def add(self, m: SaliencyMap) -> None:
        """Keep a map; all must have one shape. Raises OutputError if the disk is full."""
        self._shape = (m.values.shape[0], m.values.shape[1])
        maximum = float(m.values.max())
        levels = (by_maximum(m.values.numpy(), maximum) * 65535).round().astype(np.uint16)
        # Neighbours differ little: their differences make small files.
        packed = zlib.compress(np.diff(levels, axis=1, prepend=np.uint16(0)).tobytes(), level=1)
        try:
            self._file.write(packed)
        except OSError as error:
            raise OutputError(
                f"no space for temporary files while the whole video is looked at ({error.strerror}); "
                "set TMPDIR to a larger disk or use --scale frame"
            ) from error
        self._entries.append(_Entry(m.index, m.seconds, maximum, len(packed)))

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[SaliencyMap]:
        self._file.seek(0)
        for entry in self._entries:
            differences = np.frombuffer(zlib.decompress(self._file.read(entry.length)), np.uint16)
            levels = np.cumsum(differences.reshape(self._shape), axis=1, dtype=np.uint16)
            values = torch.from_numpy(levels.astype(np.float32) / 65535 * entry.maximum)
            yield SaliencyMap(values, entry.frame, entry.seconds)


@contextmanager
def spool() -> Iterator[Spool]:
    """Open a spool; its file is gone afterwards."""
    with tempfile.TemporaryFile(prefix="tased-") as file:
        yield Spool(file)
