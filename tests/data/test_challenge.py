"""The challenges' format: fixations.json, gray movies of 10 bits, and lists of splits."""

import json
import shutil
from fractions import Fraction

import av
import numpy as np
import pytest
from tests.media import flats, write_video, yuv

from tased.data.gray_movie import GrayMovieReader, gray_frames
from tased.data.layouts import open_data_set
from tased.data.maps import DHF1K_SIGMA, gaussian_density, relative
from tased.errors import DataError
from tased.video.write_movie import GrayMovie


def first(path):
    return open_data_set("challenge", path).clips()[0]


def fixations_file(path):
    return path / "FixationsTest/Test/test_1/fixations.json"


def test_maps_keep_their_ten_bits(made):
    clip = first(made("challenge"))
    for index in range(clip.frames):
        truth = clip.truth(index)
        expected = gaussian_density(truth.fixations, 48, 64, relative(DHF1K_SIGMA, 64))
        assert np.abs(truth.density - expected).max() <= 0.5 / 1023 + 1e-6


def test_maps_are_read_in_any_order(made):
    clip = first(made("challenge"))
    forwards = [clip.density(index) for index in range(12)]
    for index in (3, 11, 0, 0, 7, 6):
        assert np.array_equal(clip.density(index), forwards[index])


@pytest.mark.parametrize("codec", ["ffv1", "h264"])
def test_luma_is_read_whatever_stores_it(codec, tmp_path):
    ramp = np.tile(np.linspace(0, 1, 64), (48, 1))
    with GrayMovie(tmp_path / "map.mkv", rate=Fraction(25), codec=codec) as movie:
        movie.write(ramp, 0, 0.0)
    (found,) = gray_frames(tmp_path / "map.mkv")
    assert np.abs(found - ramp).max() <= (1.51 / 255 if codec == "h264" else 0.51 / 1023)


@pytest.mark.parametrize("tags", [None, (1, 1)], ids=["untagged", "limited"])
def test_black_of_a_limited_range_is_zero(tags, tmp_path):
    """16 is black and 235 is white: what lies beyond is cut off."""
    frames = [yuv(y, 128, 128) for y in (16, 235, 125, 5)]
    write_video(tmp_path / "map.mp4", frames, tags=tags, options={"qp": "0"})
    levels = [float(np.median(found)) for found in gray_frames(tmp_path / "map.mp4")]
    assert levels == pytest.approx([0, 1, (125 - 16) / 219, 0], abs=1 / 219)


def test_a_movie_without_gray_is_refused(tmp_path):
    write_video(tmp_path / "map.avi", flats(2), codec="rawvideo", pixels="rgb24")
    with pytest.raises(DataError, match="maps are gray"):
        list(gray_frames(tmp_path / "map.avi"))


@pytest.mark.parametrize("content", [b"", b"no movie"], ids=["empty", "text"])
def test_a_movie_that_is_none(content, copied):
    path = copied("challenge")
    (path / "SaliencyTest/Test/test_1.mp4").write_bytes(content)
    with pytest.raises((DataError, ValueError), match=r"test_1\.mp4"):
        first(path).truth(0)


def test_a_movie_that_is_short(copied):
    path = copied("challenge")
    content = json.loads(fixations_file(path).read_text())
    fixations_file(path).write_text(json.dumps([*content, content[-1]]))
    clip = first(path)
    assert clip.frames == 13
    with pytest.raises(DataError, match="ends after 12 maps"):
        clip.truth(12)
    assert clip.truth(3).density is not None
    with pytest.raises(DataError, match="ends after 12 maps"):
        GrayMovieReader(clip.saliency)[12]


def test_without_movies_there_is_no_density(copied):
    path = copied("challenge")
    shutil.rmtree(path / "SaliencyTest")
    clip = first(path)
    assert not clip.maps_given
    assert clip.truth(3).density is None
    assert (clip.rows, clip.columns) == (48, 64)


def test_points_are_row_and_column_and_those_outside_are_counted(copied):
    path = copied("challenge")
    points = [[47, 63], [0, 0], [47.9, 63.2], [48, 0], [0, 64], [-1, 3]]
    fixations_file(path).write_text(json.dumps([points, []]))
    clip = first(path)
    assert clip.truth(0).fixations.tolist() == [[47, 63], [0, 0], [47, 63]]
    assert clip.truth(0).outside == 3
    assert clip.truth(1).fixations.shape == (0, 2)


@pytest.mark.parametrize(
    "content", ["", "{}", "[[1, 2]]", "[[[1, 2, 3]]]", '[[["a", 1]]]', "[[[1, null]]]", "[[[1], [2, 3, 4]]]"]
)
def test_fixations_that_cannot_be(content, copied):
    path = copied("challenge")
    fixations_file(path).write_text(content)
    with pytest.raises(DataError, match=r"fixations\.json"):
        first(path).truth(0)


def test_splits_are_the_lists(copied):
    path = copied("challenge")
    (path / "TrainTestSplit.json").write_text(json.dumps({"public_test": ["test_1.mp4"], "train": ["x"]}))
    data = open_data_set("challenge", path)
    assert data.splits == ("all", "public_test", "train")
    assert [clip.name for clip in data.clips("public_test")] == ["test_1"]
    assert [clip.name for clip in data.clips()] == ["test_1", "train_1"]
    with pytest.raises(DataError, match="'train'"):
        data.clips("train")
    assert [f.message for f in data.strays()] == ["split 'train' lists it; no fixations"]


def test_a_movie_without_fixations_is_told(copied):
    path = copied("challenge")
    shutil.rmtree(path / "FixationsTest")
    (finding,) = open_data_set("challenge", path).strays()
    assert (finding.kind, finding.path.name) == ("missing", "test_1.mp4")


def test_one_name_twice(copied):
    path = copied("challenge")
    shutil.copytree(path / "FixationsTest/Test/test_1", path / "FixationsTrain/Train/test_1")
    with pytest.raises(DataError, match="'test_1' has fixations in"):
        first(path)


def test_movies_are_what_ffmpeg_calls_ten_bits(made):
    with av.open(str(made("challenge") / "SaliencyTest/Test/test_1.mp4")) as container:
        assert container.streams.video[0].format.name == "gray10le"
