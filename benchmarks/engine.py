"""The engine against the plain network, window by window, at the paper's size: seconds, memory, arithmetic.

    python benchmarks/engine.py [--rounds 7] [--threads 2]

Weights are random, with normalizations that do something, because trained ones cannot be in a repository; the
arithmetic does not depend on them. In every round each way computes the map of one window, one after the
other, and a matrix product is timed beside them, so that all meet the same machine. Times of the process
itself (all threads together) are given as well: on a busy machine they are the steadier ones. Writes
benchmarks/results/engine.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from reuse_counts import MultiplyAdds
from torch import Tensor

from tased.apps.endless import WARM
from tased.apps.stand_in import random_network, scene
from tased.apps.turns import in_turns, median
from tased.network.config import RELEASED
from tased.network.counts import count
from tased.network.tased import TASEDNet
from tased.predict.clip import Clip, to_network
from tased.predict.engine import Engine

RESULTS = Path(__file__).parent / "results" / "engine.json"
LENGTH = RELEASED.clip_length
PRODUCT = 2048  # rows and columns of the matrices
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Maps = Callable[[list[Clip]], Tensor]


def window(frames: list[Tensor], first: int) -> Clip:
    """The window that begins with this frame."""
    return Clip(tuple(frames[first : first + LENGTH]), first)


def plain(network: TASEDNet) -> Maps:
    """Window by window, as the published code computes it."""
    return lambda clips: network(to_network(clips[0].stacked()[None]))[:, None]


def clips(frames: list[Tensor]) -> Iterator[Clip]:
    """The windows that follow when everything that can be reused is there."""
    return (window(frames, first) for first in range(WARM, len(frames)))


def keep(maps: list[Tensor], way: Maps, windows: Iterator[Clip]) -> None:
    """Compute the next map and keep it."""
    maps.append(way([next(windows)])[0])


def peak_memory(name: str) -> float:
    """Gigabytes of a process that does nothing else, through the beginning of a shot (both directions)."""
    command = [sys.executable, __file__, "--memory", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def beginning(maps: Maps) -> None:
    """The first windows of a shot, forwards and backwards."""
    frames = list(scene(LENGTH + 8, RELEASED.rows, RELEASED.columns))
    for first in range(9):
        backwards = Clip(window(frames, first).frames[::-1], first + LENGTH - 1, -1)
        for clip in (backwards, window(frames, first)):
            maps([clip])


def measure(rounds: int) -> dict[str, Any]:
    """Everything but the memory."""
    network, frames = (
        random_network(RELEASED),
        list(scene(LENGTH + rounds + WARM, RELEASED.rows, RELEASED.columns)),
    )
    ways: dict[str, Maps] = {"plain float32": plain(network)}
    for name, dtype in PRECISIONS.items():
        ways[f"engine {name}"] = Engine(network, dtype).shot()
    matrices = {name: torch.randn(PRODUCT, PRODUCT).to(dtype) for name, dtype in PRECISIONS.items()}
    for first in range(WARM):
        for name in ways:
            if first == WARM - 1 or name != "plain float32":
                ways[name]([window(frames, first)])
    maps: dict[str, list[Tensor]] = {name: [] for name in ways}
    tasks: dict[str, Callable[[], object]] = {
        name: partial(keep, maps[name], way, clips(frames)) for name, way in ways.items()
    }
    tasks |= {name: partial(torch.mm, matrix, matrix) for name, matrix in matrices.items()}
    turns = in_turns(tasks, lambda done: done < rounds)
    medians = {name: median(found)._asdict() for name, found in turns.items()}
    return {**compare(medians, ways, window(frames, WARM + rounds)), "maps": compare_maps(maps)}


def compare(medians: dict[str, dict[str, float]], ways: dict[str, Maps], clip: Clip) -> dict[str, Any]:
    """Each way's times, and how much of the machine it uses."""
    reference, results = medians["plain float32"], {}
    for name, way in ways.items():
        with MultiplyAdds() as counter:
            way([clip])
        gmac = (counter.total or count(RELEASED).multiply_accumulates) / 1e9
        product = medians[name.split()[1]]
        rates = {key: PRODUCT**3 / 1e9 / product[key] for key in product}
        results[name] = {
            **{f"median_{key}": round(value, 4) for key, value in medians[name].items()},
            **{f"times_plain_{key}": round(reference[key] / medians[name][key], 2) for key in reference},
            "gmac_a_map": round(gmac, 2),
            "gmac_a_second": round(gmac / medians[name]["seconds"], 1),
            "matrix_product_gmac_a_second": round(rates["seconds"], 1),
            "share_of_matrix_product": round(gmac / medians[name]["seconds"] / rates["seconds"], 3),
            "share_of_matrix_product_cpu": round(
                gmac / medians[name]["cpu_seconds"] / rates["cpu_seconds"], 3
            ),
        }
    return {"ways": results}


def compare_maps(maps: dict[str, list[Tensor]]) -> dict[str, float]:
    """How far the maps are apart."""
    reference, single, half = (torch.stack(found).flatten(1).float() for found in maps.values())
    apart = (single - reference).abs()
    correlations = [float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in zip(half, single, strict=True)]
    return {
        "float32_engine_against_plain_most": float(apart.max()),
        "float32_engine_against_plain_pixels_above_1e-4": float((apart > 1e-4).float().mean()),
        "bfloat16_against_float32_engine_least_cc": min(correlations),
        "standard_deviation_of_a_map": float(reference.std(1).mean()),
    }


@torch.inference_mode()
def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory", choices=["plain float32", *(f"engine {p}" for p in PRECISIONS)])
    arguments = parser.parse_args()
    if arguments.memory:
        kind, precision = arguments.memory.split()
        network = TASEDNet(RELEASED).eval()
        beginning(plain(network) if kind == "plain" else Engine(network, PRECISIONS[precision]).shot())
        status = Path("/proc/self/status").read_text()  # getrusage would give the parent's peak too
        print(int(status.split("VmHWM:")[1].split()[0]) / 1e6)
        return
    torch.set_num_threads(arguments.threads)
    load = os.getloadavg()
    results = measure(arguments.rounds)
    for name, way in results["ways"].items():
        way["peak_memory_gb"] = round(peak_memory(name), 2)
        print(name, json.dumps(way))
    print(json.dumps(results["maps"]))
    report = {
        "what": "one map at 224x384, T = 32, of a stream that is under way; medians of rounds in turn",
        "command": f"python benchmarks/engine.py --threads {arguments.threads}",
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}",
        "threads": torch.get_num_threads(),
        "load_average_before": round(load[0], 1),
        "load_average_after": round(os.getloadavg()[0], 1),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tased": version("tased"),
        },
        "rounds": arguments.rounds,
        **results,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
