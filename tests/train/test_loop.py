"""The loop against one written out by hand, and runs that are stopped against one that is not."""

import csv
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from tensorboardX.proto import event_pb2
from tests.train.conftest import SMALL

from tased.errors import CheckpointError, DataError, OutputError, UsageError
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights, save_weights
from tased.predict.device import bfloat16_instructions
from tased.predict.network import to_network
from tased.predict.predictor import load
from tased.train import begin
from tased.train.colour import recoloured
from tased.train.loader import training_batches
from tased.train.loop import train
from tased.train.losses import kld
from tased.train.recipe import Recipe, with_settings
from tased.train.recipes import published
from tased.train.samples import Plan


@pytest.fixture(scope="module")
def whole(tmp_path_factory, divided):
    """The folder of a run that nothing stopped."""
    from tased.train.recipes import paper

    run = tmp_path_factory.mktemp("whole") / "run"
    train(run, with_settings(paper(), SMALL), *divided, device="cpu", workers=0)
    return run


TIMES = {"seconds": 0, "waited": 0}


def rows(run, name="metrics.csv"):
    with (run / name).open(newline="") as file:
        return list(csv.DictReader(file))


def same_tensors(one, other):
    one, other = load_file(one), load_file(other)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def by_hand(recipe, sources):
    """Section 4.1 in a dozen lines: what the loop must come to."""
    torch.manual_seed(recipe.seed)
    network = TASEDNet(recipe.network).train().to(memory_format=torch.channels_last_3d)
    sgd = torch.optim.SGD(
        [
            {"params": network.encoder.parameters(), "lr": 1e-3},
            {"params": network.prediction.parameters(), "lr": 0.1},
        ],
        momentum=0.9,
        weight_decay=2e-7,
    )
    for step, batches in enumerate(training_batches(Plan(sources, recipe), recipe, first_step=1), 1):
        sgd.param_groups[1]["lr"] = 0.1 if step <= 3 else 0.01
        sgd.zero_grad()
        for batch in batches:
            shown = recoloured(batch.clips, [sample.colour for sample in batch.samples])
            maps = network(to_network(shown).to(memory_format=torch.channels_last_3d))
            loss = kld(maps, batch.density[:, 0]).mean() * len(batch.clips) / recipe.clips_per_step
            loss.backward()
        sgd.step()
    return network


def test_it_is_the_loop_written_out(whole, recipe, divided):
    expected = by_hand(recipe, divided[0]).state_dict()
    found = load_file(whole / "last.safetensors")
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


def test_the_folder_is_for_people(whole, recipe, divided):
    found = rows(whole)
    assert [row["step"] for row in found] == ["1", "2", "3", "4"]
    assert [float(row["prediction_rate"]) for row in found] == pytest.approx([0.1, 0.1, 0.1, 0.01])
    assert {row["encoder_rate"] for row in found} == {"0.001"}
    assert all(math.isfinite(float(row["loss"])) for row in found)
    assert [bool(row["validation_nss"]) for row in found] == [False, True, False, True]
    assert Recipe.from_toml((whole / "recipe.toml").read_text()) == recipe
    told = json.loads((whole / "environment.json").read_text())
    assert told["versions"]["torch"] == torch.__version__
    assert told["data"][0]["fingerprint"] == divided[0][0].data.fingerprint("training")
    for step in (2, 4):
        with Image.open(whole / "maps" / f"step-{step:06d}.png") as picture:
            assert np.asarray(picture).std() > 1
    assert not (whole / "skipped.csv").read_text().splitlines()[1:]
    video = divided[0][0].clips[0].video()
    for name in ("last.safetensors", "best.safetensors"):
        assert next(load(whole / name).predict(video)).values.shape == (48, 64)


def test_events_are_tensorboards(whole):
    """Read as TensorFlow lays records out: length, its checksum, the event, its checksum."""
    (file,) = whole.glob("events.out.tfevents.*")
    content, at, losses = file.read_bytes(), 0, {}
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        event = event_pb2.Event.FromString(content[at + 12 : at + 12 + length])
        for value in event.summary.value:
            if value.tag == "loss":
                losses[event.step] = value.simple_value
        at += length + 16
    assert losses == pytest.approx({int(row["step"]): float(row["loss"]) for row in rows(whole)})


def test_the_best_network_is_kept(whole):
    by_loss = {row["validation_loss"]: row["step"] for row in rows(whole) if row["validation_loss"]}
    with safe_open(whole / "best.safetensors", "pt") as file:
        assert file.metadata()["training_step"] == by_loss[min(by_loss, key=float)]


class KilledError(Exception):
    """In the place of a kill."""


slow = pytest.mark.slow


@pytest.mark.parametrize("at", [pytest.param(1, marks=slow), 2, pytest.param(3, marks=slow)])
def test_interrupted_after_any_step_and_resumed_it_ends_alike(at, whole, recipe, divided, tmp_path):
    run = tmp_path / "run"
    recipe = replace(recipe, save_every=2)  # so that some steps are done again

    def kill(progress):
        if progress.step == at:
            raise KilledError

    with pytest.raises(KilledError):
        train(run, recipe, *divided, device="cpu", workers=0, report=kill)
    outcome = train(run, recipe, *divided, device="cpu", workers=0, resume=True)
    assert not outcome.stopped
    assert outcome.step == 4
    for name in ("last.safetensors", "best.safetensors"):
        assert same_tensors(run / name, whole / name)
    for ours, theirs in zip(rows(run), rows(whole), strict=True):
        assert {**ours, **TIMES} == {**theirs, **TIMES}


def command(recordings, run, *more):
    settings = [word for setting in SMALL for word in ("--set", setting)]
    return [
        *("-m", "tased", "train", "--dataset", "table", "--data", str(recordings), "--out", str(run)),
        *("--hold-out", "0.3", "--device", "cpu", "--workers", "1", *settings, *more),
    ]


def began(recordings, run, steps, *more):
    """A run in a process of its own, that has done so many steps."""
    process = subprocess.Popen(
        [sys.executable, *command(recordings, run, *more)], stderr=subprocess.PIPE, start_new_session=True
    )
    until = time.monotonic() + 120
    while not (run / "metrics.csv").exists() or len(rows(run)) < steps:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


def test_sigkill_at_any_moment(recordings, whole, recipe, divided, tmp_path):
    """Nobody can say where in a step it strikes; the worker that reads clips has to go with it."""
    run = tmp_path / "run"
    process = began(recordings, run, 2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    until = time.monotonic() + 60
    while subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, check=False).stdout:
        assert time.monotonic() < until, "a worker has outlived its run"
        time.sleep(0.1)
    train(run, recipe, *divided, device="cpu", workers=0, resume=True)
    assert same_tensors(run / "last.safetensors", whole / "last.safetensors")
    assert [row["step"] for row in rows(run)] == ["1", "2", "3", "4"]


def test_sigterm_saves_and_stops(recordings, recipe, divided, tmp_path):
    run = tmp_path / "run"
    process = began(recordings, run, 1, "--set", "steps=200", "--set", "save_every=1000")
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 143
    done = len(rows(run))
    assert f"stopped after step {done} of 200" in told
    assert "--resume" in told
    with safe_open(run / "state.safetensors", "pt") as file:
        assert file.metadata()["step"] == str(done)


def test_a_loss_that_is_no_number_stops_with_the_clips_named(recipe, divided, tmp_path):
    run = tmp_path / "run"
    names = {clip.name for clip in divided[0][0].clips}
    with pytest.raises(DataError, match=r"step \d: the loss is no number for .* last checkpoint") as caught:
        train(run, replace(recipe, prediction_rate=1e30), *divided, device="cpu", workers=0)
    assert any(name in str(caught.value) for name in names)
    kept = load_file(run / "last.safetensors")
    assert kept  # and whole; the weights of the step before are what they are


@pytest.mark.parametrize("small_disk", ["400m"], indirect=True)
def test_a_full_disk_leaves_the_last_checkpoint(small_disk, recipe, divided):
    """Room for the state and weights of step 0 and for one more of each, but not while the old ones stay."""
    run = small_disk / "run"
    recipe = replace(recipe, validation_clips=0, clips_per_step=1)
    with pytest.raises(OutputError, match=r"disk full .* free some space"):
        train(run, recipe, *divided, device="cpu", workers=0)
    with safe_open(run / "state.safetensors", "pt") as file:
        saved = int(file.metadata()["step"])
        assert saved >= 1
    network_from(read_weights(run / "last.safetensors"))
    assert not list(run.glob("*.partial"))


def test_it_begins_with_an_encoder_or_with_all_weights(recipe, divided, tmp_path):
    torch.manual_seed(5)
    other = TASEDNet(recipe.network)
    save_weights(other, tmp_path / "other.safetensors")
    still = replace(recipe, steps=1, encoder_rate=0, prediction_rate=0, validation_clips=0)
    outcome = train(
        tmp_path / "a", still, *divided, weights=tmp_path / "other.safetensors", device="cpu", workers=0
    )
    found = load_file(outcome.weights)
    for name, parameter in other.named_parameters():
        assert torch.equal(found[name], parameter)
    outcome = train(
        tmp_path / "b", still, *divided, encoder=tmp_path / "other.safetensors", device="cpu", workers=0
    )
    found = load_file(outcome.weights)
    same = {name: torch.equal(found[name], parameter) for name, parameter in other.named_parameters()}
    assert all(equal for name, equal in same.items() if name.startswith("encoder."))
    assert not all(equal for name, equal in same.items() if name.startswith("prediction."))


def test_a_network_of_clips_begins_with_one_of_pictures(recipe, divided, tmp_path):
    torch.manual_seed(5)
    pictures = TASEDNet(replace(recipe.network, clip_length=1))
    save_weights(pictures, tmp_path / "pictures.safetensors")
    first = replace(recipe, steps=1, encoder_rate=0, prediction_rate=0, validation_clips=0)
    outcome = train(
        tmp_path / "run", first, *divided, weights=tmp_path / "pictures.safetensors", device="cpu", workers=0
    )
    found = load_file(outcome.weights)
    for name, parameter in pictures.named_parameters():
        along = found[name]
        same = along.sum(2, keepdim=True) if along.ndim == 5 else along  # filters keep their sum over time
        torch.testing.assert_close(same, parameter.detach())


def test_a_network_of_pictures_learns_and_predicts(recipe, divided, tmp_path):
    pictures = with_settings(recipe, ["network.clip_length=1", "pan=0.2", "zoom=0.2"])
    outcome = train(tmp_path / "run", pictures, *divided, device="cpu", workers=0)
    predictor = load(outcome.weights, device="cpu")
    frames = torch.randint(0, 256, (3, 48, 64, 3), dtype=torch.uint8).numpy()
    maps = [map_.values for map_ in predictor.predict(frames, size="network")]
    plain = [next(iter(predictor.predict(frames[n : n + 1], size="network"))).values for n in range(3)]
    assert all(torch.equal(one, other) for one, other in zip(maps, plain, strict=True))


def test_weights_of_another_network_are_refused(recipe, divided, tmp_path):
    save_weights(TASEDNet(NetworkConfig(clip_length=8)), tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="another network than the recipe's: clip_length 8, not 4"):
        train(tmp_path / "run", recipe, *divided, weights=tmp_path / "other.safetensors", device="cpu")
    assert not (tmp_path / "run").exists()


def test_how_maps_are_finished_is_the_recipe_s(recipe, divided, tmp_path):
    """Weights that were finished otherwise can be gone on with."""
    sharp = replace(recipe.network, sharpness=2.0, centre=0.2)
    save_weights(TASEDNet(sharp), tmp_path / "sharp.safetensors")
    recipe = replace(recipe, steps=1, network=replace(recipe.network, sharpness=1.5))
    outcome = train(
        tmp_path / "run", recipe, *divided, weights=tmp_path / "sharp.safetensors", device="cpu", workers=0
    )
    assert read_weights(outcome.weights).config == recipe.network


def test_frozen_statistics_stay(recipe, divided, tmp_path):
    frozen = replace(recipe, steps=1, statistics="frozen", validation_clips=0)
    found = load_file(train(tmp_path / "run", frozen, *divided, device="cpu", workers=0).weights)
    means = {name: t for name, t in found.items() if name.endswith("running_mean")}
    assert all(not t.any() for name, t in means.items() if name.startswith("encoder."))
    assert all(t.any() for name, t in means.items() if name.startswith("prediction."))


def test_the_published_recipe_takes_its_steps(divided, tmp_path):
    settings = ("size=64x48", "steps=1", "clips_per_step=8", "clips_per_batch=4", "statistics_over=2")
    recipe = with_settings(replace(published()), settings)
    recipe = replace(recipe, network=replace(recipe.network, aggregation="late", clip_length=4))
    outcome = train(tmp_path / "run", recipe, *divided, device="cpu", workers=0)
    assert outcome.best is None
    assert outcome.weights.name == "last.safetensors"
    assert not (tmp_path / "run" / "best.safetensors").exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"precision": "float16"}, UsageError, "float16 needs a GPU"),
        ({"statistics": "synchronised", "statistics_over": 2}, UsageError, "leave statistics_over at 0"),
    ],
)
def test_impossible_recipes(change, error, message, recipe, divided, tmp_path):
    with pytest.raises(error, match=message):
        train(tmp_path / "run", replace(recipe, **change), *divided, device="cpu")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not bfloat16_instructions(), reason="this CPU multiplies no matrices of bfloat16")
def test_bfloat16_on_a_cpu_interrupted_and_resumed(recipe, divided, tmp_path):
    half = replace(recipe, precision="bfloat16", steps=2, validation_clips=0)
    for folder, steps in (("whole", [2]), ("parts", [1, 2])):
        for done in steps:
            run = replace(half, steps=done)
            train(
                tmp_path / folder, run, *divided, device="cpu", workers=0, resume=(done, steps) == (2, [1, 2])
            )
    found = load_file(tmp_path / "whole" / "last.safetensors")
    assert {t.dtype for t in found.values()} == {torch.float32, torch.int64}
    assert all(t.isfinite().all() for t in found.values())
    assert same_tensors(tmp_path / "whole" / "last.safetensors", tmp_path / "parts" / "last.safetensors")


def test_bfloat16_is_refused_where_a_cpu_has_none(recipe, divided, tmp_path, monkeypatch):
    monkeypatch.setattr(begin, "bfloat16_instructions", tuple)
    with pytest.raises(UsageError, match=r"a CPU that multiplies matrices of it \(AMX or AVX512_BF16\)"):
        train(tmp_path / "run", replace(recipe, precision="bfloat16"), *divided, device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_written_over(whole, recipe, divided):
    before = (whole / "metrics.csv").read_bytes()
    with pytest.raises(OutputError, match="a run here already; --resume goes on"):
        train(whole, recipe, *divided, device="cpu")
    assert (whole / "metrics.csv").read_bytes() == before


def test_going_on_needs_what_it_was_begun_with(whole, recipe, divided, tmp_path):
    with pytest.raises(UsageError, match=r"another recipe: clip_length|another recipe: flip 0\.5, not 0\.1"):
        train(whole, replace(recipe, flip=0.1), *divided, device="cpu", resume=True)
    with pytest.raises(DataError, match="begun with other data"):
        train(whole, recipe, divided[1], divided[0], device="cpu", resume=True)
    with pytest.raises(UsageError, match="has done 4 steps already"):
        train(whole, replace(recipe, steps=2), *divided, device="cpu", resume=True)
    with pytest.raises(CheckpointError, match="no training state to go on from"):
        train(tmp_path / "none", recipe, *divided, device="cpu", resume=True)


def test_a_finished_run_is_finished_and_can_be_longer(recipe, divided, tmp_path):
    run = tmp_path / "run"
    short = replace(recipe, steps=2, validation_clips=0)
    train(run, short, *divided, device="cpu", workers=0)
    seen = []
    train(run, short, *divided, device="cpu", workers=0, resume=True, report=seen.append)
    assert not seen
    outcome = train(run, replace(short, steps=3), *divided, device="cpu", workers=0, resume=True)
    assert outcome.step == 3
    assert [row["step"] for row in rows(run)] == ["1", "2", "3"]


@slow
def test_two_processes_learn_what_one_does(recordings, recipe, divided, tmp_path):
    """The same clips in the same batches: momentum after the first step is the gradient."""
    still = ("--set", "steps=1", "--set", "statistics_momentum=1e-12")
    one, two = tmp_path / "one", tmp_path / "two"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *command(recordings, one, *still)], check=True, env=environment)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    subprocess.run(
        [*torchrun, *command(recordings, two, *still)], check=True, env=environment, capture_output=True
    )
    ours, theirs = load_file(one / "state.safetensors"), load_file(two / "state.safetensors")
    for name, tensor in ours.items():
        if name.endswith("momentum_buffer"):
            torch.testing.assert_close(theirs[name], tensor, rtol=1e-4, atol=1e-6)
    (single,), (merged,) = rows(one), rows(two)
    for name in single:
        if name not in TIMES and single[name]:
            assert float(merged[name]) == pytest.approx(float(single[name]), rel=1e-4), name
