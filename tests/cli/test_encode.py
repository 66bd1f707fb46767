"""`tased encode` as a user runs it."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from tased.cli import app, main
from tased.video.read import open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

HEIGHT, WIDTH, FRAMES = 64, 96, 6


@pytest.fixture
def here(tmp_path, monkeypatch):
    with ColourMovie(tmp_path / "clip.mp4", width=WIDTH, height=HEIGHT, rate=Fraction(25)) as movie:
        for frame in clip(frames=FRAMES, height=HEIGHT, width=WIDTH):
            movie.write(frame)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return main(["encode", "clip.mp4", "--model", "centre", "--preset", "ultrafast", *arguments])


def test_all_that_can_be_written(here, capsys):
    files = ["-o", "out.mkv", "--plan", "plan.csv", "--report", "report.html"]
    assert run(*files, "--codec", "x265", "--bitrate", "0.1M", "--progress", "json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    against = events[-1].pop("against_plain")
    assert set(against) == {"bits", "gain", "price"}
    assert against["bits"] == pytest.approx(0, abs=0.5)
    assert events[-1] == {
        "event": "done",
        "input": "clip.mp4",
        "model": "centre",
        "computing": None,
        "frames": FRAMES,
        "outputs": {"out": "out.mkv", "plan": "plan.csv", "report": "report.html"},
    }
    stages = list(dict.fromkeys(event["input"] for event in events[:-1]))
    assert stages == ["predicting", "planning", "first pass", "encoding", "measuring"]
    assert len(list(open_video("out.mkv"))) == FRAMES
    assert "100 kbit/s" in (here / "report.html").read_text()


def test_a_report_is_summed_up_in_a_pipe_too(here, capsys):
    assert run("--report", "report.json", "--crf", "30") == 0
    said = capsys.readouterr()
    assert re.fullmatch(r"Against plain crf 30: \S+% bits, \S+ dB where people look, .*\n", said.out)
    assert said.err == ""


def test_quiet_in_a_pipe(here, capsys):
    assert run("-o", "out.mp4", "--crf", "30", "--passes", "1", "--strength", "4", "--every", "2") == 0
    assert capsys.readouterr() == ("", "")
    assert len(list(open_video("out.mp4"))) == FRAMES


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.mp4", "--bitrate", "fast"], "--bitrate fast is no bitrate; give bits a second, as 800k"),
        (["-o", "out.mp4", "--bitrate", "800k", "--crf", "20"], "are two aims; give one of them"),
        (["-o", "out.mp4", "--codec", "svtav1"], "SVT-AV1 does not; encode with x265"),
        (["-o", "out.webm"], "a movie of x264 is written as .mp4 or .mov or .mkv, not '.webm'"),
        (["-o", "clip.mp4"], "is the input itself"),
        ([], "nothing is asked for"),
    ],
)
def test_wrong_usage_is_told_in_one_line(here, capsys, arguments, said):
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["clip.mp4"]


def test_a_truncated_video_is_encoded_and_told(here, capsys):
    whole = (here / "clip.mp4").read_bytes()
    with ColourMovie(here / "long.mkv", width=WIDTH, height=HEIGHT, rate=Fraction(25)) as movie:
        for frame in clip(frames=60, height=HEIGHT, width=WIDTH):
            movie.write(frame)
    cut = here / "long.mkv"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    assert main(["encode", "long.mkv", "-o", "out.mp4", "--model", "centre"]) == 1
    assert "copy or download it again" in capsys.readouterr().err
    assert 10 < len(list(open_video("out.mp4"))) < 60
    assert (here / "clip.mp4").read_bytes() == whole


def test_every_option_is_explained():
    """The guide names all that `tased encode` takes, besides options of Kvazaar and the benchmark."""
    arguments = app["encode"].assemble_argument_collection()
    options = {name for argument in arguments for name in argument.names[:1]} - {"VIDEO", "*"}
    guide = (Path(__file__).parents[2] / "docs/guides/encode.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z]+", guide)) == options | {"--roi", "--frames"}
