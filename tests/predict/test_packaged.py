"""The weights in the package are those that their cards are about."""

import json
import re
from pathlib import Path

import pytest

from tased.network.weights import read_weights
from tased.predict.packaged import DEFAULT, PACKAGED

MIB = 2**20
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "quality.json"
every = pytest.mark.parametrize("one", PACKAGED.values(), ids=list(PACKAGED))


def test_the_default_is_one_of_them():
    assert DEFAULT in PACKAGED


@every
def test_the_file_is_the_one_that_was_measured(one):
    weights = read_weights(one.path)
    assert weights.sha256 == one.sha256
    assert weights.config is not None
    assert weights.notes["licence"] == one.licence
    assert one.path.stat().st_size < 10 * MIB
    assert json.loads(RESULTS.read_text())["results"][one.name]["sha256"] == one.sha256


@every
def test_the_card_says_what_a_reader_needs(one):
    card = one.card.read_text(encoding="utf-8")
    for heading in ("Data", "How well it predicts", "Where it fails", "Intended use and limits", "Made by"):
        assert f"## {heading}" in card
    nss = json.loads(RESULTS.read_text())["results"][one.name]["nss"]["mean"]
    assert re.search(rf"^\| {one.name} \| {nss:.2f} ", card, re.MULTILINE)
