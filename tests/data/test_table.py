"""Tables of gaze: what their columns mean, and what is refused rather than guessed."""

import csv
import gzip
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media import flats, write_video

from tased.data.gaze_table import read_gaze_table
from tased.data.layouts import open_data_set
from tased.data.table import frames_covered
from tased.errors import DataError, UsageError


def table(path, header, *rows, delimiter=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header.split(), *rows])
    return path


@pytest.fixture
def recordings(tmp_path):
    """Two clips of 10 frames, 64x48, at 25 frames a second."""
    (tmp_path / "videos").mkdir()
    for name in ("one", "two"):
        write_video(tmp_path / "videos" / f"{name}.mp4", flats(10))
    return tmp_path


def gaze_of(folder, name="one"):
    """(frame, row, column) of every fixation that is inside."""
    (clip,) = (clip for clip in open_data_set("table", folder).clips() if clip.name == name)
    return [(i, *place) for i in range(clip.frames) for place in clip.truth(i).fixations.tolist()]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("video frame x_px y_px", ["one", 3, 20.9, 10]),
        ("Clip Frame_Number X_px Y_px", ["one.mp4", 4, 20, 10.2]),
        ("stimulus seconds x_px y_px", ["videos/one.mp4", 0.12, 20, 10]),
        ("file time_ms x-px y-px", ["ONE", 159, 20, 10]),
        ("video start_ms duration_ms x_px y_px", ["one", 120, 40, 20, 10]),
        ("video start_s duration_s x_share y_share", ["one", 0.1201, 0.0399, 20.5 / 64, 10.5 / 48]),
        ("video frame x y", ["one", 3, 20.5 / 64, 10.5 / 48]),
        ("video frame x y", ["one", 3, 20.5, 10.5]),
    ],
)
def test_columns_are_known_by_name(header, row, recordings):
    table(recordings / "gaze.csv", header, row)
    assert gaze_of(recordings) == [(3, 10, 20)]


def test_a_fixation_counts_in_every_frame_it_covers(recordings):
    """25 frames a second: frame i is shown from 40 i to 40 (i + 1) ms."""
    table(
        recordings / "gaze.csv",
        "video observer start_ms duration_ms x_px y_px",
        ["one", "b", 50, 70, 1, 2],  # 50 to 120 ms: frames 1 and 2, and not 3
        ["one", "a", 199, 2, 3, 4],  # 199 to 201 ms: frames 4 and 5
        ["one", "a", 360, 500, 5, 6],  # beyond the end: frame 9
        ["one", "b", 280, 0, 7, 8],  # no time at all: frame 7
        ["two", "c", 0, 1, 9, 9],
    )
    assert gaze_of(recordings) == [(1, 2, 1), (2, 2, 1), (4, 4, 3), (5, 4, 3), (7, 8, 7), (9, 6, 5)]
    clip = open_data_set("table", recordings).clips()[0]
    assert [clip.truth(i).observers.tolist() for i in (1, 4, 7)] == [[1], [0], [1]]


@given(st.integers(0, 10_000), st.integers(0, 2_000), st.sampled_from([24, 25, 30, 50, 60]))
def test_frames_covered_is_its_definition(start, duration, rate):
    """In whole milliseconds: frame i is shown from 1000 i / rate to 1000 (i + 1) / rate."""
    first, last = frames_covered(np.array([start / 1000]), np.array([duration / 1000]), float(rate))
    covered = [
        i
        for i in range((start + duration) * rate // 1000 + 2)
        if 1000 * i < (start + duration) * rate and start * rate < 1000 * (i + 1)
    ]
    expected = covered or [start * rate // 1000]  # a moment is in the frame that it falls into
    assert list(range(int(first[0]), int(last[0]) + 1)) == expected


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.floats(-5, 70), st.floats(-5, 60)), min_size=1, max_size=20
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    suffix=st.sampled_from([".csv", ".csv.gz", ".parquet"]),
)
def test_what_was_written_is_read(rows, delimiter, suffix, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / f"gaze{suffix}"
    if suffix == ".parquet":
        names = ("video", "frame", "x_px", "y_px")
        columns = zip(*(("v", *row) for row in rows), strict=True)
        pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), path)
    else:
        text = delimiter.join(["video", "frame", "x_px", "y_px"])
        text += "".join(f"\r\nv{delimiter}" + delimiter.join(map(repr, row)) for row in rows)
        path.write_bytes(gzip.compress(text.encode()) if suffix == ".csv.gz" else text.encode("utf-8-sig"))
    found = read_gaze_table(path)
    assert found.videos == ("v",)
    assert list(zip(found.frame.tolist(), found.x.tolist(), found.y.tolist(), strict=True)) == rows
    assert found.observer is None
    assert found.units == "pixels"


def test_blinks_are_counted_and_left_out(recordings):
    rows = [["one", 1, 5, 5], ["one", 2, "", ""], ["one", 3, "nan", 4], ["one", 4, 3, "."], ["one", 5, 6, 6]]
    found = read_gaze_table(table(recordings / "gaze.csv", "video frame x_px y_px", *rows))
    assert found.blank == 3
    assert "3 rows without a place" in found.remark
    assert gaze_of(recordings) == [(1, 5, 5), (5, 6, 6)]


def test_gaze_outside_is_counted(recordings):
    rows = [["one", 2, *place] for place in ([0, 0], [63.9, 47.9], [64, 10], [-0.1, 10], [10, 48], [10, -3])]
    table(recordings / "gaze.csv", "video frame x_px y_px", *rows)
    truth = open_data_set("table", recordings).clips()[0].truth(2)
    assert truth.fixations.tolist() == [[0, 0], [47, 63]]
    assert truth.outside == 4


def test_the_end_of_a_share_is_the_last_pixel(recordings):
    rows = [["one", 2, *place] for place in ([0, 0], [1, 1], [1.0001, 0.5])]
    table(recordings / "gaze.csv", "video frame x_share y_share", *rows)
    truth = open_data_set("table", recordings).clips()[0].truth(2)
    assert truth.fixations.tolist() == [[0, 0], [47, 63]]
    assert truth.outside == 1


@pytest.mark.parametrize(
    "places",
    [
        [[0, 1], [1, 1]],  # only zeros and ones
        [[0.2, 0.3], [0.4, 0.5], [0.5, 1.2]],  # shares with some gaze outside, or pixels of a corner
        [[0.2, 0.3], [0.4, 0.5], [0.5, 300]],
        [[1.5, 1.5], [1.2, 0.5]],
    ],
)
def test_places_that_may_be_pixels_or_shares(places, tmp_path):
    rows = [["v", 0, *place] for place in places]
    with pytest.raises(DataError, match="pixels or shares; rename the columns to x_px"):
        read_gaze_table(table(tmp_path / "gaze.csv", "video frame x y", *rows))


@pytest.mark.parametrize(
    ("places", "units"), [([[0.2, 0.3], [0, 1]], "shares"), ([[0.2, 0.3], [90, 300], [80, 20]], "pixels")]
)
def test_places_that_leave_no_doubt(places, units, tmp_path):
    rows = [["v", 0, *place] for place in places]
    assert read_gaze_table(table(tmp_path / "gaze.csv", "video frame x y", *rows)).units == units


@pytest.mark.parametrize(
    ("header", "row", "why"),
    [
        ("frame x y", [1, 2, 3], "no column is the video: it is called video, clip"),
        ("video frame x", ["v", 1, 2], "no 'y'"),
        ("video frame y", ["v", 1, 2], "no column is the place across"),
        ("video x_px y_px", ["v", 2, 3], "no column is the time"),
        ("video time x_px y_px", ["v", 1, 2, 3], "'time' does not say its unit; rename it to seconds or"),
        ("video start_ms duration x_px y_px", ["v", 1, 1, 2, 3], "'duration' does not say its unit"),
        ("video frame seconds x_px y_px", ["v", 1, 1, 2, 3], "frame and seconds could each be the time"),
        ("video clip frame x_px y_px", ["v", "v", 1, 2, 3], "video and clip could each be the video"),
        ("video frame duration_ms x_px y_px", ["v", 1, 1, 2, 3], "needs a start in seconds or ms"),
        ("video Frame frame x_px y_px", ["v", 1, 1, 2, 3], "two columns have one name"),
        (
            "video frame x_px y_px",
            ["v", 1.5, 2, 3],
            "line 2: 'frame' is 1.5, a part of a frame; are they seconds",
        ),
        ("video frame x_px y_px", ["v", -1, 2, 3], "goes below 0"),
        ("video frame_number x_px y_px", ["v", 0, 2, 3], "counts from 1, but is 0"),
        ("video start_ms duration_ms x_px y_px", ["v", 1, -1, 2, 3], "goes below 0"),
        ("video frame x_px y_px", ["v", "first", 2, 3], "'frame' holds 'first', which is no number"),
        ("video frame x_px y_px", ["v", "", 2, 3], "line 2: the column 'frame' is empty, though"),
        ("video frame x_px y_px", ["v", 1, "inf", 3], "holds 'inf', which is no number"),
        ("video frame x_px y_px", ["v", 1, "2,5", 3], "which is no number"),
        ("video frame x_px y_px", ["", 1, 2, 3], "nothing in its column 'video'"),
        ("video frame x_px y_px", ["v", 1, "", ""], "no row with a place"),
        ("video frame x_px y_px", ["v", 1, 2], "line 2 has 3 cells, and the header 4"),
        ("video frame x_px y_px", [], "no rows below its header"),
    ],
)
def test_tables_that_are_refused(header, row, why, tmp_path):
    path = table(tmp_path / "gaze.csv", header, *([row] if row else []))
    with pytest.raises(DataError, match=f"gaze.csv: .*{why}"):
        read_gaze_table(path)


@pytest.mark.parametrize("name", ["gaze.csv", "gaze.csv.gz", "gaze.parquet"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\x1f\x8b\x08"], ids=["empty", "binary", "half gzip"]
)
def test_files_that_are_no_table(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        read_gaze_table(tmp_path / name)


def test_parquet_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"tased\[parquet\]"):
        read_gaze_table(tmp_path / "gaze.parquet")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["three", 1, 2, 3]], "video 'three', and there is none here or in videos/"),
        ([["one", 1, 2, 3], ["one.mp4", 1, 2, 3]], "calls one video 'one' and 'one.mp4'"),
        ([["one", 12, 2, 3]], "gaze on frame 12 of one.mp4, whose 10 frames are 0 to 9"),
        ([["one", 10, 2, 3]], "if it counts from 1, call the column frame_number"),
    ],
)
def test_videos_that_do_not_fit(rows, why, recordings):
    table(recordings / "gaze.csv", "video frame x_px y_px", *rows)
    with pytest.raises(DataError, match=why):
        open_data_set("table", recordings).clips()


def test_two_videos_of_one_name(recordings):
    write_video(recordings / "one.mkv", flats(10))
    table(recordings / "gaze.csv", "video frame x_px y_px", ["one", 1, 2, 3])
    with pytest.raises(DataError, match="there are 2 of that name"):
        open_data_set("table", recordings).clips()
    table(recordings / "gaze.csv", "video frame x_px y_px", ["one.mkv", 1, 2, 3])
    (clip,) = open_data_set("table", recordings).clips()
    assert clip.video_path == recordings / "one.mkv"


def test_gaze_after_the_end_is_told(recordings, caplog):
    table(recordings / "gaze.csv", "video seconds x_px y_px", ["one", 0.1, 2, 3], ["one", 0.5, 2, 3])
    assert gaze_of(recordings) == [(2, 3, 2)]
    assert "1 rows begin after the last frame of one.mp4" in caplog.text
    data = open_data_set("table", recordings)
    assert [(f.kind, f.path.name) for f in data.strays()] == [("missing", "two.mp4"), ("outside", "gaze.csv")]


def test_one_table_a_folder(recordings):
    with pytest.raises(DataError, match="holds no table of gaze"):
        open_data_set("table", recordings)
    for name in ("a.csv", "b.tsv"):
        table(recordings / name, "video frame x_px y_px", ["one", 1, 2, 3])
    with pytest.raises(DataError, match=r"holds a\.csv, b\.tsv; give the path of one"):
        open_data_set("table", recordings)
    assert gaze_of(recordings / "a.csv") == [(1, 3, 2)]


def test_frames_of_a_folder_are_a_video_too(recordings):
    from PIL import Image

    (recordings / "three").mkdir()
    for index in range(3):
        Image.new("RGB", (20, 10)).save(recordings / "three" / f"{index}.png")
    table(recordings / "gaze.csv", "video frame x_share y_share", ["three", 2, 0.5, 0.5])
    (clip,) = open_data_set("table", recordings).clips()
    assert (clip.name, clip.rows, clip.columns, clip.frames) == ("three", 10, 20, 3)
    assert clip.truth(2).fixations.tolist() == [[5, 10]]
    assert not math.isnan(clip.truth(0).density.sum())
