"""Regions found in densities whose peaks are known."""

import numpy as np
import pytest
import torch
from tests.apps.areas.handmade import spot

from tased.apps.areas.area import box_of
from tased.apps.areas.regions import mean_density, regions
from tased.predict.maps import SaliencyMap

FULL_WIDTH = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian at half its maximum, in standard deviations


def boxes(values):
    return {area.name: box_of(area.shapes[0]) for area in regions(values / values.sum())}


def test_gaussians_give_their_widths_at_half_maximum():
    """Two peaks apart, the wider one holds more and comes first; a box is right to a cell on each side."""
    rows, columns = 90, 120
    wide, narrow = spot(0.25, 0.3, 0.06, rows, columns), spot(0.75, 0.7, 0.03, rows, columns)
    found = boxes(wide + 1.2 * narrow)
    assert list(found) == ["A", "B"]
    for name, x, y, sigma in (("A", 0.25, 0.3, 0.06), ("B", 0.75, 0.7, 0.03)):
        left, top, right, bottom = found[name]
        assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((x, y), abs=1 / rows)
        assert right - left == pytest.approx(FULL_WIDTH * sigma, abs=2 / columns)
        assert bottom - top == pytest.approx(FULL_WIDTH * sigma * columns / rows, abs=2 / rows)


def test_peaks_that_hardly_part_are_one_region():
    rows, columns = 90, 120
    near = spot(0.45, 0.5, 0.05, rows, columns) + 0.9 * spot(0.55, 0.5, 0.05, rows, columns)
    assert list(boxes(near)) == ["A"]
    apart = spot(0.3, 0.5, 0.05, rows, columns) + 0.9 * spot(0.7, 0.5, 0.05, rows, columns)
    assert list(boxes(apart)) == ["A", "B"]


def test_a_flat_map_is_one_region_and_dust_is_none():
    assert boxes(np.ones((9, 16))) == {"A": (0, 0, 1, 1)}
    dust = spot(0.5, 0.5, 0.05, 90, 120)
    dust[5, 5] = 0.9  # a peak of one cell: a hundredth of the attention
    assert list(boxes(dust)) == ["A"]


def test_there_is_always_one():
    """Of 64 peaks, each with a 64th of the attention, the highest."""
    places = [(x, y) for x in np.arange(8) / 8 + 1 / 16 for y in np.arange(8) / 8 + 1 / 16]
    values = sum((1 + (i == 20)) * spot(x, y, 0.01, 90, 120) for i, (x, y) in enumerate(places))
    found = boxes(values)
    assert list(found) == ["A"]
    left, top, right, bottom = found["A"]
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx(places[20], abs=0.01)


def test_at_most_eight_from_the_most_attended():
    places = [(x, y) for y in (0.2, 0.5, 0.8) for x in (0.1, 0.37, 0.63, 0.9)]
    values = sum((1 + 0.2 * i) * spot(x, y, 0.02, 90, 120) for i, (x, y) in enumerate(places))
    found = boxes(values)
    assert list(found) == list("ABCDEFGH")
    centre = [((a + c) / 2, (b + d) / 2) for a, b, c, d in found.values()]
    np.testing.assert_allclose(centre, places[:3:-1], atol=0.02)


def test_the_mean_counts_every_frame_alike():
    one, other = np.zeros((2, 3)), np.ones((2, 3))
    one[0, 0] = 0.2
    maps = [SaliencyMap(torch.from_numpy(v.astype(np.float32)), i, 0.0) for i, v in enumerate((one, other))]
    expected = np.full((2, 3), 1 / 12)
    expected[0, 0] += 0.5
    np.testing.assert_allclose(mean_density(maps), expected, atol=1e-7)
