"""A map shown over its picture, in one of several styles."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from tased.apps.contours import contours
from tased.apps.foveate import foveated
from tased.errors import UsageError

Kind = Literal["heat", "contours", "side-by-side", "foveated"]
Colours = Literal["inferno", "cividis", "viridis", "magma", "plasma"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlayStyle:
    """How a map is shown over its picture.

    heat          colours that cover the picture more the higher the map is
    contours      lines around the smallest regions that hold 25, 50 and 75 % of the attention
    side-by-side  the picture, and right of it the same under heat: twice as wide
    foveated      sharp where half of the attention is, and blurred the more the less is looked at

    Raises UsageError for a style or colours that do not exist, and an opacity outside 0..1.
    """

    kind: Kind = "heat"
    # Matplotlib's perceptually uniform maps: even steps of lightness, for colour-blind eyes too.
    colours: Colours = "inferno"  # of heat and of lines; foveated has none
    opacity: float = 0.75  # of the highest values, or of the lines; of foveated how far the blur goes

    def __post_init__(self) -> None:
        for what, given, known in (("style", self.kind, Kind), ("map of colours", self.colours, Colours)):
            if given not in get_args(known):
                raise UsageError(f"{given!r} is no {what}; there are {', '.join(get_args(known))}")
        if not 0 <= self.opacity <= 1:
            raise UsageError(f"an opacity of {self.opacity} was asked for; it is from 0 (not seen) to 1")

    def width(self, columns: int) -> int:
        """Of what is shown of a picture of so many columns, in pixels."""
        return 2 * columns if self.kind == "side-by-side" else columns


HEAT = OverlayStyle()


def overlay(
    pixels: UInt8[np.ndarray, "H W 3"], values: Float[np.ndarray, "H W"], style: OverlayStyle = HEAT
) -> UInt8[np.ndarray, "H W2 3"]:
    """Show a map with values in [0, 1] over its picture; W2 is W, or 2 W for side-by-side.

    Higher values are cut off. A map without contrast has no contours, and leaves a foveated picture sharp.
    """
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    match style.kind:
        case "heat":
            return np.array(_heat(picture, values, style))
        case "side-by-side":
            return np.concatenate([pixels, np.array(_heat(picture, values, style))], axis=1)
        case "contours":
            return np.array(contours(picture, values, _table(style.colours), style.opacity))
        case "foveated":
            return np.array(foveated(picture, values, style.opacity))


def _heat(picture: Image.Image, values: Float[np.ndarray, "H W"], style: OverlayStyle) -> Image.Image:
    """Where nobody looks the picture stays as it is."""
    level = Image.fromarray((values * 255 + 0.5).clip(0, 255).astype(np.uint8))
    cover = level.point([round(style.opacity * i) for i in range(256)])
    level.putpalette(_table(style.colours).tobytes())
    return Image.composite(level.convert("RGB"), picture, cover)


@cache
def _table(colours: Colours) -> UInt8[np.ndarray, "256 3"]:
    """RGB, 0..255, of the levels of a map."""
    return np.rint(mpl.colormaps[colours](np.arange(256))[:, :3] * 255).astype(np.uint8)
