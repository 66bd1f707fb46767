"""A named area of the picture, which may move."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from tased.errors import UsageError

Point = tuple[float, float]  # (x, y)
Corners = tuple[Point, ...]  # in order around the shape, in shares of the frame: (0, 0) to (1, 1)
ELSEWHERE = "anywhere else"  # what no area covers


@dataclass(frozen=True, slots=True)
class Area:
    """Where something is in the picture: one shape, or one for each of some moments.

    Edges may cross: what is inside is what the line goes around, as in a star drawn in one stroke.

    Raises UsageError for a shape of fewer than three corners, shapes of different numbers of corners, or
    keyframes whose times do not rise or are not as many as the shapes.
    """

    name: str
    shapes: tuple[Corners, ...]  # one, or one for each keyframe, of as many corners
    seconds: tuple[float, ...] = ()  # of the keyframes, rising; none: the area is always there

    def __post_init__(self) -> None:
        corners = sorted({len(shape) for shape in self.shapes})
        if len(corners) != 1 or corners[0] < 3:
            raise UsageError(
                f"area {self.name!r} has shapes of {corners} corners; give all as many, 3 or more"
            )
        if len(self.shapes) != max(1, len(self.seconds)):
            raise UsageError(
                f"area {self.name!r} has {len(self.shapes)} shapes at {len(self.seconds)} times; give "
                "a time for each, or one shape and no time"
            )
        if any(later <= sooner for sooner, later in pairwise(self.seconds)):
            raise UsageError(f"area {self.name!r} has keyframes at {self.seconds} seconds; times must rise")

    @classmethod
    def rectangle(cls, name: str, x: float, y: float, width: float, height: float) -> Self:
        """An area that stays where it is, in shares of the frame."""
        return cls(name, (rectangle(x, y, width, height),))

    @property
    def moves(self) -> bool:
        """Whether it has keyframes."""
        return bool(self.seconds)

    def at(self, seconds: float) -> Corners | None:
        """Its corners at one moment; None before the first keyframe and after the last.

        Between keyframes each corner moves on a straight line, at one speed.
        """
        if not self.moves:
            return self.shapes[0]
        if not self.seconds[0] <= seconds <= self.seconds[-1]:
            return None
        corners = np.array(self.shapes)  # keyframes, corners, x and y
        return tuple(
            (
                float(np.interp(seconds, self.seconds, corners[:, corner, 0])),
                float(np.interp(seconds, self.seconds, corners[:, corner, 1])),
            )
            for corner in range(corners.shape[1])
        )


def rectangle(x: float, y: float, width: float, height: float) -> Corners:
    """The corners of a rectangle, from its upper left one."""
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def box_of(corners: Sequence[Point]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the smallest upright rectangle around some points."""
    x, y = zip(*corners, strict=True)
    return min(x), min(y), max(x), max(y)
