"""How long the metrics take, against the benchmark's loops; and by how much the two protocols differ.

    python benchmarks/metrics.py [--repeats 30] [--scenes 40]

One thread. Frames are made by code: 640x360, 200 fixations, 2,000 of other frames as negatives. Ours and
two transcriptions of the MATLAB code take turns, each with fresh draws; medians are kept. One is literal, one
pixel at a time (the tests' reference); the other does MATLAB's statements with NumPy, one by one. Writes
benchmarks/results/metrics.json, and from it the tables of docs/metrics.md (`--tables` writes only these).
"""

import argparse
import importlib.metadata
import json
import os
import platform
import runpy
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

from tased.metrics import auc_borji, kld, score_frames, shuffled_auc
from tased.metrics.inputs import Protocol

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "metrics.json"
PAGE = ROOT / "docs" / "metrics.md"
FILL = runpy.run_path(str(ROOT / "docs" / "measured_tables.py"))["fill"]
SLOW = runpy.run_path(str(ROOT / "tests" / "references" / "metrics.py"))
ROWS, COLUMNS, FIXATIONS, SPLITS = 360, 640, 200, 100
PROTOCOLS: tuple[Protocol, ...] = ("exact", "dhf1k")
TRANSCRIPTIONS = ("literal", "by_statement")


def frame(seed: int) -> dict[str, torch.Tensor]:
    """A frame by the tests' recipe: the map in 256 levels, as predictions are stored."""
    scene = SLOW["scene"](seed, ROWS, COLUMNS, FIXATIONS, levels=255)
    return {name: torch.from_numpy(values).float() for name, values in scene.items()}


def draws(frame: dict[str, torch.Tensor], negatives: bool, rng: np.random.Generator) -> np.ndarray:
    """The pixels that MATLAB's functions would draw: (splits, fixated pixels)."""
    number = int((frame["fixations"] > 0).sum())
    if not negatives:
        return rng.integers(0, ROWS * COLUMNS, (SPLITS, number))
    others = np.flatnonzero(frame["negatives"].numpy())
    return np.stack([rng.permutation(others)[:number] for _ in range(SPLITS)])


def literal(frame: dict[str, torch.Tensor], negatives: bool, rng: np.random.Generator) -> float:
    """One pixel and one threshold at a time."""
    drawn = draws(frame, negatives, rng).tolist()
    return float(SLOW["matlab_auc_of_splits"](frame["saliency"].numpy(), frame["fixations"].numpy(), drawn))


def by_statement(frame: dict[str, torch.Tensor], negatives: bool, rng: np.random.Generator) -> float:
    """One threshold at a time, NumPy's arrays in the place of MATLAB's."""
    values = frame["saliency"].numpy().astype(np.float64).ravel()
    values = (values - values.min()) / (values.max() - values.min())
    fixated = values[frame["fixations"].numpy().ravel() > 0]
    areas = []
    for split in draws(frame, negatives, rng):
        drawn = values[split]
        levels = SLOW["colon"](0.1, max(fixated.max(), drawn.max()))[::-1]
        tp, fp = np.zeros(len(levels) + 2), np.zeros(len(levels) + 2)
        tp[-1] = fp[-1] = 1
        for i, level in enumerate(levels, start=1):
            tp[i] = np.sum(fixated >= level) / len(fixated)
            fp[i] = np.sum(drawn >= level) / len(drawn)
        areas.append(np.sum(np.diff(fp) * (tp[1:] + tp[:-1]) / 2))
    return float(np.mean(areas))


def timed(tasks: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median milliseconds of tasks that take turns; at each, a task runs twice, and the second run counts.

    The first finds caches and heap as the task before has left them, which is another's cost.
    """
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            task()
            begun = time.perf_counter()
            task()
            took[name].append((time.perf_counter() - begun) * 1e3)
    return {name: round(statistics.median(times), 3) for name, times in took.items()}


def speed(repeats: int) -> dict[str, Any]:
    """All metrics of a frame, and two areas against the transcriptions."""
    one, rng = frame(0), np.random.default_rng(0)
    saliency, hit, others = one["saliency"], one["fixations"], one["negatives"]
    generator = torch.Generator().manual_seed(0)

    def borji(protocol: Protocol) -> torch.Tensor:
        return auc_borji(saliency, hit, protocol=protocol, generator=generator)

    def shuffled(protocol: Protocol) -> torch.Tensor:
        return shuffled_auc(saliency, hit, others, protocol=protocol, generator=generator)

    areas = {}
    for name, area in (("auc_borji", borji), ("shuffled_auc", shuffled)):
        negatives = area is shuffled
        took = timed(
            {
                "dhf1k": partial(area, "dhf1k"),
                "exact": partial(area, "exact"),
                "literal": partial(literal, one, negatives, rng),
                "by_statement": partial(by_statement, one, negatives, rng),
            },
            repeats,
        )
        times = {f"{slow}_over_dhf1k": round(took[slow] / took["dhf1k"], 1) for slow in TRANSCRIPTIONS}
        areas[name] = {"milliseconds": took, **times}
    everything = timed({name: partial(scores, one, name, generator) for name in PROTOCOLS}, repeats)
    return {"all_metrics_milliseconds": everything, "areas": areas}


def scores(
    frame: dict[str, torch.Tensor], protocol: Protocol, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """All metrics of a frame."""
    maps = (frame[name] for name in ("saliency", "fixations", "density", "negatives", "baseline"))
    return score_frames(*maps, protocol=protocol, generator=generator)


def differences(scenes: int) -> dict[str, Any]:
    """Mean scores by both protocols, and how far apart they are at most, over frames made by code.

    In half of the scenes every pixel of the map has half a unit more than the recipe gives it, as maps of
    networks do whose last layer never gives 0.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for seed in range(scenes):
        one = frame(seed)
        one["saliency"] = one["saliency"] + 0.5 * (seed % 2)
        for protocol in PROTOCOLS:
            generator = torch.Generator().manual_seed(seed)
            for name, score in scores(one, protocol, generator).items():
                found.setdefault(name, {}).setdefault(protocol, []).append(float(score))
            peaked = auc_borji(one["saliency"] ** 8, one["fixations"], protocol=protocol, generator=generator)
            found.setdefault("auc_borji, map to its 8th power", {}).setdefault(protocol, []).append(
                float(peaked)
            )
            other = kld(one["density"], one["saliency"], protocol=protocol)
            found.setdefault("kld, the other way round", {}).setdefault(protocol, []).append(float(other))
    return {
        name: {
            "exact": round(statistics.fmean(by["exact"]), 4),
            "dhf1k": round(statistics.fmean(by["dhf1k"]), 4),
            "largest": round(max(abs(a - b) for a, b in zip(by["exact"], by["dhf1k"], strict=True)), 4),
        }
        for name, by in found.items()
    }


def tables(result: dict[str, Any]) -> dict[str, str]:
    """The tables of the page, by the names in its comments."""
    rows = [
        f"| {name} | {by['exact']:.3f} | {by['dhf1k']:.3f} | {by['largest']:.3f} |"
        for name, by in result["scores"].items()
    ]
    compared = "\n".join(["| metric | `exact` | `dhf1k` | furthest |", "| --- | ---: | ---: | ---: |", *rows])
    areas = [
        f"| `{name}` | {by['milliseconds']['exact']:.2f} | {by['milliseconds']['dhf1k']:.2f} "
        f"| {by['milliseconds']['by_statement']:.1f} | {by['milliseconds']['literal']:.1f} |"
        for name, by in result["speed"]["areas"].items()
    ]
    everything = result["speed"]["all_metrics_milliseconds"]
    head = "| milliseconds | `exact` | `dhf1k` | by statement | literal |"
    first = f"| all eight | {everything['exact']:.1f} | {everything['dhf1k']:.1f} | | |"
    return {
        "protocols-compared": compared,
        "metrics-speed": "\n".join([head, "| --- | ---: | ---: | ---: | ---: |", first, *areas]),
    }


def fill_page(result: dict[str, Any]) -> None:
    """Write the tables into the page."""
    PAGE.write_text(FILL(PAGE.read_text(encoding="utf-8"), tables(result)), encoding="utf-8")


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--tables", action="store_true", help="measure nothing, fill the page's tables")
    arguments = parser.parse_args()
    if arguments.tables:
        return fill_page(json.loads(RESULTS.read_text(encoding="utf-8")))
    torch.set_num_threads(1)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/metrics.py",
        "machine": {"threads": 1, "system": platform.system(), "processor": platform.machine()},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("torch", "numpy")},
        },
        "frame": {"rows": ROWS, "columns": COLUMNS, "fixations": FIXATIONS, "negatives": 10 * FIXATIONS},
        "repeats": arguments.repeats,
        "scenes": arguments.scenes,
        "speed": speed(arguments.repeats),
        "scores": differences(arguments.scenes),
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(*tables(result).values(), sep="\n\n")
    return fill_page(result)


if __name__ == "__main__":
    main()
