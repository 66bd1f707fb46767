"""`tased data`."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tased.cli.data import app
from tased.data.layouts import LAYOUTS
from tased.errors import DataError, UsageError

SMALL = ["--videos", "2", "--frames", "4", "--size", "48x32", "--observers", "3"]


def run(*arguments):
    """The command's exit code; what `main` turns into a line on stderr is raised."""
    code = app(
        [str(argument) for argument in arguments],
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    return code or 0


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "recordings"
    assert run("synthesize", path, *SMALL) == 0
    return path


def events(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_made_is_clean(layout, tmp_path, capsys):
    assert run("synthesize", tmp_path / "set", "--layout", layout, *SMALL) == 0
    assert capsys.readouterr() == ("", "")  # quiet in a pipe
    assert run("check", tmp_path / "set") == 0
    out = capsys.readouterr().out
    assert f"read as {layout} (guessed; --layout says otherwise)" in out
    assert out.count("4 of 4") == (2 if layout == "table" else 4)


def test_check_names_every_file_and_exits_with_one(tmp_path, capsys):
    path = tmp_path / "small"
    run("synthesize", path, "--layout", "dhf1k", *SMALL)
    (path / "annotation/0601/fixation/0002.png").unlink()
    (path / "annotation/0601/maps/0003.png").write_bytes(b"")
    assert run("check", path, "--layout", "dhf1k") == 1
    out = capsys.readouterr().out
    assert f"missing: {path}/annotation/0601/fixation/0002.png: is missing" in out
    assert f"broken: {path}/annotation/0601/maps/0003.png: cannot be read" in out
    assert "guessed" not in out

    assert run("check", path, "--progress", "json") == 1
    lines = events(capsys)
    assert lines[0] == {"event": "layout", "layout": "dhf1k", "guessed": True, "name": "DHF1K"}
    assert [line["problem"] for line in lines if line["event"] == "finding"] == ["missing", "broken"]
    clip = next(line for line in lines if line["event"] == "clip")
    assert {key: clip[key] for key in ("name", "split", "frames", "expected", "gazed", "maps")} == {
        "name": "0601",
        "split": "val",
        "frames": 4,
        "expected": 4,
        "gazed": 3,
        "maps": 3,
    }
    assert lines[-1] == {"event": "done", "clips": 2, "wrong": 2}


def test_gaze_outside_is_told_and_is_not_wrong(recordings, tmp_path, capsys):
    shutil.copytree(recordings, tmp_path / "set")
    with (tmp_path / "set/gaze.csv").open("a") as file:
        file.write("clip-1,o01,0,40,-5,20\n")
    assert run("check", tmp_path / "set") == 0
    out = capsys.readouterr().out
    assert "outside: " in out
    assert "1 of " in out
    assert "x and y are pixels of the frame: the column is called 'x_px'" in out


def test_maps_are_written(recordings, tmp_path, capsys):
    assert run("maps", recordings, "-o", tmp_path / "maps", "--sigma", "3", "--progress", "json") == 0
    assert events(capsys)[-1] == {"event": "done", "maps": 8, "output": str(tmp_path / "maps")}
    names = sorted(str(file.relative_to(tmp_path / "maps")) for file in (tmp_path / "maps").rglob("*.png"))
    assert names == [f"{clip}/000{number}.png" for clip in ("clip-1", "more-1") for number in (1, 2, 3, 4)]


def test_degrees_are_pixels_by_the_screen(recordings, tmp_path):
    run("maps", recordings, "-o", tmp_path / "a", "--degrees", "0.5", "--pixels-per-degree", "6")
    run("maps", recordings, "-o", tmp_path / "b", "--sigma", "3")
    run("maps", recordings, "-o", tmp_path / "c", "--bits", "16")
    for folder in "ab":
        with Image.open(tmp_path / folder / "clip-1/0003.png") as picture:
            assert picture.mode == "L"
    first, second = (np.asarray(Image.open(tmp_path / folder / "clip-1/0003.png")) for folder in "ab")
    assert np.array_equal(first, second)
    assert np.asarray(Image.open(tmp_path / "c/clip-1/0003.png")).dtype == np.uint16


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--sigma", "3", "--degrees", "1", "--pixels-per-degree", "3"], "not both"),
        (["--degrees", "1"], "give both or neither"),
        (["--pixels-per-degree", "30"], "give both or neither"),
        (["--sigma", "0"], "more than 0 pixels"),
        (["--split", "val"], "no split 'val'"),
    ],
)
def test_widths_that_cannot_be(arguments, why, recordings, tmp_path):
    with pytest.raises(UsageError, match=why):
        run("maps", recordings, "-o", tmp_path / "maps", *arguments)
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize(
    "arguments", [["--size", "big"], ["--size", "0x4"], ["--seed", "-1"], ["--videos", "0"]]
)
def test_what_cannot_be_made(arguments, tmp_path):
    with pytest.raises(UsageError):
        run("synthesize", tmp_path / "set", *arguments)


def test_what_is_no_data_set(tmp_path):
    with pytest.raises(DataError, match="looks like no data set"):
        run("check", tmp_path)
