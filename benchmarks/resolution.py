"""What a smaller resolution costs lite, and what it saves.

    python benchmarks/resolution.py --data TABLE [--max-frames 240]

TABLE is a data set in the layout `table` (docs/datasets.md). Scores are those of `tased evaluate` by the
protocol `exact`; time is that from a frame of 640x360 in memory to its map at the network's size, in one
thread, in turns. Writes aggregates only.
"""

import argparse
import json
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path

import torch
from cost import machine_facts

from tased import load
from tased.apps.machine import this_machine
from tased.apps.stand_in import scene_frames
from tased.apps.turns import in_turns, median
from tased.data.layouts import open_data_set
from tased.evaluate.predictions import ModelPredictions
from tased.evaluate.run import evaluate

RESOLUTIONS = ((224, 384), (160, 288), (128, 224), (96, 160))
ROUNDS, EACH = 7, 10


def seconds_a_map() -> dict[tuple[int, int], float]:
    """Of each, in turns."""
    streams = {r: load(resolution=r).stream(size="network") for r in RESOLUTIONS}
    frames = cycle(scene_frames(ROUNDS, 360, 640))
    tasks = {str(r): partial(lambda s: s.push(next(frames)), stream) for r, stream in streams.items()}
    turns = in_turns(tasks, lambda rounds: rounds < ROUNDS, times=dict.fromkeys(tasks, EACH))
    return {r: median(turns[str(r)]).seconds for r in RESOLUTIONS}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--max-frames", type=int, default=240)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "resolution.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    machine, took = this_machine(), seconds_a_map()
    sources = [ModelPredictions("lite", resolution=r) for r in RESOLUTIONS]
    data = open_data_set("table", options.data)
    found = [evaluate(data, [source], max_frames=options.max_frames)[0].results for source in sources]
    results = {
        f"{columns}x{rows}": {
            "nss": round(scores.over_videos["nss"], 3),
            "cc": round(scores.over_videos["cc"], 3),
            "seconds": round(took[rows, columns], 4),
        }
        for (rows, columns), scores in zip(RESOLUTIONS, found, strict=True)
    }
    report = {
        "what": "lite at smaller resolutions: scores on natural clips, and seconds a map in one thread",
        "clips": len(found[0].videos),
        "frames": found[0].counts["frames"],
        "date": datetime.now(UTC).date().isoformat(),
        **machine_facts(machine),
        "results": results,
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
