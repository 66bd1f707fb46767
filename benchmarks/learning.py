"""That training learns: a short run on the CPU against the models that need none, on synthetic videos.

    python benchmarks/learning.py

Makes three data sets by code, of other seeds. Trains on one, from scratch, with the command it prints;
validates on the second, which chooses the best network; scores that network and the training-free models on
the third, which nothing saw before. Writes the curve and the scores.
"""

import argparse
import contextlib
import csv
import json
import math
import os
import platform
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from tased.cli import main as tased
from tased.data.layouts import open_data_set
from tased.evaluate.predictions import ModelPredictions
from tased.evaluate.run import evaluate
from tased.predict.predictor import TRAINING_FREE

HERE = Path(__file__).parent.absolute()
SIZE = "96x64"
FRAMES = 40
SETS = {"learnt": (1, 60), "validation": (2, 6), "unseen": (3, 16)}  # seed and number of videos
SETTINGS = (
    f"size={SIZE}",
    "network.clip_length=8",
    "steps=300",
    "clips_per_step=8",
    "encoder_rate=0.05",
    "drops=200,260",
    "statistics_momentum=0.1",
    "validate_every=25",
    "validation_clips=60",
    "save_every=100",
    "crop=0.2",
    "best_by=nss",
)


def main() -> None:
    """Make, train, score and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=HERE / "results" / "learning.json")
    options = parser.parse_args()
    target = options.json.absolute()

    with tempfile.TemporaryDirectory() as temporary, contextlib.chdir(temporary):
        folder = Path(temporary)
        made = []
        for name, (seed, videos) in SETS.items():
            numbers = ("--videos", str(videos), "--frames", str(FRAMES), "--size", SIZE, "--seed", str(seed))
            made.append(["data", "synthesize", name, *numbers])
        data = ("--dataset", "table", "--data", "learnt")
        validation = ("--validation-dataset", "table", "--validation-data", "validation")
        settings = [word for setting in SETTINGS for word in ("--set", setting)]
        training = ["train", *data, *validation, "--device", "cpu", *settings, "--out", "run"]
        for command in (*made, training):
            print("tased", *command, flush=True)
            start = time.monotonic()
            if tased(command):
                raise SystemExit(1)
            minutes = (time.monotonic() - start) / 60
        with (folder / "run" / "metrics.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        sources = [
            *map(ModelPredictions, TRAINING_FREE),
            ModelPredictions(str(folder / "run" / "best.safetensors")),
        ]
        found = [e.results for e in evaluate(open_data_set("table", folder / "unseen"), sources)]
    scores = {}
    for results in found:
        nss = [video.scores["nss"] for video in results.videos]
        deviation = math.sqrt(sum((x - sum(nss) / len(nss)) ** 2 for x in nss) / (len(nss) - 1))
        name = "TASED-Net, trained" if results.model == "best" else results.model
        scores[name] = {
            "nss": round(results.over_videos["nss"], 3),
            "nss_standard_error": round(deviation / math.sqrt(len(nss)), 3),
            "cc": round(results.over_videos["cc"], 3),
        }
    report = {
        "what": "a short training on synthetic videos, against models without any: means over unseen videos",
        "commands": [" ".join(["tased", *command]) for command in (*made, training)],
        "training_minutes": round(minutes, 1),
        "unseen_videos": SETS["unseen"][1],
        "frames": found[0].counts["frames"],
        "curve": [
            {
                "step": int(row["step"]),
                "loss": float(row["loss"]),
                **({"nss": float(row["validation_nss"])} if row["validation_nss"] else {}),
            }
            for row in rows
        ],
        "results": scores,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip(),
        "hardware": f"{torch.get_num_threads()} of {os.cpu_count()} cores, {platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": version("torch")},
    }
    target.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    main()
