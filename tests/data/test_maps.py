"""Maps of fixations against the definition, one pixel at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tased.data.layouts import open_data_set
from tased.data.maps import ACTIONS, DHF1K_SIGMA, Gaussian, gaussian_density, relative, visual_angle
from tased.data.write_maps import write_maps
from tased.errors import UsageError

ROWS, COLUMNS = 7, 9
places = st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), max_size=5)


def by_hand(fixations, sigma, reach):
    total = [[0.0] * COLUMNS for _ in range(ROWS)]
    for row in range(ROWS):
        for column in range(COLUMNS):
            for y, x in fixations:
                if max(abs(row - y), abs(column - x)) <= reach:
                    total[row][column] += math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * sigma**2))
    peak = max(max(line) for line in total) or 1
    return [[value / peak for value in line] for line in total]


@given(places, st.floats(0.3, 5), st.none() | st.integers(0, 4))
def test_density_is_its_definition(fixations, sigma, reach):
    array = np.array(fixations, dtype=np.int64).reshape(-1, 2)
    found = gaussian_density(array, ROWS, COLUMNS, Gaussian(sigma, reach))
    np.testing.assert_allclose(found, by_hand(fixations, sigma, 99 if reach is None else reach), atol=1e-12)


def test_the_widths_of_the_data_sets():
    assert relative(DHF1K_SIGMA, 640).sigma == pytest.approx(12.74, abs=0.005)
    # Half of the maximum is reached 15 px from the middle: the full width there is 30 px.
    line = gaussian_density(np.array([[0, 320]]), 1, 640, relative(DHF1K_SIGMA, 640))[0]
    assert line[335] == pytest.approx(0.5)
    assert Gaussian(20, reach=75) == ACTIONS


def test_degrees_become_pixels():
    assert visual_angle(1.5, 40) == Gaussian(60)


@pytest.mark.parametrize("sigma", [0, -1, math.nan, math.inf])
def test_widths_that_cannot_be(sigma):
    with pytest.raises(UsageError, match="sigma"):
        Gaussian(sigma)
    with pytest.raises(UsageError, match="degree"):
        visual_angle(1, sigma)


def test_written_maps_are_the_densities(made, tmp_path):
    data = open_data_set("hollywood2", made("hollywood2"))
    told = []
    assert write_maps(data, tmp_path, gaussian=Gaussian(3), report=lambda *at: told.append(at)) == 12
    clip = data.clips()[0]
    assert told[-1] == (clip.name, 12, 12)
    for index, name in enumerate(clip.frame_names):
        density = gaussian_density(clip.truth(index).fixations, 48, 64, Gaussian(3))
        with Image.open(tmp_path / clip.name / f"{name}.png") as picture:
            assert np.array_equal(np.asarray(picture), np.rint(255 * density))


@pytest.mark.parametrize("layout", ["dhf1k", "hollywood2", "ucfsports"])
def test_a_data_sets_own_maps_are_made_again(layout, made, tmp_path):
    """What `write_maps` makes is what was distributed, at 16 bits as at 8."""
    data = open_data_set(layout, made(layout))
    write_maps(data, tmp_path, bits=16)
    clip = data.clips()[0]
    for index in (0, 5):
        with Image.open(tmp_path / clip.name / f"{clip.frame_names[index]}.png") as picture:
            found = np.asarray(picture) / 65535
        assert np.abs(found - clip.truth(index).density / 255).max() <= 0.5 / 255 + 1e-4


def test_a_table_has_the_map_of_its_gaze(made):
    clip = open_data_set("table", made("table")).clips()[0]
    truth = clip.truth(4)
    expected = gaussian_density(truth.fixations, 48, 64, Gaussian(64 / 640 * 30 / 2.354820045))
    np.testing.assert_allclose(truth.density, expected, atol=1e-6)


def test_the_challenge_does_not_say_its_width(made, tmp_path):
    data = open_data_set("challenge", made("challenge"))
    with pytest.raises(UsageError, match="does not say"):
        write_maps(data, tmp_path)
    assert write_maps(data, tmp_path, gaussian=Gaussian(2)) == 24


def test_fixations_outside_are_on_no_map_and_told(copied, tmp_path, caplog):
    path = copied("table")
    with (path / "gaze.csv").open("a") as file:
        file.write("clip-1,o01,0,80,-5,20\n")
    data = open_data_set("table", path)
    write_maps(data, tmp_path / "maps")
    assert "clip-1: 2 fixations lie outside the frame and are on no map" in caplog.text
    assert "more-1" not in caplog.text
