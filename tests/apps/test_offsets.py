"""The plan of QP offsets keeps what its theory promises."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tased.apps.offsets import ANYWHERE, REACH, block_for, offsets, smoothed
from tased.predict.maps import SaliencyMap
from tased.video.frame import Frame
from tased.video.synthetic import clip

sizes = st.tuples(st.integers(20, 90), st.integers(20, 90))  # height, width
strengths = st.sampled_from([1, 2.5, 6, 10])


def gaze(seed, rows=18, columns=32):
    """A map with peaks, and places where nobody looks."""
    return np.random.default_rng(seed).random((rows, columns)) ** 6


def areas(block, height, width):
    """Pixels of each block, counted one by one."""
    count = np.zeros((math.ceil(height / block), math.ceil(width / block)))
    for y in range(height):
        for x in range(width):
            count[y // block, x // block] += 1
    return count


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), size=sizes, strength=strengths)
def test_laws(seed, size, strength):
    height, width = size
    values = gaze(seed)
    grid = offsets(values, 16, width=width, height=height, strength=strength)
    area = areas(16, height, width)
    assert grid.shape == area.shape
    assert np.abs(grid).max() <= round(strength)
    assert abs((grid * area).sum() / area.sum()) <= 0.5  # neutral in bits, but for rounding
    np.testing.assert_array_equal(
        offsets(7 * values, 16, width=width, height=height, strength=strength), grid
    )
    only = offsets(values, 16, width=width, height=height, strength=strength, coarser_only=True)
    np.testing.assert_array_equal(only, np.maximum(grid, 0))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 999), strength=strengths)
def test_who_is_looked_at_more_is_never_coarser(seed, strength):
    values = gaze(seed, 4, 6)  # a cell of the map is a block
    grid = offsets(values, 16, width=96, height=64, strength=strength)
    order = np.argsort(values, axis=None)
    assert (np.diff(grid.ravel()[order].astype(int)) <= 0).all()


def test_twice_as_often_is_three_qps_where_nothing_is_cut():
    values = np.array([[1.0, 2.0, 4.0, 8.0]])
    grid = offsets(values, 16, width=64, height=16, strength=20)
    often = (1 - ANYWHERE) * values / values.mean() + ANYWHERE
    expected = -3 * np.log2(often)
    np.testing.assert_array_equal(grid, np.rint(expected - expected.mean()))


@pytest.mark.parametrize("values", [np.zeros((9, 16)), np.ones((9, 16))])
def test_a_flat_map_leaves_all_as_it_is(values):
    assert not offsets(values, 16, width=161, height=97).any()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999), size=sizes)
def test_a_block_gets_what_its_pixels_get(seed, size):
    """Against a map that is brought to the picture's pixels, one by one, by exact shares."""
    height, width = size
    values = gaze(seed, 3, 5)
    fine = np.kron(values, np.ones((height, width)))  # 3 * height by 5 * width
    fine = fine.reshape(height, 3, width, 5).mean((1, 3))  # each pixel is the mean of what it covers
    area = areas(16, height, width)
    mean = np.zeros(area.shape)
    for y in range(height):
        for x in range(width):
            mean[y // 16, x // 16] += fine[y, x]
    often = (1 - ANYWHERE) * (mean / area) / fine.mean() + ANYWHERE
    grid = offsets(values, 16, width=width, height=height, strength=20)
    raw = -3 * np.log2(often)
    assume(np.abs(raw).max() < 12)
    moved = grid - raw
    assert moved.max() - moved.min() <= 1 + 1e-9  # one constant, but for rounding


def test_blocks_grow_with_the_picture():
    assert [block_for(w, h) for w, h in ((64, 48), (640, 360), (1280, 720), (1920, 1080), (3840, 2160))] == [
        16,
        16,
        32,
        32,
        64,
    ]


def shown(index, value):
    frame = Frame(np.full((32, 48, 3), 90, np.uint8), index, index / 25)
    values = torch.full((4, 6), 0.0)
    values[0, value] = 1
    return frame, SaliencyMap(values, index, frame.seconds)


def test_smoothing_is_the_mean_of_neighbours():
    columns = [0, 0, 1, 3, 3, 3, 5, 2, 2, 2, 4, 0]
    found = list(smoothed(shown(index, column) for index, column in enumerate(columns)))
    assert [frame.index for frame, _ in found] == list(range(12))
    for index, (_, density) in enumerate(found):
        near = columns[max(0, index - REACH) : index + REACH + 1]
        assert density[0].tolist() == pytest.approx([near.count(c) / len(near) for c in range(6)])


def test_smoothing_begins_anew_at_a_cut():
    frames = list(clip(frames=12, height=32, width=48))
    dark = [Frame(frame.pixels // 8, 12 + frame.index, (12 + frame.index) / 25) for frame in frames]
    seen = [(frame, shown(index, 0 if index < 12 else 3)[1]) for index, frame in enumerate([*frames, *dark])]
    densities = [density for _, density in smoothed(seen)]
    assert [density[0, 3] for density in densities] == [0] * 12 + [1] * 12
