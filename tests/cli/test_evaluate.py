"""`tased evaluate`, from a data set on disk to its files."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from tests.media import textured, write_video

from tased.cli import main
from tased.data.layouts import open_data_set
from tased.evaluate.results import Results
from tased.metrics import METRICS


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small one in DHF1K's layout, and a table."""
    folder = tmp_path_factory.mktemp("data")
    for layout in ("dhf1k", "table"):
        size = ("--videos", "4", "--frames", "8", "--size", "64x48", "--observers", "8")
        assert main(["data", "synthesize", str(folder / layout), "--layout", layout, *size]) == 0
    return folder


def run(*arguments):
    return main(["evaluate", *map(str, arguments), "--workers", "1"])


def test_a_model_on_the_fly_with_every_output(data, tmp_path, capsys):
    files = ("--json", tmp_path / "a.json", "--html", tmp_path / "a.html", "--frames", tmp_path / "a.csv")
    assert run("--dataset", "table", "--data", data / "table", "--model", "motion", *files, "--ceilings") == 0
    assert "motion" in capsys.readouterr().out
    names = {"a.json", "a-centre.json", "a-other-observers.json", "a.html", "a.csv"}
    assert {p.name for p in tmp_path.iterdir()} == names
    results = Results.load(tmp_path / "a.json")
    assert (results.model, results.protocol, results.split) == ("motion", "exact", "all")
    assert set(results.over_frames) == set(METRICS)
    people = Results.load(tmp_path / "a-other-observers.json")
    assert people.over_frames["nss"] > 0.5  # of simulated people, who look at the same things
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 8
    scored = [float(row["nss"]) for row in rows if row["nss"]]
    assert np.mean(scored) == pytest.approx(results.over_frames["nss"])
    page = (tmp_path / "a.html").read_text()
    assert "data:image/jpeg" in page  # the figure of best and worst
    assert results.fingerprint in page


def test_two_models_side_by_side(data, tmp_path):
    """The figure shows frame, truth and both, where one beats the other most and least."""
    outputs = ("--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    common = ("--dataset", "table", "--data", data / "table")
    assert run(*common, "--model", "motion", "--against", "spectral", *outputs) == 0
    assert Results.load(tmp_path / "a-spectral.json").model == "spectral"
    page = (tmp_path / "a.html").read_text()
    assert page.count("data:image/jpeg") == 4 * 4  # four videos: frame, truth, motion, spectral
    assert "motion - spectral" in page


def test_parquet_says_where_its_scores_come_from(data, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    outputs = ("--frames", tmp_path / "a.parquet", "--json", tmp_path / "a.json")
    run("--dataset", "table", "--data", data / "table", "--model", "centre", *outputs)
    table = parquet.read_table(tmp_path / "a.parquet")
    facts = json.loads(table.schema.metadata[b"tased"])
    results = Results.load(tmp_path / "a.json")
    for name in ("protocol", "fingerprint", "versions", "weights_sha256", "over_frames"):
        assert facts[name] == getattr(results, name)
    scores = [score for score in table["nss"].to_pylist() if score is not None]
    assert np.mean(scores) == pytest.approx(results.over_frames["nss"])


def test_files_score_as_the_model_that_wrote_them(data, tmp_path):
    """Predicting first and evaluating later gives what evaluating on the fly does."""
    videos = [clip.video().path for clip in open_data_set("dhf1k", data / "dhf1k").clips()]
    maps = tmp_path / "maps"
    for video in videos:
        arguments = ("--array", maps / f"{video.stem}.npz", "--model", "spectral", "--size", "network")
        assert main(["predict", str(video), *map(str, arguments)]) == 0
    common = ("--dataset", "dhf1k", "--data", data / "dhf1k")
    assert run(*common, "--predictions", maps, "--json", tmp_path / "files.json") == 0
    assert run(*common, "--model", "spectral", "--json", tmp_path / "model.json") == 0
    files, model = (Results.load(tmp_path / f"{name}.json") for name in ("files", "model"))
    for metric in METRICS:
        assert files.over_frames[metric] == pytest.approx(model.over_frames[metric], rel=1e-4), metric


def test_both_protocols_say_which_they_are(data, tmp_path):
    for protocol in ("exact", "dhf1k"):
        path = tmp_path / f"{protocol}.json"
        common = ("--dataset", "dhf1k", "--data", data / "dhf1k", "--model", "centre")
        assert run(*common, "--protocol", protocol, "--json", path) == 0
        assert Results.load(path).protocol == protocol
    exact, dhf1k = (Results.load(tmp_path / f"{p}.json").over_frames for p in ("exact", "dhf1k"))
    assert exact["auc_judd"] != pytest.approx(dhf1k["auc_judd"], rel=1e-3)


def test_progress_as_json_lines(data, capsys):
    run("--dataset", "table", "--data", data / "table", "--model", "centre", "--progress", "json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-2] == {"event": "video", "input": "centre: scoring", "videos": 4, "total": 4}
    assert events[-1]["event"] == "done"
    assert set(events[-1]["over_videos"]) == set(METRICS)


def test_a_submission_is_written_and_checked(tmp_path, capsys):
    (tmp_path / "DHF1K" / "annotation").mkdir(parents=True)
    (tmp_path / "DHF1K" / "video").mkdir()
    for number in (701, 702):
        frames = textured(5)
        write_video(tmp_path / "DHF1K" / "video" / f"{number}.AVI", frames, codec="mjpeg", pixels="yuvj420p")
    common = ("--dataset", "dhf1k", "--data", tmp_path / "DHF1K", "--model", "centre")
    out = tmp_path / "ours"
    assert run(*common, "--submission", out) == 0
    assert sorted(p.name for p in out.iterdir()) == ["0701", "0702"]
    picture = Image.open(out / "0701" / "0005.png")
    assert (picture.mode, picture.size, np.asarray(picture).max()) == ("L", (160, 96), 255)

    (out / "0701" / "0003.png").unlink()
    Image.new("L", (10, 10)).save(out / "0702" / "0001.png")
    (out / "0800").mkdir()
    assert run(*common, "--submission", out) == 1
    told = capsys.readouterr().err
    assert "1 of 5 maps are missing, first 0003.png" in told
    assert "0702/0001.png: is L of 10x10" in told
    assert "0800: is no test video" in told


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "one of --predictions, --model and --weights"),
        (("--model", "centre", "--predictions", "x"), 2, "one of"),
        (("--model", "gbvs", "--protocol", "matlab"), 2, "exact"),
        (("--model", "gbvs", "--split", "holiday"), 2, "holiday"),
        (("--predictions", "nowhere"), 2, "no such file"),
        (("--weights", "nowhere.pt"), 1, "No such file"),
        (("--model", "centre", "--against", "nowhere.pt"), 1, "No such file"),
        (("--model", "centre", "--against", "centre"), 2, "both are called 'centre'"),
        (("--model", "centre", "--max-frames", "0"), 2, "max_frames is 0"),
        (("--model", "centre", "--submission", "x"), 2, "dhf1k"),
        (("--model", "centre", "--frames", "x.txt"), 2, ".csv or .parquet"),
        (("--model", "centre", "--json", "/"), 1, "is a folder"),
    ],
)
def test_bad_arguments_are_one_clear_line(data, capsys, arguments, code, words):
    assert run("--dataset", "table", "--data", data / "table", *arguments) == code
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


def test_data_that_is_not_there(tmp_path, capsys):
    assert run("--dataset", "dhf1k", "--data", tmp_path, "--model", "centre") == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert run("--dataset", "dhfk", "--data", tmp_path, "--model", "centre") == 2
    assert 'Did you mean "dhf1k"?' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a process")
def test_control_c_ends_all_processes_at_once(tmp_path):
    """As a terminal does it: every process of the group is told."""
    size = ("--videos", "4", "--frames", "120", "--size", "64x48")
    assert main(["data", "synthesize", str(tmp_path / "gaze"), "--layout", "table", *size]) == 0
    arguments = ("--dataset", "table", "--data", tmp_path / "gaze", "--model", "gbvs", "--workers", "2")
    outputs = ("--json", tmp_path / "a.json", "--progress", "json")
    process = subprocess.Popen(
        [sys.executable, "-m", "tased", "evaluate", *map(str, (*arguments, *outputs))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "scoring" not in process.stdout.readline():
        pass
    os.killpg(process.pid, signal.SIGINT)
    begun = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - begun < 5
    assert told.splitlines()[-1] == "tased: interrupted; nothing half-written is left"
    assert not (tmp_path / "a.json").exists()
