"""What the page about metrics says in figures was measured, and the measurements keep what was promised."""

import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "benchmarks" / "results" / "metrics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["protocols-compared", "metrics-speed"])
def test_tables_are_the_measured_ones(name):
    table = runpy.run_path(str(ROOT / "benchmarks" / "metrics.py"))["tables"](RESULT)[name]
    shown = re.search(rf"<!-- {name} -->\n(.*?)<!-- end {name} -->", PAGE, re.DOTALL)[1]
    assert shown.strip() == table
    assert f"Means over {RESULT['scenes']} frames" in PAGE


def test_all_metrics_take_less_than_15_milliseconds():
    assert all(took < 15 for took in RESULT["speed"]["all_metrics_milliseconds"].values())


def test_areas_are_20_times_as_fast_as_the_literal_loops():
    assert all(area["literal_over_dhf1k"] >= 20 for area in RESULT["speed"]["areas"].values())
