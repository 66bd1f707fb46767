"""Rectangles paint the grid they are made of, and encoders heed them."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import gaussian_filter

from tased.errors import OutputError, UsageError
from tased.video.coding import coding
from tased.video.first_pass import first_pass
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.regions import Region, marked, regions_of
from tased.video.write_colour_movie import ColourMovie

RATE = Fraction(25)
HEIGHT, WIDTH = 96, 160
grids = hnp.arrays(np.int8, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(-2, 2))


def painted(regions, height, width):
    """Every pixel asked one by one: the offset of the regions that hold it, and how many do."""
    offsets, count = np.zeros((height, width), int), np.zeros((height, width), int)
    for y in range(height):
        for x in range(width):
            for r in regions:
                if r.x <= x < r.x + r.width and r.y <= y < r.y + r.height:
                    offsets[y, x] += r.offset
                    count[y, x] += 1
    return offsets, count


@settings(deadline=None, max_examples=60)
@given(grid=grids, cut=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_regions_paint_their_grid_once(grid, cut):
    block = 4
    height, width = grid.shape[0] * block - cut[0], grid.shape[1] * block - cut[1]
    regions = regions_of(grid, block, width=width, height=height)
    offsets, count = painted(regions, height, width)
    np.testing.assert_array_equal(offsets, np.kron(grid, np.ones((block, block), int))[:height, :width])
    assert count.max(initial=0) <= 1
    assert all(r.x + r.width <= width and r.y + r.height <= height for r in regions)


def test_equal_blocks_are_one_region():
    grid = np.full((5, 7), -3, np.int8)
    assert regions_of(grid, 16, width=112, height=80) == (Region(0, 0, 112, 80, -3),)
    assert regions_of(0 * grid, 16, width=112, height=80) == ()


def test_side_data_is_what_ffmpeg_defines():
    """AVRegionOfInterest of libavutil/frame.h: its own size, top, bottom, left, right, and a fraction."""
    picture = av.VideoFrame(64, 48, "yuv420p")
    seen = marked(picture, (Region(16, 0, 32, 16, -6), Region(0, 32, 64, 16, 5)))
    fields = np.frombuffer(seen.side_data.get("REGIONS_OF_INTEREST"), np.int32).reshape(2, 7)
    assert fields[:, 0].tolist() == [28, 28]
    assert fields[:, 1:5].tolist() == [[0, 16, 16, 48], [32, 48, 0, 64]]
    assert (fields[:, 5] / fields[:, 6]).tolist() == pytest.approx([-6 / 51, 5 / 51])
    assert marked(picture, ()) is picture


def clouds(seed, height, width):
    return gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 1.2) * 60


def frames(count=24, height=HEIGHT, width=WIDTH):
    """Gray clouds that move below others that change."""
    moving = clouds(0, height, width + count)
    for index in range(count):
        seen = moving[:, index : index + width] + clouds(index + 1, height, width) + 128
        gray = seen.clip(0, 255).astype(np.uint8)
        yield Frame(np.repeat(gray[..., None], 3, axis=2), index, index / 25)


def place(index):
    """Of a region that moves, in blocks of 16."""
    return 1 + index // 4


def region(index):
    return (Region(16 * place(index), 32, 32, 32, -10),)


def write(path, how, regions, *, log=None, count=24, height=HEIGHT, width=WIDTH):
    if log is not None:
        pairs = ((frame, regions(frame.index)) for frame in frames(count, height, width))
        first_pass(pairs, how, log, width=width, height=height, rate=RATE)
        how = how.numbered(2, log)
    with ColourMovie(path, width=width, height=height, rate=RATE, coding=how) as movie:
        for frame in frames(count, height, width):
            movie.write(frame, regions(frame.index))
    return path


def size(path):
    """Bytes of the video."""
    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def errors(path):
    """Mean squared error inside the moving region, and outside of it."""
    inside, outside = [], []
    for before, after in zip(frames(), open_video(path), strict=True):
        square = (before.pixels.astype(float) - after.pixels) ** 2
        here = np.zeros((HEIGHT, WIDTH), bool)
        x = 16 * place(before.index)
        here[32:64, x : x + 32] = True
        inside.append(square[here].mean())
        outside.append(square[~here].mean())
    return np.array(inside), np.array(outside)


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "medium"])
@pytest.mark.parametrize("codec", ["x264", "x265"])
def test_a_moving_region_is_coded_finer(tmp_path, codec, preset):
    how = coding(codec, crf=34, preset=preset)
    plain = write(tmp_path / "plain.mp4", how, lambda _: ())
    moved = write(tmp_path / "moved.mp4", how, region)
    (before, _), (inside, outside) = errors(plain), errors(moved)
    assert 10 * np.log10(before.mean() / inside.mean()) > 1.5
    assert inside.mean() < 0.6 * outside.mean()


@pytest.mark.parametrize("codec", ["x264", "x265"])
def test_two_passes_give_the_bits_that_are_asked_for(tmp_path, codec):
    sizes = []
    for name, regions in (("plain", lambda _: ()), ("moved", region)):
        how = coding(codec, bitrate=400_000, preset="veryfast")
        path = write(tmp_path / f"{name}.mp4", how, regions, log=tmp_path / f"{name}.log", count=50)
        sizes.append(size(path) * 8 / 2)
    assert sizes == pytest.approx([400_000, 400_000], rel=0.06)


def test_a_log_may_have_any_path(tmp_path):
    folder = tmp_path / "a:b c, d=e"
    folder.mkdir()
    for codec in ("x264", "x265"):
        write(tmp_path / f"{codec}.mkv", coding(codec, bitrate=300_000), region, log=folder / codec, count=4)


@pytest.mark.parametrize("codec", ["x264", "x265"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_movies(tmp_path, codec, count):
    how = coding(codec, bitrate=300_000).without_b_frames()
    path = write(tmp_path / "a.mp4", how, region, count=count, height=63, width=95)
    assert len(list(open_video(path))) == count


def test_a_log_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "a.mp4", coding("x264", bitrate=300_000), region, log=tmp_path / "no" / "log")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codec": "svtav1", "crf": 30}, "SVT-AV1 does not"),
        ({"codec": "vp9"}, "no codec"),
        ({"codec": "x264", "crf": 30, "bitrate": 800_000}, "give one of them"),
        ({"codec": "x264", "crf": 0}, "from 1"),
        ({"codec": "x265", "crf": 52}, "to 51"),
        ({"codec": "x264", "bitrate": 800}, "800k"),
        ({"codec": "x264", "preset": "best"}, "no preset"),
    ],
)
def test_what_cannot_be_asked_for(arguments, message):
    with pytest.raises(UsageError, match=message) as error:
        coding(**arguments)
    assert "\n" not in str(error.value)


def test_an_ffmpeg_without_the_encoder(monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"libx264"})
    with pytest.raises(UsageError, match="no libx265; install PyAV"):
        coding("x265")


def test_the_suffix_must_hold_the_codec(tmp_path):
    with pytest.raises(
        UsageError, match=r"a movie of x265 is written as \.mp4 or \.mov or \.mkv, not '\.webm'"
    ):
        ColourMovie(tmp_path / "a.webm", width=64, height=48, rate=RATE, coding=coding("x265"))
