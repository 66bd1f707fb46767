"""Lines around the smallest regions that hold a share of the attention."""

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from scipy.special import ndtri

from tased.apps.attention import level_holding
from tased.apps.blur import blurred

SHARES = (0.75, 0.5, 0.25)  # of the attention, within each line; from the outermost to the innermost
WIDTH = 1 / 200  # of a line, share of the picture's shorter side
THINNEST = 2.0  # pixels
EDGE = 2.0  # widths of a line with its dark edge, without which it would be lost on a bright picture


def contours(
    picture: Image.Image,
    values: Float[np.ndarray, "H W"],
    colours: UInt8[np.ndarray, "256 3"],
    opacity: float,
) -> Image.Image:
    """Draw the lines into a copy of a picture, brighter the less they enclose.

    `colours` are RGB in order of brightness. Lines have smooth edges, and follow the picture's size.
    """
    shown = picture.copy()
    width = max(THINNEST, WIDTH * min(picture.size))
    sigma = EDGE * width / 2
    edge, line = _line(EDGE * width, sigma, 0.5 * opacity), _line(width, sigma, opacity)
    for share in SHARES:
        inside = (values > level_holding(values, share)).view(np.uint8) * np.uint8(255)
        region = blurred(Image.fromarray(inside), sigma)
        red, green, blue = colours[round(255 * (1 - share / 2))].tolist()
        for colour, cover in (((0, 0, 0), edge), ((red, green, blue), line)):
            mask = region.point(cover)
            if (box := mask.getbbox()) is not None:  # lines fill little of the picture
                shown.paste(colour, box, mask.crop(box))
    return shown


def _line(width: float, sigma: float, opacity: float) -> list[int]:
    """How much a line covers, 0..255, for each level of a region's blurred mask.

    Across a straight edge that mask is the normal distribution's function of the distance from the edge in
    units of `sigma`, whatever the slope of the map is there: so lines have one width everywhere.
    """
    distance = np.abs(sigma * ndtri(np.arange(256) / 255))
    return np.rint(255 * opacity * (width / 2 + 0.5 - distance).clip(0, 1)).astype(int).tolist()
