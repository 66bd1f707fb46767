"""What the page of speed says of the reuse: counted as it runs, derived by formula, true of real frames."""

import json
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from benchmarks.reuse_counts import counted, derived

from tased.apps.stand_in import random_network
from tased.network.config import RELEASED
from tased.network.counts import count
from tased.predict.clip import to_network
from tased.predict.resize import resize
from tased.video.synthetic import clip

ROOT = Path(__file__).parents[2]
SMALL = replace(RELEASED, rows=64, columns=96)
# Of the row of positions after each layer that looks along time: the frames between two windows, and the
# positions of the later one that the earlier one has, too.
SHARED = {
    "stem.0": (2, range(2, 14)),
    "stem.3": (2, range(3, 13)),
    "mixed3.0": (2, range(4, 12)),
    "mixed3.1": (2, range(5, 11)),
    "pool4": (4, range(3, 5)),
}


@pytest.mark.parametrize("length", [4, 8, 16, 32, 48])
def test_the_formula_is_what_the_engine_computes(length):
    config = replace(SMALL, clip_length=length)
    layers = derived(config)
    assert counted(config) == {name: layer.engine for name, layer in layers.items()}
    assert sum(layer.plain for layer in layers.values()) == count(config).multiply_accumulates


@pytest.mark.parametrize("every", [2, 3, 4, 5, 8, 12])
def test_the_formula_is_what_the_engine_computes_of_every_nth_frame(every):
    assert counted(SMALL, every) == {name: layer.engine for name, layer in derived(SMALL, every).items()}


def test_the_result_is_the_formula_at_full_size():
    result = json.loads((ROOT / "benchmarks/results/reuse_counts.json").read_text(encoding="utf-8"))
    layers = derived(RELEASED)
    for name, layer in layers.items():
        found = result["layers"][name]
        assert (found["positions"], found["computed"]) == (layer.positions, layer.computed)
        assert (found["plain"], found["engine"], found["counted"]) == (
            layer.plain,
            layer.engine,
            layer.engine,
        )
    assert result["layers"].keys() == layers.keys()
    assert result["every"] == {
        str(n): sum(layer.engine for layer in derived(RELEASED, n).values()) for n in (1, 2, 3, 4, 5, 8, 12)
    }
    assert result["all"]["plain"] == count(RELEASED).multiply_accumulates
    assert result["all"]["engine"] == result["all"]["counted"] == sum(x.engine for x in layers.values())


@pytest.fixture(scope="module")
def frames():
    """Of a clip, as a network is shown them."""
    seen = islice(clip(frames=36, height=128, width=192), 36)
    return torch.stack([resize(frame.pixels, SMALL.rows, SMALL.columns) for frame in seen])


@pytest.fixture(scope="module")
def network():
    return random_network(SMALL)


@torch.inference_mode()
def rows_of(network, frames):
    """By layer what the plain network makes of a window: (C, T, H, W)."""
    found, hooks = {}, []
    for name in SHARED:
        module = network.encoder.get_submodule(name)
        # A copy, because what follows may write into it.
        hooks.append(module.register_forward_hook(lambda _, __, x, n=name: found.update({n: x[0].clone()})))
    network(to_network(frames[None]))
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("name", SHARED)
def test_two_windows_have_positions_in_common_to_the_bit(network, frames, name):
    """Positions of two windows of the plain network that stand at the same frames; the others differ."""
    apart, shared = SHARED[name]
    earlier, later = (rows_of(network, frames[n : n + 32])[name] for n in (0, apart))
    assert earlier.shape[1] == later.shape[1] == 32 // apart
    same = [i for i in range(32 // apart - 1) if torch.equal(earlier[:, i + 1], later[:, i])]
    assert same == list(shared)


def test_the_page_says_what_was_counted():
    page = (ROOT / "docs/speed.md").read_text(encoding="utf-8")
    result = json.loads((ROOT / "benchmarks/results/reuse_counts.json").read_text(encoding="utf-8"))
    table = page.split("<!-- reuse -->")[1].split("<!-- end reuse -->")[0]
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \| ([\d.]+) G \| ([\d.]+) G \|$", table, re.MULTILINE)
    assert [(name, int(n), int(c), p, e) for name, n, c, p, e in rows] == [
        (name, x["positions"], x["computed"], f"{x['plain'] / 1e9:.2f}", f"{x['engine'] / 1e9:.2f}")
        for name, x in result["layers"].items()
    ]
    of_every = page.split("<!-- every -->")[1].split("<!-- end every -->")[0]
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) G \| ([\d.]+) G \|$", of_every, re.MULTILINE)
    assert rows == [(n, f"{x / 1e9:.1f}", f"{x / 1e9 / int(n):.1f}") for n, x in result["every"].items()]
    whole = {way: f"{result['all'][way] / 1e9:.2f} G" for way in ("plain", "engine")}
    assert f"| **all** | | | **{whole['plain']}** | **{whole['engine']}** |" in table
    text = " ".join(page.split())
    assert f"{whole['plain']} multiply-adds a map" in text
    assert f"{whole['engine']} are left" in text
    counts = [len(shared) for _, shared in SHARED.values()]
    assert "of 16 positions {}, {}, {} and {} are shared".format(*counts) in text
