"""How areas are told apart in pictures: a colour, a dash, and a number beside both."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from tased.apps.areas.area import Corners, box_of
from tased.evaluate.report import COLOURS

GRAY = "#8a8a8a"  # of what is anywhere else
DASHES = ((), (6, 3), (2, 2), (9, 3, 2, 3))  # on and off, in widths of the line; another for every six areas


def colour_of(number: int) -> str:
    """Of an area, by its number from 0."""
    return COLOURS[number % len(COLOURS)]


def dash_of(number: int) -> tuple[int, ...]:
    """Of an area, by its number from 0; () is a line without gaps."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


def outlined(
    pixels: UInt8[np.ndarray, "H W 3"], shapes: Sequence[Corners | None]
) -> UInt8[np.ndarray, "H W 3"]:
    """Draw areas into a copy of a frame, each in its colour, with its number from 1 at its upper left."""
    picture = Image.fromarray(pixels)
    rows, columns, _ = pixels.shape
    draw, thin = ImageDraw.Draw(picture), max(2, round(min(rows, columns) / 120))
    font = ImageFont.load_default(max(11, round(min(rows, columns) / 16)))
    for number, shape in enumerate(shapes):
        if shape is None:
            continue
        points = [(x * columns, y * rows) for x, y in shape]
        for colour, width in (("black", thin + 2), (colour_of(number), thin)):
            draw.line([*points, points[0], points[1]], fill=colour, width=width, joint="curve")
        left, top, _, _ = box_of(points)
        at = (max(0.0, left) + thin + 2, max(0.0, top) + thin)
        draw.text(at, str(number + 1), fill="white", font=font, stroke_width=2, stroke_fill="black")
    return np.array(picture)
