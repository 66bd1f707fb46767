"""The page of training memory says what was counted, and what was counted is what a step takes."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "training_memory.md"
RESULT = json.loads((ROOT / "benchmarks/results/training_memory.json").read_text(encoding="utf-8"))


def rows(table):
    """Cells of a table of the page by its setting, their units left out."""
    text = PAGE.read_text(encoding="utf-8").split(f"<!-- {table} -->")[1].split(f"<!-- end {table} -->")[0]
    lines = re.findall(r"^\| (\d+, \w+(?:, recompute)?) \| (.*) \|$", text, re.MULTILINE)
    return {setting: [float(cell.split()[0]) for cell in cells.split("|")] for setting, cells in lines}


def setting(run):
    return f"{run['clip_length']}, {run['precision']}" + (", recompute" if run["recompute"] else "")


def test_the_page_shows_the_counts():
    expected = {
        setting(run): [round(mib / 1024, 2) for mib in (*run["peak_mib"].values(), run["a_clip_mib"])]
        for run in RESULT["runs"]
    }
    assert rows("training-memory") == expected


def test_the_page_shows_the_clips_and_they_fit():
    shown = rows("training-clips")
    for run in RESULT["runs"]:
        assert shown[setting(run)] == list(run["clips_computed"].values())
        for gib, clips in run["clips_computed"].items():
            usable = (float(gib) - 1) * 1024 * 0.9
            assert run["fixed_mib"] + clips * run["a_clip_mib"] <= usable + 1
            assert run["fixed_mib"] + (clips + 1) * run["a_clip_mib"] > usable - 1


def test_counts_are_on_a_line_and_those_of_real_steps():
    assert all(abs(run["off_the_line_percent"]) < 1 for run in RESULT["runs"])
    for step in RESULT["check"]["steps"]:
        assert step["fake_mib"] == pytest.approx(step["real_mib"], rel=0.001)
