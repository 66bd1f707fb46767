"""What a network predicts, for people to look at: frame, ground truth and map side by side."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

_GAP = 4  # pixels


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a sheet; all three of one size."""

    frame: UInt8[np.ndarray, "H W 3"]
    density: Float[np.ndarray, "H W"]
    prediction: Float[np.ndarray, "H W"]


def sheet(examples: Sequence[Example]) -> bytes:
    """A PNG with a row an example; each map is divided by its own maximum."""
    rows, columns = examples[0].density.shape
    picture = Image.new("RGB", (3 * columns + 2 * _GAP, len(examples) * (rows + _GAP) - _GAP), "white")
    for number, example in enumerate(examples):
        for place, pixels in enumerate((example.frame, _gray(example.density), _gray(example.prediction))):
            picture.paste(Image.fromarray(pixels), (place * (columns + _GAP), number * (rows + _GAP)))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _gray(values: Float[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W"]:
    peak = values.max()
    return np.rint(255 * values / peak if peak > 0 else 0 * values).astype(np.uint8)
