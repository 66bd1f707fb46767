"""People look at the middle, and a little above it: the strongest predictor that never sees the video."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tased.predict.baselines.causal import CausalShot
from tased.predict.baselines.grid import MAP_COLUMNS, MAP_ROWS, Plane
from tased.video.frame import Frame


@dataclass(frozen=True, slots=True)
class Centre:
    """A Gaussian near the middle of the frame, the same for every frame (Tatler, J. Vision 2007).

    The numbers are rough optima for about thirty people watching two dozen natural clips
    (`benchmarks/baselines.py`): faces and horizons lie above the middle more often than below it.
    """

    name: str = "centre"
    sigma_x: float = 0.15  # share of the frame's width
    sigma_y: float = 0.15  # share of the frame's height
    middle_y: float = 0.45  # of the peak, share of the height from the top

    def shot(self) -> CausalShot:
        """Begin a new shot with no memory of earlier ones."""
        return CausalShot(_Unmoved(centre_prior((MAP_ROWS, MAP_COLUMNS), self)))


def centre_prior(size: tuple[int, int], spread: Centre) -> Plane:
    """The Gaussian on (rows, columns), 1 at its peak."""
    y = (np.arange(size[0]) + 0.5) / size[0] - spread.middle_y
    x = (np.arange(size[1]) + 0.5) / size[1] - 0.5
    down = np.exp(-0.5 * (y / spread.sigma_y) ** 2)
    across = np.exp(-0.5 * (x / spread.sigma_x) ** 2)
    return np.outer(down, across).astype(np.float32)


class _Unmoved:
    """A viewer who always looks at the same place."""

    def __init__(self, prior: Plane) -> None:
        self._prior = prior

    def see(self, frame: Frame) -> Callable[[], Plane]:  # noqa: ARG002 - a prior is what ignores the frame
        return lambda: self._prior
