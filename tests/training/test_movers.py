"""Pasted things that move: they are where the density says."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.train.handmade import HandmadeClip
from training.movers import CutOut, Mover, plan, write

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


def mover(pictures, *, still=(0.2, 0.5), last=0.0):
    gray, dot = pictures
    cut = ((25 / 50, 35 / 80), 0.2)
    views = (View(0, 0, 0.6, 0.6), View(last, last, 0.6, 0.6))
    return Mover(
        gray, views, CutOut(dot, *cut, (0.7, 0.2), (0.0, 0.5)), CutOut(dot, *cut, still, (0, 0)), 30, 60, 100
    )


def brightest(pixels):
    """Centre of what is brighter than the background."""
    rows, columns = np.nonzero(pixels[..., 0] > 200)
    return (rows.mean() + 0.5) / pixels.shape[0], (columns.mean() + 0.5) / pixels.shape[1]


def test_what_moves_is_where_it_says_and_there_people_look(pictures):
    made = mover(pictures, still=(9.0, 9.0))  # out of sight
    even = np.full((15, 25), 1 / 375, np.float32)
    for frame in made:
        if frame.index % 7:
            continue
        down, across = made.moving.place(frame.index / 25)
        assert (down, across) == (0.7, pytest.approx(0.2 + 0.5 * frame.index / 25))
        assert brightest(frame.pixels) == pytest.approx((down, across), abs=0.01)
        density = made.raised(even, frame.index)
        assert density.sum() == pytest.approx(1, abs=1e-4)
        row, column = np.unravel_index(density.argmax(), density.shape)
        assert abs((row + 0.5) / 15 - down) < 0.05
        assert abs((column + 0.5) / 25 - across) < 0.05
        assert density.min() == pytest.approx(0.5 / 375, rel=0.01)


def test_it_turns_round_at_the_borders():
    cut_out = CutOut(Path(), (0, 0), 0.1, (0.9, 0.1), (0.3, -0.3))
    places = np.array([cut_out.place(t) for t in np.arange(0, 20, 0.01)])
    assert 0 <= places.min() < 0.01
    assert 0.99 < places.max() <= 1
    steps = np.abs(np.diff(places, axis=0))
    assert steps.max() == pytest.approx(0.003)
    assert cut_out.place(0) == pytest.approx((0.9, 0.1))


def test_what_is_still_goes_with_the_background(pictures):
    """The camera goes down and to the right by a third of what it sees: the still one up and to the left."""
    made = mover(pictures, still=(0.6, 0.7), last=0.2)
    assert made.pinned(0) == (0.6, 0.7)
    assert made.pinned(29) == pytest.approx((0.6 - 1 / 3, 0.7 - 1 / 3))


def test_plans_are_of_their_number(pictures, tmp_path):
    class Picture(HandmadeClip):
        @property
        def video_path(self):
            return pictures[1]

    clips = [Picture(str(i), 1) for i in range(4)]
    made = [plan(clips, number, frames=6, rows=48, columns=64) for number in range(20)]
    assert made[3] == plan(clips, 3, frames=6, rows=48, columns=64)
    assert len({m.moving.velocity for m in made}) == 20
    row, column = np.unravel_index(clips[0].density(0).argmax(), (20, 30))
    assert made[0].moving.centre == ((row + 0.5) / 20, (column + 0.5) / 30)
    assert all(0 <= v.top <= v.top + v.height <= 1 for m in made for v in m.views)
    write(made[3], tmp_path / "clip.mp4", made[3].rows, made[3].columns)
    written = [frame.pixels.astype(float) for frame in open_video(tmp_path / "clip.mp4")]
    for frame, pixels in zip(made[3], written, strict=True):
        assert np.abs(frame.pixels - pixels).mean() < 6  # of the codec
