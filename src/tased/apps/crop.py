"""The largest window of an aspect inside a frame, and how much attention it holds from where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Float64

from tased.errors import UsageError


def aspect_of(text: str) -> Fraction:
    """Width to height, of 9:16 for instance; UsageError for what is none."""
    found = re.fullmatch(r"([1-9]\d{0,4}):([1-9]\d{0,4})", text)
    if found is None:
        raise UsageError(f"--aspect {text} is no aspect; give WIDTH:HEIGHT in whole numbers (9:16, 1:1, 4:5)")
    return Fraction(int(found[1]), int(found[2]))


def nearest_even(size: Fraction | int) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * round(size / 2))


@dataclass(frozen=True, slots=True)
class Crop:
    """A window that moves inside a frame along one side and is in the middle of the other; in pixels."""

    frame_width: int
    frame_height: int
    width: int  # even
    height: int  # even

    @property
    def moves_across(self) -> bool:
        """Whether it moves from left to right; else it does from top to bottom."""
        return self.frame_width - self.width >= self.frame_height - self.height

    @property
    def side(self) -> int:
        """The frame's side along which it moves."""
        return self.frame_width if self.moves_across else self.frame_height

    @property
    def room(self) -> int:
        """How far it can move."""
        return self.side - (self.width if self.moves_across else self.height)

    def place(self, moved: int) -> tuple[int, int]:
        """Its left and top edge when it has moved so far."""
        across, down = (self.frame_width - self.width) // 2, (self.frame_height - self.height) // 2
        return (moved, down) if self.moves_across else (across, moved)


def largest_crop(width: int, height: int, aspect: Fraction) -> Crop:
    """The largest window of that aspect in a frame, to within a pixel: its sides are even.

    Raises UsageError when the frame has that aspect already, or is smaller than 2x2.
    """
    most_width, most_height = width - width % 2, height - height % 2
    if not (most_width and most_height):
        raise UsageError(f"a frame of {width}x{height} is too small to crop; it needs at least 2x2 pixels")
    if width > height * aspect:
        crop = Crop(width, height, min(most_width, nearest_even(height * aspect)), most_height)
    else:
        crop = Crop(width, height, most_width, min(most_height, nearest_even(width / aspect)))
    if (crop.width, crop.height) == (most_width, most_height):
        raise UsageError(
            f"a frame of {width}x{height} is {aspect.numerator}:{aspect.denominator} already: "
            "there is nothing to crop; ask for another --aspect"
        )
    return crop


def kept_along(
    density: Float[np.ndarray, "rows columns"], crop: Crop, positions: int, parts: Sequence[float] = (1.0,)
) -> Float64[np.ndarray, " positions"]:
    """The attention within a crop at `positions` places, evenly from one end of its room to the other.

    The density has any size and sums to 1; it is even within each of its pixels. `parts` are parts of the
    crop, from its middle, of the side along which it moves: the mean of what they hold.
    """
    (x, y), p = crop.place(0), density.astype(np.float64)
    if crop.moves_across:
        marginal = _covered(len(p), y / crop.frame_height, (y + crop.height) / crop.frame_height) @ p
    else:
        marginal = p @ _covered(p.shape[1], x / crop.frame_width, (x + crop.width) / crop.frame_width)
    before = np.concatenate([[0.0], np.cumsum(marginal)])  # of each edge between pixels
    edges = np.linspace(0, 1, len(before))
    window = 1 - crop.room / crop.side
    middle = np.linspace(0, crop.room / crop.side, positions) + window / 2
    half = np.array(parts)[:, None] * window / 2
    held = np.interp(middle + half, edges, before) - np.interp(middle - half, edges, before)
    return held.mean(axis=0)


def _covered(cells: int, begin: float, end: float) -> Float64[np.ndarray, " cells"]:
    """How much of each of `cells` equal parts of 0..1 lies between `begin` and `end`."""
    return np.diff((np.arange(cells + 1) / cells).clip(begin, end)) * cells
