"""What `bench` found: kept in a file, compared with an earlier one, and what it lets one expect."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tased import __version__
from tased.apps.machine import Machine
from tased.atomic import WholeFile
from tased.errors import DataError

LIVE = 25  # frames a second


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one way takes for a map, from the video file on, when a shot is under way."""

    name: str
    precision: str | None  # None: the model is no network
    device: str
    rows: int  # of the maps
    columns: int
    maps: int  # so many were timed
    seconds: float  # a map on the clock, the median of all rounds
    cpu_seconds: float  # a map, of the processor, all threads together
    plain: str | None = None  # the timing of the same network, window by window

    @property
    def speed(self) -> str:
        """Maps a second on the clock, to two or three digits."""
        speed = 1 / self.seconds
        return f"{speed:.{2 if speed < 1 else 1 if speed < 100 else 0}f}"


@dataclass(frozen=True, slots=True)
class Bench:
    """All timings, and where they were taken."""

    machine: Machine
    width: int  # of the video, pixels
    height: int
    products: dict[str, float]  # multiply-adds a second in a product of two matrices, by precision
    timings: tuple[Timing, ...]
    tased: str = __version__
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())

    def save(self, path: Path) -> None:
        """Write all of it as JSON, at once or not at all."""
        with WholeFile(path) as file:
            file.write((json.dumps(asdict(self), indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises DataError for anything else."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            machine = Machine(**values["machine"] | {"bfloat16": tuple(values["machine"]["bfloat16"])})
            timings = tuple(Timing(**timing) for timing in values["timings"])
            return cls(**values | {"machine": machine, "timings": timings})
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); give what --json wrote") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: is no file of `tased bench --json`; measure with it first") from error

    def times_plain(self) -> dict[str, float]:
        """How many times as fast each is as the same network window by window, where that was timed."""
        by_name = {timing.name: timing for timing in self.timings}
        return {t.name: by_name[t.plain].seconds / t.seconds for t in self.timings if t.plain is not None}

    def times(self, earlier: "Bench") -> dict[str, float]:
        """How many times as fast each is as it was in an earlier run, of what both have.

        Raises DataError if they have nothing in common.
        """
        before = {timing.name: timing for timing in earlier.timings}
        found = {t.name: before[t.name].seconds / t.seconds for t in self.timings if t.name in before}
        if not found:
            mine = ", ".join(timing.name for timing in self.timings)
            raise DataError(f"the earlier run timed {', '.join(before)}, and this one {mine}; time the same")
        return found


def expected(timing: Timing, *, rate: float = 30) -> str:
    """What to expect of it, in one sentence; `rate` is a video's, in frames a second."""
    text = (
        f"{timing.name}: {timing.speed} maps a second at {timing.rows}x{timing.columns}; "
        f"a minute of {rate:g} fps video takes {duration(60 * rate * timing.seconds)}"
    )
    return text + (f"; keeps up with live video of {LIVE} fps" if 1 / timing.seconds >= LIVE else "")


def duration(seconds: float) -> str:
    """As people say it: 0.4 s, 52 s, 14 min 17 s, 2 h 5 min."""
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
