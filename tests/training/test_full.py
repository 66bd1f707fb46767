"""The training of the full network: its parts, and all of it, small, in one go and in pieces."""

import json
import re
import shlex
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.train.handmade import HandmadeClip, HandmadeData
from training.material import divided, opened, rehearsal

from tased.data.layouts import open_data_set
from tased.errors import DataError, UsageError
from tased.evaluate.past import Windows
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.network.weights import read_weights, save_weights
from tased.predict.packaged import PACKAGED
from tased.predict.predictor import load
from tased.predict.windows import windows
from tased.train import begin
from tased.train.recipes import RECIPES
from training import full

ROOT = Path(full.__file__).parents[1]
README = (ROOT / "training" / "README.md").read_text()


def test_near_duplicates_are_in_one_fold_and_every_clip_is_held_out_once():
    names = "abcdefghijk"
    data = HandmadeData(tuple(HandmadeClip(name, 5) for name in names))
    groups = [["b", "k", "c"], ["e", "a"]]
    held = []
    for fold in range(4):
        learnt, out = divided(data, groups, 4, fold)
        ours, theirs = ({clip.name for clip in part.clips()} for part in (learnt, out))
        assert ours | theirs == set(names)
        assert not ours & theirs
        assert all(set(group) <= ours or set(group) <= theirs for group in groups)
        assert 2 <= len(theirs) <= 3
        held += theirs
    assert sorted(held) == list(names)
    assert divided(data, groups, 4, None)[1] is None
    with pytest.raises(DataError, match="'z'"):
        divided(data, [["z"]], 4, 0)
    with pytest.raises(DataError, match="stands twice"):
        divided(data, [["a"], ["a"]], 4, 0)
    with pytest.raises(DataError, match="cannot be divided"):
        divided(data, [list(names)], 4, 0)


def test_controls_change_the_past_and_nothing_else():
    for window in windows(50, 32):
        order = {past: Windows(Path(), past).order(window.frames) for past in ("shuffled", "frozen")}
        assert Windows(Path(), "as it was").order(window.frames) == window.frames
        assert sorted(order["shuffled"]) == sorted(window.frames)
        assert order["shuffled"] != window.frames
        assert order["frozen"] == (window.target,) * 32
        assert order["shuffled"][-1] == window.target


def test_without_a_change_windows_are_what_is_predicted(tmp_path):
    rehearsal(tmp_path)
    clip = open_data_set("table", tmp_path / "clips").clips()[0]
    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48, blur=1)).eval()
    save_weights(network, tmp_path / "full.safetensors")
    frames = (0, 2, 17, 39)
    expected = {
        m.index: m.values
        for m in load(tmp_path / "full.safetensors", device="cpu").predict(clip.video(), size="network")
    }
    source = Windows(tmp_path / "full.safetensors", "as it was", "cpu", batch=3, precision="float32")
    found = list(source.scored(clip, frames))
    assert tuple(one.frame for one in found) == frames
    for one in found:
        np.testing.assert_allclose(one.values, expected[one.frame].numpy(), atol=1e-4)
        assert one.truth.fixations.tolist() == clip.gaze(one.frame).fixations.tolist()


def test_the_rehearsals_pictures_are_a_table_of_the_kind_that_is_needed(tmp_path):
    rehearsal(tmp_path)
    clips = opened(tmp_path / "pictures").clips()
    assert [clip.frames for clip in clips] == [1] * 6
    assert all(len(clip.gaze(0).fixations) == 40 for clip in clips)


def test_the_readme_has_the_command_and_what_it_costs():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    commands = [shlex.split(line)[3:] for line in lines if line.startswith("python -m training.full")]
    assert len(commands) >= 3
    for words in commands:
        full.parser().parse_args([word for word in words if word != "||"])
    for name in full.STAGES:
        recipe = RECIPES[name]()
        table = re.search(rf"\| `{name}` \|.*\| ([\d.]+) \|$", README, re.M)
        assert float(table[1]) == pytest.approx(full.petaflop(recipe), abs=0.006)
        network = recipe.network
        seen = f"| {network.clip_length} | {network.columns}x{network.rows} |"
        assert f"{seen} {recipe.steps:,} of {recipe.clips_per_step} |" in table[0]


def test_what_is_told_of_the_package_s_weights_is_the_training_s_report():
    report = json.loads((ROOT / "benchmarks" / "results" / "full_training.json").read_text())
    card = PACKAGED["tased"].card.read_text()
    took = report["minutes"].values()
    told = f"{sum(took):.0f} minutes"
    each = re.search(rf"took {told} for them \((\d+), (\d+), (\d+), (\d+) and (\d+);", README)
    assert [int(one) for one in each.groups()] == [round(one) for one in took]
    assert f"In {told} on two cores" in card
    assert report["stages"] == {
        name: replace(RECIPES[name](), precision="bfloat16").to_toml() for name in full.STAGES
    }
    notes = read_weights(PACKAGED["tased"].path).notes
    assert notes["source_sha256"] == report["scores"]["tased"]["weights_sha256"]
    words = " ".join(card.split())
    less, (least, most) = report["nss_above_lite"]["mean"], report["nss_above_lite"]["interval"]
    signed = ("less", "more")
    low, high, mean = (f"{abs(one):.2f} {signed[one > 0]}" for one in (least, most, less))
    assert f"has {mean} NSS than `lite` ({low} to {high})" in words
    finish, config = report["finish"], read_weights(PACKAGED["tased"].path).config
    assert config.sharpness == finish["chosen"]["sharpness"]
    assert config.centre == finish["chosen"]["centre"]
    told = (finish["blurred_alone"], finish["chosen"], finish["chosen_without_the_group"])
    blurred, chosen, without = (f"{one['bits']:.2f}" for one in told)
    assert f"alone they tell {blurred} bits, so {chosen}; chosen" in words
    assert f"the group of clips that is scored, {without}." in words
    for past, words_of in (("shuffled", "by a shuffled past"), ("frozen", "by a frozen one")):
        lost = report["nss_lost_by_the_control"][past]
        low, high = lost["interval"]
        assert f"{lost['mean']:.2f} ({low:.2f} to {high:.2f}) {words_of}" in words


def test_every_stage_goes_on_where_the_one_before_ended():
    options = full.parser().parse_args(["--longer", "2.5", "--precision", "bfloat16", "--out", "o"])
    found = full.stages(options)
    assert [stage.name for stage in found] == list(full.STAGES)
    assert [stage.recipe.network.clip_length for stage in found] == [1, 1, 1, 32, 32]
    for stage in found:
        assert stage.recipe.steps == round(2.5 * RECIPES[stage.name]().steps)
        assert stage.recipe.precision == "bfloat16"
    assert [stage.teacher for stage in found] == [full.ALONE] * 4 + [full.WEIGHT]


def test_a_student_begins_with_the_stage_after_its_own(tmp_path, capfd):
    def left(recipe):
        save_weights(TASEDNet(RECIPES[recipe]().network), tmp_path / "w.safetensors")
        options = full.parser().parse_args(["--student", str(tmp_path / "w.safetensors"), "--out", "o"])
        return [stage.name for stage in full.stages(options)]

    assert left("stills") == ["large", "distil", "gaze"]
    assert left("large") == ["distil", "gaze"]
    assert left("distil") == ["gaze"]
    with pytest.raises(UsageError, match="is of no stage that another one goes on from"):
        left("gaze")


ARGUMENTS = ["--rehearse", "--device", "cpu", "--workers", "0"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_rehearsed_in_pieces_it_ends_as_in_one_go(tmp_path, monkeypatch, capfd):
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert full.main([*ARGUMENTS, "--out", str(whole)]) == 0
    report = json.loads((whole / "report.json").read_text())
    models = ["tased", "tased, shuffled past", "tased, frozen past", "lite", "centre", "motion"]
    assert [*report["scores"]][:6] == models
    assert "other observers" in report["scores"]
    assert set(report["nss_lost_by_the_control"]) == {"shuffled", "frozen"}
    assert report["rehearsal"] is True
    assert report["data"]["frames"] > 0

    # Movies are not always coded to the same bytes on a busy machine: those of the one are the other's.
    shutil.copytree(whole / "data", pieces / "data")
    for made in ("movers", "scenes", "maps/scenes"):
        shutil.copytree(whole / "material" / made, pieces / "material" / made)

    line, step = full.tell, full.tell_step
    told = []

    def interrupted(what, done, total):
        line(what, done, total)
        place = what.split(":")[0]
        if place in ("maps of clips", "judging, lite") and done and place not in told:
            told.append(place)
            signal.raise_signal(signal.SIGTERM)

    def stopped(name, now):
        step(name, now)
        if now.step == 1 and name not in told:  # heard in step 2
            told.append(name)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(full, "tell", interrupted)
    monkeypatch.setattr(full, "tell_step", stopped)
    codes = []
    while not codes or (codes[-1] == 143 and len(codes) < 9):
        codes.append(full.main([*ARGUMENTS, "--out", str(pieces)]))
    assert codes == [143] * 7 + [0]
    assert told == ["maps of clips", *full.STAGES, "judging, lite"]
    for name in full.STAGES:
        one, other = (load_file(run / name / "last.safetensors") for run in (whole, pieces))
        assert all(torch.equal(one[key], other[key]) for key in one)
    again = json.loads((pieces / "report.json").read_text())
    for model, scores in report[
        "scores"
    ].items():  # files of equal weights differ in the order of their notes
        assert again["scores"][model]["over_videos"] == scores["over_videos"]


@pytest.mark.slow
def test_the_open_one_learns_from_pictures_and_code_only(tmp_path, capfd):
    assert full.main([*ARGUMENTS, "--open", "--out", str(tmp_path / "out")]) == 0
    learnt = json.loads((tmp_path / "out" / "gaze" / "environment.json").read_text())["data"]
    assert [one["data"] for one in learnt] == ["pictures", "movers", "scenes"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["data"]["videos"] == report["finish"]["clips"] == 4
    finished = read_weights(tmp_path / "out" / "finished.safetensors")
    assert finished.config.sharpness == report["finish"]["chosen"]["sharpness"]
    assert finished.sha256 == report["scores"]["tased"]["weights_sha256"]


def test_no_time_left_is_told_before_anything_is_begun(tmp_path, capfd):
    assert full.main([*ARGUMENTS, "--minutes", "0", "--out", str(tmp_path / "out")]) == 143
    assert "goes on" in capfd.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is not full.Clock._tell


def test_a_precision_that_a_later_stage_cannot_have_is_told_first(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(begin, "bfloat16_instructions", tuple)
    arguments = ["--pictures", str(tmp_path), "--teacher", str(tmp_path / "t"), "--device", "cpu"]
    assert full.main([*arguments, "--precision", "bfloat16", "--out", str(tmp_path / "out")]) == 1
    assert "bfloat16 needs, for a TASED-Net, a GPU" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_told(tmp_path, capfd):
    assert full.main(["--out", str(tmp_path)]) == 1
    assert "--pictures and --teacher are needed" in capfd.readouterr().err
    assert full.main(["--rehearse", "--fold", "7", "--out", str(tmp_path)]) == 1
