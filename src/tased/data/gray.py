"""Ground truth in files: gray pictures, pictures of fixations, and MATLAB's matrices."""

import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, UInt8, UInt16
from PIL import Image, UnidentifiedImageError

from tased.data.finding import FileError

_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)  # what Pillow raises
_GRAY_TYPES = (np.uint8, np.uint16)


def size_of(path: Path) -> tuple[int, int]:
    """(rows, columns) of a picture, from its header, or of a matrix."""
    if path.suffix.lower() == ".mat":
        rows, columns = read_matrix(path).shape
        return rows, columns
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except _UNREADABLE as error:
        raise _broken(path, error) from error


def read_map(path: Path) -> Float32[np.ndarray, "H W"]:
    """The levels of a gray picture, as they are stored."""
    return _read_gray(path).astype(np.float32)


def read_fixated(path: Path) -> Bool[np.ndarray, "H W"]:
    """Which pixels were fixated: those that are not 0 of a picture of two levels, or of a .mat."""
    values = read_matrix(path) if path.suffix.lower() == ".mat" else _read_gray(path)
    fixated: Bool[np.ndarray, "H W"] = values != 0
    if fixated.all() or (values[fixated] != values.max()).any():
        levels = np.unique(values)
        message = (
            f"is no picture of fixations: it has {len(levels)} levels from {levels[0]} to {levels[-1]}, "
            "not 0 and one other; is it a map, or was it a JPEG once?"
        )
        raise FileError("broken", path, message)
    return fixated


def _read_gray(path: Path) -> UInt8[np.ndarray, "H W"] | UInt16[np.ndarray, "H W"]:
    try:
        with Image.open(path) as image:
            image.load()
            flat = {"1": "L", "P": "RGB"}.get(image.mode)  # one bit a pixel, or a palette
            values = np.asarray(image if flat is None else image.convert(flat))
    except _UNREADABLE as error:
        raise _broken(path, error) from error
    if values.dtype == np.int32:  # some 16-bit pictures
        values = values.astype(np.uint16)
    if values.ndim == 3 and values.shape[2] in (2, 4):
        values = values[..., :-1]  # without opacity
    if values.ndim == 3:
        if (values != values[..., :1]).any():
            raise FileError("broken", path, "is in colour; a ground truth is gray")
        values = values[..., 0]
    if values.dtype not in _GRAY_TYPES:
        raise FileError("broken", path, f"holds {values.dtype} values; a ground truth has 8 or 16 bits")
    return values


def read_matrix(path: Path) -> np.ndarray:
    """The only matrix of numbers in a MATLAB file, whatever its variable is called."""
    from scipy.io import loadmat, matlab
    from scipy.sparse import issparse

    try:
        found = loadmat(path)
    except (OSError, ValueError, TypeError, NotImplementedError, zlib.error, matlab.MatReadError) as error:
        raise _broken(path, error) from error
    dense = {
        name: values.toarray() if issparse(values) else values  # type: ignore[attr-defined]
        for name, values in found.items()
    }
    matrices = {
        name: values
        for name, values in dense.items()
        if not name.startswith("__")
        and isinstance(values, np.ndarray)
        and values.ndim == 2
        and values.dtype.kind in "buif"
        and values.size > 1
    }
    if len(matrices) != 1:
        there = ", ".join(matrices) or "none"
        message = f"should hold one matrix of numbers, the fixated pixels; found {there}"
        raise FileError("broken", path, message)
    return next(iter(matrices.values()))


def _broken(path: Path, error: BaseException) -> FileError:
    if isinstance(error, FileNotFoundError):
        return FileError("missing", path, "is missing; is the copy whole?")
    reason = "not a picture" if isinstance(error, UnidentifiedImageError) else str(error).rstrip(".")
    return FileError("broken", path, f"cannot be read ({reason}); copy or download it again")
