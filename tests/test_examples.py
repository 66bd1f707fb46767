"""Every example runs, as a reader would run it, on a small clip."""

import csv
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tased.network.config import NetworkConfig
from tased.network.weights import read_weights
from tased.video.read import open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

EXAMPLES = Path(__file__).parents[1] / "examples"
FRAMES, HEIGHT, WIDTH = 12, 64, 96


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.mp4"
    with ColourMovie(path, width=WIDTH, height=HEIGHT, rate=Fraction(25)) as movie:
        for frame in clip(frames=FRAMES, height=HEIGHT, width=WIDTH):
            movie.write(frame)
    return path


def run(name, *arguments, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "attention.py",
        "camera_stream.py",
        "client.py",
        "custom_network.py",
        "live.py",
        "encode.py",
        "overlay.py",
        "reframe.py",
        "table.py",
    }


def test_attention(video, tmp_path):
    """The middle ninth, where `centre` looks."""
    said = run("attention.py", video, 1 / 3, 1 / 3, 1 / 3, 1 / 3, "centre", folder=tmp_path)
    seconds, of, times = re.search(r"([\d.]+) of ([\d.]+) s, ([\d.]+) times chance", said).groups()
    assert float(of) == pytest.approx(FRAMES / 25, abs=0.01)
    assert float(times) == pytest.approx(9 * float(seconds) / float(of), abs=0.15)
    assert float(times) > 2
    assert "attended to: from 0.00 s on" in said


def test_live(video, tmp_path):
    """`centre` expects people to look at the middle."""
    *words, counts = run("live.py", video, 5, "centre", folder=tmp_path).splitlines()
    assert len(words) == int(counts.split()[0]) > 0
    assert all(" middle, " in line for line in words)


def test_overlay(video, tmp_path):
    said = run("overlay.py", video, "seen.mp4", "centre", folder=tmp_path)
    assert f"{FRAMES} frames" in said
    seen = list(open_video(tmp_path / "seen.mp4"))
    assert [frame.pixels.shape for frame in seen] == [(HEIGHT, WIDTH, 3)] * FRAMES
    # People look at the middle, so the heat is there, and the corner is left as it was.
    before, after = next(iter(open_video(video))).pixels.astype(int), seen[0].pixels.astype(int)
    change = abs(after - before).mean(axis=2)
    assert change[24:32, 40:56].mean() > 4 * change[-8:, -8:].mean()


def test_reframe(video, tmp_path):
    shot, total = run("reframe.py", video, "tall.mp4", "centre", folder=tmp_path).splitlines()
    assert shot == "  0.00 s: crop from 30 to 30 pixels"
    assert total.startswith("36x64, ")
    assert [f.pixels.shape for f in open_video(tmp_path / "tall.mp4")] == [(64, 36, 3)] * FRAMES


def test_table(video, tmp_path):
    said = run("table.py", video, "clip.csv", "centre", folder=tmp_path)
    shares = [[float(share.rstrip("%")) for share in line.split()] for line in said.splitlines()]
    assert [len(row) for row in shares] == [3, 3, 3]
    assert sum(map(sum, shares)) == pytest.approx(100, abs=0.5)
    assert shares[1][1] == max(map(max, shares))
    with (tmp_path / "clip.csv").open(newline="") as file:
        assert [int(row["frame"]) for row in csv.DictReader(file)] == list(range(FRAMES))


@pytest.mark.parametrize("model", [[], ["centre"]])
def test_camera_stream(video, tmp_path, model):
    lines = run("camera_stream.py", video, *model, folder=tmp_path).splitlines()
    assert [line.split()[3] for line in lines] == [f"{index}:" for index in range(FRAMES)]
    assert [float(line.split()[0]) for line in lines] == pytest.approx(
        [i / 25 for i in range(FRAMES)], abs=6e-4
    )


def test_custom_network(tmp_path):
    said = run("custom_network.py", 4, "late", "late4.safetensors", folder=tmp_path)
    assert "(1, 3, 4, 64, 96) -> (1, 64, 96)" in said
    found = read_weights(tmp_path / "late4.safetensors")
    assert found.config == NetworkConfig(clip_length=4, aggregation="late")
    assert found.notes == {"origin": "random, from examples/custom_network.py"}


def test_encode(video, tmp_path):
    lines = run("encode.py", video, "out", 60, "centre", folder=tmp_path).splitlines()
    plain, regions = (
        dict(zip(("kbps", "seen", "all"), map(float, _numbers(line)), strict=True)) for line in lines
    )
    assert regions["kbps"] == pytest.approx(plain["kbps"], rel=0.25)  # of so short a clip
    assert regions["seen"] - regions["all"] > plain["seen"] - plain["all"]
    assert len(list(open_video(tmp_path / "out" / "seen.mp4"))) == FRAMES
    assert "60 kbit/s" in (tmp_path / "out" / "report.html").read_text()


def _numbers(line):
    return [word for word in line.split() if word.replace(".", "", 1).isdigit()]


def test_client(video, tmp_path):
    from tests.serving import serving

    with serving("--model", "centre", token="a-secret-of-this-test") as served:
        os.environ["TASED_TOKEN"] = "a-secret-of-this-test"
        try:
            said = run("client.py", video, served.url, tmp_path, folder=tmp_path)
        finally:
            del os.environ["TASED_TOKEN"]
    assert f"done {FRAMES} of {FRAMES}" in said
    assert len(list(open_video(tmp_path / "overlay.mp4"))) == FRAMES
    assert (tmp_path / "source.mp4").read_bytes() == video.read_bytes()
