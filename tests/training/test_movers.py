"""Pasted things that move: they are where they say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.train.handmade import HandmadeClip
from training.movers import MOST, CutOut, Mover, plan, write

from tased.train.samples import View
from tased.video.read import open_video


@pytest.fixture
def pictures(tmp_path):
    """A gray one, and one of a bright dot on black."""
    Image.fromarray(np.full((60, 90, 3), 128, np.uint8)).save(tmp_path / "gray.png")
    dot = np.zeros((50, 80, 3), np.uint8)
    dot[20:30, 30:40] = 255
    Image.fromarray(dot).save(tmp_path / "dot.png")
    return tmp_path / "gray.png", tmp_path / "dot.png"


WHOLE = View(0, 0, 1, 1)


def mover(picture, *cut_outs, background=None, views=(WHOLE, WHOLE)):
    return Mover(background or picture, views, cut_outs, 30, 60, 100)


def cut_out(picture, start, velocity, radius=0.2):
    """The dot, whose radius is a quarter of the cut-out's."""
    return CutOut(picture, (25 / 50, 35 / 80), 0.4, radius, start, velocity)


def brightest(pixels):
    """Centre of what is brighter than the background."""
    rows, columns = np.nonzero(pixels[..., 0] > 200)
    return (rows.mean() + 0.5) / pixels.shape[0], (columns.mean() + 0.5) / pixels.shape[1]


def test_what_moves_is_where_it_says(pictures):
    gray, dot = pictures
    moving = cut_out(dot, (0.7, 0.2), (0.0, 0.5))
    for frame in mover(gray, moving):
        down, across = moving.place(frame.index / 25)
        assert (down, across) == (0.7, pytest.approx(0.2 + 0.5 * frame.index / 25))
        assert brightest(frame.pixels) == pytest.approx((down, across), abs=0.01)


def test_a_small_cut_out_is_a_smaller_picture_of_the_same(pictures):
    gray, dot = pictures
    areas = []
    for radius in (0.4, 0.2):
        frame = next(iter(mover(gray, cut_out(dot, (0.5, 0.5), (0, 0), radius))))
        areas.append((frame.pixels[..., 0] > 190).sum())
        changed = np.nonzero(frame.pixels[..., 0] != 128)
        assert np.ptp(changed[0]) == pytest.approx(2 * radius * 60, abs=2)
    assert areas[0] / areas[1] == pytest.approx(4, rel=0.3)


def test_the_later_one_is_in_front(pictures):
    gray, dot = pictures
    here = (0.5, 0.5)
    other = CutOut(gray, (0.5, 0.5), 0.2, 0.2, here, (0, 0))
    assert (next(iter(mover(gray, cut_out(dot, here, (0, 0)), other))).pixels[30, 50] == 128).all()
    assert (next(iter(mover(gray, other, cut_out(dot, here, (0, 0))))).pixels[30, 50] > 200).all()


def test_it_turns_round_at_the_borders():
    moving = cut_out(Path(), (0.9, 0.1), (0.3, -0.3))
    places = np.array([moving.place(t) for t in np.arange(0, 20, 0.01)])
    assert 0 <= places.min() < 0.01
    assert 0.99 < places.max() <= 1
    steps = np.abs(np.diff(places, axis=0))
    assert steps.max() == pytest.approx(0.003)
    assert moving.place(0) == pytest.approx((0.9, 0.1))


def test_what_stands_goes_with_the_background(pictures):
    """The camera goes down and to the right by a third of what it sees: what stands up and to the left."""
    gray, dot = pictures
    views = View(0, 0, 0.6, 0.6), View(0.2, 0.2, 0.6, 0.6)
    standing = cut_out(dot, (0.6, 0.7), None)
    made = mover(gray, standing, views=views)
    assert made.place(standing, 0) == (0.6, 0.7)
    assert made.place(standing, 29) == pytest.approx((0.6 - 1 / 3, 0.7 - 1 / 3))
    *_, last = made
    assert brightest(last.pixels) == pytest.approx(made.place(standing, 29), abs=0.01)
    away = mover(gray, cut_out(dot, (-0.5, 0.5), None), views=views)
    assert all((frame.pixels == 128).all() for frame in away)


def test_plans_are_of_their_number(pictures, tmp_path):
    class Picture(HandmadeClip):
        @property
        def video_path(self):
            return pictures[1]

    clips = [Picture(str(i), 1) for i in range(4)]  # fewer than cut-outs
    made = [plan(clips, number, frames=6, rows=48, columns=64) for number in range(60)]
    assert made[3] == plan(clips, 3, frames=6, rows=48, columns=64)
    assert len(set(made)) == 60
    assert {len(m.cut_outs) for m in made} == set(range(2, MOST + 1))
    row, column = np.unravel_index(clips[0].density(0).argmax(), (20, 30))
    cut_outs = [one for m in made for one in m.cut_outs]
    assert {one.centre for one in cut_outs} == {((row + 0.5) / 20, (column + 0.5) / 30)}
    velocities = [one.velocity for one in cut_outs]
    assert 0.3 < np.mean([one is None for one in velocities]) < 0.5
    assert 0.04 < np.mean([one == (0, 0) for one in velocities]) < 0.15
    assert 0.2 < np.mean([m.views[0] == m.views[1] for m in made]) < 0.6
    assert all(0 <= v.top <= v.top + v.height <= 1 for m in made for v in m.views)
    write(made[3], tmp_path / "clip.mp4", made[3].rows, made[3].columns)
    written = [frame.pixels.astype(float) for frame in open_video(tmp_path / "clip.mp4")]
    for frame, pixels in zip(made[3], written, strict=True):
        assert np.abs(frame.pixels - pixels).mean() < 6  # of the codec
