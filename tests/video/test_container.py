"""What may be opened from strangers, and what browsers play."""

import av
import pytest
from tests.media import flats, textured, write_flash_and_click, write_video

from tased.errors import VideoError
from tased.video.container import check_self_contained, plays_in_browsers


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"),
        ("a.avi", "mpeg4"), ("a.mpg", "mpeg2video"), ("a.ts", "libx264"), ("a.flv", "libx264"),
        ("a.ogv", "libvpx"), ("a.wmv", "wmv2"), ("a.h264", "libx264"), ("a.mxf", "mpeg2video"),
        ("a.nut", "ffv1"), ("a.ivf", "libvpx-vp9"),
    ],
)  # fmt: skip
def test_usual_containers_are_taken(tmp_path, name, codec):
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no encoder {codec}")
    check_self_contained(write_video(tmp_path / name, flats(5), codec=codec))


def test_lists_of_other_files_are_not(tmp_path):
    """FFmpeg alone follows these, whatever the file is called: the sender would choose what is read here."""
    write_video(tmp_path / "private.mp4", flats(5))
    lists = {
        "concat.mp4": "ffconcat version 1.0\nfile private.mp4\n",
        "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nprivate.mp4\n#EXT-X-ENDLIST\n",
        "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(VideoError, match=f"{name}: not a video in a file of its own"):
            check_self_contained(tmp_path / name)
    with av.open(str(tmp_path / "concat.mp4")) as followed:  # so that the test above means something
        assert sum(1 for _ in followed.decode(video=0)) == 5


@pytest.mark.parametrize(
    "content", [b"", b"no video, but some words\n" * 100, b"\x89PNG\r\n\x1a\n" + bytes(100)]
)
def test_what_is_no_video_is_not(tmp_path, content):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r"is empty" if not content else "not a video"):
        check_self_contained(path)


def test_browsers_play_plain_h264_only(tmp_path):
    plain = write_video(tmp_path / "a.mp4", textured(3))
    assert plays_in_browsers(plain)
    assert plays_in_browsers(write_flash_and_click(tmp_path / "sound.mp4"))
    assert not plays_in_browsers(write_flash_and_click(tmp_path / "ac3.mp4", audio_codec="ac3"))
    assert not plays_in_browsers(write_video(tmp_path / "a.mkv", textured(3)))
    assert not plays_in_browsers(write_video(tmp_path / "444.mp4", textured(3), pixels="yuv444p"))
    assert not plays_in_browsers(write_video(tmp_path / "ten.mp4", textured(3), pixels="yuv420p10le"))
    assert not plays_in_browsers(write_video(tmp_path / "part2.mp4", textured(3), codec="mpeg4"))
