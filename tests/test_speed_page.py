"""The figures of docs/speed.md: each is of a result, each result is shown; the options of `tased bench`."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/speed.md").read_text(encoding="utf-8")
RESULTS = {
    path.stem.removeprefix("cost_"): json.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "benchmarks/results").glob("cost_*.json")
}
WAYS = {"plain, float32", "engine, float32", "engine, bfloat16", "lite", "matrix product"}
OTHERS = {
    "length": WAYS - {"lite"},
    "batch": WAYS - {"lite"},
    "precision": {"plain", "engine", "lite", "matrix product"},
    "memory": {"engine, float32", "lite"},
}
KIND = "_without_amx"  # of machine: another result of the same script, which a table shows


def test_every_result_has_a_script_and_a_figure():
    scripts = {path.stem.removeprefix("cost_") for path in (ROOT / "benchmarks").glob("cost_*.py")}
    assert set(re.findall(r"images/cost-(\w+)\.png", PAGE)) == scripts
    assert {name.removesuffix(KIND) for name in RESULTS} == scripts
    tables = set(re.findall(r"<!-- ([\w-]+-without-amx) -->", PAGE))
    assert {name.replace("_", "-") for name in RESULTS if name.endswith(KIND)} == tables


@pytest.mark.parametrize("name", RESULTS)
def test_every_way_is_at_every_value(name):
    points = RESULTS[name]["points"]
    found = {(point["way"], point["at"]) for point in points}
    assert len(found) == len(points)
    assert found == {
        (way, point["at"]) for way in OTHERS.get(name.removesuffix(KIND), WAYS) for point in points
    }
    figure = "peak_mib" if name == "memory" else "seconds"
    assert all(point[figure] > 0 for point in points)


def test_options_are_all_explained():
    from tased.cli import app

    arguments = app["bench"].assemble_argument_collection()
    options = {argument.names[0] for argument in arguments} - {"*"}
    table = PAGE.split("| option |")[1].split("\n\n")[0]
    assert set(re.findall(r"--[a-z]+", table)) == options - {"--progress"}
