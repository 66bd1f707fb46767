"""Gaze on pictures: a table that names them."""

import numpy as np
import pytest
from PIL import Image
from tests.data.test_table import table

from tased.cli.data import app
from tased.data.check import check
from tased.data.layouts import guess_layout, open_data_set
from tased.errors import DataError


@pytest.fixture
def gallery(tmp_path):
    """Three pictures in two sets below images/, and one beside the table."""
    folder = tmp_path / "gallery"
    sizes = {
        "images/osie/1001.jpg": (64, 48),
        "images/osie/1002.PNG": (60, 40),
        "images/sun/1.5.jpg": (32, 32),
    }
    for name, size in {**sizes, "own.png": (40, 50)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (200, 100, 50)).save(folder / name)
    return folder


def test_each_picture_is_a_clip_of_one_frame(gallery):
    table(
        gallery / "gaze.csv",
        "image observer x_share y_share duration_ms time",  # the time of a picture is not read
        ["osie/1001", "b", 0.5, 0.25, 246, "?"],
        ["osie/1001", "a", 0.999, 0.999, 136, ""],
        ["osie/1001", "a", 1.2, 0.5, 100, 7],
        ["OSIE/1002.png", "a", 0, 0, 90, 7],
        ["sun/1.5", "c", 0.5, 0.5, 90, 7],
        ["own", "c", 1, 1, 90, 7],
    )
    data = open_data_set(guess_layout(gallery), gallery)
    clips = {clip.name: clip for clip in data.clips()}
    assert list(clips) == ["osie/1001", "osie/1002", "own", "sun/1.5"]
    assert all(clip.frames == 1 and clip.frame_names == ("0001",) for clip in clips.values())
    assert data.gaze.duration.tolist() == [0.246, 0.136, 0.1, 0.09, 0.09, 0.09]
    one = clips["osie/1001"]
    assert (one.rows, one.columns) == (48, 64)
    truth = one.truth(0)
    assert truth.fixations.tolist() == [[12, 32], [47, 63]]
    assert truth.observers.tolist() == [1, 0]
    assert truth.outside == 1
    assert np.unravel_index(truth.density.argmax(), truth.density.shape) in {(12, 32), (47, 63)}
    (frame,) = one.video()
    assert frame.pixels.shape == (48, 64, 3)
    assert clips["own"].truth(0).fixations.tolist() == [[49, 39]]
    assert not data.strays()
    assert [report.findings for report in check(data) if report.name != "osie/1001"] == [()] * 3


def test_the_data_commands_take_it(gallery, tmp_path):
    table(gallery / "gaze.csv", "picture x_px y_px", ["osie/1001", 3, 4], ["own", 5, 6])

    def run(*words):
        return app([str(word) for word in words], exit_on_error=False, result_action="return_value")

    assert not run("maps", gallery, "-o", tmp_path / "maps")
    written = sorted(str(path.relative_to(tmp_path / "maps")) for path in (tmp_path / "maps").rglob("*.png"))
    assert written == ["osie/1001/0001.png", "own/0001.png"]
    data = open_data_set("table", gallery)
    fingerprint = data.fingerprint()
    assert fingerprint == open_data_set("table", gallery).fingerprint()
    assert [finding.path.name for finding in data.strays()] == ["1002.PNG"]  # beside one that was looked at
    table(gallery / "gaze.csv", "picture x_px y_px", ["osie/1001", 3, 4])
    assert open_data_set("table", gallery).fingerprint() != fingerprint


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["../secret"]], "does not lead to a picture below"),
        ([["osie/../../secret"]], "does not lead to a picture below"),
        ([["/etc/secret"]], "does not lead to a picture below"),
        ([[r"..\secret"]], "does not lead to a picture below"),
        ([["C:/secret"]], "does not lead to a picture below"),
        ([["osie/7"]], "picture 'osie/7', and there is none here or in images/"),
        ([["7"]], "there is none here"),
        ([["osie/1001"], ["osie/1001.jpg"]], "calls one picture 'osie/1001.jpg' and 'osie/1001'"),
        ([["osie/1001"], ["images/osie/1001"]], "calls one picture"),
        ([["twice"]], "there are 2 of that name"),
        ([["twice.png"], ["twice.jpg"]], "two files called 'twice'"),
        ([["text"]], "there is none here"),
    ],
)
def test_names_that_lead_to_no_picture(rows, why, gallery):
    Image.new("RGB", (8, 8)).save(gallery.parent / "secret.png")
    (gallery / "text.txt").write_text("no picture")
    for suffix in ("png", "jpg"):
        Image.new("RGB", (8, 8)).save(gallery / f"twice.{suffix}")
    table(gallery / "gaze.csv", "image x_px y_px", *([*row, 1, 2] for row in rows))
    with pytest.raises(DataError, match=f"gaze.csv: .*{why}"):
        open_data_set("table", gallery).clips()


def test_a_video_has_the_first_say(gallery, tmp_path):
    """A table of videos may have a column of pictures, which is one of the others that are ignored."""
    (gallery / "videos/film").mkdir(parents=True)
    Image.new("RGB", (20, 10)).save(gallery / "videos/film/1.png")
    table(gallery / "gaze.csv", "video image frame x_px y_px", ["film", "own", 0, 1, 2])
    (clip,) = open_data_set("table", gallery).clips()
    assert (clip.name, clip.columns) == ("film", 20)


def test_columns_of_pictures_that_are_unclear(gallery):
    table(gallery / "gaze.csv", "image picture x_px y_px", ["own", "own", 1, 2])
    with pytest.raises(DataError, match="image and picture could each be the picture"):
        open_data_set("table", gallery)
    table(gallery / "gaze.csv", "image duration x_px y_px", ["own", 1, 1, 2])
    with pytest.raises(DataError, match="'duration' does not say its unit"):
        open_data_set("table", gallery)
