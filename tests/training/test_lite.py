"""The training of tased-lite, twice, and its ablation: parts, and all of it, small."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from tests.network.test_lite import random_network
from tests.train.handmade import HandmadeClip, HandmadeData
from training.material import opened, rehearsal
from training.stage import Told
from training.watched import Aggregated, watch

from tased.errors import CheckpointError
from tased.network.weights import save_weights
from tased.predict.predictor import load
from training import lite

README = (Path(lite.__file__).parent / "README.md").read_text()


def data(names, frames=5):
    return HandmadeData(tuple(HandmadeClip(name, frames) for name in names))


def test_nobody_is_judged_by_clips_that_they_have_learnt_from(tmp_path):
    clips, groups = data("abcdefg"), [["b", "g", "c"], ["e", "a"], ["d", "f"]]
    planned = {one.name: one for one in lite.trainings(data("p", 1), clips, groups, lite.RECIPE)}
    learnt = {
        name: {clip.name for source in one.sources for clip in source.clips} for name, one in planned.items()
    }
    assert learnt["open"] == {"p"}
    assert all(learnt[way] == set("pabcdefg") for way in lite.RESEARCH)
    judged = {one.name: one for one in lite.judges(clips, groups, lite.RECIPE, tmp_path)}
    for judge in judged.values():
        assert set(judge.seen_by) == set("abcdefg")
        assert all(name not in learnt[network] for name, network in judge.seen_by.items())
    siblings = set()
    for way in lite.RESEARCH:
        by_folds = judged[f"{way}, by folds"].seen_by
        assert all(len({by_folds[name] for name in group}) == 1 for group in groups)
        assert len(set(by_folds.values())) == 3
        siblings |= set(by_folds.values())
    assert set(learnt) == {"open", *lite.RESEARCH, *siblings, *lite.TRAINED}


def test_what_is_aggregated_of_what_was_seen_is_what_is_predicted(tmp_path):
    rehearsal(tmp_path)
    clip = opened(tmp_path / "clips").clips()[0]
    network = random_network(rows=32, columns=64)
    save_weights(network, tmp_path / "mine.safetensors")
    watch(clip, {"mine": tmp_path / "mine.safetensors"}, tmp_path / "seen")
    expected = {
        m.index: m.values
        for m in load(tmp_path / "mine.safetensors", device="cpu").predict(clip.video(), size="network")
    }
    frames = (0, 3, 4, 39)
    judge = Aggregated("mine", tmp_path / "seen", {clip.name: "mine"}, network.config)
    found = list(judge.scored(clip, frames))
    assert tuple(one.frame for one in found) == frames
    for one in found:
        np.testing.assert_allclose(one.values, expected[one.frame].numpy(), rtol=1e-3, atol=1e-6)
        assert one.truth.fixations.tolist() == clip.gaze(one.frame).fixations.tolist()


def test_networks_that_share_no_encoder_are_refused(tmp_path):
    rehearsal(tmp_path)
    clip = opened(tmp_path / "clips").clips()[0]
    weights = {}
    for seed in (0, 1):
        weights[str(seed)] = tmp_path / f"{seed}.safetensors"
        save_weights(random_network(seed, rows=32, columns=64), weights[str(seed)])
    with pytest.raises(CheckpointError, match=r"1.safetensors: has an encoder of its own"):
        watch(clip, weights, tmp_path / "seen")


def test_the_readme_has_the_commands():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [shlex.split(line)[3:] for line in lines if line.startswith("python -m training.lite")]
    assert len(commands) == 2
    for words in commands:
        lite.parser().parse_args(words)


def test_what_is_missing_is_told(tmp_path, capfd):
    assert lite.main(["--out", str(tmp_path)]) == 1
    assert "--pictures, --clips and --encoder are needed" in capfd.readouterr().err


@pytest.mark.slow
def test_rehearsed_it_reports_everything_and_goes_on_where_it_was(tmp_path, monkeypatch, capfd):
    arguments = ["--rehearse", "--device", "cpu", "--out", str(tmp_path)]
    told = []

    def stopped(name, now):
        told.append(name)
        if name == "research, fold 1":
            raise Told

    with monkeypatch.context() as patched:
        patched.setattr(lite, "tell_step", stopped)
        assert lite.main(arguments) == 143
    assert told == ["open"] * 2 + ["research, fold 0"] * 2 + ["research, fold 1"]
    assert lite.main(arguments) == 0
    lines = capfd.readouterr().out.splitlines()
    assert not any(line.startswith("open: step 1") for line in lines)
    report = json.loads((tmp_path / "report.json").read_text())
    rows = ["open", *(f"{way}, by folds" for way in lite.RESEARCH), *lite.TRAINED, *lite.AGGREGATED]
    assert [*report["results"]] == rows
    assert report["groups"] == [1] * 4
    assert report["frames"] == 12
    results = report["results"]
    assert results["open"]["above_open"]["nss"] == {"mean": 0.0, "interval": [0.0, 0.0]}
    for row in results.values():
        difference = row["nss"]["mean"] - results["open"]["nss"]["mean"]
        assert row["above_open"]["nss"]["mean"] == pytest.approx(difference, abs=0.002)
    assert results["no motion"]["nss"] != results["open"]["nss"]
    hashes = {name: training["sha256"] for name, training in report["trainings"].items()}
    assert len(hashes) == 1 + 2 * 5 + len(lite.TRAINED)
    # Not of all folds: two steps of two of them may happen to see the same clips.
    assert len({hashes[name] for name in ("open", *lite.RESEARCH, *lite.TRAINED)}) == 3 + len(lite.TRAINED)
    before = (tmp_path / "scores" / "open.json").stat().st_mtime_ns
    assert lite.main(arguments) == 0
    assert (tmp_path / "scores" / "open.json").stat().st_mtime_ns == before
