"""How many clips a second training can read, from videos, pictures and a cache.

    python benchmarks/loader.py [--repeats 3] [--clips 24]

Videos are made by code: 300 frames of 640x360 at 30 a second, with film grain. Clips are those of the paper:
32 consecutive frames from anywhere, as 224x384, with the map and the fixations of the last. Sources take
turns, with 1 and with 2 worker processes, and by the time that one core works on them; medians are kept.
Writes benchmarks/results/loader.json, from which the table of docs/datasets.md is made.

What a GPU needs is not measured here, but an estimate beside it: no H200 was used.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from av.video.stream import VideoStream
from PIL import Image

from tased.data.layouts import open_data_set
from tased.train.cache import plan_cache, write_cache
from tased.train.loader import training_batches
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Source
from tased.video.synthetic import Scene

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "loader.json"
VIDEOS, FRAMES, ROWS, COLUMNS, RATE = 2, 300, 360, 640, 30
OBSERVERS, GRAIN = 12, 6  # people; levels of noise
GOAL = 80  # clips a second of an H200: 40 in half a second, which is ours to reach
LIMIT = round(250e12 / 471e9)  # 471 GFLOP a clip, forward and backward, at a realistic 250 TFLOP a second

Write = Callable[[Path, Iterator[np.ndarray]], None]


@cache
def scene() -> list[np.ndarray]:
    """Drawn once: it takes longer than reading."""
    drawn = Scene(seed=0, frames=FRAMES, height=ROWS, width=COLUMNS, rate=RATE)
    return [drawn.frame(index).pixels for index in range(FRAMES)]


def frames(number: int) -> Iterator[np.ndarray]:
    """The scene, or its mirror image, with grain: without, it would decode faster than any film."""
    rng = np.random.default_rng(number)
    for pixels in scene():
        grain = rng.integers(-GRAIN, GRAIN + 1, (ROWS, COLUMNS, 1))
        yield (pixels[:, :: -1 if number else 1] + grain).clip(0, 255).astype(np.uint8)


def movie(suffix: str, codec: str, options: dict[str, str]) -> Write:
    """One that writes NAME + suffix."""

    def write(path: Path, pictures: Iterator[np.ndarray]) -> None:
        with av.open(str(path) + suffix, "w") as container:
            stream = container.add_stream(codec, rate=Fraction(RATE), options=options)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
            for pixels in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            container.mux(stream.encode(None))

    return write


def folder(path: Path, pictures: Iterator[np.ndarray]) -> None:
    """PNG, as they come."""
    path.mkdir()
    for index, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(path / f"{index + 1:04d}.png", compress_level=1)


KINDS: dict[str, Write] = {
    "mpeg4, .avi, a key frame every 12": movie(".avi", "mpeg4", {"g": "12", "b": "2000000"}),
    "h264, .mp4, a key frame every 30": movie(".mp4", "libx264", {"crf": "20", "g": "30"}),
    "h264, .mp4, a key frame every 250": movie(".mp4", "libx264", {"crf": "20", "g": "250"}),
    "folder of .png": folder,
}
CACHE = "the cache"


def data_set(path: Path, write: Write) -> Source:
    """A table of gaze and its videos."""
    (path / "videos").mkdir(parents=True)
    rows = ["video,observer,start_ms,duration_ms,x_share,y_share"]
    rng = np.random.default_rng(0)
    for number in range(VIDEOS):
        write(path / "videos" / f"v{number}", frames(number))
        for observer in range(OBSERVERS):
            for start in range(0, FRAMES * 1000 // RATE, 300):
                x, y = rng.random(2)
                rows.append(f"v{number},{observer},{start},280,{x:.4f},{y:.4f}")
    (path / "gaze.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return Source(open_data_set("table", path), None)


def clips_per_second(source: Source, workers: int, clips: int) -> float:
    """After a first step, which opens the videos and starts the processes."""
    recipe = Recipe(clips_per_step=8 * workers, clips_per_batch=8)
    batches = training_batches(Plan([source], recipe), recipe, first_step=1, workers=workers)
    steps = max(1, clips // recipe.clips_per_step)
    with closing(batches):  # type: ignore[type-var]
        for _ in islice(batches, 2):  # what was read ahead of time is not counted
            pass
        begun = time.perf_counter()
        for _ in islice(batches, steps):
            pass
        return steps * recipe.clips_per_step / (time.perf_counter() - begun)


def clips_per_cpu_second(source: Source, clips: int) -> float:
    """Of one thread of this process: what others do on the machine at the same time matters little to it."""
    recipe = Recipe(clips_per_step=clips, clips_per_batch=clips)
    batches = training_batches(Plan([source], recipe), recipe, first_step=1)
    with closing(batches):  # type: ignore[type-var]
        next(batches)  # opens the videos
        begun = time.process_time()
        next(batches)
        return clips / (time.process_time() - begun)


def measure(repeats: int, clips: int, place: Path) -> dict[str, Any]:
    """Clips a second of every source."""
    sources = {
        name: data_set(place / str(number), write) for number, (name, write) in enumerate(KINDS.items())
    }
    first = next(iter(sources.values()))
    network = Recipe().network
    write_cache(plan_cache(first.data, place / "cache", rows=network.rows, columns=network.columns))
    sources[CACHE] = replace(first, cache=place / "cache")
    found: dict[str, dict[int, list[float]]] = {name: {1: [], 2: []} for name in sources}
    per_core: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(repeats):
        for name, source in sources.items():
            per_core[name].append(clips_per_cpu_second(source, clips))
            print(f"{name}: {per_core[name][-1]:.1f} clips a second of a core", flush=True)
            for workers, speeds in found[name].items():
                speeds.append(clips_per_second(source, workers, clips))
                print(f"{name}, {workers} workers: {speeds[-1]:.1f} clips a second", flush=True)
    results = {}
    for name, by_workers in found.items():
        medians = {workers: statistics.median(values) for workers, values in by_workers.items()}
        core = statistics.median(per_core[name])
        results[name] = {
            "clips_per_second": {str(workers): round(speed, 2) for workers, speed in medians.items()},
            "clips_per_core_second": round(core, 2),
            "cores_for_goal": round(GOAL / core, 1),
            "cores_for_limit": round(LIMIT / core, 1),
        }
    return results


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--clips", type=int, default=48)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        results = measure(arguments.repeats, arguments.clips, Path(place))
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/loader.py",
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "processor": platform.machine()},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("torch", "av", "numpy", "pillow")},
        },
        "videos": {"frames": FRAMES, "rows": ROWS, "columns": COLUMNS, "rate": RATE},
        "clip": {"frames": Recipe().network.clip_length, "rows": 224, "columns": 384},
        "repeats": arguments.repeats,
        "estimate": {
            "gpu": "H200, not used",
            "goal_clips_per_second": GOAL,
            "limit_clips_per_second": LIMIT,
            "by": "clips a second of one core",
        },
        "results": results,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
