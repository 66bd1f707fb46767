"""Frames that an encoder has seen are not looked at again, and nothing else changes."""

import csv
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tests.network.test_lite import frames, random_network

from tased.errors import UsageError
from tased.network.efficientnet import EfficientNetLite0
from tased.network.tased import TASEDNet
from tased.network.weights import save_weights
from tased.train.loop import train
from tased.train.recall import Recall
from tased.train.recipe import with_settings
from tased.train.recipes import lite


@pytest.fixture
def looks(monkeypatch):
    """How many frames any encoder has looked at."""
    seen = []
    forward = EfficientNetLite0.forward

    def counted(self, x):
        seen.append(len(x))
        return forward(self, x)

    monkeypatch.setattr(EfficientNetLite0, "forward", counted)
    return seen


@torch.no_grad()
def test_a_frame_is_looked_at_once_and_its_features_are_the_encoders(looks):
    recall, network, given = Recall(), random_network(), frames(3)
    expected = network.encoder(given)
    recall.serve(network, lite())
    looks.clear()
    for _ in range(2):
        for found, level in zip(network.encoder(given), expected, strict=True):
            torch.testing.assert_close(found, level, rtol=1e-3, atol=1e-3 * float(level.abs().max()))
    network.encoder(given[1:].flip(0))
    assert looks == [1, 1, 1]


def test_another_training_with_the_same_encoder_recalls(looks):
    recall, one, other = Recall(), random_network(), random_network()
    recall.serve(one, lite())
    one.encoder(frames(2))
    recall.serve(other, lite())
    other.encoder(frames(2))
    assert looks == [1, 1]
    with pytest.raises(UsageError, match="another encoder"):
        recall.serve(random_network(seed=1), lite())


@pytest.mark.parametrize(
    "change", [{"encoder_rate": 1e-4}, {"statistics": "batch"}, {"prediction_rate": 0.0}], ids=str
)
def test_an_encoder_that_learns_is_refused(change):
    with pytest.raises(UsageError, match="encoder that stays"):
        Recall().serve(random_network(), replace(lite(), **change))


def test_another_network_is_refused():
    with pytest.raises(UsageError, match="a tased-lite's encoder"):
        Recall().serve(TASEDNet(), lite())


def test_training_goes_the_same_way_but_for_rounding(tmp_path, divided):
    save_weights(random_network(rows=32, columns=64), tmp_path / "first.safetensors")
    settings = (
        "size=64x32",
        "network.width=8",
        "steps=4",
        "warmup=1",
        "clips_per_step=4",
        "validation_clips=0",
    )
    losses, ends = [], []
    for name, recall in (("plain", None), ("recalled", Recall())):
        train(
            tmp_path / name,
            with_settings(lite(), settings),
            divided[0],
            [],
            weights=tmp_path / "first.safetensors",
            recall=recall,
            device="cpu",
            workers=0,
        )
        with (tmp_path / name / "metrics.csv").open(newline="") as file:
            losses.append([float(row["loss"]) for row in csv.DictReader(file)])
        ends.append(load_file(tmp_path / name / "last.safetensors"))
    assert losses[1] == pytest.approx(losses[0], rel=5e-3)
    assert len(set(losses[0])) == 4
    first, (plain, recalled) = load_file(tmp_path / "first.safetensors"), ends
    for name, tensor in plain.items():
        stays = name.startswith("encoder.")
        assert torch.equal(recalled[name], first[name]) == torch.equal(tensor, first[name]) == stays, name
