"""How late `tased live` shows a frame after its capture, and how many it drops.

    python benchmarks/live.py [--seconds 10]

A clip made by code is played at 25 frames a second, as a camera would give it, to a page that one client
reads. Latency is from a frame being read to its overlay being offered on the page. Other programs make it
longer: their load is noted. Writes benchmarks/results/live.json.
"""

import argparse
import json
import os
import platform
import subprocess
import tempfile
import urllib.request
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from tased.apps.live import live
from tased.apps.live_page import LivePage
from tased.predict.predictor import load
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

RESULTS = Path(__file__).parent / "results" / "live.json"
SIZES = ((640, 360), (1280, 720))
MODELS = ("lite", "motion")
RATE = 25
FRAMES = 40  # of the clip, which is played again and again


def read(url: str) -> None:
    """Take a stream as fast as it comes, until it ends."""
    with urllib.request.urlopen(f"{url}stream", timeout=30) as stream:
        while stream.read(1 << 16):
            pass


def measured(source: Path, model: str, seconds: float) -> dict[str, float]:
    """One run."""
    with LivePage(port=0) as page:
        client = Thread(target=read, args=(page.url,), daemon=True)
        client.start()
        done = live(source, predictor=load(model), screen=page, seconds=seconds, loop=True)
    client.join(10)
    return {
        "median_ms": round(1000 * done.latency),
        "p95_ms": round(1000 * done.latency_95),
        "shown_per_second": round(done.frames / done.seconds, 1),
        "dropped_share": round(done.dropped / (done.frames + done.dropped), 3),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    results: dict[str, dict[str, dict[str, float]]] = {}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            source = Path(folder) / f"{height}.mp4"
            with ColourMovie(source, width=width, height=height, rate=Fraction(RATE)) as movie:
                for frame in clip(width=width, height=height, frames=FRAMES, rate=RATE):
                    movie.write(frame)
            results[f"{width}x{height}"] = {model: measured(source, model, seconds) for model in MODELS}
            loads.append(os.getloadavg()[0])
    result = {
        "what": "from capture to the page, for 25 frames a second and one client",
        "command": f"python benchmarks/live.py --seconds {seconds:g}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "load_meanwhile": [round(load, 1) for load in loads],  # programs that want a core, ours too
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "av", "pillow")},
        },
        "results": results,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
