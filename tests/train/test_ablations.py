import re
from dataclasses import replace
from typing import get_args

import pytest

from tased.evaluate.reference import PAPER_TABLES
from tased.network.config import NetworkConfig
from tased.train.ablations import ABLATIONS, TableName, variants
from tased.train.recipe import with_settings
from tased.train.recipes import paper, published

TABLES = get_args(TableName)


def printed(number):
    return [row.method for block in PAPER_TABLES[number].blocks for row in block.rows]


@pytest.mark.parametrize("table", ["1", "4", "5"])
def test_rows_are_the_paper_s_in_its_order(table):
    names = [row.name for row in ABLATIONS[table]]
    rows = printed(int(table))
    assert names[: len(rows)] == rows
    assert not set(names[len(rows) :]) & set(rows)


def test_rows_are_what_their_names_say():
    """Read from the names, not from the table that made them."""
    for row in [*ABLATIONS["1"], *ABLATIONS["5"]]:
        assert f"({row.network.clip_length})" in row.name
    for row in ABLATIONS["1"]:
        word = {"late": "Late-aggregation", "early-two-step": "Early", "late-two-step": "Late two-step"}
        assert row.name.startswith(word[row.network.aggregation])
        assert row.kinetics == ("scratch" not in row.name)
    assert {row.name: row.network.upsampling for row in ABLATIONS["4"]} == {
        "TASED-Net-tri": "trilinear",
        "TASED-Net-trp": "transposed",
        "TASED-Net": "unpool",
    }
    assert [row.network.clip_length for row in ABLATIONS["5"]] == [4, 8, 16, 32, 48, 64, 32, 32]
    assert [(row.network.dense, row.network.maps) for row in ABLATIONS["5"]][-2:] == [(True, 1), (False, 4)]
    assert [row.network.decoder for row in ABLATIONS["decoders"]] == ["fcn", "unet", "deeplab", "tased"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("encoder_given", [False, True])
def test_a_recipe_keeps_all_but_the_network(table, encoder_given):
    settings = ["size=96x64", "network.sharpness=1.5", "network.centre=0.1", "steps=8", "drops=6,7"]
    recipe = with_settings(published(), settings)
    for variant in variants(table, recipe, encoder_given=encoder_given):
        network = variant.recipe.network
        assert (network.columns, network.rows, network.blur) == (96, 64, recipe.network.blur)
        assert (network.sharpness, network.centre) == (1.5, 0.1)
        assert network.aggregation != "released"  # the tables are of the paper's networks
        assert replace(variant.recipe, network=recipe.network) == recipe
        assert variant.kinetics <= encoder_given


@pytest.mark.parametrize("encoder_given", [False, True])
def test_one_run_is_one_network(encoder_given):
    of_run = {}
    for table in TABLES:
        found = variants(table, paper(), encoder_given=encoder_given)
        assert len({v.run for v in found}) == len({v.name for v in found}) == len(found)
        for variant in found:
            assert re.fullmatch(r"[a-z0-9-]+", variant.run)
            what = (variant.recipe, variant.kinetics)
            assert of_run.setdefault(variant.run, what) == what
    networks = list(of_run.values())
    assert all(networks.count(what) == 1 for what in networks)


def test_runs_are_shared_between_tables():
    found = {table: {v.run for v in variants(table, paper(), encoder_given=True)} for table in TABLES}
    assert set.intersection(*found.values()) == {"late-two-step-32"}
    assert found["1"] & found["5"] == {"late-two-step-32", "late-two-step-16"}
    assert len(set.union(*found.values())) == 12 + 2 + 6 + 3


def test_without_an_encoder_all_begin_from_scratch():
    found = variants("1", paper(), encoder_given=False)
    assert [v.name for v in found] == printed(1)
    assert [v.run for v in found][-1] == "late-two-step-32-from-scratch"
    assert len(variants("1", paper(), encoder_given=True)) == 12


def test_the_last_row_of_table_1_is_the_paper_s_network():
    variant = variants("1", paper(), encoder_given=True)[5]
    assert (variant.name, variant.recipe, variant.run) == ("Late two-step (32)", paper(), "late-two-step-32")
    assert variant.recipe.network == NetworkConfig()
