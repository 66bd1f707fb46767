"""How well the training-free predictors say where people look, and how fast.

    python benchmarks/baselines.py --data DIR [--max-frames 720]

DIR is a data set in the layout `table` (docs/datasets.md): clips, and a table of gaze. Scores are those of
`tased evaluate` by the protocol `exact`, averaged over a clip's frames, then over clips. Writes aggregates
only, and fills in the table of docs/models.md when `make figures` runs.
"""

import argparse
import json
import math
import platform
import statistics
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import torch

from tased.data.layouts import open_data_set
from tased.evaluate.predictions import ModelPredictions, Observers, Predictions
from tased.evaluate.results import ProtocolName, Results
from tased.evaluate.run import evaluate
from tased.metrics import METRICS
from tased.predict.predictor import TRAINING_FREE
from tased.predict.shot import Model
from tased.video.frame import Frame
from tased.video.synthetic import clip

TIMED = 50  # frames of 640x360
PROTOCOL: ProtocolName = "exact"


def frames_a_second(model: Model, frames: list[Frame]) -> float:
    """From decoded 640x360 frames to maps, after one frame to warm up; of processor time, not the clock's."""
    shot = model.shot()
    shot.push(frames[0])
    start = time.process_time()
    for frame in frames[1:]:
        shot.push(frame)
    return (len(frames) - 1) / (time.process_time() - start)


def over_clips(results: Results) -> dict[str, float]:
    """Every metric's mean over clips, and the standard error of NSS's and CC's."""
    means = {metric: round(results.over_videos[metric], 3) for metric in METRICS}
    for metric in ("nss", "cc"):
        scores = [video.scores[metric] for video in results.videos]
        means[f"{metric}_standard_error"] = round(statistics.stdev(scores) / math.sqrt(len(scores)), 3)
    return means


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--max-frames", type=int, default=720)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "baselines.json")
    options = parser.parse_args()

    torch.set_num_threads(1)
    data = open_data_set("table", options.data)
    sources: list[Predictions] = [*map(ModelPredictions, TRAINING_FREE), Observers()]
    found = [e.results for e in evaluate(data, sources, protocol=PROTOCOL, max_frames=options.max_frames)]
    timed = list(islice(clip(), TIMED))
    speed = {name: round(frames_a_second(begin(), timed), 1) for name, begin in TRAINING_FREE.items()}
    clips = data.clips()
    observers: set[int] = set()
    for one in clips:
        seen = one.gaze(0).observers
        observers |= set() if seen is None else set(seen.tolist())
    report = {
        "what": "training-free predictors on natural clips: means over clips, speed at 640x360",
        "clips": len(clips),
        "observers": len(observers),
        "frames": found[0].counts["frames"],
        "protocol": PROTOCOL,
        "tuned_on_these_clips": ["centre", "motion"],
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "hardware": f"one core, {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "scipy", "av")},
        },
        "results": {
            results.model: over_clips(results) | {"frames_per_second": speed[results.model]}
            for results in found
            if results.model in speed
        },
        "half_of_the_observers_predict_the_others": over_clips(found[-1]),
    }
    options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report["results"], indent=2))


if __name__ == "__main__":
    main()
