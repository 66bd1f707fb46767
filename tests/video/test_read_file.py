"""Video files of every kind, made with real codecs: their frames, times and streams."""

from fractions import Fraction

import av
import numpy as np
import pytest
from tests.media import (
    flash_and_click,
    flat,
    flats,
    number_of,
    textured,
    write_flash_and_click,
    write_video,
)

from tased.errors import UsageError, VideoError
from tased.video.read import open_video


def seconds_of(path):
    return [frame.seconds for frame in open_video(path)]


def numbers_of(path):
    return [number_of(frame.pixels) for frame in open_video(path)]


def test_a_file_and_what_is_known_of_it(tmp_path):
    video = open_video(str(write_video(tmp_path / "one.two.mp4", flats(9))))
    assert (video.name, video.width, video.height) == ("one.two", 64, 48)
    assert (video.rate, video.frames, video.picture_names) == (25, 9, None)
    assert video.duration == pytest.approx(0.36)


def test_every_iteration_begins_anew(tmp_path):
    video = open_video(write_video(tmp_path / "a.mp4", flats(9)))
    first = iter(video)
    next(first)
    second = list(video)
    assert [frame.index for frame in second] == list(range(9))
    assert [number_of(frame.pixels) for frame in second] == list(range(9))
    assert next(first).index == 1
    assert all(frame.pixels.dtype == np.uint8 and frame.pixels.shape == (48, 64, 3) for frame in second)


@pytest.mark.parametrize(
    ("suffix", "codec", "pixels"),
    [
        (".mp4", "libx264", "yuv420p"),
        (".mov", "mpeg4", "yuv420p"),
        (".mkv", "libx265", "yuv420p10le"),
        (".mkv", "ffv1", "yuv444p"),
        (".mkv", "ffv1", "gray"),
        (".mkv", "ffv1", "gray10le"),
        (".mkv", "ffv1", "gray16le"),
        (".mkv", "libx264", "gray"),
        (".mov", "prores_ks", "yuv422p10le"),
        (".avi", "mpeg4", "yuv420p"),
        (".avi", "mjpeg", "yuvj420p"),
        (".ts", "libx264", "yuv420p"),
        (".mpg", "mpeg2video", "yuv420p"),
        (".webm", "libvpx-vp9", "yuv420p"),
        (".flv", "libx264", "yuv420p"),
        (".gif", "gif", "rgb8"),
        (".y4m", "wrapped_avframe", "yuv420p"),
    ],
)
def test_codecs_and_containers(tmp_path, suffix, codec, pixels):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    tags = (1, 2) if (codec, pixels) == ("libx264", "gray") else None  # it would pass for limited range
    path = write_video(
        tmp_path / f"a{suffix}", flats(12), codec=codec, pixels=pixels, options=options, tags=tags
    )
    frames = list(open_video(path))
    assert len(frames) == 12
    for frame in frames:
        assert abs(float(frame.pixels.mean()) - (20 + 6 * frame.index)) < (20 if suffix == ".gif" else 2.5)
        assert frame.seconds == pytest.approx(frame.index / 25, abs=0.0011)


@pytest.mark.parametrize(("height", "width"), [(1, 64), (47, 63), (2, 3), (1, 1)])
def test_odd_and_tiny_sizes(tmp_path, height, width):
    path = write_video(tmp_path / "a.mkv", flats(5, height, width), codec="ffv1")
    frames = list(open_video(path))
    assert [frame.pixels.shape for frame in frames] == [(height, width, 3)] * 5
    assert [number_of(frame.pixels) for frame in frames] == list(range(5))


def test_a_video_of_one_frame(tmp_path):
    assert seconds_of(write_video(tmp_path / "a.mp4", flats(1))) == [0.0]


def test_4k(tmp_path):
    path = write_video(tmp_path / "a.mp4", flats(2, 2160, 3840), options={"preset": "ultrafast"})
    assert [frame.pixels.shape for frame in open_video(path)] == [(2160, 3840, 3)] * 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_of_a_variable_frame_rate(tmp_path, suffix):
    seconds = [0.0, 0.04, 0.1, 0.5, 0.52, 1.7, 1.75]
    path = write_video(tmp_path / f"a{suffix}", flats(7), seconds=seconds)
    assert seconds_of(path) == pytest.approx(seconds, abs=0.0006)
    assert numbers_of(path) == list(range(7))


def test_a_missing_time_follows_the_one_before(tmp_path):
    """An MPEG program stream gives times to some of its packets only."""
    path = write_video(tmp_path / "a.mpg", flats(12), options={"bf": "0"})
    with av.open(str(path)) as container:
        assert any(frame.pts is None for frame in container.decode(video=0))
    assert seconds_of(path) == pytest.approx([index / 25 for index in range(12)], abs=0.001)


def test_missing_times_are_counted(tmp_path):
    path = write_video(tmp_path / "a.h264", flats(8), rate=50, options={"bf": "0"}, form="h264")
    video = open_video(path)
    assert [frame.seconds for frame in video] == pytest.approx(
        [i / float(video.rate) for i in range(8)], abs=1e-6
    )


def test_time_starts_with_the_container_not_with_the_picture(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), "fltp", "mono")
        samples.rate = 44_100
        container.mux(sound.encode(samples))
        for index in range(5):
            picture = av.VideoFrame.from_ndarray(flat(index), "rgb24")
            picture.pts, picture.time_base = index + 10, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert seconds_of(path) == pytest.approx([0.4, 0.44, 0.48, 0.52, 0.56], abs=0.001)


def test_times_start_at_zero_where_the_container_starts_late(tmp_path):
    path = write_video(tmp_path / "a.ts", flats(5), container_options={"output_ts_offset": "3600"})
    with av.open(str(path)) as container:
        assert container.start_time >= 3_600_000_000
    assert seconds_of(path) == pytest.approx([0, 0.04, 0.08, 0.12, 0.16], abs=0.001)


def two_videos(path, *, cover=False):
    with av.open(str(path), "w") as container:
        streams = []
        for size in ((64, 48), (32, 24)):
            stream = container.add_stream("mjpeg" if cover and not streams else "libx264", rate=25)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if cover and not streams else "yuv420p"
            streams.append(stream)
        if cover:
            streams[0].disposition = av.stream.Disposition.attached_pic
        for index in range(5):
            for place, stream in enumerate(streams):
                if not (cover and place == 0 and index):
                    frame = flat(index + 20 * place, stream.height, stream.width)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def test_several_videos_in_one_file(tmp_path):
    path = two_videos(tmp_path / "a.mkv")
    assert (open_video(path).width, number_of(next(iter(open_video(path))).pixels)) == (64, 0)
    second = open_video(path, stream=1)
    assert (second.width, [number_of(frame.pixels) for frame in second]) == (32, [20, 21, 22, 23, 24])
    with pytest.raises(UsageError, match="has 2 videos, numbered from 0; there is no stream 2"):
        open_video(path, stream=2)


def test_a_cover_picture_is_no_video(tmp_path):
    path = two_videos(tmp_path / "a.mp4", cover=True)
    assert (open_video(path).width, len(list(open_video(path)))) == (32, 5)
    with pytest.raises(UsageError, match="has 1 videos"):
        open_video(path, stream=1)


def test_names_that_ffmpeg_would_take_for_something_else(tmp_path):
    for name in ("12:30.mp4", "100%d.mp4", "file:a.mp4", "-i.mp4", "ü 雪.mp4"):
        assert len(seconds_of(write_video(tmp_path / name, flats(2), form="mp4"))) == 2


def test_a_video_with_sound(tmp_path):
    path = write_flash_and_click(tmp_path / "a.mp4")
    flash = next(frame.seconds for frame in open_video(path) if frame.pixels.mean() > 128)
    assert flash == pytest.approx(flash_and_click(path)[0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.mp4", b"", "is empty"),
        ("a.mp4", b"hello, I am a text\n" * 50, "not a video that FFmpeg can read"),
        ("a.txt", b"hello, I am a text\n" * 50, "is a text, not a video"),
    ],
)
def test_files_that_are_no_video(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=message) as caught:
        open_video(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(VideoError, match="no such file or folder"):
        open_video(tmp_path / "a.mp4")


def test_sound_alone(tmp_path):
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 9000), np.float32), "fltp", "mono")
        silence.rate = 44_100
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    with pytest.raises(VideoError, match="holds no video, only audio"):
        open_video(path)


def test_a_header_without_frames(tmp_path):
    whole = write_video(tmp_path / "a.mkv", textured(5)).read_bytes()
    path = tmp_path / "b.mkv"
    path.write_bytes(whole[: whole.index(b"\x1f\x43\xb6\x75")])  # up to the first cluster
    with pytest.raises(VideoError, match="incomplete"):
        open_video(path)
