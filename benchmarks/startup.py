"""How long the smallest things take, in processes of their own.

    python benchmarks/startup.py [--runs 9]

The first run of each warms the disk's cache and is not counted. Writes benchmarks/results/startup.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "startup.json"
COMMANDS = {
    "python -c pass": ["-c", "pass"],  # what Python itself takes
    "python -c 'import tased'": ["-c", "import tased"],
    "tased --help": ["-c", "from tased.cli import main; main(['--help'])"],
    "tased predict --help": ["-c", "from tased.cli import main; main(['predict', '--help'])"],
}


def seconds(arguments: list[str]) -> float:
    """Of one run of Python, from start to end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    results = {}
    for name, arguments in COMMANDS.items():
        times = [seconds(arguments) for _ in range(runs + 1)][1:]
        results[name] = {
            "median_seconds": round(statistics.median(times), 3),
            "least_seconds": round(min(times), 3),
            "most_seconds": round(max(times), 3),
        }
        print(f"{name:26} {results[name]['median_seconds']:.3f} s")
    report = {
        "what": "seconds from the start of a process to its end, after a first run that is not counted",
        "command": "python benchmarks/startup.py",
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {"python": platform.python_version(), "tased": version("tased")},
        "runs": runs,
        "results": results,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
