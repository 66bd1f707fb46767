"""How fast tased-lite is from file to file, and where the time goes.

    python benchmarks/lite.py [--runs 3] [--frames 60]

The weights are random: they cost what trained ones do. A clip is made by code, and predicted by
`tased predict` in processes of their own, from file to file, without the start of Python; the best of the
runs is kept beside the median, because other programs can only slow one down. Processor time, which they
change less, says what a core has to do for a map. Each part is then run by itself in one thread. Writes
benchmarks/results/lite.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch

from tased.apps.overlay import overlay
from tased.network.config import LiteConfig
from tased.network.fold import folded
from tased.network.lite import TASEDLite
from tased.network.weights import save_weights
from tased.predict.baselines.grid import unit_range
from tased.predict.baselines.motion import Motion
from tased.predict.lite import LiteModel, aggregated
from tased.predict.maps import resized
from tased.predict.network import to_network
from tased.predict.resize import resize
from tased.predict.scale import scaled
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_movie import GrayMovie
from tased.video.write_pictures import GrayPictures

RESULTS = Path(__file__).parent / "results" / "lite.json"
SIZES = ((640, 360), (1280, 720))
OUTPUTS = {"maps": "maps", "video": "maps.mp4", "overlay": "overlay.mp4"}
RATE = Fraction(25)
Row = dict[str, float]


def make(path: Path, frames: list[Frame]) -> None:
    """Write a clip."""
    height, width = frames[0].pixels.shape[:2]
    with ColourMovie(path, width=width, height=height, rate=RATE) as movie:
        for frame in frames:
            movie.write(frame)


def predicted(source: Path, weights: Path, output: str, *options: str) -> Row:
    """From file to file once: maps a second, and processor seconds a map, the start's included."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["predict", str(source), "--weights", str(weights), "--progress", "json", "--device", "cpu"]
        words += [f"--{output}", str(Path(folder) / OUTPUTS[output]), *options]
        program = f"import sys; from tased.cli import main; sys.exit(main({words!r}))"
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        told = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(told)
    done = json.loads(told.splitlines()[-1])
    return {
        "maps_per_second": done["frames"] / done["elapsed"],
        "processor_ms": 1000 * (usage.ru_utime + usage.ru_stime) / done["frames"],
    }


def start_ms(weights: Path, source: Path) -> float:
    """Processor time that a process takes until it is ready to predict."""
    program = f"import tased; tased.load({str(weights)!r}).predict({str(source)!r})"
    program = f"from tased.cli import predict; import tased.apps.predict; {program}"
    before = os.times()
    subprocess.run([sys.executable, "-c", program], check=True)
    after = os.times()
    return 1000 * (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def from_file_to_file(source: Path, weights: Path, runs: int, size: str) -> dict[str, Row]:
    """All outputs, one after the other, again and again."""
    options = () if size == "source" else ("--size", size)
    found: dict[str, list[Row]] = {output: [] for output in OUTPUTS}
    for _ in range(runs):
        for output, rows in found.items():
            rows.append(predicted(source, weights, output, *options))
    started = start_ms(weights, source)
    frames = sum(1 for _ in open_video(source))
    results = {}
    for output, rows in found.items():
        speeds = [row["maps_per_second"] for row in rows]
        busy = min(row["processor_ms"] for row in rows) - started / frames
        results[output] = {
            "best_maps_per_second": round(max(speeds), 1),
            "median_maps_per_second": round(statistics.median(speeds), 1),
            "processor_ms_a_map": round(busy, 1),
            "maps_per_core_second": round(1000 / busy, 1),
        }
    return results


def milliseconds(work: Callable[[Frame], object], frames: list[Frame]) -> float:
    """Processor time of this thread, median over frames; the first three warm up."""
    took = []
    for frame in frames:
        start = time.thread_time()
        work(frame)
        took.append(time.thread_time() - start)
    return round(1000 * statistics.median(took[3:]), 2)


def parts(source: Path, folder: Path) -> Row:
    """What each part takes by itself, a frame, in one thread."""
    torch.set_num_threads(1)
    frames = list(open_video(source))
    height, width = frames[0].pixels.shape[:2]
    plain = TASEDLite().eval()
    quick, config = folded(plain), plain.config
    model = LiteModel("lite", quick, torch.device("cpu"), torch.float32)
    x = to_network(resize(frames[0].pixels, config.rows, config.columns)[None, None])[:, :, 0]
    watcher = Motion().viewer()
    seen = [watcher.see(frame)() for frame in frames[:5]][-1]
    maps = [model._finish(_lone(model, frame)).numpy() for frame in frames[:5]]
    visible = [scaled(resized(values, height, width), "frame", 1.0) for values in maps]
    shown = cycle(visible)
    before = time.process_time()
    count = sum(1 for _ in open_video(source))
    decoding = 1000 * (time.process_time() - before) / count
    with torch.inference_mode():
        features = quick.encoder(x)
        density = quick.density(x)[0].numpy()
        took: Row = {
            "decode, all threads": round(decoding, 2),
            "resize": milliseconds(lambda f: resize(f.pixels, config.rows, config.columns), frames),
            "encoder": milliseconds(lambda _: quick.encoder(x), frames),
            "encoder, not folded": milliseconds(lambda _: plain.encoder(x), frames),
            "decoder and readout": milliseconds(lambda _: quick.prediction(features), frames),
            "motion": milliseconds(lambda f: watcher.see(f)(), frames),
        }
    moved = resized(unit_range(seen), *density.shape)
    took["aggregate"] = milliseconds(lambda _: aggregated(density, moved, config), frames)
    took["finish"] = milliseconds(lambda _: model._finish(density), frames)
    took["to the frame's size and scale"] = milliseconds(
        lambda _: scaled(resized(maps[0], height, width), "frame", 1.0), frames
    )
    with GrayPictures(folder / "pictures") as pictures:
        took["write --maps"] = milliseconds(lambda f: pictures.write(next(shown), f.index, f.seconds), frames)
    with GrayMovie(folder / "gray.mp4", rate=RATE) as movie:
        before = time.process_time()
        for frame in frames:
            movie.write(next(shown), frame.index, frame.seconds)
        took["write --video, all threads"] = _a_frame(before, frames)
    with ColourMovie(folder / "colour.mp4", width=width, height=height, rate=RATE) as colour:
        before = time.process_time()
        for frame in frames:
            colour.write(Frame(overlay(frame.pixels, next(shown)), frame.index, frame.seconds))
        took["write --overlay, all threads"] = _a_frame(before, frames)
    return took


def _lone(model: LiteModel, frame: Frame) -> "np.ndarray":
    return aggregated(model.density(frame), None, LiteConfig(motion=0))


def _a_frame(before: float, frames: list[Frame]) -> float:
    return round(1000 * (time.process_time() - before) / len(frames), 2)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    torch.manual_seed(0)
    results = {}
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = folder / "lite.safetensors"
        save_weights(TASEDLite(), weights)
        for width, height in SIZES:
            source = folder / f"{height}.mp4"
            make(
                source, list(islice(clip(width=width, height=height, frames=options.frames), options.frames))
            )
            report = {
                f"maps of {size}": from_file_to_file(source, weights, options.runs, size)
                for size in ("source", "network")
            }
            loads.append(os.getloadavg()[0])
            measured = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    f"from lite import *; print(json.dumps(parts(Path({str(source)!r}), "
                    f"Path({str(folder / str(height))!r}))))",
                ],
                check=True,
                capture_output=True,
                text=True,
                cwd=Path(__file__).parent,
            )
            results[f"{width}x{height}"] = report | {"parts_ms": json.loads(measured.stdout)}
            print(json.dumps(results[f"{width}x{height}"], indent=2))
    loads.append(os.getloadavg()[0])
    RESULTS.write_text(
        json.dumps(
            {
                "what": "tased-lite at 384x224 from file to file; the parts alone, in ms of processor time",
                "command": f"python benchmarks/lite.py --runs {options.runs} --frames {options.frames}",
                "date": datetime.now(UTC).date().isoformat(),
                "commit": subprocess.run(
                    ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
                ).stdout.strip(),
                "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
                "load_meanwhile": [round(load, 1) for load in loads],  # programs that want a core, ours too
                "versions": {
                    "python": platform.python_version(),
                    **{name: version(name) for name in ("torch", "numpy", "scipy", "av", "pillow")},
                },
                "results": results,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
