"""How maps are finished is chosen by what they tell of gaze: against the definition, and from a table."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.train.handmade import HandmadeClip
from training.material import opened, rehearsal

from tased.errors import UsageError
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights, save_weights
from tased.predict.finish import finished
from training import finish


def test_bits_are_those_of_the_definition():
    draw = np.random.default_rng(0)
    values = draw.random((12, 16)).astype(np.float32)
    clip = HandmadeClip("a", 1)
    fixations = np.stack([draw.integers(0, clip.rows, 9), draw.integers(0, clip.columns, 9)], 1)
    found = finish.bits(torch.from_numpy(values), fixations, clip)
    for choice in (0, finish.BLURRED_ALONE, len(finish.CHOICES) - 1):
        sharpness, centre = finish.CHOICES[choice]
        config = NetworkConfig(blur=0, sharpness=sharpness, centre=centre)
        map_ = finished(torch.from_numpy(values), config).double().numpy()
        density = map_ / map_.sum()
        told = [
            np.log2(density[int((y + 0.5) / clip.rows * 12), int((x + 0.5) / clip.columns * 16)])
            for y, x in fixations.tolist()
        ]
        assert found[choice] == pytest.approx(np.mean(told) + np.log2(12 * 16), abs=1e-5)


def test_groups_do_not_choose_for_themselves():
    """Three clips want one choice, their near-duplicate and itself another."""
    few, many = finish.CHOICES.index((1.2, 0.1)), finish.CHOICES.index((2.0, 0.3))

    def liking(choice):
        bits = np.zeros(len(finish.CHOICES))
        bits[choice] = 1
        return bits

    found = {"a": liking(few), "b": liking(few), "c": liking(many), "d": liking(many), "e": liking(many)}
    choice = finish.by_bits(found, [["c", "d", "e"], ["a"], ["b"], ["unwatched"]], {"of": "mine"})
    assert (choice.sharpness, choice.centre) == (2.0, 0.3)
    told = choice.report
    assert told["of"] == "mine"
    assert told["chosen"] == {"sharpness": 2.0, "centre": 0.3, "bits": 0.6}
    assert told["blurred_alone"]["bits"] == 0
    apart = told["chosen_without_the_group"]
    assert [(group["clips"], group["sharpness"]) for group in apart["groups"]] == [
        (3, 1.2),
        (1, 2.0),
        (1, 2.0),
    ]
    assert apart["bits"] == 0  # nobody has what it wants
    with pytest.raises(UsageError, match="two groups of clips, and there is 1"):
        finish.by_bits(found, [[*found], ["unwatched"]], {})


def test_it_chooses_from_a_table(tmp_path, capsys):
    rehearsal(tmp_path)
    torch.manual_seed(0)
    weights, out = tmp_path / "full.safetensors", tmp_path / "finish.json"
    save_weights(TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48, blur=1)), weights)
    command = ["--weights", str(weights), "--clips", str(tmp_path / "clips"), "--frames", "2"]
    assert finish.main([*command, "--device", "cpu", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["clips"] == len(told["chosen_without_the_group"]["groups"]) == 4
    assert told["chosen"]["bits"] >= told["blurred_alone"]["bits"]
    assert str(told["chosen"]["sharpness"]) in capsys.readouterr().out

    sharp = network_from(read_weights(weights))
    sharp.config = replace(sharp.config, sharpness=2.0, centre=0.2)
    save_weights(sharp, weights)
    assert finish.main([*command, "--device", "cpu", "--json", str(out)]) == 0
    again = json.loads(out.read_text())
    assert again.pop("weights_sha256") != told.pop("weights_sha256")
    assert again == told  # whatever the file says of its maps

    names = [clip.name for clip in opened(tmp_path / "clips").clips()]
    (tmp_path / "groups.json").write_text(json.dumps([names]))
    assert finish.main([*command, "--groups", str(tmp_path / "groups.json"), "--json", str(out)]) == 1
    assert "needs two groups of clips, and there is 1" in capsys.readouterr().err


def test_it_goes_on_from_the_clips_that_are_done(tmp_path, monkeypatch):
    rehearsal(tmp_path)
    torch.manual_seed(0)
    weights, part = tmp_path / "full.safetensors", tmp_path / "part.json"
    save_weights(TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48, blur=1)), weights)
    data = opened(tmp_path / "clips")
    groups, clips = finish.apart(data, []), data.clips()
    whole = finish.chosen(clips, groups, weights, frames=2, device="cpu", part=part)
    kept = json.loads(part.read_text())
    del kept["bits"][clips[1].name]
    part.write_text(json.dumps(kept))
    looked, maps = [], finish.Windows.maps

    def watched(self, clip, frames):
        looked.append(clip.name)
        return maps(self, clip, frames)

    monkeypatch.setattr(finish.Windows, "maps", watched)
    assert finish.chosen(clips, groups, weights, frames=2, device="cpu", part=part) == whole
    assert looked == [clips[1].name]
    finish.chosen(clips, groups, weights, frames=1, device="cpu", part=part)  # another question
    assert looked[1:] == [clip.name for clip in clips]
