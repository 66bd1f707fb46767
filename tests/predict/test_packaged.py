"""The weights in the package are those that their cards are about."""

import json
import re
from pathlib import Path

import pytest

import tased
from tased.network.config import NetworkConfig
from tased.network.weights import read_weights
from tased.predict.packaged import DEFAULT, FULL, PACKAGED

MIB = 2**20
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
# Those for research: where their training is told, and its name there.
RESEARCH = {"lite-research": ("lite_ablation", "research"), "tased-research": ("full_research", "everything")}
every = pytest.mark.parametrize("one", PACKAGED.values(), ids=list(PACKAGED))


def test_the_default_is_one_of_them():
    assert DEFAULT in PACKAGED
    assert tased.load().model.name == DEFAULT
    assert tased.load(published=True).model.name == FULL  # it runs a TASED-Net alone


@every
def test_the_file_is_the_one_that_was_measured(one):
    weights = read_weights(one.path)
    assert weights.sha256 == one.sha256
    assert weights.config is not None
    assert weights.notes["licence"] == one.licence
    assert one.path.stat().st_size < (45 if isinstance(weights.config, NetworkConfig) else 10) * MIB
    if one.open:
        assert _measured("quality")["results"][one.name]["sha256"] == one.sha256
    else:
        report, name = RESEARCH[one.name]
        training = _measured(report)["trainings"][name]
        assert weights.notes["source_sha256"] == training["sha256"]


@every
def test_the_card_says_what_a_reader_needs(one):
    card = one.card.read_text(encoding="utf-8")
    for heading in ("Data", "How well it predicts", "Where it fails", "Intended use and limits", "Made by"):
        assert f"## {heading}" in card
    name, measured = (one.name, "quality") if one.open else ("research, by folds", RESEARCH[one.name][0])
    nss = _measured(measured)["results"][name]["nss"]["mean"]
    assert re.search(rf"^\| {name} \| {nss:.2f} ", card, re.MULTILINE)


def test_the_encoder_for_research_is_the_same():
    """It never learns; what differs is the decoder."""
    open_, research = (read_weights(PACKAGED[name].path).tensors for name in ("lite", "lite-research"))
    same = {name for name, tensor in open_.items() if tensor.equal(research[name])}
    assert {name for name in open_ if name.startswith("encoder.")} <= same
    assert len(same) < len(open_)


def test_scores_are_told_of_what_was_scored():
    assert tased.load("lite").packaged
    assert tased.load("tased").packaged
    assert not any(tased.load(name).packaged for name in RESEARCH)


def test_the_full_network_for_research_went_on_beside_the_open_one_and_finishes_alike():
    report, weights = _measured("full_research"), read_weights(PACKAGED["tased-research"].path)
    assert report["finish"] == {name: getattr(weights.config, name) for name in ("sharpness", "centre")}
    assert weights.config == read_weights(PACKAGED["tased"].path).config
    assert report["open_sha256"] == PACKAGED["tased"].sha256
    assert report["groups"] == _measured("quality")["groups"]
    assert [one["clips"] for one in report["trainings"].values()] == [
        *(report["clips"] - size for size in report["groups"]),
        report["clips"],
    ]


def _measured(name):
    return json.loads((RESULTS / f"{name}.json").read_text())
