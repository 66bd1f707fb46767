"""What is seen: orientation, colour, transparency, interlacing, sizes; OpenCV is the second opinion."""

from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from tests.media import flat, flats, number_of, write_video, yuv

from tased.video.read import open_video


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_pixels_are_those_of_opencv(tmp_path, codec):
    y, x = np.mgrid[:96, :128]
    pictures = [np.stack([x + 5 * i, y * 2, 255 - x], -1).astype(np.uint8) for i in range(5)]
    path = write_video(tmp_path / "a.mp4", pictures, codec=codec)
    capture = cv2.VideoCapture(str(path))
    for frame in open_video(path):
        there, expected = capture.read()
        assert there
        assert np.abs(frame.pixels.astype(int) - expected[..., ::-1]).max() <= 3


QUARTERS = np.zeros((32, 64, 3), np.uint8)
QUARTERS[:16, :32] = 255
MIRROR = (-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_applied(tmp_path, rotation):
    path = write_video(tmp_path / "a.mp4", [QUARTERS] * 3, rotation=rotation)
    expected = np.rot90(QUARTERS, rotation // 90)
    video = open_video(path)
    assert (video.height, video.width) == expected.shape[:2]
    for frame in video:
        assert np.abs(frame.pixels.astype(int) - expected).mean() < 3
    _, seen = cv2.VideoCapture(str(path)).read()
    assert np.abs(seen.astype(int) - expected).mean() < 3


def test_a_mirrored_video_is_mirrored(tmp_path):
    path = write_video(tmp_path / "a.mp4", [QUARTERS] * 3, matrix=MIRROR)
    assert np.abs(next(iter(open_video(path))).pixels.astype(int) - QUARTERS[:, ::-1]).mean() < 3


def test_non_square_pixels_keep_the_stored_size(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(flat(0), "rgb24")))
        container.mux(stream.encode(None))
    video = open_video(path)
    assert (video.width, video.height) == (64, 48)


@pytest.mark.parametrize(
    ("stored", "tags"),
    [
        ((63, 102, 240), (1, 1)),  # BT.709, limited: ITU-R BT.709-6 section 3
        ((54, 99, 255), (1, 2)),  # BT.709, full
        ((81, 90, 240), (5, 1)),  # BT.601, limited
        ((81, 90, 240), (6, 1)),
        ((76, 85, 255), (6, 2)),
        ((81, 90, 240), None),  # untagged: FFmpeg's default
        ((74, 97, 240), (9, 1)),  # BT.2020
    ],
)
def test_red_is_red_in_every_matrix_and_range(tmp_path, stored, tags):
    path = write_video(tmp_path / "a.mp4", [yuv(*stored)] * 2, tags=tags, options={"qp": "0"})
    colour = next(iter(open_video(path))).pixels.mean((0, 1))
    assert np.abs(colour - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize(("tag", "expected"), [(1, [0, 130, 255]), (2, [16, 128, 235])])
def test_the_range_of_gray_video_is_honoured(tmp_path, codec, tag, expected):
    levels = np.repeat(np.array([[16, 128, 235]], np.uint8), 32, 1).repeat(32, 0)
    options = {"qp": "0"} if codec == "libx264" else {"x265-params": "lossless=1:log-level=none"}
    frame = av.VideoFrame.from_ndarray(levels, "gray")
    path = write_video(
        tmp_path / "a.mkv", [frame], codec=codec, pixels="gray", tags=(1, tag), options=options
    )
    pixels = next(iter(open_video(path))).pixels
    assert np.abs(pixels[8, 8::32].astype(int) - np.array(expected)[:, None]).max() <= 1


@pytest.mark.parametrize("codec", ["png", "qtrle"])
def test_what_is_transparent_is_shown_over_black(tmp_path, codec):
    clear = np.full((48, 64, 4), 200, np.uint8)
    clear[..., 3] = 0
    clear[:24, :, 3] = 255
    clear[:, :32, 3] //= 2
    frame = av.VideoFrame.from_ndarray(clear, "rgba")
    path = write_video(
        tmp_path / "a.mov", [frame] * 2, codec=codec, pixels="argb" if codec == "qtrle" else "rgba"
    )
    pixels = next(iter(open_video(path))).pixels
    assert pixels[0, 63].tolist() == [200] * 3
    assert pixels[0, 0] == pytest.approx([100] * 3, abs=1)
    assert pixels[47].max() == 0


def comb(index, height=48, width=64):
    """Two moments in one frame: a bar that moves 4 columns a field."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[0::2, 8 * index : 8 * index + 16] = 255
    picture[1::2, 8 * index + 4 : 8 * index + 20] = 255
    return picture


def combing(pixels):
    rows = pixels[..., 0].astype(int)
    return np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean()


@pytest.mark.parametrize("interlaced", [True, False])
def test_interlaced_frames_alone_are_deinterlaced(tmp_path, interlaced):
    options = {"qp": "4"} | ({"flags": "+ilme+ildct", "x264-params": "tff=1"} if interlaced else {})
    frames = list(open_video(write_video(tmp_path / "a.mp4", map(comb, range(6)), options=options)))
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.seconds for frame in frames] == pytest.approx([i / 25 for i in range(6)], abs=1e-4)
    for frame in frames[1:-1]:
        assert (combing(frame.pixels) < combing(comb(frame.index)) / 3) == interlaced


def test_frames_of_another_size_are_scaled_to_the_first(tmp_path):
    parts = [
        write_video(tmp_path / f"{i}.ts", flats(3, h, w), options={"bf": "0"}).read_bytes()
        for i, (h, w) in enumerate([(48, 64), (96, 128)])
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(parts))
    frames = list(open_video(path))
    assert [frame.pixels.shape for frame in frames] == [(48, 64, 3)] * 6
    assert [number_of(frame.pixels) for frame in frames] == [0, 1, 2, 0, 1, 2]
    assert all(a.seconds <= b.seconds for a, b in pairwise(frames))
