"""All maps of a video, kept: those of the predictor."""

import numpy as np
import pytest
from tests.media import textured, write_video

import tased
from tased.apps.gather import gathered
from tased.errors import TruncatedVideoError


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "clip.mp4", textured(12), codec="mpeg4")


def test_the_same_maps_as_often_as_one_likes(video):
    expected = list(tased.load("motion").predict(video, size="network"))
    seen = []
    with gathered(tased.open_video(video), predictor=tased.load("motion"), report=seen.append) as found:
        once, again = list(found.maps), list(found.maps)
    assert found.truncated is None
    assert [(p.frames, p.total) for p in seen] == [(i + 1, 12) for i in range(12)]
    for one, other, m in zip(once, again, expected, strict=True):
        assert (one.index, one.seconds) == (m.index, m.seconds)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_allclose(one.values, m.values, atol=1e-5)  # 16 bits of the map's own maximum


def test_a_truncated_video_gives_what_there_is(tmp_path):
    cut = tmp_path / "cut.mkv"
    write_video(cut, textured(40), codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    with gathered(tased.open_video(cut), predictor=tased.load("centre")) as found:
        indices = [m.index for m in found.maps]
    assert isinstance(found.truncated, TruncatedVideoError)
    assert indices == list(range(len(indices)))
    assert 10 < len(indices) < 40
