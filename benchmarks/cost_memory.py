"""How much memory a video takes as it gets longer: it must not grow with it.

python benchmarks/cost_memory.py [--quick]

`tased predict` writes a movie of maps and a table in a process of its own, with the full network by the
engine and with lite, both with random weights for frames of 64x32, so that hours need not be waited for. The
videos are .mkv, of which FFmpeg keeps an index of key frames only.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from cost import machine_facts, write
from memory import HEIGHT, PART_SECONDS, RATE, WIDTH, make, peak, predicting

from tased.apps.machine import this_machine
from tased.apps.stand_in import random_network
from tased.network.build import Network
from tased.network.config import RELEASED, LiteConfig
from tased.network.lite import TASEDLite
from tased.network.weights import save_weights

PARTS = (1, 2, 4)  # of a third of a minute
ROWS, COLUMNS = 32, 64


def measure(folder: Path, parts: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Peaks of both models for videos of different lengths."""
    networks: dict[str, Network] = {
        "engine, float32": random_network(replace(RELEASED, rows=ROWS, columns=COLUMNS)),
        "lite": TASEDLite(LiteConfig(rows=ROWS, columns=COLUMNS)),
    }
    files = {name: folder / f"{number}.safetensors" for number, name in enumerate(networks)}
    for name, network in networks.items():
        save_weights(network, files[name])
    for part in parts:
        video = folder / f"{part}.mkv"
        make(video, part * PART_SECONDS)
        for name, weights in files.items():
            mebibytes, took = peak(predicting(video, "--weights", str(weights)))
            frames = part * PART_SECONDS * RATE
            yield {"way": name, "at": frames, "peak_mib": round(mebibytes, 1), "took_s": round(took, 1)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the first two lengths")
    quick = parser.parse_args().quick
    torch.manual_seed(0)
    machine, points = this_machine(), []
    with tempfile.TemporaryDirectory() as folder:
        for point in measure(Path(folder), PARTS[:2] if quick else PARTS):
            points.append(point)
            print(json.dumps(point), flush=True)
    what = f"peak memory against the frames of a video of {WIDTH}x{HEIGHT}, maps of {COLUMNS}x{ROWS}"
    write("memory", what, machine_facts(machine) | {"quick": quick}, points)


if __name__ == "__main__":
    main()
