"""What one map says in numbers: a row of the table."""

from functools import cache

import numpy as np
from jaxtyping import Float64
from scipy.special import entr

from tased.predict.maps import SaliencyMap
from tased.predict.scale import density

AREAS = tuple(
    f"{row}_{column}" for row in ("top", "middle", "bottom") for column in ("left", "centre", "right")
)
COLUMNS = (
    "frame",
    "seconds",
    "peak_x",
    "peak_y",
    "centroid_x",
    "centroid_y",
    "spread",
    "entropy",
    *(f"share_{area}" for area in AREAS),
)


def statistics(m: SaliencyMap, rows: int, columns: int) -> dict[str, int | float]:
    """Describe a map of a frame of `rows` x `columns` pixels.

    frame                   index from 0
    seconds                 presentation time
    peak_x, peak_y          where the map is highest, in pixels of the frame, 0 being the middle of the
                            first pixel; of equal peaks the one nearest to the centroid
    centroid_x, centroid_y  centre of mass, likewise
    spread                  root mean square distance from the centroid, in pixels of the frame
    entropy                 of the map as a distribution over its own pixels, in bits; the most is
                            log2 of their number, for a flat map
    share_top_left, ...     what falls into each ninth of the frame; the nine sum to 1
    """
    p = density(m.values.numpy().astype(np.float64))
    y, x = (_centres(n, of) for n, of in zip(p.shape, (rows, columns), strict=True))
    by_row, by_column = p.sum(1), p.sum(0)
    centre_y, centre_x = by_row @ y, by_column @ x
    variance = by_row @ (y - centre_y) ** 2 + by_column @ (x - centre_x) ** 2
    peak_y, peak_x = np.nonzero(p == p.max())
    nearest = ((y[peak_y] - centre_y) ** 2 + (x[peak_x] - centre_x) ** 2).argmin()
    shares = _thirds(p.shape[0]) @ p @ _thirds(p.shape[1]).T
    return {
        "frame": m.index,
        "seconds": m.seconds,
        "peak_x": float(x[peak_x[nearest]]),
        "peak_y": float(y[peak_y[nearest]]),
        "centroid_x": float(centre_x),
        "centroid_y": float(centre_y),
        "spread": float(variance) ** 0.5,
        "entropy": float(entr(p).sum() / np.log(2)),
        **{f"share_{area}": float(share) for area, share in zip(AREAS, shares.flat, strict=True)},
    }


def _centres(length: int, of: int) -> Float64[np.ndarray, " length"]:
    """Where `length` equal parts of `of` pixels have their middles; 0 is the middle of the first pixel."""
    return (np.arange(length) + 0.5) * (of / length) - 0.5


@cache
def _thirds(length: int) -> Float64[np.ndarray, "3 length"]:
    """How much of each of `length` pixels lies in each third; the columns sum to 1."""
    edges = np.arange(length + 1) * (3 / length)
    return np.diff([edges.clip(i, i + 1) for i in range(3)]) * (length / 3)
