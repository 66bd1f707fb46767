"""Folders of pictures: gray ones, one a frame, and colour ones."""

import logging
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from tased.atomic import AtomicWriter, remove
from tased.errors import OutputError, UsageError
from tased.video.inputs import natural_key
from tased.video.levels import levels

log = logging.getLogger(__name__)


class Pictures(AtomicWriter):
    """A folder of pictures.

    It appears when all is written; if it is there already the pictures replace those of the same name one by
    one, and other files are left alone.
    """

    _suffix: ClassVar[str]

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder, folder=True)

    def _begin(self, partial: Path) -> None:
        partial.mkdir()

    def _finish(self, partial: Path) -> None:
        """Each picture is complete once saved."""

    def _publish(self, partial: Path, target: Path) -> None:
        if not target.exists():
            partial.rename(target)
            return
        written = {picture.name for picture in partial.iterdir()}
        for name in sorted(written, key=natural_key):
            (partial / name).replace(target / name)
        remove(partial)
        others = [other.name for other in target.glob(f"*{self._suffix}") if other.name not in written]
        if others:
            first = min(others, key=natural_key)
            log.warning(
                "%s: %d other %s files were left there, first %s", self.path, len(others), self._suffix, first
            )


class ColourPictures(Pictures):
    """A folder of JPEG in colour; raises OutputError when it cannot be written."""

    _suffix = ".jpg"

    def write(self, pixels: UInt8[np.ndarray, "H W 3"], name: str) -> None:
        """Save RGB as NAME.jpg."""
        with self._failing_clearly():
            Image.fromarray(pixels).save(self._partial / f"{name}.jpg", quality=92)


class GrayPictures(Pictures):
    """A folder of gray PNG, `0001.png` for frame 0, or the given names with .png for their suffix.

    A value x in [0, 1] is stored as round(x * 255), or round(x * 65535) with 16 bits.

    Raises
    ------
    UsageError
        For two names that would be one file, or a name that is not a plain file name.
    OutputError
        When the folder cannot be written, a map holds NaN, or there are more frames than names.

    """

    _suffix = ".png"

    def __init__(
        self, folder: str | Path, *, bits: Literal[8, 16] = 8, names: Sequence[str] | None = None
    ) -> None:
        super().__init__(folder)
        self.bits = bits
        self._names = None if names is None else _png_names(names)

    def write(self, values: Float[np.ndarray, "H W"], index: int, seconds: float) -> None:  # noqa: ARG002
        """Save the map of frame `index`, from 0; pictures have no place for `seconds`."""
        if self._names is not None and index >= len(self._names):
            raise OutputError(f"{self.path}: frame {index} has no name, {len(self._names)} names were given")
        name = f"{index + 1:04d}.png" if self._names is None else self._names[index]
        whole = levels(values, self.bits, self.path)
        image = Image.fromarray(whole.astype(np.uint8) if self.bits == 8 else whole)
        with self._failing_clearly():
            # Maps are smooth: to look for runs only takes half the time, and the files are no larger.
            image.save(self._partial / name, compress_level=3, compress_type=zlib.Z_RLE)


def _png_names(names: Sequence[str]) -> tuple[str, ...]:
    taken: dict[str, str] = {}
    for name in names:
        if Path(name).name != name or name in ("", ".", ".."):
            raise UsageError(f"{name!r}: is not a plain file name")
        png = Path(name).with_suffix(".png").name
        # Names that differ in case alone are one file on macOS and Windows.
        other = taken.get(png.casefold())
        if other is not None:
            raise UsageError(f"{other} and {name} would both be written as {png}; rename one of the pictures")
        taken[png.casefold()] = name
    return tuple(Path(name).with_suffix(".png").name for name in names)
