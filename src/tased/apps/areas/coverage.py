"""How much of each cell of a grid lies inside polygons: exact areas, no samples."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from tased.apps.areas.area import Corners

Edges = Float64[np.ndarray, "N 4"]  # x0, y0, x1, y1 in cells


def coverage(polygons: Sequence[Corners], rows: int, columns: int) -> Float64[np.ndarray, "rows columns"]:
    """The share of every cell's area, 0..1, that lies in one polygon or more.

    Corners are in shares of the grid's width and height; what is outside the grid is cut off. Inside a
    polygon is where its line winds around a point, whichever way.

    The plane is cut into horizontal bands in which no two edges cross, so that the union is a row of
    trapezoids in each; the area of a trapezoid in a cell is a sum over its two edges, as in rasterisers of
    fonts. What is left of error is rounding: some 1e-12 of a cell.
    """
    edges, owner = _edges(polygons, rows, columns)
    pieces = [piece for band in _bands(edges, rows) for piece in _boundary(edges, owner, *band)]
    total = np.zeros((rows, columns + 1))
    for piece in pieces:
        _add_area_right_of(piece, total)
    return np.cumsum(total, axis=1)[:, :columns].clip(0, 1)


def _edges(polygons: Sequence[Corners], rows: int, columns: int) -> tuple[Edges, np.ndarray]:
    """All edges but the horizontal ones, in cells, and the polygon that each belongs to."""
    edges, owner = [np.empty((0, 4))], []
    for number, corners in enumerate(polygons):
        points = np.array(corners) * (columns, rows)
        around = np.concatenate([points, np.roll(points, -1, axis=0)], axis=1)
        around = around[around[:, 1] != around[:, 3]]
        edges.append(around)
        owner += [number] * len(around)
    return np.concatenate(edges), np.array(owner, int)


def _bands(edges: Edges, rows: int) -> list[tuple[float, float]]:
    """Between the heights at which edges end or cross: top and bottom of each, within the grid."""
    heights = np.concatenate(
        [edges[:, 1], edges[:, 3], *(_crossings(edge, edges) for edge in edges), [0, rows]]
    )
    inside = np.unique(heights[(heights >= 0) & (heights <= rows)])
    return list(zip(inside[:-1].tolist(), inside[1:].tolist(), strict=True))


def _crossings(edge: Float64[np.ndarray, " 4"], edges: Edges) -> Float64[np.ndarray, " N"]:
    """The heights at which an edge crosses others."""
    along, others = edge[2:] - edge[:2], edges[:, 2:] - edges[:, :2]
    between = edges[:, :2] - edge[:2]
    turn = along[0] * others[:, 1] - along[1] * others[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # parallel edges do not cross
        here = (between[:, 0] * others[:, 1] - between[:, 1] * others[:, 0]) / turn
        there = (between[:, 0] * along[1] - between[:, 1] * along[0]) / turn
    return edge[1] + along[1] * here[(here > 0) & (here < 1) & (there > 0) & (there < 1)]


def _boundary(edges: Edges, owner: np.ndarray, top: float, bottom: float) -> list[Float64[np.ndarray, " 4"]]:
    """The parts of edges within a band that bound the union: downwards on its left, upwards on its right."""
    within = (np.minimum(edges[:, 1], edges[:, 3]) <= top) & (np.maximum(edges[:, 1], edges[:, 3]) >= bottom)
    active, owner = edges[within], owner[within]
    slope = (active[:, 2] - active[:, 0]) / (active[:, 3] - active[:, 1])
    upper = active[:, 0] + slope * (top - active[:, 1])
    lower = active[:, 0] + slope * (bottom - active[:, 1])
    winding: dict[int, int] = {}
    found = []
    for i in np.argsort(upper + lower, kind="stable"):
        before = any(winding.values())
        winding[owner[i]] = winding.get(owner[i], 0) + (1 if active[i, 3] > active[i, 1] else -1)
        after = any(winding.values())
        if after and not before:
            found.append(np.array([upper[i], top, lower[i], bottom]))
        elif before and not after:
            found.append(np.array([lower[i], bottom, upper[i], top]))
    return found


def _add_area_right_of(edge: Float64[np.ndarray, " 4"], total: Float64[np.ndarray, "rows columns1"]) -> None:
    """Add what lies right of an edge, less where it goes upwards, to sums that run from left to right.

    The edge is cut at every line of the grid; each piece is in one cell, where it leaves a trapezoid on its
    right, and all cells further right have its full height.
    """
    columns = total.shape[1] - 1
    start, step = edge[:2], edge[2:] - edge[:2]
    cuts = [np.array([0.0, 1.0])]
    for axis, last in ((0, columns), (1, total.shape[0])):
        low, high = sorted((edge[axis], edge[axis + 2]))
        lines = np.arange(max(0, np.ceil(low)), min(last, np.floor(high)) + 1)
        if step[axis]:
            cuts.append((lines - start[axis]) / step[axis])
    at = np.sort(np.concatenate(cuts)).clip(0, 1)
    x, y = start[0] + at * step[0], start[1] + at * step[1]
    height, middle = (
        np.diff(y),
        ((x[:-1] + x[1:]) / 2).clip(0, columns),
    )  # what is left of the grid counts in full
    row = ((y[:-1] + y[1:]) / 2).astype(int).clip(0, total.shape[0] - 1)
    column = middle.astype(int).clip(0, columns - 1)
    np.add.at(total, (row, column), height * (1 - (middle - column)))
    np.add.at(total, (row, column + 1), height * (middle - column))
