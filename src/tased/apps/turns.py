"""Timing in turns: whatever is compared meets the same machine, a busy one too."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Took(NamedTuple):
    """How long something took."""

    seconds: float  # on the clock
    cpu_seconds: float  # of the processor, by all threads of this process together


def timed(task: Callable[[], object], times: int = 1) -> Took:
    """Do something several times; what once took, on average."""
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(times):
        task()
    return Took((time.perf_counter() - clock) / times, (time.process_time() - processor) / times)


def in_turns(
    tasks: Mapping[str, Callable[[], object]],
    more: Callable[[int], bool],
    *,
    times: Mapping[str, int] | None = None,
) -> dict[str, list[Took]]:
    """Do each of several tasks once a round, or so many times, for as long as there is to be one round more.

    `more` is asked before every round, and told how many there were.
    """
    found: dict[str, list[Took]] = {name: [] for name in tasks}
    rounds = 0
    while more(rounds):
        for name, task in tasks.items():
            found[name].append(timed(task, (times or {}).get(name, 1)))
        rounds += 1
    return found


def median(turns: Sequence[Took]) -> Took:
    """What a turn takes, whatever came in between some of them."""
    return Took(*(statistics.median(values) for values in zip(*turns, strict=True)))
