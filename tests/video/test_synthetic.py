import hashlib
from itertools import islice, pairwise

import numpy as np
import pytest

from tased.errors import UsageError
from tased.video.synthetic import Scene, clip


def digest(frames):
    pixels = hashlib.sha256()
    for frame in frames:
        pixels.update(frame.pixels.tobytes())
    return pixels.hexdigest()


def small(**changes):
    return clip(**{"frames": 6, "height": 90, "width": 160, **changes})


def test_a_seed_is_a_clip():
    assert digest(small(seed=3)) == digest(small(seed=3))
    assert digest(small(seed=3)) != digest(small(seed=4))


def test_frames_can_be_had_in_any_order():
    scene = Scene(frames=6, height=90, width=160)
    inorder = list(small())
    for index in (5, 0, 3):
        np.testing.assert_array_equal(scene.frame(index).pixels, inorder[index].pixels)


def test_frames_know_their_index_and_time():
    frames = list(small(rate=50.0))
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.seconds for frame in frames] == pytest.approx([0.02 * i for i in range(6)])


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (101, 64), (64, 300), (300, 50), (720, 1280)])
def test_any_size_is_drawn(size):
    for frame in clip(frames=2, height=size[0], width=size[1]):
        assert frame.pixels.shape == (*size, 3)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.std() > 20


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UsageError, match="31x100"):
        clip(height=100, width=31)
    with pytest.raises(UsageError, match="0 frames"):
        clip(frames=0)
    with pytest.raises(UsageError, match=r"0\.0 a second"):
        clip(rate=0.0)


def test_a_clip_of_a_day_starts_at_once():
    frames = clip(frames=25 * 86400, height=90, width=160)
    assert [frame.index for frame in islice(frames, 3)] == [0, 1, 2]


# Hue of each object that nothing else in the scene has: (least red, most red), green, blue.
COLOURS = {
    "balloon": ((110, 255), (0, 75), (0, 70)),
    "kite": ((90, 255), (0, 70), (50, 160)),
    "ball": ((0, 60), (0, 90), (90, 255)),
    "pinwheel": ((150, 255), (60, 255), (0, 60)),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("index", [0, 37, 99])
def test_objects_are_where_they_are_said_to_be(seed, index):
    scene = Scene(seed=seed)
    pixels = scene.frame(index).pixels.astype(int)
    bodies = scene.bodies(index)
    for number, body in enumerate(bodies):
        if any(overlap(body, other) for other in bodies[:number] + bodies[number + 1 :]):
            continue
        mask = np.all(
            [
                (pixels[..., c] >= low) & (pixels[..., c] <= high)
                for c, (low, high) in enumerate(COLOURS[body.name])
            ],
            axis=0,
        )
        y, x = np.nonzero(mask)
        near = np.hypot(x - body.x * 640, y - body.y * 360) < 2.5 * body.radius * 360
        assert near.sum() > 50, body
        centroid = np.array([y[near].mean(), x[near].mean()])
        off = np.hypot(*(centroid - (body.y * 360, body.x * 640))) / (body.radius * 360)
        assert off < 0.6, body


def overlap(one, other):
    reach = 2.6 * (one.radius + other.radius)
    return abs(one.y - other.y) < reach and abs(one.x - other.x) * 16 / 9 < reach


def test_objects_stay_in_the_frame_and_move_smoothly():
    for seed in range(10):
        scene = Scene(seed=seed, frames=400)
        for before, now in pairwise([scene.bodies(i) for i in range(400)]):
            for body in now:
                assert 0 < body.x < 1
                assert 0 < body.y < 1
            for earlier, later in zip(before, now, strict=False):
                assert earlier.name == later.name
                assert np.hypot(earlier.x - later.x, earlier.y - later.y) < 0.03


def test_one_object_appears_suddenly():
    scene = Scene(frames=20, height=180, width=320)
    names = [[body.name for body in scene.bodies(i)] for i in range(20)]
    assert [i for i, seen in enumerate(names) if "pinwheel" in seen] == list(range(scene.appearance, 20))
    before, at, after = (
        scene.frame(i).pixels.astype(int) for i in range(scene.appearance - 1, scene.appearance + 2)
    )
    (pinwheel,) = [body for body in scene.bodies(scene.appearance) if body.name == "pinwheel"]
    row, column = round(pinwheel.y * 180), round(pinwheel.x * 320)
    there = (slice(row - 8, row + 9), slice(column - 8, column + 9))
    assert np.abs(at - before)[there].mean() > 40
    assert np.abs(at - before)[there].mean() > 2 * np.abs(after - at)[there].mean()


def test_the_camera_pans():
    scene = Scene(height=180, width=320)
    first, later = (scene.frame(i).pixels[140:].astype(float).mean(axis=-1) for i in (0, 5))
    shift = round(5 / 25 * 0.16 * 180 * 1.4)  # the lower meadow is nearer than its middle
    moved = [np.abs(first[:, 40:-40] - later[:, 40 - s : -40 - s]).mean() for s in range(-20, 21)]
    assert abs((np.argmin(moved) - 20) - shift) <= 3
