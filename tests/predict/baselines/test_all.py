"""Laws that hold for every training-free predictor."""

import math

import numpy as np
import pytest
import torch

from tased.predict.baselines.centre import Centre
from tased.predict.baselines.gbvs import GBVS
from tased.predict.baselines.motion import Motion
from tased.predict.baselines.spectral import SpectralResidual
from tased.predict.maps import SaliencyMap
from tased.predict.shot import Model
from tased.video.frame import Frame

MODELS: list[Model] = [Centre(), Motion(), SpectralResidual(), GBVS()]

pytestmark = pytest.mark.parametrize("model", MODELS, ids=[model.name for model in MODELS])


def maps_of(model, frames, wanted=None):
    shot = model.shot()
    made = []
    for frame in frames:
        made += shot.push(frame, wanted=wanted is None or frame.index in wanted)
    return made + shot.drain()


def check(made: SaliencyMap):
    assert made.values.shape == (224, 384)
    assert made.values.dtype == torch.float32
    assert torch.isfinite(made.values).all()
    assert made.values.min() >= 0
    assert made.values.max() <= 1
    assert made.values.sum() > 0


def test_every_frame_has_its_map_at_once(model, frames, noise):
    shot = model.shot()
    for frame in frames([noise(90, 160, seed) for seed in range(3)]):
        (made,) = shot.push(frame)
        check(made)
        assert (made.index, made.seconds) == (frame.index, frame.seconds)
    assert shot.drain() == []


@pytest.mark.parametrize("size", [(1, 640), (640, 1), (1, 1), (2, 3), (32, 32), (37, 61), (480, 270)])
def test_any_size_gets_a_map(model, frames, noise, size):
    for made in maps_of(model, frames([noise(*size, seed=seed) for seed in range(3)])):
        check(made)


def test_a_4k_frame_gets_a_map(model, frames, noise):
    for made in maps_of(model, frames([noise(2160, 3840)])):
        check(made)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_blank_video_gets_a_finite_map(model, frames, shade):
    for made in maps_of(model, frames([np.full((90, 160, 3), shade)] * 4)):
        check(made)


def test_a_gray_video_gets_a_map(model, frames, noise):
    gray = [np.repeat(noise(90, 160, seed)[..., :1], 3, axis=-1) for seed in range(4)]
    for made in maps_of(model, frames(gray)):
        check(made)


def test_a_black_frame_amid_others_does_no_lasting_harm(model, frames, noise):
    pictures = [noise(90, 160), np.zeros((90, 160, 3)), noise(90, 160), noise(90, 160)]
    for made in maps_of(model, frames(pictures)):
        check(made)


def test_a_mirrored_video_gets_mirrored_maps(model, frames, noise):
    pictures = [np.roll(noise(90, 160), 2 * i, axis=1) for i in range(4)]
    pictures = [paint(picture, 30, 20 + 5 * i) for i, picture in enumerate(pictures)]
    made = maps_of(model, frames(pictures))
    mirrored = maps_of(model, frames([picture[:, ::-1] for picture in pictures]))
    # A Reichardt detector's two inputs lie on one pixel and the next: mirroring moves it by half a pixel.
    tolerance = 0.08 if model.name == "gbvs" else 0.01
    for left, right in zip(made, mirrored, strict=True):
        torch.testing.assert_close(left.values.flip(1), right.values, atol=tolerance, rtol=0)


def paint(picture, row, column):
    painted = picture.copy()
    painted[row : row + 16, column : column + 16] = (250, 30, 30)
    return painted


def test_the_same_frames_give_the_same_maps(model, frames, noise):
    seen = frames([noise(90, 160, seed) for seed in range(4)])
    for first, second in zip(maps_of(model, seen), maps_of(model, seen), strict=True):
        assert torch.equal(first.values, second.values)


def test_unwanted_frames_are_seen_but_get_no_map(model, frames, noise):
    seen = frames([paint(noise(90, 160), 30, 10 + 6 * i) for i in range(8)])
    every = maps_of(model, seen)
    some = maps_of(model, seen, wanted={3, 7})
    assert [made.index for made in some] == [3, 7]
    for made in some:
        assert torch.equal(made.values, every[made.index].values)


def test_shots_do_not_know_each_other(model, frames, noise):
    first, second = frames([noise(90, 160, 1)] * 3), frames([noise(90, 160, 2)] * 3)
    alone = maps_of(model, second)
    shot, other = model.shot(), model.shot()
    for one, two, expected in zip(first, second, alone, strict=True):
        shot.push(one)
        (made,) = other.push(two)
        assert torch.equal(made.values, expected.values)


def test_frames_without_times_get_maps(model, noise):
    untimed = [Frame(paint(noise(90, 160), 30, 10 + 6 * i), i, math.nan) for i in range(4)]
    for made in maps_of(model, untimed):
        check(made)
        assert math.isnan(made.seconds)


def test_timestamps_that_stand_still_or_run_back_do_no_harm(model, noise):
    seconds = [5.0, 5.0, 5.0, 4.0, 4.04]
    odd = [Frame(paint(noise(90, 160), 30, 10 + 6 * i), i, at) for i, at in enumerate(seconds)]
    for made in maps_of(model, odd):
        check(made)
