"""Which frames are chosen, and which part of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tests.apps.areas.handmade import spot

from tased.apps.areas.thumbnails import APART, Box, Thumbnail, Thumbnails, best_crop, choose, scored
from tased.video.frame import Frame
from tased.video.synthetic import Scene

ROWS, COLUMNS = 96, 160


def density(*args, **options):
    values = spot(*args, **options)
    return values / values.sum()


SPOT = density(0.3, 0.5)


@pytest.fixture(scope="module")
def picture():
    return Scene(height=ROWS, width=COLUMNS).frame(0).pixels


def blurred(pixels, sigma):
    return ndimage.gaussian_filter(pixels, (sigma, sigma, 0))


def score(pixels, p=SPOT):
    return scored(Frame(pixels, 0, 0.0), p, 0, 1.0)


def test_scores_are_their_definitions(picture):
    p = density(0.4, 0.6, rows=ROWS, columns=COLUMNS)
    found = score(picture, p)
    gray = np.rint(picture @ [0.299, 0.587, 0.114]) / 255  # ITU-R 601, as Pillow says of its L
    around = np.pad(gray, 1, mode="edge")
    edges = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:] - 4 * gray
    mean = np.average(edges, weights=p)
    bright = np.average(gray, weights=p)
    entropy = -(p * np.log(p)).sum()
    assert found.sharpness == pytest.approx(np.sqrt(np.average((edges - mean) ** 2, weights=p)), rel=0.02)
    assert found.exposure == pytest.approx(4 * bright * (1 - bright), abs=0.01)
    assert found.concentration == pytest.approx(1 - entropy / np.log(p.size))
    assert found.score == pytest.approx(found.concentration * found.sharpness * found.exposure)


def test_each_factor_does_what_it_says(picture):
    sharp = score(picture)
    assert score(blurred(picture, 2)).score < 0.5 * sharp.score
    assert score(picture, density(0.3, 0.5, 0.3)).concentration < 0.5 * sharp.concentration
    assert score(picture // 8).exposure < 0.5 * sharp.exposure
    assert score(np.zeros_like(picture)).score == 0
    assert score(np.full_like(picture, 255)).score == 0
    assert score(picture, np.full((4, 6), 1 / 24)).score == pytest.approx(0, abs=1e-12)


def test_sharpness_counts_where_people_look(picture):
    half = picture.copy()
    half[:, COLUMNS // 2 :] = blurred(picture, 4)[:, COLUMNS // 2 :]
    assert score(half, density(0.2, 0.8)).sharpness > 2 * score(half, density(0.8, 0.8)).sharpness


def test_the_sharp_frame_among_blurred_ones_is_chosen(picture):
    found = Thumbnails(1.0)
    for index in range(20):
        found.add(Frame(picture if index == 13 else blurred(picture, 1.5), index, index / 25), SPOT)
    assert [t.frame for t in found.chosen(1)] == [13]


def test_every_shot_has_its_turn(picture):
    """Three shots, the middle one with the best frames by far: it gives one of three, and two of four."""
    found, index = Thumbnails(1.0), 0
    for pixels in (picture // 3, picture, 255 - picture // 4):
        for _ in range(60):
            found.add(Frame(pixels, index, index / 25), SPOT)
            index += 1
    assert sorted(t.shot for t in found.chosen(3)) == [0, 1, 2]
    four = found.chosen(4)
    assert sorted(t.shot for t in four) == [0, 1, 1, 2]
    assert [t.score for t in four] == sorted((t.score for t in four), reverse=True)


candidates = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=25
)


@given(candidates, st.integers(1, 8))
@settings(deadline=None)
def test_what_is_chosen_is_best_apart_and_spread(rows, count):
    blank = Thumbnail(0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, Box(0, 0, 1, 1))
    given_ = [
        replace(blank, shot=shot, seconds=100 * shot + at / 5, score=score / 5) for shot, at, score in rows
    ]
    chosen = choose(given_, count)
    assert len(chosen) <= count
    for i, one in enumerate(chosen):
        assert all(a.shot != one.shot or abs(a.seconds - one.seconds) >= APART for a in chosen[:i])
    shots = {c.shot for c in given_}
    best = {s: max(c.score for c in given_ if c.shot == s) for s in shots}
    if count >= len(shots):
        assert {c.shot for c in chosen} == shots
    else:  # the best of the best shots, one each
        assert sorted((c.score for c in chosen), reverse=True) == sorted(best.values(), reverse=True)[:count]
    if len(chosen) < count:  # nothing more was free
        for c in given_:
            assert any(t.shot == c.shot and abs(t.seconds - c.seconds) < APART for t in chosen)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(4, 40),
    st.integers(4, 40),
    st.sampled_from([9 / 16, 1.0, 1.25, 16 / 9]),
)
@settings(deadline=None)
def test_a_crop_holds_the_most(seed, rows, columns, aspect):
    p = np.random.default_rng(seed).exponential(size=(5, 7))
    p /= p.sum()
    left, top, right, bottom = best_crop(p, rows, columns, aspect)
    width, height = right - left, bottom - top
    assert 0 <= left < right <= columns
    assert 0 <= top < bottom <= rows
    assert width == columns or height == rows
    assert abs(width - height * aspect) <= max(1, aspect) / 2 + 1e-9
    # Every pixel's share, if a cell's is spread evenly over its pixels' places.
    fine = np.kron(p, np.full((rows, columns), 1 / (rows * columns))).reshape(rows, 5, columns, 7).sum((1, 3))
    held = {
        (x, y): fine[y : y + height, x : x + width].sum()
        for x in range(columns - width + 1)
        for y in range(rows - height + 1)
    }
    assert held[left, top] == pytest.approx(max(held.values()), abs=1e-9)


def test_a_crop_of_a_flat_map_is_in_the_middle():
    assert best_crop(np.full((4, 6), 1 / 24), 100, 200, 1.0) == (50, 0, 150, 100)
    assert best_crop(np.full((4, 6), 1 / 24), 100, 50, 1.0) == (0, 25, 50, 75)
