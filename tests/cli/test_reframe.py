"""`tased reframe`, from the command line to the files."""

import json

import numpy as np
import pytest
from tests.media import textured, write_video

import tased
from tased.cli import main


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "clip.mp4", textured(12))


def run(*arguments):
    return main([str(a) for a in ("reframe", *arguments)])


def test_it_writes_and_says_what_is_kept(clip, tmp_path, capsys):
    out, table = tmp_path / "tall.mp4", tmp_path / "crop.json"
    assert (
        run(clip, "-o", out, "--model", "centre", "--track", table, "--height", 64, "--fallback", "never")
        == 0
    )
    said = capsys.readouterr().out
    rows = json.loads(table.read_text())["frames"]
    kept = np.mean([row["kept"] for row in rows])
    assert "36x64, 12 frames, 1 shot\n" in said
    assert f"holds {kept:.1%} of predicted attention; one fixed in the middle {kept:.1%}" in said
    assert [f.pixels.shape for f in tased.open_video(out)] == [(64, 36, 3)] * 12


def test_json_lines(clip, tmp_path, capsys):
    out = tmp_path / "tall.mp4"
    assert run(clip, "-o", out, "--model", "motion", "--progress", "json") == 0
    *steps, done = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(s["input"], s["frames"]) for s in steps] == [
        (what, i + 1) for what in ("predicting", "writing") for i in range(12)
    ]
    assert done["event"] == "done"
    assert (done["frames"], done["shots"], done["size"]) == (12, 1, [54, 96])
    assert (done["model"], done["computing"]) == ("motion", None)
    assert 0 <= done["centre"] <= 1
    assert done["outputs"] == {"out": str(out)}


def test_silent(clip, tmp_path, capsys):
    assert run(clip, "-o", tmp_path / "tall.mp4", "--model", "centre", "--progress", "none") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "tall.mp4", "--aspect", "0:1"], "WIDTH:HEIGHT"),
        (["-o", "tall.mp4", "--aspect", "5:3"], "nothing to crop"),
        (["-o", "clip.mp4"], "is the input itself"),
        (["-o", "tall.gif"], ".mp4 or"),
        (["-o", "tall.mp4", "--track", "tall.xml"], ".csv or .json"),
        (["-o", "tall.mp4", "--track", "a.csv", "--otio", "clip.mp4"], "is the input itself"),
        (["-o", "tall.mp4", "--speed", "0"], "greater than 0"),
        (["-o", "tall.mp4", "--size", "60"], "--size 60 is not a size; give WIDTHxHEIGHT"),
        (["-o", "tall.mp4", "--size", "60x80", "--height", "80"], "leave out --aspect and --height"),
        (["-o", "tall.mp4", "--sendcmd", "crop.cmd"], "--fallback never"),
        (["-o", "tall.mp4", "--every", "0"], "every is 0"),
        ([], "--out"),
    ],
)
def test_wrong_usage_is_one_line(clip, tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    before = clip.read_bytes()
    assert run("clip.mp4", "--model", "centre", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert clip.read_bytes() == before


def test_a_truncated_video_exits_with_1_and_leaves_what_there_is(tmp_path, capsys):
    cut, out = tmp_path / "cut.mkv", tmp_path / "tall.mp4"
    write_video(cut, textured(40), codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    assert run(cut, "-o", out, "--model", "centre") == 1
    assert "cut.mkv" in capsys.readouterr().err
    assert 10 < len(list(tased.open_video(out))) < 40


def test_no_video_is_no_traceback(tmp_path, capsys):
    (tmp_path / "note.mp4").write_text("hello")
    assert run(tmp_path / "note.mp4", "-o", tmp_path / "tall.mp4", "--model", "centre") == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "tall.mp4").exists()
