"""`check` finds what was broken on purpose, names the file, and stops at nothing."""

import json
import shutil
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from tests.media import flats, textured, write_video

from tased.data.check import check
from tased.data.finding import FileError
from tased.data.layouts import LAYOUTS, open_data_set
from tased.errors import DataError


def findings(layout, path):
    data = open_data_set(layout, path)
    return [f for report in check(data) for f in report.findings] + data.strays()


def told(layout, path):
    """(kind, name of the file) of every finding."""
    return sorted((finding.kind, finding.path.name) for finding in findings(layout, path))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_data_set_is_clean(layout, made):
    data = open_data_set(layout, made(layout))
    steps = []
    reports = list(check(data, report=lambda *at: steps.append(at)))
    assert [report.findings for report in reports] == [(), ()]
    assert data.strays() == []
    for report in reports:
        assert (report.frames, report.expected, report.gazed, report.outside) == (12, 12, 12, 0)
        assert report.maps == (None if layout == "table" else 12)
    clip = data.clips()[0]
    assert reports[0].fixations == sum(len(clip.truth(index).fixations) for index in range(12))
    assert steps[11] == (clip.name, 12, 12)


def test_every_broken_picture_is_named(copied):
    path = copied("dhf1k")
    annotation = path / "annotation/0601"
    (annotation / "fixation/0002.png").unlink()
    (annotation / "maps/0002.png").unlink()
    (annotation / "fixation/0004.png").write_bytes(b"")
    (annotation / "maps/0005.png").write_bytes((annotation / "maps/0005.png").read_bytes()[:100])
    Image.new("L", (10, 10)).save(annotation / "maps/0006.png")
    shutil.copy(annotation / "maps/0007.png", annotation / "fixation/0007.png")
    shutil.copy(annotation / "fixation/0008.png", annotation / "fixation/8.png")
    (annotation / "maps/0009.png").rename(annotation / "maps/map0009.png")
    assert told("dhf1k", path) == [
        ("broken", "0004.png"),
        ("broken", "0005.png"),
        ("broken", "0007.png"),
        ("mismatched", "0006.png"),
        ("misnamed", "0008.png"),
        ("misnamed", "map0009.png"),
        ("missing", "0002.png"),
        ("missing", "0002.png"),
        ("missing", "0009.png"),
    ]
    report = next(iter(check(open_data_set("dhf1k", path))))
    assert (report.expected, report.gazed, report.maps) == (12, 8, 8)


def test_a_broken_first_picture_stops_nothing(copied):
    path = copied("dhf1k")
    (path / "annotation/0601/fixation/0001.png").write_bytes(b"")
    found = findings("dhf1k", path)
    assert found
    assert {(f.kind, f.path.name) for f in found} == {("broken", "0001.png")}


def test_videos_that_do_not_fit(copied):
    path = copied("dhf1k")
    write_video(path / "video/601.AVI", textured(9, 48, 64), codec="mjpeg", pixels="yuvj420p")
    write_video(path / "video/001.AVI", textured(12, 96, 128), codec="mjpeg", pixels="yuvj420p")
    first, second = findings("dhf1k", path)
    assert (first.kind, first.path.name) == ("mismatched", "601.AVI")
    assert "has 9 frames, and the ground truth of 0601 12" in first.message
    assert (second.kind, second.path.name) == ("mismatched", "001.AVI")
    assert "is 128x96, and the ground truth of 0001 64x48" in second.message


def test_videos_that_cannot_be_read(copied):
    path = copied("dhf1k")
    (path / "video/601.AVI").unlink()
    whole = (path / "video/001.AVI").read_bytes()
    (path / "video/001.AVI").write_bytes(whole[: len(whole) // 2])
    assert told("dhf1k", path) == [("broken", "001.AVI"), ("missing", "601.AVI")]


def test_what_belongs_to_nothing(copied):
    path = copied("dhf1k")
    shutil.copy(path / "video/601.AVI", path / "video/602.AVI")
    shutil.copy(path / "video/601.AVI", path / "video/701.AVI")  # the test split, without a public truth
    shutil.copy(path / "video/601.AVI", path / "video/holiday.avi")
    (path / "video/readme.txt").touch()
    (path / "annotation/0603/maps").mkdir(parents=True)
    (path / "annotation/old").mkdir()
    assert told("dhf1k", path) == [
        ("misnamed", "holiday.avi"),
        ("misnamed", "old"),
        ("missing", "0603"),
        ("missing", "602.AVI"),
    ]


def test_actions_with_pictures_of_another_clip(copied):
    path = copied("ucfsports")
    clip = path / "testing/Diving-Side-001"
    (clip / "images/Diving-Side_001_003.png").rename(clip / "images/Kicking-Front_001_003.png")
    (path / "training/Empty-001").mkdir()
    found = told("ucfsports", path)
    assert ("misnamed", "Kicking-Front_001_003.png") in found
    assert ("missing", "Empty-001") in found
    assert ("missing", "Diving-Side_001_003.png") in found
    assert len(found) == 3


def test_maps_of_something_else(copied):
    path = copied("dhf1k")
    maps = path / "annotation/0601/maps"
    Image.new("L", (64, 48)).save(maps / "0003.png")
    (finding,) = findings("dhf1k", path)
    assert "the map of frame 0003 of 0601 is black" in finding.message
    for picture in maps.iterdir():
        with Image.open(picture) as image:
            upside_down = 255 - np.asarray(image)
        Image.fromarray(upside_down).save(picture)
    (finding,) = findings("dhf1k", path)
    assert finding.kind == "mismatched"
    assert "lower where it was fixated" in finding.message


def test_points_that_were_turned_are_seen(copied):
    """Column before row: many lie outside, and the maps are low where the others are."""
    path = copied("challenge")
    file = path / "FixationsTest/Test/test_1/fixations.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps([[[63 - c, 47 - r] for r, c in points] for points in content]))
    found = findings("challenge", path)
    assert "outside" in {finding.kind for finding in found}


def test_a_broken_list_of_points_stops_nothing(copied):
    path = copied("challenge")
    (path / "FixationsTest/Test/test_1/fixations.json").write_text("[[")
    first, second = check(open_data_set("challenge", path))
    assert [(f.kind, f.path.name) for f in first.findings] == [("broken", "fixations.json")]
    assert second.gazed == 12


def test_gaze_outside_is_counted(copied):
    path = copied("table")
    with (path / "gaze.csv").open("a") as file:
        file.write("clip-1,o01,0,80,-5,20\nclip-1,o01,0,40,20,500\n")
    data = open_data_set("table", path)
    (report, other) = check(data)
    assert report.outside == 3  # one of them over two frames
    assert other.outside == 0
    (finding,) = report.findings
    assert finding.kind == "outside"
    assert f"3 of {report.fixations + 3} fixations of clip-1" in finding.message


@pytest.mark.parametrize("by", ["seconds", "frame"])
def test_uneven_times_matter_to_gaze_in_seconds(by, tmp_path):
    seconds = [0, 0.04, 0.08, 0.12, 0.16, 0.8, 0.84, 0.88]
    write_video(tmp_path / "one.mp4", flats(8), seconds=seconds, rate=Fraction(25))
    (tmp_path / "gaze.csv").write_text(f"video,{by},x_px,y_px\none,0,5,5\n")
    messages = [finding.message for finding in findings("table", tmp_path)]
    assert any("uneven times" in message for message in messages) == (by == "seconds")


def test_one_split_is_enough(copied):
    path = copied("hollywood2")
    shutil.rmtree(path / "testing")
    assert [report.split for report in check(open_data_set("hollywood2", path))] == ["training"]
    shutil.rmtree(path / "training")
    (path / "training").mkdir()
    with pytest.raises(DataError, match="no clip with fixations"):
        list(check(open_data_set("hollywood2", path)))


def test_errors_about_files_travel(tmp_path):
    import pickle

    error = FileError("missing", tmp_path / "x.png", "is missing")
    moved = pickle.loads(pickle.dumps(error))
    assert moved.finding == error.finding
    assert str(moved) == str(error)
