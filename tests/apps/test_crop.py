"""The window and what it holds, counted pixel by pixel."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tased.apps.crop import aspect_of, kept_along, largest_crop
from tased.errors import UsageError

ASPECTS = [Fraction(9, 16), Fraction(1), Fraction(4, 5), Fraction(16, 9), Fraction(21, 9), Fraction(1, 50)]


@settings(deadline=None)
@given(st.integers(2, 5000), st.integers(2, 5000), st.sampled_from(ASPECTS))
def test_it_is_inside_even_and_as_large_as_can_be(width, height, aspect):
    try:
        crop = largest_crop(width, height, aspect)
    except UsageError:
        assert abs(width - height * aspect) <= 2 * max(1, aspect) + 1  # it has that aspect, but for a pixel
        return
    assert crop.width % 2 == crop.height % 2 == 0
    assert 2 <= crop.width <= width
    assert 2 <= crop.height <= height
    assert crop.width >= width - 1 or crop.height >= height - 1
    if min(crop.width, crop.height) > 2:
        assert abs(crop.width - crop.height * aspect) <= 2 * max(1, aspect)
    for moved in (0, crop.room):
        x, y = crop.place(moved)
        assert 0 <= x <= width - crop.width
        assert 0 <= y <= height - crop.height
    assert crop.room > 0


def test_known_windows():
    tall = largest_crop(1920, 1080, Fraction(9, 16))
    assert (tall.width, tall.height, tall.room, tall.moves_across) == (608, 1080, 1312, True)
    wide = largest_crop(1080, 1920, Fraction(16, 9))
    assert (wide.width, wide.height, wide.room, wide.moves_across) == (1080, 608, 1312, False)
    assert tall.place(100) == (100, 0)
    assert wide.place(100) == (0, 100)


@settings(deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from([(36, 64), (35, 61), (61, 35), (20, 20)]), st.sampled_from(ASPECTS)
)
def test_what_it_holds_is_the_sum_of_its_pixels(seed, size, aspect):
    """A density of the frame's own size, and every whole pixel as a position."""
    rows, columns = size
    try:
        crop = largest_crop(columns, rows, aspect)
    except UsageError:
        return
    density = np.random.default_rng(seed).uniform(size=size)
    density /= density.sum()
    expected = []
    for moved in range(crop.room + 1):
        x, y = crop.place(moved)
        expected.append(
            sum(density[r, c] for r in range(y, y + crop.height) for c in range(x, x + crop.width))
        )
    np.testing.assert_allclose(kept_along(density, crop, crop.room + 1), expected, atol=1e-12)


def test_a_density_of_another_size_is_even_within_its_pixels():
    crop = largest_crop(96, 64, Fraction(9, 16))
    small = np.random.default_rng(0).uniform(size=(8, 12))
    small /= small.sum()
    large = np.kron(small, np.ones((8, 8)) / 64)
    np.testing.assert_allclose(kept_along(small, crop, 31), kept_along(large, crop, 31), atol=1e-12)


@pytest.mark.parametrize("text", ["0:1", "1:0", "9", "9x16", "-1:2", "1.5:1", "", "9:16:1", "100000:1"])
def test_aspects_that_are_none(text):
    with pytest.raises(UsageError, match="WIDTH:HEIGHT"):
        aspect_of(text)


def test_aspects():
    assert aspect_of("9:16") == Fraction(9, 16)
    assert aspect_of("10:10") == 1


@pytest.mark.parametrize(
    ("width", "height", "aspect"), [(1920, 1080, "16:9"), (64, 64, "1:1"), (65, 64, "1:1")]
)
def test_nothing_to_crop(width, height, aspect):
    with pytest.raises(UsageError, match="nothing to crop"):
        largest_crop(width, height, aspect_of(aspect))


def test_too_small():
    with pytest.raises(UsageError, match="too small"):
        largest_crop(1, 100, Fraction(1))
