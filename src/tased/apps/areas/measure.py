"""How much of one map areas hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from tased.apps.areas.area import Area
from tased.apps.areas.coverage import coverage


@dataclass(frozen=True, slots=True)
class Held:
    """What N areas hold of one map; NaN where an area is not there."""

    shares: Float64[np.ndarray, " N"]  # of the attention, 0..1
    sizes: Float64[np.ndarray, " N"]  # of the picture, 0..1: what a flat map would give


class Measure:
    """Measures areas in maps of one size; the last of its values is what lies outside all of them.

    A map counts as constant within each of its cells, of which an area holds the part that it covers.
    """

    def __init__(self, areas: Sequence[Area], rows: int, columns: int):
        self._areas = tuple(areas)
        self._grid = (rows, columns)
        self._still = {area: coverage(area.shapes, rows, columns) for area in areas if not area.moves}
        shapes = [shape for area in self._still for shape in area.shapes]
        self._elsewhere = 1 - coverage(shapes, rows, columns)  # where nothing else is

    def held(self, density: Float64[np.ndarray, "H W"], seconds: float) -> Held:
        """Measure the map of a moment; its values sum to 1."""
        shapes = {area: area.at(seconds) for area in self._areas}
        there = [shape for shape in shapes.values() if shape is not None]
        elsewhere = self._elsewhere
        if len(there) > len(self._still):
            elsewhere = 1 - coverage(there, *self._grid)
        covers = [
            self._still[area]
            if area in self._still
            else None
            if shape is None
            else coverage([shape], *self._grid)
            for area, shape in shapes.items()
        ]
        pairs = [
            (np.nan, np.nan) if cover is None else ((cover * density).sum(), cover.mean())
            for cover in (*covers, elsewhere)
        ]
        shares, sizes = np.array(pairs, np.float64).T
        return Held(shares.clip(0, 1), sizes)
