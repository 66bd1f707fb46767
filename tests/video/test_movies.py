"""Movies read back: values, times, colours, sound."""

import logging
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from tests.media import flash_and_click, flat, flats, number_of, write_flash_and_click, write_video, yuv

from tased.errors import OutputError, UsageError, VideoError
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_movie import GrayMovie

RATE = Fraction(30_000, 1001)


def smooth(index, height, width):
    """A saliency map's usual shape: one bump, which moves."""
    y, x = np.mgrid[:height, :width]
    bump = ((x - width * (0.2 + 0.05 * index)) / (width * 0.1)) ** 2 + (
        (y - height / 2) / (height * 0.2)
    ) ** 2
    return np.exp(-bump).astype(np.float32)


def write_gray(path, maps, *, codec="h264", seconds=None):
    with GrayMovie(path, rate=RATE, codec=codec) as movie:
        for index, values in enumerate(maps):
            movie.write(values, index, index / float(RATE) if seconds is None else seconds[index])
    return path


def gray_levels(path):
    """The stored planes, by av itself, without any conversion."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            kind = np.uint16 if frame.format.name == "gray10le" else np.uint8
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
            yield rows[:, : plane.width]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("kind", ["smooth", "noise"])
def test_h264_is_within_one_level(tmp_path, suffix, kind):
    rng = np.random.default_rng(0)
    maps = [smooth(i, 98, 162) if kind == "smooth" else rng.random((98, 162), np.float32) for i in range(12)]
    path = write_gray(tmp_path / f"a{suffix}", maps)
    for values, stored in zip(maps, gray_levels(path), strict=True):
        assert np.abs(stored - np.rint(values * 255)).max() <= 1
    for values, frame in zip(maps, open_video(path), strict=True):
        assert np.abs(frame.pixels - np.rint(values * 255)[..., None]).max() <= 1
    capture = cv2.VideoCapture(str(path))
    for values in maps:
        _, seen = capture.read()
        assert np.abs(seen - np.rint(values * 255)[..., None]).max() <= 2


@pytest.mark.parametrize(("codec", "name"), [("ffv1", "a.mkv"), ("x265", "a.mkv"), ("x265", "a.mp4")])
@pytest.mark.parametrize("size", [(98, 162), (97, 161)])
def test_ffv1_and_x265_are_lossless_at_ten_bits(tmp_path, codec, name, size):
    rng = np.random.default_rng(0)
    maps = [rng.random(size, np.float32) for _ in range(4)]
    path = write_gray(tmp_path / name, maps, codec=codec)
    for values, stored in zip(maps, gray_levels(path), strict=True):
        assert (stored == np.rint(values * 1023)).all()
    for values, frame in zip(maps, open_video(path), strict=True):
        assert np.abs(frame.pixels - np.rint(values * 255)[..., None]).max() <= 1


def test_an_odd_size_repeats_the_edge(tmp_path):
    path = write_gray(tmp_path / "a.mp4", [smooth(3, 47, 63)])
    (stored,) = gray_levels(path)
    assert stored.shape == (48, 64)
    assert np.abs(stored[:47, :63] - np.rint(smooth(3, 47, 63) * 255)).max() <= 1
    assert np.abs(stored[47].astype(int) - stored[46]).max() <= 2


def test_one_pixel(tmp_path):
    assert len(list(open_video(write_gray(tmp_path / "a.mp4", [np.ones((1, 1), np.float32)])))) == 1
    assert (
        len(list(open_video(write_gray(tmp_path / "a.mkv", [np.ones((1, 1), np.float32)], codec="ffv1"))))
        == 1
    )


def test_values_outside_the_range_are_clipped(tmp_path):
    path = write_gray(tmp_path / "a.mkv", [np.array([[-1, 0, 0.5, 1, 7]], np.float32)], codec="ffv1")
    (stored,) = gray_levels(path)
    assert stored.tolist() == [[0, 0, 512, 1023, 1023]]


def test_nan_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="a map holds NaN"):
        write_gray(tmp_path / "a.mp4", [np.full((8, 8), np.nan, np.float32)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("codec", "name"), [("h264", "a.mp4"), ("h264", "a.mkv"), ("ffv1", "a.mkv"), ("x265", "a.mp4")]
)
def test_every_frame_keeps_its_time(tmp_path, codec, name):
    seconds = [0.0, 0.04, 0.1, 0.5, 0.5, 1.7, float("nan"), 2.0]
    path = write_gray(tmp_path / name, [smooth(i, 48, 64) for i in range(8)], codec=codec, seconds=seconds)
    expected = [0.0, 0.04, 0.1, 0.5, 0.5, 1.7, 1.7 + float(1 / RATE), 2.0]
    assert [frame.seconds for frame in open_video(path)] == pytest.approx(expected, abs=0.0012)


def test_the_gray_range_and_matrix_are_tagged(tmp_path):
    with av.open(str(write_gray(tmp_path / "a.mp4", [smooth(0, 48, 64)]))) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_range, frame.colorspace) == (2, 1)
        assert container.streams.video[0].codec_context.color_primaries == 1


def write_colour(path, source, **options):
    video = open_video(source)
    with ColourMovie(path, width=video.width, height=video.height, rate=video.rate, **options) as movie:
        for frame in video:
            movie.write(frame)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_colours_come_back(tmp_path, suffix):
    patches = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (120, 60, 200)]
    picture = np.concatenate([np.full((64, 32, 3), colour, np.uint8) for colour in patches], axis=1)
    path = tmp_path / f"a{suffix}"
    with ColourMovie(path, width=192, height=64, rate=RATE) as movie:
        for index in range(3):
            movie.write(Frame(picture, index, index / 30))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (frame.format.name, frame.colorspace, frame.color_range) == ("yuv420p", 1, 1)
    for frame in open_video(path):
        for place, colour in enumerate(patches):
            middle = frame.pixels[24:40, 32 * place + 12 : 32 * place + 20].mean((0, 1))
            assert np.abs(middle - colour).max() <= 6


def test_the_same_frames_are_the_same_file(tmp_path):
    """x264 has settings of which this is not true; it takes some files to see it."""
    frames = list(clip(7001, frames=40, height=64, width=96))
    for number in range(12):
        with ColourMovie(tmp_path / f"{number}.mp4", width=96, height=64, rate=Fraction(25)) as movie:
            for frame in frames:
                movie.write(frame)
    assert len({(tmp_path / f"{number}.mp4").read_bytes() for number in range(12)}) == 1


def test_colour_frames_keep_their_times_and_an_odd_size_is_padded(tmp_path):
    seconds = [0.0, 0.04, 0.3, 0.31, 1.0]
    source = write_video(tmp_path / "a.mkv", flats(5, 47, 63), codec="ffv1", seconds=seconds)
    video = open_video(write_colour(tmp_path / "b.mp4", source))
    assert (video.width, video.height) == (64, 48)
    assert [frame.seconds for frame in video] == pytest.approx(seconds, abs=0.0011)
    assert [number_of(frame.pixels) for frame in video] == list(range(5))


def test_an_mp4_starts_with_its_index(tmp_path):
    content = write_colour(tmp_path / "b.mp4", write_video(tmp_path / "a.mp4", flats(5))).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_frame_of_another_size(tmp_path):
    other = pytest.raises(OutputError, match="has one size; got 60x48 after 64x48")
    with other, ColourMovie(tmp_path / "a.mp4", width=64, height=48, rate=RATE) as movie:
        movie.write(Frame(flat(0, 48, 60), 0, 0.0))


def test_a_rate_of_nothing(tmp_path):
    with pytest.raises(UsageError, match="more than 0 frames per second"):
        GrayMovie(tmp_path / "a.mp4", rate=Fraction(0))


SOURCES = {
    "aac.mp4": {},
    "late.mp4": {"offset": 0.3},
    "early.mkv": {"click": 0.5, "offset": 0.0},
    "pcm.mov": {"audio_codec": "pcm_s16le"},
    "mp3.mp4": {"audio_codec": "libmp3lame"},
    "opus.mkv": {"audio_codec": "libopus", "rate": 48_000},
    "aac.ts": {},
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("name", SOURCES)
def test_sound_stays_in_step(tmp_path, name, suffix):
    source = write_flash_and_click(tmp_path / name, **SOURCES[name])
    path = write_colour(tmp_path / f"b{suffix}", source, audio_from=source)
    (flash, click), (flash_before, click_before) = flash_and_click(path), flash_and_click(source)
    assert click - flash == pytest.approx(click_before - flash_before, abs=0.003)
    # Containers without an edit list show the 23 ms with which an encoder begins.
    assert flash == pytest.approx(flash_before, abs=0.03)


@pytest.mark.parametrize(
    ("name", "suffix", "codec"),
    [
        ("aac.mp4", ".mkv", "aac"),
        ("opus.mkv", ".mp4", "opus"),
        ("opus.mkv", ".webm", "opus"),
        ("opus.mkv", ".mov", "aac"),
        ("pcm.mov", ".mkv", "pcm_s16le"),
        ("pcm.mov", ".mp4", "aac"),
        ("aac.mp4", ".webm", "opus"),
    ],
)
def test_sound_is_copied_where_the_container_takes_it(tmp_path, name, suffix, codec):
    source = write_flash_and_click(tmp_path / name, **SOURCES[name])
    with av.open(str(write_colour(tmp_path / f"b{suffix}", source, audio_from=source))) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == codec
        ends = [packet.pts * packet.time_base for packet in container.demux(audio=0) if packet.size]
        assert 1.9 < ends[-1] < 2.1
    if codec in name:

        def packets(path):
            with av.open(str(path)) as container:
                return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

        assert packets(tmp_path / f"b{suffix}") == packets(source)


def test_sound_and_picture_are_interleaved(tmp_path):
    source = write_flash_and_click(tmp_path / "a.mp4")
    with av.open(str(write_colour(tmp_path / "b.mkv", source, audio_from=source))) as container:
        packets = [packet for packet in container.demux() if packet.size]
        times = [float(packet.pts * packet.time_base) for packet in packets]
    assert max(np.maximum.accumulate(times) - times) < 0.5


def test_sources_without_sound(tmp_path, caplog):
    silent = write_video(tmp_path / "a.mp4", flats(3))
    for source in (silent, tmp_path):
        with (
            caplog.at_level(logging.WARNING),
            av.open(str(write_colour(tmp_path / "b.mp4", silent, audio_from=source))) as container,
        ):
            assert not container.streams.audio
    assert not caplog.records


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_damaged_sound_is_carried_as_far_as_it_goes(tmp_path, suffix):
    source = write_flash_and_click(tmp_path / "a.ts")
    content = bytearray(source.read_bytes())
    for place in range(188 * 60, len(content), 188 * 40):
        content[place + 20 : place + 120] = b"\xff" * 100
    source.write_bytes(content[: -len(content) // 4])
    with av.open(str(write_colour(tmp_path / f"b{suffix}", source, audio_from=source))) as container:
        assert len([packet for packet in container.demux(audio=0) if packet.size]) > 20


def test_sound_that_cannot_be_read(tmp_path):
    silent = write_video(tmp_path / "a.mp4", flats(3))
    (tmp_path / "text.mp3").write_text("no sound\n" * 99)
    with pytest.raises(VideoError, match="its sound cannot be read"):
        write_colour(tmp_path / "b.mp4", silent, audio_from=tmp_path / "text.mp3")
    assert not (tmp_path / "b.mp4").exists()


def test_a_source_with_other_tags_is_converted(tmp_path):
    source = write_video(tmp_path / "a.mp4", [yuv(81, 90, 240)] * 3, tags=(5, 1), options={"qp": "0"})
    colour = next(iter(open_video(write_colour(tmp_path / "b.mp4", source)))).pixels.mean((0, 1))
    assert np.abs(colour - (255, 0, 0)).max() <= 5
