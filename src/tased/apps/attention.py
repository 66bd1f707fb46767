"""How much attention the highest part of a map holds."""

import numpy as np
from jaxtyping import Float, Float64

LONGEST = 512  # values a side that are looked at: maps are smooth, and larger ones enlarged


def held_above(
    values: Float[np.ndarray, "H W"], levels: Float64[np.ndarray, " N"]
) -> Float64[np.ndarray, " N"]:
    """The share of all attention that lies where the map is higher than each of some levels.

    The region above a level is the smallest that holds its share: a highest-density region (Hyndman, The
    American Statistician 1996). A map of zeros holds nothing anywhere.
    """
    ordered, held = _held(values)
    higher = ordered.size - np.searchsorted(ordered, levels, side="right")
    return held[higher]


def level_holding(values: Float[np.ndarray, "H W"], share: float) -> float:
    """The level above which a map holds a share of all attention, from 0 to 1."""
    ordered, held = _held(values)
    count = int(np.searchsorted(held, share))  # of the highest values, that hold the share
    return float(ordered[max(ordered.size - count - 1, 0)])


def _held(values: Float[np.ndarray, "H W"]) -> tuple[np.ndarray, Float64[np.ndarray, " N"]]:
    """The values in rising order, and the share of their sum that the highest 0, 1, 2, ... of them hold."""
    step = -(-max(values.shape) // LONGEST)
    ordered = np.sort(values[step // 2 :: step, step // 2 :: step], axis=None)
    held = np.concatenate([[0.0], np.cumsum(ordered[::-1], dtype=np.float64)])
    return ordered, held / held[-1] if held[-1] > 0 else held
