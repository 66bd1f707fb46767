"""`tased bench`: its output, its file, and what it refuses."""

import json

import pytest
from tests.apps.test_bench import SMALL, in_no_time, result, timing

from tased.apps.stand_in import random_network
from tased.cli import main
from tased.network.weights import save_weights

__all__ = ["in_no_time"]


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "small.safetensors"
    save_weights(random_network(SMALL), path)
    return path


def run(*arguments):
    return main(["bench", *map(str, arguments)])


def test_a_network_of_ones_own(weights, tmp_path, capsys):
    before = tmp_path / "before.json"
    assert run("--weights", weights, "--quick", "--json", before) == 0
    told = capsys.readouterr().out
    assert "small, engine" in told
    assert "times plain" in told
    assert "What to expect on this machine:" in told
    assert "maps a second at 32x64; a minute of 30 fps video takes" in told
    assert json.loads(before.read_text())["timings"][1]["name"] == "small, plain"
    assert run("--weights", weights, "--quick", "--against", before) == 0
    told = capsys.readouterr().out
    assert "times the earlier run" in told
    assert "small, plain" not in told


def test_lines_of_json(capsys):
    assert run("--model", "centre", "--quick", "--against", "none", "--progress", "json") == 0
    *steps, done = map(json.loads, capsys.readouterr().out.splitlines())
    assert {step["event"] for step in steps} == {"second"}
    assert [step["input"] for step in steps][-1] == "round 4"
    assert done["event"] == "done"
    assert done["maps_per_second"]["centre"] > 0
    assert done["times_plain"] == done["times_earlier"] == {}
    assert done["expect"][0].startswith("centre: ")


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--seconds", "-1"], 2, "seconds is -1.0"),
        (["--against", "nowhere.json"], 1, "nowhere.json: cannot be read"),
        (["--json", "."], 1, "is a folder"),
    ],
)
def test_refused(arguments, code, why, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = [] if "--model" in arguments else ["--model", "centre"]
    assert run(*model, *arguments) == code
    assert why in capsys.readouterr().err


def test_a_run_with_nothing_in_common_is_refused_after_its_file_is_kept(tmp_path, capsys):
    other, kept = tmp_path / "other.json", tmp_path / "kept.json"
    result(timing("lite")).save(other)
    assert run("--model", "centre", "--quick", "--against", other, "--json", kept) == 1
    assert "the earlier run timed lite, and this one centre" in capsys.readouterr().err
    assert kept.exists()
