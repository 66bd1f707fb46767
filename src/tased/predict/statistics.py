"""What one map says in numbers: a row of the table."""

import torch

from tased.predict.maps import SaliencyMap, density

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
    p = density(m.values).double()
    step_y, step_x = rows / p.shape[0], columns / p.shape[1]
    y = (torch.arange(p.shape[0], dtype=torch.float64) + 0.5) * step_y - 0.5
    x = (torch.arange(p.shape[1], dtype=torch.float64) + 0.5) * step_x - 0.5
    by_row, by_column = p.sum(1), p.sum(0)
    centre_y, centre_x = float(by_row @ y), float(by_column @ x)
    square = float(by_row @ (y - centre_y) ** 2 + by_column @ (x - centre_x) ** 2)
    peaks = (p == p.max()).nonzero()
    nearest = ((y[peaks[:, 0]] - centre_y) ** 2 + (x[peaks[:, 1]] - centre_x) ** 2).argmin()
    peak_y, peak_x = peaks[nearest]
    shares = _thirds(p.shape[0]) @ p @ _thirds(p.shape[1]).T
    return {
        "frame": m.index,
        "seconds": m.seconds,
        "peak_x": float(x[peak_x]),
        "peak_y": float(y[peak_y]),
        "centroid_x": centre_x,
        "centroid_y": centre_y,
        "spread": square**0.5,
        "entropy": -float(torch.xlogy(p, p).sum()) / torch.log(torch.tensor(2.0)).item(),
        **{f"share_{area}": float(share) for area, share in zip(AREAS, shares.flatten(), strict=True)},
    }


def _thirds(length: int) -> torch.Tensor:
    """How much of each of `length` pixels lies in each third: (3, length); their columns sum to 1."""
    edges = torch.arange(length + 1, dtype=torch.float64)[None] * 3 / length
    inside = edges.clamp(*(torch.arange(3.0)[:, None].double() + i for i in (0, 1)))
    return inside.diff(dim=1) * length / 3
