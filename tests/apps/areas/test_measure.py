"""What areas hold of a map, against sums cell by cell and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tased.apps.areas.area import Area
from tased.apps.areas.measure import Measure

inner = st.floats(0.01, 0.99)


def random_density(seed, rows=5, columns=7):
    values = np.random.default_rng(seed).exponential(size=(rows, columns))
    return values / values.sum()


def overlap(low, high, cell, cells):
    return max(0.0, min(high, (cell + 1) / cells) - max(low, cell / cells)) * cells


@given(st.integers(0, 2**32 - 1), inner, inner, st.floats(0.01, 1), st.floats(0.01, 1))
@settings(deadline=None)
def test_a_rectangle_holds_the_covered_part_of_every_cell(seed, x, y, width, height):
    p = random_density(seed)
    held = Measure([Area.rectangle("a", x, y, width, height)], *p.shape).held(p, 0.0)
    share = sum(
        p[row, column] * overlap(y, y + height, row, 5) * overlap(x, x + width, column, 7)
        for row in range(5)
        for column in range(7)
    )
    assert held.shares == pytest.approx([share, 1 - share], abs=1e-9)
    size = (min(1, x + width) - x) * (min(1, y + height) - y)
    assert held.sizes == pytest.approx([size, 1 - size], abs=1e-9)


def test_a_finer_grid_comes_near_the_integral():
    """An area of 10.4 columns under a normal density, against the distribution."""
    edges = np.arange(201) / 200
    p = np.outer(np.diff(norm.cdf(edges, 0.5, 0.1)), np.diff(norm.cdf(edges, 0.4, 0.1)))
    held = Measure([Area.rectangle("a", 0.377, 0.2, 0.052, 0.4)], 200, 200).held(p / p.sum(), 0.0)
    expected = np.diff(norm.cdf([0.377, 0.429], 0.4, 0.1))[0] * np.diff(norm.cdf([0.2, 0.6], 0.5, 0.1))[0]
    assert held.shares[0] == pytest.approx(expected, rel=3e-4)


@given(st.integers(0, 2**32 - 1), st.lists(inner, max_size=3), st.lists(inner, max_size=3))
@settings(deadline=None)
def test_shares_of_a_partition_sum_to_one(seed, across, down):
    p = random_density(seed)
    x, y = (sorted({0.0, 1.0, *cuts}) for cuts in (across, down))
    areas = [
        Area.rectangle(f"{i} {j}", x[i], y[j], x[i + 1] - x[i], y[j + 1] - y[j])
        for i in range(len(x) - 1)
        for j in range(len(y) - 1)
    ]
    held = Measure(areas, *p.shape).held(p, 0.0)
    assert held.shares[:-1].sum() == pytest.approx(1, abs=1e-9)
    assert held.sizes[:-1].sum() == pytest.approx(1, abs=1e-9)
    assert [held.shares[-1], held.sizes[-1]] == pytest.approx([0, 0], abs=1e-9)


SEVERAL = [
    Area.rectangle("still", 0.1, 0.1, 0.4, 0.5),
    Area("triangle", (((0.3, 0.2), (0.9, 0.4), (0.2, 0.9)),)),
    Area(
        "moving",
        (((0.0, 0.0), (0.2, 0.0), (0.2, 0.2), (0.0, 0.2)), ((0.8, 0.8), (1.2, 0.8), (1.2, 1.0), (0.8, 1.0))),
        (1.0, 2.0),
    ),
]


@given(st.integers(0, 2**32 - 1), st.permutations(range(3)), st.floats(0, 3))
@settings(deadline=None)
def test_the_order_of_areas_is_irrelevant(seed, order, seconds):
    p = random_density(seed)
    one = Measure(SEVERAL, *p.shape).held(p, seconds)
    other = Measure([SEVERAL[i] for i in order], *p.shape).held(p, seconds)
    for a, b in ((one.shares, other.shares), (one.sizes, other.sizes)):
        np.testing.assert_allclose(a[[*order, 3]], b, atol=1e-12)


def test_areas_that_move_are_measured_where_they_are():
    p = random_density(0)
    measure = Measure(SEVERAL, *p.shape)
    assert np.isnan(measure.held(p, 0.9).shares).tolist() == [False, False, True, False]
    assert np.isnan(measure.held(p, 2.1).sizes).tolist() == [False, False, True, False]
    middle = Measure([Area.rectangle("", 0.4, 0.4, 0.3, 0.2)], *p.shape).held(p, 0.0)
    assert measure.held(p, 1.5).shares[2] == pytest.approx(middle.shares[0])
    alone = Measure(SEVERAL[:2], *p.shape).held(p, 0.0)
    assert measure.held(p, 0.9).shares[3] == pytest.approx(alone.shares[2])  # elsewhere is larger without it
    assert measure.held(p, 1.5).shares[3] < alone.shares[2]
