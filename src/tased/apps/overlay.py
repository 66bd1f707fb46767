"""A heat map over the picture."""

from functools import cache

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, UInt8

COLOURS = "inferno"  # perceptually uniform, and in order of brightness for colour-blind eyes too
OPACITY = 0.75


@cache
def _blend(colours: str, opacity: float) -> tuple[UInt8[np.ndarray, "256 1"], UInt8[np.ndarray, "256 3"]]:
    """For each of 256 levels: how much of the picture is left, in 255ths, and the colour that is added."""
    alpha = np.linspace(0, opacity, 256)[:, None]
    colour = mpl.colormaps[colours](np.arange(256))[:, :3]
    return np.rint(255 * (1 - alpha)).astype(np.uint16), np.rint(255 * alpha * colour).astype(np.uint16)


def overlay(
    pixels: UInt8[np.ndarray, "H W 3"],
    values: Float[np.ndarray, "H W"],
    *,
    colours: str = COLOURS,
    opacity: float = OPACITY,
) -> UInt8[np.ndarray, "H W 3"]:
    """Lay a map in [0, 1] over a picture; where nobody looks the picture stays as it is.

    `colours` is a name of matplotlib's; `opacity` that of the highest values.
    """
    left, added = _blend(colours, opacity)
    level = np.rint(values * 255).clip(0, 255).astype(np.uint8)
    return ((pixels * left[level] + 127) // 255 + added[level]).clip(0, 255).astype(np.uint8)
