"""Pictures in which something stirs: it moves as it says, and nothing else does."""

import numpy as np
import pytest
from PIL import Image
from tests.train.handmade import HandmadeClip
from training.movers import write
from training.stirred import Stir, Stirred, Swing, plan

from tased.train.samples import View
from tased.video.read import open_video

WHOLE = View(0, 0, 1, 1)
CALM = Swing((0, 0), 1, 0)


@pytest.fixture
def dot(tmp_path):
    """A bright dot in the middle of a black picture, and one in a corner."""
    pixels = np.zeros((120, 160, 3), np.uint8)
    pixels[56:64, 76:84] = 255
    pixels[4:12, 4:12] = 255
    Image.fromarray(pixels).save(tmp_path / "dot.png")
    return tmp_path / "dot.png"


def centre_of(pixels):
    rows, columns = np.nonzero(pixels[..., 0] > 100)
    return rows.mean(), columns.mean()


def test_the_middle_of_what_stirs_is_where_it_says_and_the_rest_stays(dot):
    swings = (Swing((0.1, 0.0), 1.0, 0.0), Swing((0.0, 0.05), 2.0, 1.0))
    clip = Stirred(dot, (WHOLE, WHOLE), (Stir((0.5, 0.5), 0.4, swings),), 25, 120, 160)
    for frame in clip:
        seconds = frame.index / 25
        down = 0.1 * np.sin(2 * np.pi * seconds)
        across = 0.05 * np.sin(4 * np.pi * seconds + 1)
        assert clip.stirs[0].shift(seconds) == pytest.approx((down, across))
        # The dot is pulled along by what its new place is moved by, which is a little less than the middle.
        found = centre_of(frame.pixels[20:, 20:])
        moved = (found[0] + 20 - 59.5) / 120, (found[1] + 20 - 79.5) / 120
        assert moved == pytest.approx((down, across), abs=0.022)
        assert np.sign(moved[0]) == np.sign(round(down, 2)) or abs(down) < 0.01
        assert centre_of(frame.pixels[:20, :20]) == (7.5, 7.5)


def test_the_camera_goes_straight_from_its_first_view_to_its_last(dot):
    views = View(0, 0, 0.5, 0.5), View(0.4, 0.2, 0.5, 0.5)
    clip = Stirred(dot, views, (Stir((0.5, 0.5), 0.2, (CALM, CALM)),), 9, 60, 80)
    first, *_, last = [frame.pixels for frame in clip]
    picture = np.asarray(Image.open(dot))
    assert np.array_equal(first, picture[:60, :80])
    assert np.array_equal(last, picture[48:108, 32:112])


def test_plans_are_of_their_number_and_fold_nothing_over(dot, tmp_path):
    class Picture(HandmadeClip):
        @property
        def video_path(self):
            return dot

    clips = [Picture(str(i), 1) for i in range(4)]
    made = [plan(clips, number, frames=6, rows=48, columns=64) for number in range(60)]
    assert made[3] == plan(clips, 3, frames=6, rows=48, columns=64)
    assert len(set(made)) == 60
    row, column = np.unravel_index(clips[0].density(0).argmax(), (20, 30))
    looked_at = ((row + 0.5) / 20, (column + 0.5) / 30)
    assert 0.3 < np.mean([clip.stirs[0].centre == looked_at for clip in made]) < 0.9
    assert 0.2 < np.mean([clip.views[0] == clip.views[1] for clip in made]) < 0.6
    # How much a part moves falls by at most 8 / (3 sqrt 3) of its middle's reach over a radius.
    for stir in (stir for clip in made for stir in clip.stirs):
        furthest = sum(np.hypot(*swing.reach) for swing in stir.swings)
        assert furthest / stir.radius * 8 / (3 * np.sqrt(3)) < 0.7
    write(made[3], tmp_path / "clip.mp4", made[3].rows, made[3].columns)
    written = [frame.pixels.astype(float) for frame in open_video(tmp_path / "clip.mp4")]
    for frame, pixels in zip(made[3], written, strict=True):
        assert np.abs(frame.pixels - pixels).mean() < 6  # of the codec
