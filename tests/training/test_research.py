"""The full network that learns from clips too: parts, and all of it, small."""

import json
import shlex
from pathlib import Path

import pytest
import torch
from training.material import opened, rehearsal
from training.stage import Told

from tased.evaluate.past import Windows
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.network.weights import read_weights, save_weights
from tased.predict.packaged import PACKAGED
from training import research

README = (Path(research.__file__).parent / "README.md").read_text()


def test_a_clip_s_maps_are_by_the_network_that_is_its(tmp_path):
    rehearsal(tmp_path)
    clips, networks = opened(tmp_path / "clips").clips()[:2], {}
    for seed, clip in enumerate(clips):
        torch.manual_seed(seed)
        path = tmp_path / f"{seed}.safetensors"
        save_weights(TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48, blur=1, centre=0.5)), path)
        networks[clip.name] = Windows(path, "frozen", "cpu", precision="float32")
    judge = research.HeldOut("frozen", networks)
    assert judge.name == "research, by folds, frozen past"
    swapped = research.HeldOut("frozen", dict(zip(networks, reversed(networks.values()), strict=True)))
    assert judge.identity != swapped.identity
    for clip in clips:
        (found,), (expected,), (other,) = (
            list(source.scored(clip, [7])) for source in (judge, networks[clip.name], swapped)
        )
        assert (found.values == expected.values).all()
        assert (found.values != other.values).any()


def test_the_readme_has_the_command():
    lines = [line for line in README.splitlines() if line.startswith("python -m training.research")]
    assert len(lines) == 2
    for line in lines:
        research.parser().parse_args(shlex.split(line)[3:])


def test_what_is_told_of_the_package_s_weights_is_the_report():
    root = Path(research.__file__).parents[1]
    report = json.loads((root / "benchmarks" / "results" / "full_research.json").read_text())
    above = report["results"]["research, by folds"]["above_open"]["nss"]
    mean, (low, high) = above["mean"], above["interval"]
    took = [one["minutes"] for one in report["trainings"].values()]
    card = " ".join(PACKAGED["tased-research"].card.read_text().split())
    assert f"by folds {mean:.2f} NSS ({low:.2f} to {high:.2f})" in card
    assert f"In {min(took):.0f} to {max(took):.0f} minutes a network" in card
    assert f"better by {mean:.2f} NSS" in " ".join(PACKAGED["tased"].card.read_text().split())
    assert f"That is {mean:.2f} more than `tased`" in (root / "docs" / "models.md").read_text()


def test_what_is_missing_is_told(tmp_path, capfd):
    assert research.main(["--out", str(tmp_path)]) == 1
    assert "--pictures, --clips, --teacher and --student are needed" in capfd.readouterr().err


def test_scores_of_other_weights_are_not_taken_for_these(tmp_path, monkeypatch, capfd):
    """What was scored is kept by name: a folder is of one question."""
    arguments = ["--rehearse", "--device", "cpu", "--workers", "0", "--out", str(tmp_path)]

    def stop(*_, **__):
        raise Told

    monkeypatch.setattr(research, "prepare", stop)
    assert research.main(arguments) == 143
    assert research.main(arguments) == 143
    capfd.readouterr()
    assert research.main([*arguments, "--max-frames", "5"]) == 1
    assert "was made with other max_frames" in capfd.readouterr().err
    (tmp_path / "open.safetensors").unlink()
    save_weights(TASEDNet(NetworkConfig(clip_length=32, rows=32, columns=48)), tmp_path / "open.safetensors")
    assert research.main(arguments) == 1
    assert "was made with other open" in capfd.readouterr().err
    save_weights(
        TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48)), tmp_path / "student.safetensors"
    )
    assert research.main(arguments) == 1
    assert "student.safetensors" in capfd.readouterr().err


@pytest.mark.slow
def test_rehearsed_nobody_is_scored_by_what_they_have_learnt(tmp_path, monkeypatch):
    arguments = ["--rehearse", "--device", "cpu", "--workers", "0", "--out", str(tmp_path)]
    learnt, validated, judges = {}, {}, {}
    trained, scored = research.trained, research.scored

    def training(folder, recipe, sources, validation, **options):
        learnt[folder.name] = {clip.name for source in sources for clip in source.clips}
        validated[folder.name] = {clip.name for source in validation for clip in source.clips}
        return trained(folder, recipe, sources, validation, **options)

    def judging(clips, judge, path, most):
        judges[judge.name] = judge
        return scored(clips, judge, path, most)

    def stopped(name, now):
        if name == "fold 1":
            raise Told

    monkeypatch.setattr(research, "trained", training)
    monkeypatch.setattr(research, "scored", judging)
    with monkeypatch.context() as patched:
        patched.setattr(research, "tell_step", stopped)
        assert research.main(arguments) == 143
    assert not judges
    before = (tmp_path / "fold 0" / "last.safetensors").stat().st_mtime_ns
    assert research.main(arguments) == 0
    assert (tmp_path / "fold 0" / "last.safetensors").stat().st_mtime_ns == before

    names = {clip.name for clip in opened(tmp_path / "data" / "clips").clips()}
    folds = [f"fold {fold}" for fold in range(4)]
    assert [*learnt] == [*folds, "everything"]
    assert names <= learnt["everything"]
    assert validated["everything"] == set()
    for past in ("", ", shuffled past", ", frozen past"):
        by = judges[f"research, by folds{past}"].networks
        assert by.keys() == names
        for clip, network in by.items():
            assert clip not in learnt[network.weights.parent.name]
            assert validated[network.weights.parent.name] == {clip}
    assert len({network.weights for network in by.values()}) == 4

    report = json.loads((tmp_path / "report.json").read_text())
    assert [*report["results"]] == [*judges]
    assert report["frames"] == 12
    assert {name: one["clips"] for name, one in report["trainings"].items()} == {
        **dict.fromkeys(folds, 3),
        "everything": 4,
    }
    results = report["results"]
    difference = results["research, by folds"]["nss"]["mean"] - results["open"]["nss"]["mean"]
    above = results["research, by folds"]["above_open"]["nss"]["mean"]
    assert above == pytest.approx(difference, abs=0.002)
    # What is kept finishes its maps as the open one does.
    kept = read_weights(tmp_path / "everything" / "finished.safetensors")
    assert kept.sha256 == report["trainings"]["everything"]["sha256"]
    assert (kept.config.sharpness, kept.config.centre) == (1.5, 0.2)
    assert report["finish"] == {"sharpness": 1.5, "centre": 0.2}
