"""What each style of overlay costs, a frame.

    python benchmarks/overlay.py [--runs 7]

A frame of the clip made by code under the default model's map, enlarged, at three sizes: processor time of
one thread, which other programs change little, the least and the median of the runs. Writes
benchmarks/results/overlay.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from tased.apps.overlay import Kind, OverlayStyle, overlay
from tased.predict.predictor import load
from tased.predict.scale import scaled
from tased.video.synthetic import clip

RESULTS = Path(__file__).parent / "results" / "overlay.json"
SIZES = ((640, 360), (1920, 1080), (3840, 2160))


def times(width: int, height: int, runs: int) -> dict[Kind, dict[str, float]]:
    """Milliseconds by style."""
    (frame,) = clip(frames=1, width=width, height=height)
    (m,) = load().stream().push(frame)
    values = scaled(m.values.numpy(), "frame", 1.0)
    found: dict[Kind, dict[str, float]] = {}
    for kind in get_args(Kind):
        took = []
        for _ in range(runs + 1):  # the first warms up
            start = time.thread_time()
            overlay(frame.pixels, values, OverlayStyle(kind=kind))
            took.append(1000 * (time.thread_time() - start))
        found[kind] = {"best_ms": round(min(took[1:]), 1), "median_ms": round(statistics.median(took[1:]), 1)}
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    result = {
        "what": "processor time of one overlay, in one thread",
        "command": f"python benchmarks/overlay.py --runs {runs}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pillow")},
        },
        "results": {f"{width}x{height}": times(width, height, runs) for width, height in SIZES},
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["results"], indent=2))


if __name__ == "__main__":
    main()
