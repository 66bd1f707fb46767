"""The benchmark for GPUs, rehearsed on a CPU: a loan of a GPU is too short to find its errors there."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tased.predict.poolings import switches, unpool

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
def test_a_rehearsal_tries_every_way_and_outlives_one_that_fails(tmp_path):
    out = tmp_path / "gpu.json"
    command = [sys.executable, BENCHMARKS / "gpu.py", "--rehearse", "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    ways = json.loads(out.read_text(encoding="utf-8"))["ways"]
    failed = {name for name, found in ways.items() if "error" in found}
    assert failed == (set() if torch.cuda.is_available() else {"CUDA graph, 2"})
    assert ways.pop("maps")["least_cc_of_product"] > 0.999
    assert all(found["a_second"] > 0 for name, found in ways.items() if name not in failed)
    assert len(ways) == 23


def test_figures_of_a_rehearsal_are_not_kept():
    command = [sys.executable, BENCHMARKS / "gpu.py", "--rehearse"]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 2
    assert "give another --out" in told.stderr


def test_ways_that_come_too_late_are_named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("gpu_report")
    report = module.Report(tmp_path / "a.json", {}, until=0)
    report.compare({"late": module.Way(1, lambda: print)}, 1)
    assert report.found == {"late": {"error": "not begun: time was up"}}
    assert json.loads(report.path.read_text())["ways"] == report.found


def test_unpooling_in_any_order_is_the_engines(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, 13, 18, 5, generator=generator)
    pooled, found = switches(x, 3)
    values = torch.rand(pooled.shape, generator=generator)
    ways = importlib.import_module("gpu_ways")
    assert torch.equal(ways.unpool_in_any_order(values, found, 13, 18), unpool(values, found, 13, 18))
