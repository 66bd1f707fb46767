"""tased-lite through the loop: by its recipe, stopped and resumed, and with an encoder that stays."""

import csv
import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tests.network.test_lite import random_network
from tests.references import efficientnet_lite0

from tased.errors import CheckpointError, UsageError
from tased.network.build import build
from tased.network.lite import TASEDLite
from tased.network.weights import save_weights
from tased.predict.network import to_network
from tased.predict.predictor import load
from tased.train.loader import training_batches
from tased.train.loop import train
from tased.train.losses import clip_losses
from tased.train.recipe import Recipe, with_settings
from tased.train.recipes import read_recipe
from tased.train.samples import Plan

SETTINGS = (
    "size=64x32",
    "network.width=8",
    "steps=4",
    "warmup=1",
    "clips_per_step=4",
    "clips_per_batch=2",
    "validate_every=2",
    "validation_clips=5",
    "save_every=1",
    "average=0.5",
)
TIMES = {"seconds": 0, "waited": 0}


@pytest.fixture
def recipe():
    return with_settings(read_recipe("lite"), SETTINGS)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Weights whose features differ from frame to frame."""
    path = tmp_path_factory.mktemp("first") / "first.safetensors"
    save_weights(random_network(rows=32, columns=64), path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, divided, first):
    """The folder of a run that nothing stopped."""
    run = tmp_path_factory.mktemp("whole") / "run"
    torch.manual_seed(0)  # what drops out is no part of the recipe's seed
    train(
        run,
        with_settings(read_recipe("lite"), SETTINGS),
        *divided,
        weights=first,
        device="cpu",
        workers=0,
    )
    return run


def rows(run):
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_the_loop_written_out(whole, first, recipe, divided):
    """AdamW, half a cosine after the warm-up, and the mean of the weights; gradients of the decoder only."""
    network = build(recipe.network)
    network.load_state_dict(load_file(first))
    network.train()
    network.encoder.eval()
    adam = torch.optim.AdamW(network.prediction.parameters(), lr=1.5e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    mean = {name: p.detach().clone() for name, p in network.named_parameters()}
    torch.manual_seed(recipe.seed)
    for step, batches in enumerate(training_batches(Plan(divided[0], recipe), recipe, first_step=1), 1):
        adam.param_groups[0]["lr"] = float(rows(whole)[step - 1]["prediction_rate"])
        adam.zero_grad()
        for batch in batches:
            maps = network(to_network(batch.clips))[:, None]
            names = [str(sample) for sample in batch.samples]
            loss = clip_losses(recipe, maps, batch.density, batch.fixations, names=names).mean()
            (loss * len(batch.clips) / recipe.clips_per_step).backward()
        adam.step()
        kept = min(recipe.average, (1 + step) / (10 + step))
        for name, parameter in network.named_parameters():
            mean[name] = kept * mean[name] + (1 - kept) * parameter.detach()
    found = load_file(whole / "last.safetensors")
    for name, tensor in mean.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=1e-7, msg=name)


def test_rates_rise_and_fall_by_a_cosine(whole, recipe):
    found = [float(row["prediction_rate"]) for row in rows(whole)]
    assert {row["encoder_rate"] for row in rows(whole)} <= {"0", "0.0"}
    assert max(found) <= recipe.prediction_rate
    assert found[1:] == sorted(found[1:], reverse=True)
    assert found[-1] < 0.5 * max(found)


def test_the_encoder_stays_bit_for_bit(whole, first):
    before, after = load_file(first), load_file(whole / "last.safetensors")
    encoder = [name for name in before if name.startswith("encoder.")]
    assert any(name.endswith("running_mean") for name in encoder)
    assert all(torch.equal(before[name], after[name]) for name in encoder)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert {"prediction.readout.prior", "prediction.decoder.logit.weight"} <= set(changed)


def test_what_it_learnt_predicts(whole, recipe, divided):
    video = divided[0][0].clips[0].video()
    predictor = load(whole / "best.safetensors", device="cpu")
    assert predictor.model.network.config == recipe.network
    assert next(predictor.predict(video)).values.shape == (48, 64)
    assert Recipe.from_toml((whole / "recipe.toml").read_text()) == recipe
    assert all(math.isfinite(float(row["loss"])) for row in rows(whole))


class KilledError(Exception):
    """In the place of a kill."""


@pytest.mark.parametrize("at", [1, 3])
def test_interrupted_and_resumed_it_ends_alike(at, whole, first, recipe, divided, tmp_path):
    run = tmp_path / "run"
    recipe = replace(recipe, save_every=2)  # so that some steps are done again

    def kill(progress):
        if progress.step == at:
            raise KilledError

    torch.manual_seed(0)
    with pytest.raises(KilledError):
        train(run, recipe, *divided, weights=first, device="cpu", workers=0, report=kill)
    torch.manual_seed(99)
    outcome = train(run, recipe, *divided, device="cpu", workers=0, resume=True)
    assert (outcome.step, outcome.stopped) == (4, False)
    for name in ("last.safetensors", "best.safetensors"):
        ours, theirs = load_file(run / name), load_file(whole / name)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    for ours, theirs in zip(rows(run), rows(whole), strict=True):
        assert {**ours, **TIMES} == {**theirs, **TIMES}


def test_a_taught_encoder_changes_and_its_statistics_stay(first, recipe, divided, tmp_path):
    recipe = replace(recipe, encoder_rate=1e-3, steps=2, warmup=0, validation_clips=0)
    found = train(tmp_path / "run", recipe, *divided, weights=first, device="cpu", workers=0).weights
    before, after = load_file(first), load_file(found)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert "encoder.stages.0.0.layers.0.conv.weight" in changed
    assert not any("running" in name for name in changed)


def test_it_begins_with_a_published_encoder(recipe, divided, tmp_path):
    state = efficientnet_lite0.state()
    torch.save(state, tmp_path / "lite0.pth")
    recipe = replace(recipe, steps=1, warmup=0, validation_clips=0)
    outcome = train(
        tmp_path / "run", recipe, *divided, encoder=tmp_path / "lite0.pth", device="cpu", workers=0
    )
    found = load_file(outcome.weights)
    assert torch.equal(found["encoder.stem.conv.weight"], state["_conv_stem.weight"])


def test_what_does_not_fit_it_is_refused(recipe, divided, tmp_path):
    with pytest.raises(UsageError, match="multiples of 32"):
        with_settings(recipe, ["size=48x32"])
    with pytest.raises(UsageError, match="recompute is for TASED-Net"):
        train(tmp_path / "run", replace(recipe, recompute=True), *divided, device="cpu")
    save_weights(TASEDLite(replace(recipe.network, width=16)), tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="another network than the recipe's: width 16, not 8"):
        train(tmp_path / "run", recipe, *divided, weights=tmp_path / "other.safetensors", device="cpu")
    torch.save(efficientnet_lite0.state(), tmp_path / "lite0.pth")
    with pytest.raises(CheckpointError, match="another kind of network"):
        train(
            tmp_path / "run",
            with_settings(read_recipe("paper"), ["size=48x32", "network.clip_length=4"]),
            *divided,
            encoder=tmp_path / "lite0.pth",
            device="cpu",
        )
    assert not (tmp_path / "run").exists()


def test_bfloat16_learns_in_float32(recipe, divided, first, tmp_path):
    half = replace(recipe, steps=1, precision="bfloat16", validation_clips=0)
    found = load_file(train(tmp_path / "run", half, *divided, weights=first, device="cpu", workers=0).weights)
    assert {t.dtype for t in found.values()} == {torch.float32, torch.int64}
