"""`tased weights`."""

import re
from dataclasses import replace
from typing import get_args

import torch
from tests.references import published

import tased
from tased.cli import main
from tased.cli.model import ModelName
from tased.network.counts import variants
from tased.predict.packaged import PACKAGED
from tased.predict.predictor import TRAINING_FREE


def test_list_names_what_can_be_loaded(capsys):
    assert main(["weights", "list"]) == 0
    told = capsys.readouterr().out
    for name in (*get_args(ModelName), "default", "TASED_v2.pt", "S3D_kinetics"):
        assert name in told


def test_every_model_that_is_loaded_by_name_is_an_option():
    assert set(get_args(ModelName)) == {*PACKAGED, *TRAINING_FREE}


def test_info_counts_every_variant(capsys):
    assert main(["weights", "info"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in variants())
    assert re.search(r"released\s+│ 21\.26 M\s+│ 78\.46 G", told)


def test_convert_writes_what_says_which_network_it_is(tmp_path, capsys):
    torch.save(published.tased_state(), tmp_path / "TASED_v2.pt")
    target = tmp_path / "tased-v2.safetensors"
    assert main(["weights", "convert", str(tmp_path / "TASED_v2.pt"), str(target)]) == 0
    before = tased.load(tmp_path / "TASED_v2.pt").model.network.state_dict()
    after = tased.load(target).model.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)

    assert main(["weights", "info", str(target)]) == 0
    told = capsys.readouterr().out
    assert "released" in told
    assert "TASED_v2.pt" in told
    assert "21,260,693" in told


def test_half_precision_halves_the_file(tmp_path, tiny_weights):
    half = tmp_path / "half.safetensors"
    assert main(["weights", "convert", str(tiny_weights), str(half), "--dtype", "float16"]) == 0
    assert half.stat().st_size < 0.51 * tiny_weights.stat().st_size


def test_convert_changes_how_maps_are_finished(tmp_path, capsys, tiny_weights):
    target = tmp_path / "sharp.safetensors"
    command = ["weights", "convert", str(tiny_weights), str(target)]
    assert main([*command, "--sharpness", "2", "--centre", "0.25"]) == 0
    before, after = (tased.load(path).model.network for path in (tiny_weights, target))
    assert after.config == replace(before.config, sharpness=2.0, centre=0.25)
    states = before.state_dict(), after.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert main([*command, "--centre", "1"]) == 2
    assert "centre is 1.0; it must be from 0 to below 1" in capsys.readouterr().err


def test_an_encoder_is_not_converted(tmp_path, capsys):
    torch.save(published.s3d_state(published.tased_state()), tmp_path / "S3D.pt")
    assert main(["weights", "convert", str(tmp_path / "S3D.pt"), str(tmp_path / "x.safetensors")]) == 1
    assert "encoder alone" in capsys.readouterr().err
    assert main(["weights", "info", str(tmp_path / "S3D.pt")]) == 0
    assert "7,910,048" in capsys.readouterr().out


def test_a_target_of_another_kind_is_refused(tmp_path, capsys, tiny_weights):
    assert main(["weights", "convert", str(tiny_weights), str(tmp_path / "x.pt")]) == 2
    assert ".safetensors" in capsys.readouterr().err
