"""The plan of a whole video: shots, and which are shown whole."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from tased.apps.crop import largest_crop
from tased.apps.crop_track import CROP_ABOVE, WHOLE_BELOW, crop_track
from tased.predict.maps import SaliencyMap

CROP = largest_crop(96, 54, Fraction(9, 16))


def maps(*shots, frames=20):
    """Maps of shots, each given as the columns of 96 that are looked at, and which frames begin one."""
    found, cuts = [], []
    for columns in shots:
        values = torch.zeros(54, 96)
        values[20:30, list(columns)] = 1.0
        for frame in range(frames):
            found.append(SaliencyMap(values, len(found), len(found) / 25))
            cuts.append(frame == 0 and len(cuts) > 0)
    return found, cuts


def test_each_shot_has_its_own_path():
    track = crop_track(*maps(range(5, 15), range(80, 90)), CROP)
    assert [(s.start, s.stop) for s in track.shots] == [(0, 20), (20, 40)]
    assert set(track.moved[:20]) == {0}
    assert set(track.moved[20:]) == {66}
    np.testing.assert_allclose(track.kept, 1)
    np.testing.assert_allclose(track.best, 1)
    np.testing.assert_allclose(track.centre, 0)
    assert not track.whole.any()


def test_kept_is_that_of_the_pixels():
    found, cuts = maps(range(0, 96, 3), range(20, 70))
    track = crop_track(found, cuts, CROP)
    for m, moved, kept in zip(found, track.moved, track.kept, strict=True):
        x, y = CROP.place(int(moved))
        values = m.values.numpy()
        inside = values[y : y + CROP.height, x : x + CROP.width].sum() / values.sum()
        assert kept == pytest.approx(inside, abs=2e-3)


def test_spread_attention_shows_the_whole_and_stays_so_for_a_while():
    """A shot between the two thresholds goes on as the one before it."""
    narrow, wide = range(40, 50), range(0, 96)
    between = [*range(10, 20), *range(62, 70)]  # a crop holds 10 of 18 columns
    assert WHOLE_BELOW < 10 / 18 < CROP_ABOVE
    order = (between, narrow, between, wide, between, wide, narrow, between)
    track = crop_track(*maps(*order, frames=3), CROP)
    whole = [bool(track.whole[shot.start]) for shot in track.shots]
    assert whole == [False, False, False, True, True, True, False, False]
    assert all(len(set(track.whole[shot])) == 1 for shot in track.shots)
    assert not crop_track(*maps(*order, frames=3), CROP, fallback="never").whole.any()


def test_maps_may_end_before_the_frames():
    """As they do for a truncated video: nothing is asked of the frames beyond."""
    found, cuts = maps(range(5))

    def until():
        yield from cuts
        raise AssertionError("a frame too many")

    assert len(crop_track(found, until(), CROP).moved) == 20


def test_a_map_of_nothing_keeps_the_middle():
    track = crop_track([SaliencyMap(torch.zeros(9, 16), 0, 0.0)], [False], CROP, fallback="never")
    assert track.moved.tolist() == [33]
    np.testing.assert_allclose(track.kept, 30 / 96, atol=1e-3)
