"""Exact areas in cells, against overlaps of intervals, clipping in fractions, and random points."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tased.apps.areas.area import rectangle
from tased.apps.areas.coverage import coverage

places = st.floats(-0.4, 1.4).map(lambda x: round(x, 3))
sizes = st.floats(0.001, 1.5).map(lambda x: round(x, 3))
rectangles = st.builds(rectangle, places, places, sizes, sizes)
polygons = st.lists(st.tuples(places, places), min_size=3, max_size=7).map(tuple)
# What repeats coordinates has edges that touch, lie upon each other, and end on lines of the grid.
coarse = st.sampled_from([-0.25, 0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.25])
touching = st.lists(st.tuples(coarse, coarse), min_size=3, max_size=7).map(tuple)


def overlap(low, high, cells):
    """How much of each of some cells an interval covers."""
    return np.array(
        [max(0.0, min(high, (i + 1) / cells) - max(low, i / cells)) * cells for i in range(cells)]
    )


@given(rectangles)
@settings(deadline=None)
def test_rectangles_cover_products_of_intervals(corners):
    (left, top), _, (right, bottom), _ = corners
    expected = np.outer(overlap(top, bottom, 5), overlap(left, right, 7))
    np.testing.assert_allclose(coverage([corners], 5, 7), expected, atol=1e-11)


def clipped(points, axis, line, keep_above):
    """Sutherland and Hodgman's: the part of a polygon on one side of a line, in fractions."""
    result = []
    for i, point in enumerate(points):
        before = points[i - 1]
        inside, was = ((p[axis] >= line) == keep_above or p[axis] == line for p in (point, before))
        if inside != was:
            share = (line - before[axis]) / (point[axis] - before[axis])
            result.append(tuple(b + share * (p - b) for p, b in zip(point, before, strict=True)))
        if inside:
            result.append(point)
    return result


def area(points):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], *points[:1]], strict=True)) / 2


def by_clipping(corners, rows, columns):
    """Right for polygons whose edges do not cross."""
    points = [(Fraction(x) * columns, Fraction(y) * rows) for x, y in corners]
    found = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            part = points
            for axis, line, above in (
                (0, column, True),
                (0, column + 1, False),
                (1, row, True),
                (1, row + 1, False),
            ):
                part = clipped(part, axis, line, above)
            found[row, column] = abs(area(part)) if part else 0
    return found


def star(radii, middle):
    """A polygon around a point whose edges cannot cross."""
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    return tuple(
        (middle[0] + r * np.cos(a), middle[1] + r * np.sin(a)) for r, a in zip(radii, angles, strict=True)
    )


@given(st.lists(st.floats(0.01, 0.8), min_size=3, max_size=9), st.tuples(places, places))
@settings(deadline=None)
def test_polygons_cover_what_exact_clipping_leaves(radii, middle):
    corners = star(radii, middle)
    np.testing.assert_allclose(coverage([corners], 4, 6), by_clipping(corners, 4, 6), atol=1e-10)
    np.testing.assert_allclose(coverage([corners[::-1]], 4, 6), by_clipping(corners, 4, 6), atol=1e-10)


def winds_around(corners, x, y):
    """The winding number by angles, not zero: the definition, at many points."""
    z = np.array([complex(*corner) for corner in corners])
    rays = z[:, None] - (x + 1j * y)
    turns = np.angle(np.roll(rays, -1, axis=0) / rays).sum(0) / (2 * np.pi)
    return np.rint(turns) != 0


@given(st.lists(polygons | touching, min_size=1, max_size=3), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_unions_cover_what_random_points_say(several, seed):
    """Edges that cross, polygons that overlap: 40000 points, right to 5 standard deviations."""
    rows, columns, count = 2, 3, 40_000
    x, y = np.random.default_rng(seed).uniform(size=(2, count))
    inside = np.any([winds_around(corners, x, y) for corners in several], axis=0)
    cell = (y * rows).astype(int) * columns + (x * columns).astype(int)
    share = np.bincount(cell, inside, 6) / np.bincount(cell, minlength=6)
    found = coverage(several, rows, columns).ravel()
    deviation = np.sqrt(found * (1 - found) / np.bincount(cell, minlength=6))
    assert np.all(abs(share - found) <= 5 * deviation + 2e-3)


@given(polygons)
@settings(deadline=None)
def test_a_finer_grid_covers_the_same(corners):
    fine = coverage([corners], 12, 12).reshape(4, 3, 4, 3).mean((1, 3))
    np.testing.assert_allclose(fine, coverage([corners], 4, 4), atol=1e-10)


def test_the_order_of_polygons_is_irrelevant_and_none_is_counted_twice():
    a, b = rectangle(0.1, 0.1, 0.5, 0.33), ((0.3, 0.2), (0.9, 0.4), (0.2, 0.9))
    np.testing.assert_allclose(coverage([a, b], 9, 11), coverage([b, a], 9, 11), atol=1e-12)
    np.testing.assert_allclose(coverage([a, a], 9, 11), coverage([a], 9, 11), atol=1e-12)
    both = coverage([a], 900, 1100) * coverage([b], 900, 1100)  # where no cell has the edges of both
    sums = sum(coverage([one], 900, 1100).mean() for one in (a, b)) - both.mean()
    assert coverage([a, b], 9, 11).mean() == pytest.approx(sums, abs=1e-5)


def test_nothing_covers_nothing():
    assert coverage([], 3, 4).tolist() == np.zeros((3, 4)).tolist()
    assert coverage([rectangle(1.1, 0.2, 0.5, 0.5)], 3, 4).max() == 0
    assert coverage([rectangle(-1, -1, 3, 3)], 3, 4).min() == 1
