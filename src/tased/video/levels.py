"""Values in [0, 1] as whole levels."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt16

from tased.errors import OutputError


def levels(values: Float[np.ndarray, "H W"], bits: int, path: Path) -> UInt16[np.ndarray, "H W"]:
    """round(x * (2**bits - 1)), clipped to the range; `path` is named by the OutputError for a NaN."""
    top = (1 << bits) - 1
    scaled = values.astype(np.float64)
    scaled *= top
    np.rint(scaled, out=scaled)
    if np.isnan(scaled.max()):
        raise OutputError(f"{path}: a map holds NaN, which no picture can show; were the weights damaged?")
    return scaled.clip(0, top, out=scaled).astype(np.uint16)


def check_same_size(path: Path, shape: tuple[int, ...], first: tuple[int, ...]) -> None:
    """Raise OutputError when (rows, columns) differ from those of the first one written."""
    if shape != first:
        raise OutputError(
            f"{path}: all of it has one size; got {shape[1]}x{shape[0]} after {first[1]}x{first[0]}"
        )
