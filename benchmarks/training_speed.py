"""What a training step of TASED-Net takes on a CPU: float32 and bfloat16, memory kept or not.

    python benchmarks/training_speed.py [--rounds 5]

A step is forward, KL divergence, backward and SGD, on random clips. Each way is a process of its own; their
steps alternate, and the medians are compared. "memory not kept" is glibc as it comes, which gives what a step
frees back to the kernel (tased.train.heap). Needs a CPU that multiplies matrices of bfloat16. Writes
benchmarks/results/training_speed.json, or training_speed_without_amx.json on one that has AVX512_BF16 alone.
"""

import argparse
import json
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import torch
from cost import RESULTS, machine_facts

from tased.apps.machine import this_machine
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.predict.device import bfloat16_instructions
from tased.train.heap import keep_memory
from tased.train.losses import kld


class Size(NamedTuple):
    """Of a step."""

    length: int  # T
    clips: int
    rows: int
    columns: int


class Way(NamedTuple):
    """How it is computed."""

    name: str
    dtype: torch.dtype
    kept: bool


SIZES = (Size(1, 32, 112, 192), Size(16, 4, 112, 192), Size(32, 4, 112, 192), Size(32, 1, 224, 384))
WAYS = (
    Way("float32, memory not kept", torch.float32, kept=False),
    Way("float32", torch.float32, kept=True),
    Way("bfloat16", torch.bfloat16, kept=True),
)


class Training:
    """A network and a batch, in a process of its own."""

    def __init__(self, size: Size, way: Way) -> None:
        if way.kept:
            keep_memory()
        torch.manual_seed(0)
        config = NetworkConfig(clip_length=size.length, rows=size.rows, columns=size.columns)
        layout = torch.channels_last_3d
        self._network = TASEDNet(config).train().to(memory_format=layout)  # type: ignore[call-overload]
        self._optimizer = torch.optim.SGD(self._network.parameters(), lr=1e-4, momentum=0.9)
        clips = torch.rand(size.clips, 3, size.length, size.rows, size.columns) * 2 - 1
        self._clips = clips.contiguous(memory_format=layout)
        self._densities = torch.rand(size.clips, size.rows, size.columns)
        self._dtype = way.dtype

    def step(self) -> float:
        """Seconds that it took."""
        began = time.perf_counter()
        with torch.autocast("cpu", self._dtype, enabled=self._dtype != torch.float32):
            maps = self._network(self._clips)
        kld(maps, self._densities).mean().backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        return time.perf_counter() - began


@cache
def _training(size: Size, way: Way) -> Training:
    return Training(size, way)


def _step(size: Size, way: Way) -> float:
    return _training(size, way).step()


def measure(size: Size, rounds: int) -> dict[str, Any]:
    """Medians of a clip's share of a step, by way."""
    context = multiprocessing.get_context("spawn")
    pools = {way: ProcessPoolExecutor(1, context) for way in WAYS}
    try:
        for _ in range(2):  # what is set up once
            for way, pool in pools.items():
                pool.submit(_step, size, way).result()
        taken: dict[str, list[float]] = {way.name: [] for way in pools}
        for _ in range(rounds):
            for way, pool in pools.items():
                taken[way.name].append(pool.submit(_step, size, way).result())
    finally:
        for pool in pools.values():
            pool.shutdown()
    clip = {name: statistics.median(seconds) / size.clips for name, seconds in taken.items()}
    return {
        **size._asdict(),
        "seconds_a_clip": {name: round(seconds, 4) for name, seconds in clip.items()},
        "times_as_fast": {name: round(clip[WAYS[0].name] / seconds, 2) for name, seconds in clip.items()},
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if not bfloat16_instructions():
        parser.error("this CPU multiplies no matrices of bfloat16 (AMX or AVX512_BF16)")
    machine, found = this_machine(), []
    for size in SIZES:
        found.append(measure(size, rounds))
        print(found[-1], flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/training_speed.py",
        "rounds": rounds,
        **machine_facts(machine),
        "sizes": found,
    }
    name = "training_speed" if "AMX" in machine.bfloat16 else "training_speed_without_amx"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
