"""The path of a crop: within its limits always, still where its subject is, and the best there is."""

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tased.apps import crop_path
from tased.apps.crop_path import (
    CALM,
    INTERVAL,
    JERK,
    LONGEST_STEP,
    POSITIONS,
    TRAVEL,
    TURN,
    Limits,
    smooth_path,
)
from tased.errors import UsageError

WINDOW = 0.3164  # of 9:16 in 16:9
ROOM = 1 - WINDOW


def following(centres, sigma):
    """What crops keep of a Gaussian at each of the centres."""
    begin = np.linspace(0, ROOM, POSITIONS)
    away = np.asarray(centres)[:, None]
    return norm.cdf((begin + WINDOW - away) / sigma) - norm.cdf((begin - away) / sigma)


def check_limits(seconds, path, room, limits):
    """Inside, and no faster; where |x''| <= a, mean speeds differ by at most a times their distance."""
    assert path.min() >= 0
    assert path.max() <= room
    step = np.diff(seconds)
    assert (abs(np.diff(path)) <= limits.speed * step + 1e-9).all()
    path, step = path[np.append(True, step > 1e-3)], step[step > 1e-3]
    speed = np.diff(path) / step
    near = np.maximum(step[1:], step[:-1]) <= LONGEST_STEP
    allowed = limits.acceleration * (step[1:] + step[:-1]) / 2 + 1e-5
    assert (abs(np.diff(speed)) <= allowed)[near].all()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([0.0, 0.01, 1 / 60, 0.04, 0.1, 0.5, 3.0]), max_size=40),
    st.sampled_from([0.01, 0.2, ROOM, 0.98]),
    st.sampled_from([Limits(0.02, 0.01), CALM, Limits(0.3, 0.05), Limits(4.0, 50.0)]),
    st.integers(0, 2**32),
    st.sampled_from([(600, 100), (7, 5), (20, 3)]),
)
def test_limits_hold_for_any_attention_at_any_times(steps, room, limits, seed, lengths):
    draw = np.random.default_rng(seed)
    seconds = np.cumsum([0.0, *steps])
    places = draw.choice(POSITIONS, len(seconds))
    kept = np.exp(-(((np.arange(POSITIONS) - places[:, None]) / draw.uniform(0.5, 60)) ** 2)) * draw.uniform()
    path = smooth_path(seconds, kept, room, limits, piece=lengths[0], ahead=lengths[1])
    assert path.shape == seconds.shape
    check_limits(seconds, path, room, limits)


@settings(deadline=None, max_examples=30)
@given(
    st.floats(0.25, 0.75),
    st.sampled_from([0.05, 0.1, 0.15]),
    st.lists(st.floats(-1, 1), min_size=1, max_size=150),
)
def test_a_subject_that_only_trembles_gives_a_still_camera(centre, sigma, tremble):
    """Whatever the tremble is: by the dead band, it may go one way for seconds."""
    centres = centre + 0.01 * np.array(tremble)
    path = smooth_path(np.arange(len(centres)) / 25, following(centres, sigma), ROOM, CALM)
    assert np.ptp(path) < 1e-9
    assert path[0] + WINDOW / 2 == pytest.approx(centre, abs=0.03)


def test_the_middle_where_nothing_is_better():
    path = smooth_path(np.arange(50) / 25, np.full((50, POSITIONS), WINDOW), ROOM, CALM)
    np.testing.assert_allclose(path, ROOM / 2, atol=1e-6)


def test_no_room_no_move():
    assert not smooth_path(np.arange(3) / 25, np.ones((3, POSITIONS)), 0.0, CALM).any()


def test_an_even_pan_is_followed_evenly():
    """A subject that moves at a speed within the limits stays near the middle of the crop, at that speed."""
    seconds = np.arange(200) / 25
    centres = 0.25 + 0.06 * seconds
    path = smooth_path(seconds, following(centres, 0.05), ROOM, CALM)
    within = path[25:-25] + WINDOW / 2 - centres[25:-25]
    assert abs(within).max() < WINDOW / 3
    speed = np.diff(path)[50:-50] * 25
    np.testing.assert_allclose(np.median(speed), 0.06, atol=0.01)
    assert abs(np.diff(speed)).max() < 0.004


def test_between_two_subjects_it_takes_one():
    """Where attention is in two places the crop is at one of them, and not halfway."""
    left, right = following(np.full(50, 0.2), 0.05), following(np.full(50, 0.8), 0.05)
    path = smooth_path(np.arange(50) / 25, 0.6 * left + 0.4 * right, ROOM, CALM)
    np.testing.assert_allclose(path + WINDOW / 2, 0.2, atol=0.06)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([0.3, 1.5, 8.0]))
def test_the_course_is_the_best_of_all(seed, speed):
    draw = np.random.default_rng(seed)
    reward = draw.uniform(0, 0.2, (5, 5))
    course = crop_path._course(reward, ROOM, speed)
    spacing = ROOM / 4
    reach = max(1, int(speed * INTERVAL / spacing))

    def gain(places):
        travel = np.abs(np.diff(places))
        if travel.max() > reach:
            return -np.inf
        return reward[np.arange(5), places].sum() - TRAVEL * spacing * travel.sum()

    assert gain(course) == pytest.approx(max(gain(np.array(p)) for p in product(range(5), repeat=5)))


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_the_model_is_concave_below_the_reward_and_touches_it(seed):
    draw = np.random.default_rng(seed)
    reward = np.cumsum(draw.normal(size=(4, POSITIONS)), axis=1)
    course = draw.integers(0, POSITIONS, 4)
    slopes, widths = crop_path._model(reward, course, 1.0)
    steps = slopes.shape[1] // 2
    for row, at, slope, width in zip(reward, course, slopes, widths, strict=True):
        to_right, to_left = slope[:steps][width[:steps] > 0], slope[steps:][width[steps:] > 0]
        across = np.concatenate([-to_left[::-1], to_right])
        assert (np.diff(across) <= 1e-9).all()
        for side, part in ((1, slice(steps)), (-1, slice(steps, None))):
            places = at + side * np.cumsum(width[part])
            values = row[at] + np.cumsum(slope[part] * width[part])
            assert (values <= row[places.astype(int)] + 1e-9).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from([CALM, Limits(1.0, 8.0)]))
def test_the_linear_programme_is_never_beaten(seed, limits):
    """By any of thousands of paths within the limits, by the sums that it is said to make small."""
    draw = np.random.default_rng(seed)
    peak = draw.uniform(0, POSITIONS - 1, (3, 1))
    reward = -0.002 * draw.uniform(0.2, 1) * abs(np.arange(POSITIONS) - peak)  # concave: its own model
    course = np.rint(peak[:, 0]).astype(int)
    found = crop_path._smoothed(reward, course, ROOM, limits, np.empty(0), rest=False)
    slopes, widths = crop_path._model(reward, course, ROOM / (POSITIONS - 1))

    def worth(c):
        total = 0.0
        for k in range(3):
            away = (c[k] + 6 * c[k + 1] + c[k + 2]) / 8 - course[k] * ROOM / (POSITIONS - 1)
            side = slice(8) if away > 0 else slice(8, 16)
            edges = np.concatenate([[0], np.cumsum(widths[k, side])])
            total += np.interp(
                abs(away), edges, np.concatenate([[0], np.cumsum(slopes[k, side] * widths[k, side])])
            )
        for order, price in ((1, TRAVEL), (2, TURN), (3, JERK)):
            total -= price * INTERVAL * abs(np.diff(c, order)).sum() / INTERVAL**order
        return total

    def allowed(c):
        speed, turn = np.diff(c) / INTERVAL, np.diff(c, 2) / INTERVAL**2
        inside = 0 <= c.min() <= c.max() <= ROOM
        return inside and abs(speed).max() <= limits.speed and abs(turn).max() <= limits.acceleration

    assert allowed(found)
    best = worth(found)
    near = found + draw.normal(size=(3000, 5)) * 10.0 ** draw.uniform(-5, -1.5, (3000, 1))
    even = np.linspace(0, ROOM, 25)[:, None] + np.linspace(-0.02, 0.02, 9)[:, None, None] * np.arange(-2, 3)
    others = [c for c in (*near, *even.reshape(-1, 5)) if allowed(c)]
    assert len(others) > 25
    assert max(map(worth, others)) <= best + 1e-4


def test_pieces_are_hardly_worse_than_the_whole():
    seconds = np.arange(1000) / 25
    draw = np.random.default_rng(0)
    centres = 0.5 + 0.3 * np.sin(0.8 * seconds) + draw.normal(0, 0.02, 1000)
    kept = following(centres, 0.06)
    whole = smooth_path(seconds, kept, ROOM, CALM)
    pieces = smooth_path(seconds, kept, ROOM, CALM, piece=60, ahead=40)
    check_limits(seconds, pieces, ROOM, CALM)
    np.testing.assert_allclose(whole, pieces, atol=0.02)


@pytest.mark.slow
def test_an_hour_of_one_shot_is_planned_in_minutes():
    seconds = np.arange(90_000) / 25
    centres = 0.5 + 0.3 * np.sin(0.8 * seconds) * np.sin(0.013 * seconds)
    draw = np.random.default_rng(0)
    began = time.process_time()
    path = smooth_path(seconds, following(centres + draw.normal(0, 0.02, len(seconds)), 0.08), ROOM, CALM)
    assert time.process_time() - began < 240
    check_limits(seconds, path, ROOM, CALM)
    assert abs(path + WINDOW / 2 - centres).mean() < 0.08


@pytest.mark.parametrize(("speed", "acceleration"), [(0, 1), (1, -1), (float("nan"), 1), (1, float("inf"))])
def test_limits_that_cannot_be(speed, acceleration):
    with pytest.raises(UsageError, match="greater than 0"):
        Limits(speed, acceleration)
