"""Windows into a video, against going through all of it."""

import shutil

import av
import numpy as np
import pytest
from PIL import Image
from tests.media import textured, write_video

from tased.errors import UsageError, VideoError
from tased.video.read import open_video
from tased.video.read_file import VideoFile
from tased.video.seek_index import seek_index
from tased.video.window import read_window

FRAMES = 45
X264 = {"bf": "3", "x264-params": "keyint=12:min-keyint=5:scenecut=0"}
MADE = {  # name: (how it is made, whether windows are sought in it)
    "b-frames.mp4": ({"options": X264}, True),
    "b-frames.mkv": ({"options": X264}, True),
    "open.mkv": ({"options": {"bf": "3", "x264-params": "keyint=12:scenecut=0:open-gop=1"}}, True),
    "refresh.mkv": ({"options": {"x264-params": "keyint=12:intra-refresh=1:bframes=0"}}, False),
    "mpeg4.avi": ({"codec": "mpeg4", "options": {"g": "12"}}, True),
    "mpeg4-b.avi": ({"codec": "mpeg4", "options": {"g": "12", "bf": "2"}}, True),
    "mpeg4-b.mp4": ({"codec": "mpeg4", "options": {"g": "12", "bf": "2"}}, True),
    "mjpeg.avi": ({"codec": "mjpeg", "pixels": "yuvj420p"}, True),
    "ffv1.mkv": ({"codec": "ffv1", "options": {"g": "5"}}, True),
    "vp9.webm": (
        {"codec": "libvpx-vp9", "options": {"g": "12", "deadline": "realtime", "cpu-used": "8"}},
        True,
    ),
    "vp8.webm": (
        {"codec": "libvpx", "options": {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}},
        True,
    ),
    "mpeg2.ts": ({"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}}, False),
    "turned.mp4": ({"rotation": 90, "options": X264}, True),
    "interlaced.mp4": ({"options": X264 | {"flags": "+ildct+ilme"}}, False),
    "uneven.mkv": ({"options": X264, "seconds": [i / 25 + (i % 3) * 0.01 for i in range(FRAMES)]}, True),
}
WINDOWS = [(0, 4), (0, FRAMES), (11, 3), (12, 1), (13, 8), (30, 8), (FRAMES - 8, 8), (FRAMES - 1, 1)]


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A function from a name in MADE to its file."""
    folder = tmp_path_factory.mktemp("media")

    def make(name):
        if not (folder / name).exists():
            write_video(folder / name, textured(FRAMES, 48, 64), **MADE[name][0])
        return folder / name

    return make


def same(found, expected):
    assert [(f.index, f.seconds) for f in found] == [(f.index, f.seconds) for f in expected]
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.pixels, other.pixels), one.index


def forbidden(video):
    raise AssertionError("decoded from the start")


@pytest.mark.parametrize("name", MADE)
def test_a_window_is_what_iterating_gives(name, media, monkeypatch):
    video = open_video(media(name))
    everything = list(video)
    assert len(everything) == FRAMES
    if MADE[name][1]:
        monkeypatch.setattr(VideoFile, "__iter__", forbidden)
    for start, count in WINDOWS:
        same(list(read_window(video, start, count)), everything[start : start + count])
    index = seek_index(video)
    assert (index is not None and index.trusted) == MADE[name][1]


def test_of_a_folder_only_the_window_is_read(tmp_path):
    frames = textured(6, 48, 64)
    for number, pixels in enumerate(frames):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    video = open_video(tmp_path)
    everything = list(video)
    for number in (0, 1, 4, 5):
        (tmp_path / f"{number}.png").write_bytes(b"")
    same(list(read_window(video, 2, 2)), everything[2:4])
    Image.fromarray(frames[0][:10]).save(tmp_path / "4.png")
    with pytest.raises(VideoError, match="64x10, but the first picture of the folder is 64x48"):
        list(read_window(video, 3, 2))
    one = open_video(tmp_path / "3.png")
    assert np.array_equal(next(read_window(one, 0, 1)).pixels, frames[3])


@pytest.mark.parametrize("name", ["b-frames.mp4", "mpeg2.ts"])
@pytest.mark.parametrize(("start", "count", "first"), [(40, 10, 45), (45, 1, 45), (300, 8, 300)])
def test_beyond_the_end_is_an_error_after_what_there_is(name, start, count, first, media):
    found = []
    with pytest.raises(VideoError, match=f"has no frame {first}; frames {start} to {start + count - 1}"):
        found.extend(read_window(open_video(media(name)), start, count))
    assert [frame.index for frame in found] == list(range(start, FRAMES))


@pytest.mark.parametrize(("start", "count"), [(-1, 3), (3, 0)])
def test_windows_that_cannot_be(start, count, media):
    with pytest.raises(UsageError, match="count from 0"):
        list(read_window(open_video(media("mjpeg.avi")), start, count))


def test_behind_a_damaged_frame_all_keep_their_numbers(media, tmp_path):
    """Going through all of it leaves the frame out; a ground truth has it."""
    with av.open(str(media("mjpeg.avi"))) as container:
        at = [packet.pos for packet in container.demux(video=0) if packet.size][20]
    content = bytearray(media("mjpeg.avi").read_bytes())
    content[at + 8 : at + 700] = bytes(692)
    (tmp_path / "damaged.avi").write_bytes(content)
    everything = list(open_video(media("mjpeg.avi")))
    video = open_video(tmp_path / "damaged.avi")
    same(list(read_window(video, 21, 8)), everything[21:29])
    with pytest.raises(VideoError, match="frame 20 cannot be decoded"):
        list(read_window(video, 15, 8))


def test_a_file_that_lost_its_end_is_read_as_far_as_it_goes(media, tmp_path):
    content = media("b-frames.mkv").read_bytes()
    (tmp_path / "short.mkv").write_bytes(content[: len(content) * 2 // 3])
    video = open_video(tmp_path / "short.mkv")
    there = []
    with pytest.raises(VideoError, match="ends after"):
        there.extend(video)
    same(list(read_window(video, len(there) - 5, 5)), there[-5:])
    with pytest.raises(VideoError, match=f"has no frame {len(there)};"):
        list(read_window(video, len(there) - 5, 6))


def test_a_file_that_changes_is_looked_at_anew(media, tmp_path):
    path = tmp_path / "video.mp4"
    shutil.copy(media("b-frames.mp4"), path)
    assert len(seek_index(open_video(path)).times) == FRAMES
    write_video(path, textured(7, 48, 64))
    assert len(seek_index(open_video(path)).times) == 7
