"""How much attention a crop keeps, and how calmly it moves: clips made by code, whose true density is known.

    python benchmarks/reframe.py

Every crop is scored by the true density within it, frame by frame, in whole pixels. Crops are: fixed in the
middle; the best of each frame's predicted map, unsmoothed; as `tased reframe` plans them from predicted maps,
and from the true density; and the best of each frame's true density, which none can exceed. Speed and
acceleration are differences of the path before it is rounded to whole pixels, the most over all clips. Shots
are never shown whole here. The last figure is the time that planning one shot of an hour takes.
"""

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tased.apps.crop import Crop, aspect_of, kept_along, largest_crop
from tased.apps.crop_path import CALM, POSITIONS, smooth_path
from tased.apps.crop_track import crop_track
from tased.data.viewers import known_density
from tased.predict.maps import SaliencyMap
from tased.predict.predictor import load
from tased.predict.scale import density
from tased.video.synthetic import Scene

RATE = 25
FROM = {
    "9:16": (320, 180),
    "4:5": (320, 180),
    "1:1": (320, 180),
    "16:9": (180, 320),
}  # width, height of sources
HOUR = 3600 * RATE  # frames


def predicted(scene: Scene) -> list[SaliencyMap]:
    """The default model's maps."""
    stream = load().stream(size="network")
    maps = [m for index in range(scene.frames) for m in stream.push(scene.frame(index))]
    return maps + stream.drain()


def known(scene: Scene) -> list[SaliencyMap]:
    """The true density as maps."""
    return [
        SaliencyMap(torch.from_numpy(values / values.max()).float(), index, index / RATE)
        for index in range(scene.frames)
        for values in [known_density(scene, index)]
    ]


def paths(
    crop: Crop, guessed: list[SaliencyMap], true: list[SaliencyMap]
) -> Iterator[tuple[str, np.ndarray]]:
    """Every way to crop, with its path in pixels."""

    def best(maps: list[SaliencyMap]) -> np.ndarray:
        every = crop.room + 1
        return np.array([kept_along(density(m.values.numpy()), crop, every).argmax() for m in maps], float)

    def planned(maps: list[SaliencyMap]) -> np.ndarray:
        return crop_track(maps, [False] * len(maps), crop, limits=CALM, fallback="never").path

    yield "fixed in the middle", np.full(len(true), crop.room / 2)
    yield "tased reframe", planned(guessed)
    yield "best of each predicted map", best(guessed)
    yield "tased reframe, were the density known", planned(true)
    yield "best of each true density", best(true)


def score(
    aspect: str, scenes: list[tuple[list[SaliencyMap], list[SaliencyMap]]], crop: Crop
) -> dict[str, Any]:
    """What each way to crop keeps, and how fast it moves, in frames a second (squared)."""
    rows: dict[str, dict[str, list[float]]] = {}
    for guessed, true in scenes:
        curves = np.array([kept_along(density(m.values.numpy()), crop, crop.room + 1) for m in true])
        for name, path in paths(crop, guessed, true):
            row = rows.setdefault(name, {"kept": [], "speed": [], "acceleration": []})
            row["kept"] += curves[np.arange(len(path)), np.rint(path).astype(int)].tolist()
            speed = np.diff(path) / crop.side * RATE
            row["speed"].append(float(abs(speed).max()))
            row["acceleration"].append(float(abs(np.diff(speed)).max() * RATE))
    return {
        "aspect": aspect,
        "source": f"{crop.frame_width}x{crop.frame_height}",
        "crop": f"{crop.width}x{crop.height}",
        "ways": {
            name: {
                "kept": round(float(np.mean(row["kept"])), 4),
                "speed": round(max(row["speed"]), 3),
                "acceleration": round(max(row["acceleration"]), 3),
            }
            for name, row in rows.items()
        },
    }


def hour() -> float:
    """Seconds of a processor to plan one shot of an hour, of a subject that is never still."""
    seconds = np.arange(HOUR) / RATE
    draw = np.random.default_rng(0)
    centre = 0.5 + 0.3 * np.sin(0.8 * seconds) * np.sin(0.013 * seconds) + draw.normal(0, 0.02, HOUR)
    middles = np.linspace(0.158, 0.842, POSITIONS, dtype=np.float32)
    worth = np.exp(-(((middles - centre[:, None].astype(np.float32)) / 0.12) ** 2))
    began = time.process_time()
    smooth_path(seconds, worth, 0.684, CALM)
    return time.process_time() - began


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "reframe.json")
    options = parser.parse_args()

    scenes = {}
    for width, height in dict.fromkeys(FROM.values()):
        made = [
            Scene(seed=seed, frames=options.frames, width=width, height=height, rate=RATE)
            for seed in range(options.clips)
        ]
        scenes[width, height] = [(predicted(scene), known(scene)) for scene in made]
    results = [
        score(aspect, scenes[size], largest_crop(*size, aspect_of(aspect))) for aspect, size in FROM.items()
    ]
    report = {
        "what": "true attention kept by crops of clips made by code",
        "model": load().model.name,
        "clips": options.clips,
        "frames": options.frames,
        "limits": {"speed": CALM.speed, "acceleration": CALM.acceleration},
        "hour_seconds": round(hour(), 1),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "scipy")},
        },
        "results": results,
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    for result in results:
        for name, row in result["ways"].items():
            figures = f"{row['kept']:.3f}  {row['speed']:.2f}  {row['acceleration']:.2f}"
            print(f"{result['aspect']:5} {name:40} {figures}")
    print(f"an hour: {report['hour_seconds']} s")


if __name__ == "__main__":
    main()
