"""How well the training-free predictors say where people look, and how fast.

    OMP_NUM_THREADS=1 python benchmarks/baselines.py --videos DIR --fixations FILE.csv.gz

DIR holds the clips; FILE has the columns video (a clip's name without suffix), observer, start_ms,
duration_ms, x and y (shares of the width and height from the upper left). A fixation counts in every frame
shown between its start and its end. Every tenth frame is scored at the clip's own size; scores are averaged
over a clip's frames, then over clips. Writes aggregates only.
"""

import argparse
import csv
import gzip
import json
import math
import platform
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64
from scipy import ndimage

from tased.predict.predictor import TRAINING_FREE
from tased.predict.shot import Model
from tased.video.frame import Frame
from tased.video.inputs import is_video_name
from tased.video.read import open_video
from tased.video.synthetic import clip

EVERY = 10  # frames
BLUR = 12.74 / 640  # sigma of the fixation density, share of the width: about one degree of visual angle
TIMED = 50  # frames of 640x360

Plane = Float64[np.ndarray, "rows columns"]


@dataclass(frozen=True, slots=True)
class Fixation:
    """One look at one place."""

    start: float  # seconds
    end: float  # seconds
    x: float  # share of the width
    y: float  # share of the height


def read_fixations(path: Path) -> tuple[dict[str, list[Fixation]], int]:
    """The fixations of each clip that lie on the picture, and the number of observers."""
    fixations: dict[str, list[Fixation]] = {}
    observers = set()
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            start, x, y = float(row["start_ms"]) / 1000, float(row["x"]), float(row["y"])
            if 0 <= x < 1 and 0 <= y < 1:
                end = start + float(row["duration_ms"]) / 1000
                fixations.setdefault(row["video"], []).append(Fixation(start, end, x, y))
                observers.add(row["observer"])
    return fixations, len(observers)


def counts(fixations: list[Fixation], seconds: float, height: int, width: int) -> Plane:
    """How many people look at each pixel."""
    plane = np.zeros((height, width))
    for fixation in fixations:
        if fixation.start <= seconds < fixation.end:
            plane[int(fixation.y * height), int(fixation.x * width)] += 1
    return plane


def nss(saliency: Plane, looked: Plane) -> float:
    """Mean z-score of the looked-at pixels, one for every look; deviation with N (Peters et al., 2005)."""
    deviation = saliency.std()
    if deviation == 0:
        return 0.0
    return float(((saliency - saliency.mean()) / deviation * looked).sum() / looked.sum())


def cc(saliency: Plane, density: Plane) -> float:
    """Pearson's correlation of the two maps; a flat map scores 0."""
    if saliency.std() == 0:
        return 0.0
    return float(np.corrcoef(saliency.ravel(), density.ravel())[0, 1])


def score(video: Path, fixations: list[Fixation], models: list[Model]) -> dict[str, tuple[float, float]]:
    """Each model's mean NSS and CC on one clip."""
    shots = {model.name: model.shot() for model in models}
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in shots}
    for frame in open_video(video):
        height, width = frame.pixels.shape[:2]
        wanted = frame.index % EVERY == 0
        looked = counts(fixations, frame.seconds, height, width) if wanted else None
        if looked is None or looked.sum() == 0:
            for shot in shots.values():
                shot.push(frame, wanted=False)
            continue
        density = ndimage.gaussian_filter(looked, BLUR * width, mode="constant")
        for name, shot in shots.items():
            (made,) = shot.push(frame)
            saliency = made.resized(height, width).values.double().numpy()
            scores[name].append((nss(saliency, looked), cc(saliency, density)))
    return {
        name: (float(np.mean([n for n, _ in pairs])), float(np.mean([c for _, c in pairs])))
        for name, pairs in scores.items()
    }


def frames_a_second(model: Model, frames: list[Frame]) -> float:
    """From decoded 640x360 frames to maps, after one frame to warm up; of processor time, not the clock's."""
    shot = model.shot()
    shot.push(frames[0])
    start = time.process_time()
    for frame in frames[1:]:
        shot.push(frame)
    return (len(frames) - 1) / (time.process_time() - start)


def clips_with_fixations(folder: Path, fixations: dict[str, list[Fixation]]) -> Iterator[Path]:
    """The clips that someone looked at, by name."""
    for path in sorted(folder.iterdir()):
        if is_video_name(path) and path.stem in fixations:
            yield path


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=Path, required=True, metavar="DIR")
    parser.add_argument("--fixations", type=Path, required=True, metavar="FILE.csv.gz")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "baselines.json")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    models = [begin() for begin in TRAINING_FREE.values()]
    fixations, observers = read_fixations(arguments.fixations)
    per_clip = []
    for video in clips_with_fixations(arguments.videos, fixations):
        per_clip.append(score(video, fixations[video.stem], models))
        print(f"{len(per_clip)} clips", end="\r", flush=True)
    timed = list(islice(clip(), TIMED))

    results = {}
    for model in models:
        table = np.array([scores[model.name] for scores in per_clip])
        mean, error = table.mean(axis=0), table.std(axis=0, ddof=1) / math.sqrt(len(table))
        results[model.name] = {
            "nss": round(float(mean[0]), 3),
            "nss_standard_error": round(float(error[0]), 3),
            "cc": round(float(mean[1]), 3),
            "cc_standard_error": round(float(error[1]), 3),
            "frames_per_second": round(frames_a_second(model, timed), 1),
        }
        print(f"{model.name:10}", results[model.name])
    report = {
        "what": "training-free predictors on natural clips: NSS, CC (mean over clips), speed at 640x360",
        "clips": len(per_clip),
        "observers": observers,
        "scored_every": EVERY,
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
        "results": results,
    }
    arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
