"""What `gpu.py` finds: ways to do the same, measured in turns; what is known so far is always in a file."""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch

GIB = 2**30
Work = Callable[[], object]
T = TypeVar("T")


class Way(NamedTuple):
    """One of them."""

    items: int  # that one go makes: maps, frames, clips
    begin: Callable[[], Work]  # prepares, and gives what makes them


@dataclass
class Report:
    """What was found, and the file that holds it."""

    path: Path
    facts: dict[str, Any]
    until: float  # of time.monotonic(); no way is begun afterwards
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, name: str, **found: object) -> None:
        """Add to what is known of a way, print it, write everything."""
        self.found.setdefault(name, {}).update(found)
        print(name, json.dumps(found), flush=True)
        self.path.write_text(json.dumps({**self.facts, "ways": self.found}, indent=2) + "\n")

    def tried(self, name: str, work: Callable[[], T]) -> T | None:
        """Do it, if there is time; a failure is noted, and gives None."""
        if time.monotonic() > self.until:
            self.note(name, error="not begun: time was up")
            return None
        try:
            return work()
        except Exception as error:  # whatever it is: the other ways are to be measured
            line = (str(error).strip().splitlines() or [""])[0]
            self.note(name, error=f"{type(error).__name__}: {line}")
            return None

    def compare(self, ways: Mapping[str, Way], rounds: int) -> None:
        """Prepare and warm up every way, then do each once a round."""
        ready = {name: self.tried(name, warmed(way)) for name, way in ways.items()}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, work in ready.items():
                took = work and self.tried(name, timing(work))
                if not took:
                    ready[name] = None
                    continue
                times[name].append(took[0])
                median = statistics.median(times[name])
                self.note(
                    name,
                    a_second=round(ways[name].items / median, 2),
                    median_seconds=round(median, 5),
                    least_seconds=round(min(times[name]), 5),
                    rounds=len(times[name]),
                    peak_gib=took[1],
                )


def wait() -> None:
    """Until a GPU is done with everything."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def warmed(way: Way) -> Callable[[], Work]:
    """Its preparation, and two goes, so that memory is there and kernels are chosen."""

    def begin() -> Work:
        work = way.begin()
        for _ in range(2):
            work()
        wait()
        return work

    return begin


def timing(work: Work) -> Callable[[], tuple[float, float | None]]:
    """For the seconds of a go, and the peak of the GPU's memory, with all that lies there."""

    def measure() -> tuple[float, float | None]:
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.reset_peak_memory_stats()
        wait()
        start = time.perf_counter()
        work()
        wait()
        took = time.perf_counter() - start
        return took, round(torch.cuda.max_memory_allocated() / GIB, 2) if cuda else None

    return measure
