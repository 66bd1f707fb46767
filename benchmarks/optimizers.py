"""How fast the full network learns from scratch by one optimizer and another.

    python -m training.full --stills ADAMW.toml --minutes 15 --out adamw ...
    python -m training.full --stills MUON.toml --minutes 15 --out muon ...
    python benchmarks/optimizers.py adamw/stills muon/stills

Reads what trainings left: recipes that differ in nothing but optimizer and momentum, on the same data, of
which as many steps count as all have done; on the machine that they ran on. A loss is the mean over the 50
steps before, on clips as they were learnt from; seconds a step are a median. Writes
benchmarks/results/optimizers.json.
"""

import argparse
import csv
import json
import statistics
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cost import RESULTS, machine_facts

from tased.apps.machine import this_machine
from tased.train.recipe import read_recipe

OVER = 50  # steps that a loss is a mean of


def losses(folder: Path) -> tuple[list[float], list[float]]:
    """Of every step, from the first; and the seconds that it took."""
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if [int(row["step"]) for row in rows] != list(range(1, len(rows) + 1)):
        sys.exit(f"{folder}/metrics.csv: steps are missing or double; give a run that has them all")
    return [float(row["loss"]) for row in rows], [float(row["seconds"]) for row in rows]


def main() -> None:
    """Compare, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", help="folders of trainings; the first is compared with")
    runs: list[Path] = parser.parse_args().runs
    recipes = [read_recipe(run / "recipe.toml") for run in runs]
    alike = {replace(recipe, optimizer="sgd", momentum=0.9, save_every=1) for recipe in recipes}
    if len(alike) > 1:
        parser.error("the recipes differ in more than optimizer and momentum")
    environments = [json.loads((run / "environment.json").read_text(encoding="utf-8")) for run in runs]
    if len({json.dumps(environment["data"], sort_keys=True) for environment in environments}) > 1:
        parser.error("the runs learnt from different data")
    seen = [losses(run) for run in runs]
    steps = min(len(loss) for loss, _ in seen)
    found: list[dict[str, Any]] = [
        {
            "optimizer": recipe.optimizer,
            "momentum": recipe.momentum,
            "seconds_a_step": round(statistics.median(seconds[:steps]), 3),
            "loss": {
                str(end): round(statistics.mean(loss[end - OVER : end]), 4)
                for end in range(OVER, steps + 1, OVER)
            },
        }
        for recipe, (loss, seconds) in zip(recipes, seen, strict=True)
    ]
    # How long the first one takes to learn as much as the others had learnt in the end.
    first, _ = seen[0]
    for entry in found[1:]:
        reached = entry["loss"][str(steps // OVER * OVER)]
        means = [statistics.mean(first[i - OVER : i]) for i in range(OVER, len(first) + 1)]
        entry["first_reaches_it_at"] = next((i for i, m in enumerate(means, OVER) if m <= reached), None)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/optimizers.py " + " ".join(r.optimizer for r in recipes),
        "recipe": recipes[0].to_toml(),
        "data": [{k: d[k] for k in ("data", "weight", "videos")} for d in environments[0]["data"]],
        **machine_facts(this_machine()),
        "runs": found,
    }
    print(json.dumps(found, indent=1))
    (RESULTS / "optimizers.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
