"""Attention to areas from file to files, with a predictor whose maps are known."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tests.apps.areas.handmade import handmade, spot
from tests.media import flat, flats, textured, write_video

from tased.apps.areas.area import ELSEWHERE, Area
from tased.apps.areas.attention import AttentionOutputs, attention
from tased.apps.areas.file import read_areas
from tased.apps.areas.result import COLUMNS
from tased.errors import OutputError, TruncatedVideoError, UsageError

ROWS, COLUMNS_OF_MAP = 24, 32
LEFT, RIGHT = Area.rectangle("left", 0, 0, 0.5, 1), Area.rectangle("right", 0.5, 0, 0.5, 1)


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def half_and_half(share):
    """Maps whose left half holds a share, by seconds."""

    def values(seconds):
        left = share(seconds)
        return np.tile(np.repeat([left, 1 - left], COLUMNS_OF_MAP // 2), (ROWS, 1))

    return handmade(values)


@pytest.fixture
def video(tmp_path):
    """50 frames at 25 a second."""
    return write_video(tmp_path / "clip.mkv", [flat(i % 20) for i in range(50)])


def test_known_shares_come_out(video, tmp_path):
    """The left half holds 0.2, and from 1 s on 0.9: dwell 0.2 + 0.9 of 2 s."""
    table, summary = tmp_path / "t.csv", tmp_path / "s.csv"
    found = attention(
        video,
        [LEFT, RIGHT],
        AttentionOutputs(table=table, summary=summary),
        predictor=half_and_half(lambda s: 0.2 if s < 0.99 else 0.9),
    )
    assert (found.frames, found.seconds) == (50, pytest.approx(2))
    left, right, elsewhere = found.summaries
    assert left.dwell_seconds == pytest.approx(1.1, abs=1e-6)
    assert left.share == pytest.approx(0.55, abs=1e-6)
    assert left.times_chance == pytest.approx(1.1, abs=1e-6)
    assert (left.area_share, left.present_seconds) == (pytest.approx(0.5), pytest.approx(2))
    assert (left.first_seconds, left.peak_seconds) == (pytest.approx(1), pytest.approx(1))
    assert left.peak_share == pytest.approx(0.9, abs=1e-6)
    assert (right.first_seconds, right.peak_seconds) == (0, 0)
    assert right.share == pytest.approx(0.45, abs=1e-6)
    assert (elsewhere.area, elsewhere.dwell_seconds) == (ELSEWHERE, pytest.approx(0, abs=1e-9))
    assert elsewhere.times_chance is None

    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "seconds", "left", "right", ELSEWHERE]
    assert [int(row["frame"]) for row in rows] == list(range(50))
    assert [float(row["seconds"]) for row in rows] == pytest.approx([i / 25 for i in range(50)], abs=1e-3)
    assert [float(row["left"]) for row in rows] == pytest.approx([0.2] * 25 + [0.9] * 25, abs=1e-6)
    with summary.open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == list(COLUMNS)
    assert [float(cell) for cell in lines[1][1:]] == [getattr(left, name) for name in COLUMNS[1:]]
    assert lines[3][COLUMNS.index("times_chance")] == ""


def test_parquet_holds_the_same_and_the_model(video, tmp_path):
    outputs = {}
    for suffix in ("csv", "parquet"):
        outputs[suffix] = AttentionOutputs(table=tmp_path / f"t.{suffix}", summary=tmp_path / f"s.{suffix}")
        ball = Area("ball", (LEFT.shapes[0], RIGHT.shapes[0]), (0.5, 1.0))
        attention(video, [ball], outputs[suffix], predictor=half_and_half(lambda s: 0.3 + 0.2 * s))
    for kind in ("table", "summary"):
        stored = pq.read_table(getattr(outputs["parquet"], kind))
        assert stored.schema.metadata[b"model"] == b"by hand"
        with getattr(outputs["csv"], kind).open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [
            {name: "" if cell is None else str(cell) for name, cell in row.items()}
            for row in stored.to_pylist()
        ] == rows


def test_the_whole_frame_is_looked_at_for_the_whole_video(video):
    whole = Area.rectangle("all", 0, 0, 1, 1)
    found = attention(video, [whole], predictor=half_and_half(lambda s: 0.1 + s / 4))
    assert found.summaries[0].dwell_seconds == pytest.approx(found.seconds)
    assert found.summaries[0].times_chance == pytest.approx(1)
    assert found.summaries[0].first_seconds is None  # there is nothing beside it to compare with
    assert found.summaries[1].dwell_seconds == pytest.approx(0, abs=1e-9)


def test_the_order_of_areas_is_irrelevant(video):
    areas = [LEFT, Area.rectangle("part", 0.1, 0.2, 0.7, 0.3), Area.rectangle("over", 0.9, 0.9, 1, 1)]
    predictor = handmade(lambda s: spot(0.2 + s / 4, 0.5))
    one, other = (attention(video, order, predictor=predictor) for order in (areas, areas[::-1]))
    assert {s.area: s for s in one.summaries} == {s.area: s for s in other.summaries}


def test_frames_count_for_as_long_as_they_are_shown(tmp_path):
    """A variable rate: 0.1 s at a share of 1, then 0.9 s at 0, then 0.5 s twice at 1."""
    times = [0.0, 0.1, 1.0, 1.5]
    video = write_video(tmp_path / "vfr.mkv", flats(4), seconds=times)
    predictor = half_and_half(lambda s: float(s < 0.05 or s > 0.95))
    found = attention(video, [LEFT], predictor=predictor)
    assert found.seconds == pytest.approx(2, abs=2e-3)
    assert found.summaries[0].dwell_seconds == pytest.approx(1.1, abs=2e-3)
    assert found.summaries[0].first_seconds == pytest.approx(1, abs=2e-3)  # not the 0.1 s at the beginning
    assert [p.seconds for p in found.timeline] == pytest.approx(times, abs=1e-3)


def test_an_area_that_follows_holds_what_moves(video):
    """A spot that moves, and an area that goes with it: 3 deviations to each side, across and down."""
    follower = Area(
        "follower",
        tuple(Area.rectangle("", x - 0.15, 0.3, 0.3, 0.4).shapes[0] for x in (0.2, 0.8)),
        (0.0, 1.96),
    )
    predictor = handmade(lambda s: spot(0.2 + 0.6 * s / 1.96, 0.5, 0.05))
    found = attention(video, [follower], predictor=predictor)
    assert found.summaries[0].share == pytest.approx(0.994, abs=0.004)
    still = attention(video, [Area("still", follower.shapes[:1])], predictor=predictor)
    assert still.summaries[0].share < 0.4


def test_auto_finds_what_is_looked_at_and_says_where(video, tmp_path):
    """Two spots by turns; the file of their areas, given again, gives the same numbers."""
    out = tmp_path / "areas.json"
    predictor = handmade(lambda s: spot(0.25, 0.3) if s < 1.2 else spot(0.75, 0.7))
    found = attention(video, "auto", AttentionOutputs(areas_out=out), predictor=predictor)
    assert [area.name for area in found.areas] == ["A", "B"]
    assert found.summaries[0].first_seconds == 0
    assert found.summaries[1].first_seconds == pytest.approx(1.2)
    assert len(read_areas(out, width=64, height=48)) == 2
    again = attention(video, out, predictor=predictor)
    for one, other in zip(found.summaries, again.summaries, strict=True):
        # Auto keeps maps in 16 bits, and the file places in thousandths of a pixel.
        assert one.share == pytest.approx(other.share, abs=1e-3)


def test_thumbnails_are_the_frames_and_their_parts(tmp_path):
    """Frame 7 is sharp among flat ones; its left part is where people look."""
    sharp = textured(1, 48, 64)[0]
    frames = [sharp if i == 7 else flat(10) for i in range(20)]
    video = write_video(tmp_path / "clip.mkv", frames, codec="ffv1", pixels="bgr0")
    folder = tmp_path / "best"
    outputs = AttentionOutputs(thumbnails=folder, count=1, aspect="1:2")
    found = attention(video, [LEFT], outputs, predictor=handmade(lambda _: spot(0.1, 0.5)))
    assert [t.frame for t in found.thumbnails] == [7]
    assert sorted(path.name for path in folder.iterdir()) == ["1-crop.jpg", "1.jpg"]
    whole, crop = (opened(folder / name) for name in ("1.jpg", "1-crop.jpg"))
    assert whole.shape == sharp.shape
    assert crop.shape == (48, 24, 3)
    # A JPEG has half as much colour, and all of the brightness.
    expected, seen, part = (pixels @ [0.299, 0.587, 0.114] for pixels in (sharp, whole, crop))
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.95
    assert np.corrcoef(part.ravel(), expected[:, :24].ravel())[0, 1] > 0.95


def test_a_truncated_video_gives_everything_and_then_its_error(tmp_path):
    cut = write_video(tmp_path / "cut.mkv", textured(40), codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    for areas in ([LEFT], "auto"):
        outputs = AttentionOutputs(
            table=tmp_path / "t.csv", html=tmp_path / "r.html", plot=tmp_path / "p.pdf"
        )
        with pytest.raises(TruncatedVideoError):
            attention(cut, areas, outputs, predictor=handmade(lambda _: spot(0.5, 0.5)))
        assert 10 < len((tmp_path / "t.csv").read_text().splitlines()) < 41
        for name in ("t.csv", "r.html", "p.pdf"):
            (tmp_path / name).unlink()


@pytest.mark.parametrize(
    ("shapes", "seconds", "message"),
    [
        ((), (), r"shapes of \[\] corners"),
        ((((0, 0), (1, 1)),), (), r"shapes of \[2\] corners"),
        ((LEFT.shapes[0], LEFT.shapes[0][:3]), (0.0, 1.0), r"shapes of \[3, 4\] corners"),
        (LEFT.shapes, (0.0, 1.0), "1 shapes at 2 times"),
        (LEFT.shapes * 2, (), "2 shapes at 0 times"),
        (LEFT.shapes * 2, (1.0, 1.0), "times must rise"),
    ],
)
def test_areas_that_are_none(shapes, seconds, message):
    with pytest.raises(UsageError, match=message):
        Area("a", shapes, seconds)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plots(video, tmp_path, suffix):
    """Names mean nothing to Matplotlib, and one video gives one file."""
    names = ["$x$ <b>", "_hidden", "目", "a" * 60, *"bcdefgh"]
    areas = [Area.rectangle(name, i / 20, 0, 0.1, 1) for i, name in enumerate(names)]
    files = []
    for run in ("one", "two"):
        path = tmp_path / f"{run}.{suffix}"
        attention(video, areas, AttentionOutputs(plot=path), predictor=half_and_half(lambda s: 0.2 + s / 4))
        files.append(path.read_bytes())
    assert files[0] == files[1]
    if suffix == "png":
        with Image.open(tmp_path / "one.png") as picture:
            assert min(picture.size) > 500
    if suffix == "svg":
        text = files[0].decode()
        for name in ("1 $x$ &lt;b&gt;", "2 _hidden", "3 目", "11 h", ELSEWHERE, "by hand"):
            assert name in text
        assert "<b>" not in text


def test_one_frame_is_enough(tmp_path):
    Image.fromarray(flat(5)).save(tmp_path / "one.png")
    outputs = AttentionOutputs(plot=tmp_path / "p.png", html=tmp_path / "r.html", thumbnails=tmp_path / "t")
    found = attention(tmp_path / "one.png", [LEFT], outputs, predictor=half_and_half(lambda _: 0.7))
    assert found.summaries[0].dwell_seconds == pytest.approx(0.7 / 25)
    assert len(found.thumbnails) == 1


@pytest.mark.parametrize(
    ("outputs", "error", "message"),
    [
        ({"plot": "a.bmp"}, UsageError, "a.bmp: --plot is written as .png or .svg or .pdf"),
        ({"areas_out": "a.txt"}, UsageError, "--areas-out is written as .json"),
        ({"table": "a.csv", "summary": "a.csv"}, UsageError, "--summary .*a.csv is given for two outputs"),
        ({"html": "clip.mkv"}, UsageError, "clip.mkv is the input itself"),
        ({"thumbnails": "clip.mkv/t"}, OutputError, "is a file, not a folder"),
        ({"thumbnails": "t", "count": 0}, UsageError, "0 thumbnails were asked for"),
        ({"thumbnails": "t", "aspect": "wide"}, UsageError, "--aspect wide"),
    ],
)
def test_what_cannot_be_written_is_told_first(video, tmp_path, outputs, error, message):
    def never(_):
        raise AssertionError("it was predicted before the outputs were looked at")

    given = {k: tmp_path / v if isinstance(v, str) and k != "aspect" else v for k, v in outputs.items()}
    with pytest.raises(error, match=message):
        attention(video, [LEFT], AttentionOutputs(**given), predictor=handmade(never))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


def test_areas_that_cannot_be(video, tmp_path):
    for areas, message in (([], "there are no areas"), ([LEFT, LEFT], "2 areas are called 'left'")):
        with pytest.raises(UsageError, match=message):
            attention(video, areas, predictor=half_and_half(lambda _: 0.5))
    with pytest.raises(UsageError, match=r"nothing\.json: cannot be read as areas"):
        attention(video, "nothing.json", predictor=half_and_half(lambda _: 0.5))


def test_the_report_is_small_for_a_long_video(tmp_path):
    video = write_video(tmp_path / "long.mkv", (flat(i % 30) for i in range(1000)))
    outputs = AttentionOutputs(html=tmp_path / "r.html")
    found = attention(video, [LEFT], outputs, predictor=half_and_half(lambda s: 0.5 + 0.4 * np.sin(s)))
    assert len(found.timeline) == 500
    page = Path(outputs.html).read_text()
    assert len(re.findall('data-seconds="', page)) == 12
    assert json.loads(re.search(r"const points = (\[.*?\]), length", page)[1])[1][0] == pytest.approx(0.08)
