"""What shuffled AUC and information gain compare with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tased.data.survey import Fixations, Survey, centre_prior


def clips(counts, seed=0):
    """Fixations of several clips, given by their counts in each frame."""
    rng = np.random.default_rng(seed)
    for frames in counts:
        points = rng.random((sum(frames), 2)).astype(np.float32)
        yield Fixations(points, np.cumsum([0, *frames]), 0)


counted = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), min_size=1, max_size=4)


@given(counted, st.integers(1, 9), st.integers(1, 9))
def test_others_are_all_fixations_but_ones_own(counts, rows, columns):
    parts = list(clips(counts))
    survey = Survey.join(parts)
    for number in range(len(parts)):
        expected = np.zeros((rows, columns))
        for other, part in enumerate(parts):
            for y, x in part.points if other != number else ():
                expected[min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)] += 1
        found = survey.others(number, rows, columns)
        if expected.any():
            np.testing.assert_array_equal(found, expected)
        else:
            assert found is None


def test_it_survives_being_saved(tmp_path):
    survey = Survey.join(clips([[1, 2], [3]]))
    survey.save(tmp_path / "survey.npz")
    back = Survey.load(tmp_path / "survey.npz")
    for name in ("points", "frames", "clips"):
        np.testing.assert_array_equal(getattr(back, name), getattr(survey, name))


def test_random_frames_are_whole_frames_and_drawn_without_repetition():
    """Every frame has its own number of fixations, a power of two: the sum says which were drawn."""
    survey = Survey.join(clips([[1, 2, 4], [8, 16]]))
    totals = [survey.of_random_frames(np.random.default_rng(i), 6, 6, count=2).sum() for i in range(200)]
    assert {bin(int(total)).count("1") for total in totals} == {2}
    assert len(set(totals)) == 10  # all pairs of five frames
    assert survey.of_random_frames(np.random.default_rng(0), 6, 6, count=99).sum() == 31


def test_the_prior_is_a_density_that_allows_every_place():
    others = np.zeros((36, 64), np.float32)
    others[18, 32] = 5
    prior = centre_prior(others)
    assert prior.sum() == pytest.approx(1, abs=1e-5)
    assert prior.min() > 0
    assert prior.argmax() == 18 * 64 + 32
