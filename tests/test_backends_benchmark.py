"""How the benchmark of backends compares maps: its own ways, of a small network."""

import importlib
from dataclasses import replace
from pathlib import Path

import torch

from tased.network.weights import network_from, read_weights

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_finished_maps_are_those_that_are_compared(tiny_weights, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("backends")
    monkeypatch.setattr(module, "others", lambda *_, **__: {})
    monkeypatch.setattr(module, "CALIBRATED", module.CALIBRATED[:1])
    monkeypatch.setattr(module, "SCORED", module.SCORED[:1])
    network = network_from(read_weights(tiny_weights))
    network.config = replace(network.config, blur=0.0, centre=0.0)
    with torch.inference_mode():
        raw = module.nearness(network, tmp_path, 1)
        network.config = replace(network.config, centre=0.9)
        mixed = module.nearness(network, tmp_path, 1)
    for way, near in raw.items():
        assert near["mean_cc_finished"] == near["mean_cc"]
        assert mixed[way]["mean_cc"] == near["mean_cc"]
    assert raw["engine bfloat16"]["mean_cc"] < mixed["engine bfloat16"]["mean_cc_finished"] <= 1
