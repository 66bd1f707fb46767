"""Peak memory for a video of 2 minutes and one of 2 hours: it must not grow with the length.

    python benchmarks/memory.py [--model centre] [--minutes 2 120]

Every measurement is a process of its own. FFmpeg keeps the index of a .mp4 in memory, some 90 bytes a
frame to read one and as much to write one; that of a .mkv has an entry a key frame. Writes
benchmarks/results/memory.json and prints one line.
"""

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "memory.json"
SUFFIXES = (".mp4", ".mkv")
WIDTH, HEIGHT, RATE = 160, 96, 30
PART_SECONDS = 20  # encoded once; a longer video repeats its packets


def make(path: Path, seconds: int) -> None:
    """Write a moving pattern of `seconds`, a multiple of PART_SECONDS."""
    import av
    import numpy as np

    y, x = np.mgrid[:HEIGHT, :WIDTH]
    packets: list[tuple[bytes, int, int, bool]] = []
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"bf": "0", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(PART_SECONDS * RATE + 1):
            levels = (128 + 100 * np.sin((x + 3 * index) / 20) * np.cos(y / 15)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.repeat(levels[..., None], 3, 2), "rgb24")
            last = index == PART_SECONDS * RATE
            for packet in stream.encode(None if last else frame):
                number = len(packets)
                packets.append((bytes(packet), number, number, packet.is_keyframe))
        for repeat in range(seconds // PART_SECONDS):
            for content, pts, dts, key in packets:
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, Fraction(1, RATE)
                packet.pts, packet.dts = pts + repeat * len(packets), dts + repeat * len(packets)
                packet.duration, packet.is_keyframe = 1, key
                output.mux(packet)


def read(path: Path) -> int:
    """Go through all frames; returns how many."""
    from tased.video.read import open_video

    return sum(1 for _ in open_video(path))


def write(path: Path) -> int:
    """Read all frames and write each as a map of a gray movie and a row of a table; returns how many."""
    import numpy as np

    from tased.video.read import open_video
    from tased.video.write_movie import GrayMovie
    from tased.video.write_table import TableFile

    video = open_video(path)
    count = 0
    with (
        GrayMovie(path.with_name(f"maps{path.suffix}"), rate=video.rate) as movie,
        TableFile(path.with_suffix(".csv"), columns=("frame", "seconds", "mean")) as table,
    ):
        for frame in video:
            values = frame.pixels[..., 0].astype(np.float32) / 255
            movie.write(values, frame.index, frame.seconds)
            table.write({"frame": frame.index, "seconds": frame.seconds, "mean": values.mean()})
            count += 1
    return count


def peak(command: list[str]) -> tuple[float, float]:
    """Run a command in a process of its own: its peak resident memory in MiB, and its seconds."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes there, KiB elsewhere
    return usage.ru_maxrss * unit / 2**20, time.perf_counter() - begun


def commands(path: Path, frames: int, model: str | None) -> dict[str, list[str]]:
    """What is measured with one video."""
    here = [sys.executable, __file__]
    measured = {step: [*here, "--step", step, str(path), str(frames)] for step in ("read", "write")}
    if model is not None:
        measured[f"predict {model}"] = predicting(path, "--model", model)
    return measured


def predicting(path: Path, *options: str) -> list[str]:
    """Predict one video into a movie and a table."""
    outputs = ["--video", str(path.with_suffix(".predicted.mp4")), "--table", str(path.with_suffix(".csv"))]
    program = [sys.executable, "-c", "import sys; from tased.cli import main; sys.exit(main())"]
    return [*program, "predict", str(path), *options, *outputs]


def measure(minutes: list[int], model: str | None) -> dict[str, object]:
    """All measurements, with what a reader needs to judge them."""
    runs = []
    for suffix, length in itertools.product(SUFFIXES, minutes):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"video{suffix}"
            seconds = length * 60
            subprocess.run([sys.executable, __file__, "--step", "make", str(path), str(seconds)], check=True)
            for what, command in commands(path, seconds * RATE, model).items():
                mebibytes, took = peak(command)
                run = {"what": f"{what} {suffix}", "minutes": length, "frames": seconds * RATE}
                runs.append(run | {"peak_mib": round(mebibytes, 1), "took_s": round(took, 1)})
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/memory.py" + (f" --model {model}" if model else ""),
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "processor": platform.machine()},
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in ("av", "numpy")},
        "video": {"width": WIDTH, "height": HEIGHT, "rate": RATE, "codec": "h264"},
        "runs": runs,
    }


def line(runs: list[dict[str, object]]) -> str:
    """One line for the terminal."""
    kinds = dict.fromkeys(run["what"] for run in runs)
    return "; ".join(
        f"{kind} "
        + ", ".join(f"{r['peak_mib']} MiB for {r['minutes']} min" for r in runs if r["what"] == kind)
        for kind in kinds
    )


def main() -> None:
    """Measure, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="measure `tased predict --model MODEL` too")
    parser.add_argument("--minutes", type=int, nargs="+", default=[2, 120])
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    match options.step:
        case ["make", path, seconds]:
            make(Path(path), int(seconds))
        case ["read" | "write" as step, path, frames]:
            count = (read if step == "read" else write)(Path(path))
            if count != int(frames):
                raise SystemExit(f"{count} frames instead of {frames}")
        case _:
            result = measure(options.minutes, options.model)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(result, indent=2) + "\n")
            print(line(result["runs"]))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
