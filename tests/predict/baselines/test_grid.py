import numpy as np
import pytest
from skimage.color import rgb2ycbcr

from tased.predict.baselines.grid import luma, map_values, resize, shrink, unit_range, working_size


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(360, 640, (36, 64)), (640, 360, (64, 36)), (64, 64, (64, 64)), (1, 4000, (8, 64)), (4000, 1, (64, 8))],
)
def test_the_longer_side_sets_the_size(height, width, expected):
    assert working_size(height, width, longest=64) == expected


def test_shrinking_keeps_the_mean(noise):
    picture = noise(256, 256)
    small = shrink(picture, longest=32)
    assert small.shape == (3, 32, 32)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), picture.mean(axis=(0, 1)) / 255, atol=0.02)


@pytest.mark.parametrize("size", [(900, 1600), (1080, 700), (1, 2000)])
def test_large_frames_are_shrunk_as_in_one_step(noise, size):
    picture = noise(*size)
    small = shrink(picture, longest=64)
    at_once = resize(np.moveaxis(picture, -1, 0).astype(np.float32), small.shape[1:]) / 255
    assert np.abs(small - at_once).mean() < 0.01


def test_luma_is_that_of_another_library(noise):
    picture = noise(32, 32)
    expected = (rgb2ycbcr(picture)[..., 0] - 16) / 219
    np.testing.assert_allclose(luma(shrink(picture, longest=32)), expected, atol=1e-5)


def test_a_plane_that_prefers_no_place_is_one_half():
    assert (unit_range(np.full((4, 4), 7.0)) == 0.5).all()
    assert (map_values(np.zeros((4, 4))) == 0.5).all()
