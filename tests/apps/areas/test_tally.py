"""Sums over a video, against loops over its frames."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tased.apps.areas.measure import Held
from tased.apps.areas.tally import FACTOR, LEAST, POINTS, Tally, Timeline, attended_to, lasting
from tased.predict.maps import SaliencyMap

share = st.one_of(st.just(float("nan")), st.floats(0, 1))
frames = st.lists(st.tuples(st.sampled_from([0.02, 0.04, 0.1, 0.35]), share, st.floats(0.01, 1)), min_size=1)


def maps(*seconds):
    return [SaliencyMap(torch.zeros(1, 1), i, s) for i, s in enumerate(seconds)]


def test_a_frame_is_shown_until_the_next():
    seen = [(m.seconds, lasts) for m, lasts in lasting(iter(maps(0.0, 0.1, 0.5, 0.7)), 25)]
    assert seen == [
        (0.0, pytest.approx(0.1)),
        (0.1, 0.4),
        (0.5, pytest.approx(0.2)),
        (0.7, pytest.approx(0.2)),
    ]
    assert [lasts for _, lasts in lasting(iter(maps(3.0)), 25)] == [0.04]
    assert list(lasting(iter([]), 25)) == []


@given(frames)
@settings(deadline=None)
def test_a_summary_is_what_a_loop_finds(rows):
    tally, at, seen = Tally(["a"]), 0.0, []
    for lasts, s, size in rows:
        there = size if s == s else s
        tally.add(Held(np.array([s]), np.array([there])), at, lasts)
        seen.append((at, lasts, s, size))
        at += lasts
    [found] = tally.summaries()
    present = [row for row in seen if row[2] == row[2]]
    assert tally.seconds == pytest.approx(at)
    assert found.present_seconds == pytest.approx(sum(lasts for _, lasts, _, _ in present))
    assert found.dwell_seconds == pytest.approx(sum(s * lasts for _, lasts, s, _ in present))
    assert found.share == pytest.approx(found.dwell_seconds / at)
    if not present:
        assert (found.area_share, found.times_chance, found.peak_share, found.peak_seconds) == (None,) * 4
    else:
        chance = sum(size * lasts for _, lasts, _, size in present)
        assert found.times_chance == pytest.approx(found.dwell_seconds / chance)
        assert found.area_share == pytest.approx(chance / found.present_seconds)
        highest = max(s for _, _, s, _ in present)
        assert found.peak_share == highest
        assert found.peak_seconds == next(at for at, _, s, _ in present if s == highest)
    assert found.first_seconds == first(seen)


def first(seen):
    """The start of the first run of attended frames that lasts long enough."""
    start = None
    for at, lasts, s, size in seen:
        odds, chance = (x / (1 - x) if x < 1 else np.inf for x in (s, size))
        if not (s == s and odds > FACTOR * chance and s * (1 - size) - FACTOR * size * (1 - s) > 1e-9):
            start = None
        else:
            start = at if start is None else start
            if at + lasts - start >= LEAST - 1e-9:
                return start
    return None


def test_attention_is_more_than_size():
    sizes = np.array([0.1, 0.1, 0.5, 0.5, 1.0, 0.0])
    shares = np.array([0.17, 0.19, 0.66, 0.67, 1.0, 0.0])
    assert attended_to(shares, sizes).tolist() == [False, True, False, True, False, False]


def test_a_short_flicker_is_no_first_attention():
    tally = Tally(["a"])
    for i in range(20):
        attended = i in (2, 3, 4) or i >= 10
        tally.add(Held(np.array([0.5 if attended else 0.1]), np.array([0.1])), 0.05 * i, 0.05)
    assert tally.summaries()[0].first_seconds == pytest.approx(0.5)


@pytest.mark.parametrize("count", [1, 5, 2 * POINTS - 1, 2 * POINTS, 2 * POINTS + 1, 7001])
def test_a_timeline_is_made_of_means_over_equal_numbers_of_frames(count):
    random = np.random.default_rng(count)
    lengths, shares = random.uniform(0.01, 0.1, count), random.uniform(size=(count, 2))
    shares[random.uniform(size=count) < 0.3, 1] = np.nan
    at, timeline = np.cumsum(lengths) - lengths, Timeline()
    for i in range(count):
        timeline.add(Held(shares[i], shares[i]), at[i], lengths[i])
    points = timeline.points()
    assert len(points) < 2 * POINTS
    each = next(n for n in (1, 2, 4, 8, 16) if -(-count // n) == len(points))
    assert (each == 1) == (count < 2 * POINTS)
    for place, point in enumerate(points):
        own = slice(place * each, (place + 1) * each)
        assert point.seconds == at[own][0]
        assert point.lasts == pytest.approx(lengths[own].sum())
        for area in range(2):
            there = ~np.isnan(shares[own, area])
            if there.any():
                mean = np.average(shares[own, area][there], weights=lengths[own][there])
                assert point.shares[area] == pytest.approx(mean)
            else:
                assert np.isnan(point.shares[area])
