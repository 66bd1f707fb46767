"""What the scripts of the figures of cost share: seconds a map of several ways, in turns, as one JSON file.

Each script `cost_*.py` is one figure: a few values of one thing, and at each of them the same ways. The
networks have random weights, which cost what trained ones do; a matrix product is timed beside them.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import torch

from tased.apps.endless import EndlessShot
from tased.apps.machine import Machine, this_machine
from tased.apps.stand_in import scene_frames
from tased.apps.turns import in_turns, median
from tased.network.config import LiteConfig
from tased.network.fold import folded
from tased.network.lite import TASEDLite
from tased.network.tased import TASEDNet
from tased.predict.lite import LiteModel
from tased.predict.network import NetworkModel
from tased.predict.shot import Model

RESULTS = Path(__file__).parent / "results"
CPU = torch.device("cpu")
PRODUCT = 2048  # rows and columns of the matrices
FRAMES = 24  # of the scene, which is shown again and again
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Point:
    """What a map takes in one way at one value."""

    way: str
    at: float | str
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    rounds: int
    quick: bool

    def few(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """All of them, or the first two."""
        return values[:2] if self.quick else values

    def points(
        self, at: float | str, tasks: Mapping[str, tuple[Callable[[], object], int, int]]
    ) -> Iterator[Point]:
        """Time tasks in turns: each with how often it is done in a turn, and how many maps it makes then."""
        matrix = torch.randn(PRODUCT, PRODUCT)
        calls = {name: task for name, (task, _, _) in tasks.items()}
        turns = in_turns(
            calls | {"matrix product": lambda: matrix @ matrix},
            lambda rounds: rounds < self.rounds,
            times={name: times for name, (_, times, _) in tasks.items()},
        )
        for name, took in turns.items():
            middle, maps = median(took), tasks[name][2] if name in tasks else 1
            yield Point(name, at, round(middle.seconds / maps, 5), round(middle.cpu_seconds / maps, 5))

    def models(self, at: float | str, models: Mapping[str, Model], *, every: int = 1) -> Iterator[Point]:
        """Time models, each on a shot of its own network's size that is under way."""
        tasks: dict[str, tuple[Callable[[], object], int, int]] = {}
        for name, model in models.items():
            if not isinstance(model, NetworkModel | LiteModel):
                raise TypeError(f"{name} is no network")
            config = model.network.config
            shot = EndlessShot(model, scene_frames(FRAMES, config.rows, config.columns), every=every)
            tasks[name] = (shot, shot.warm(), 1)
        yield from self.points(at, tasks)


def ways(network: TASEDNet) -> dict[str, Model]:
    """The full network window by window and by the engine, and lite at the same size of frames."""
    plain = NetworkModel("plain", network, CPU, torch.float32, engine=False)
    shared = replace(plain, engine=True)
    return {
        "plain, float32": plain,
        "engine, float32": shared,
        "engine, bfloat16": replace(shared, precision=torch.bfloat16),
        "lite": lite(network.config.rows, network.config.columns),
    }


def lite(rows: int, columns: int, precision: torch.dtype = torch.float32) -> LiteModel:
    """A tased-lite with random weights."""
    network = folded(TASEDLite(LiteConfig(rows=rows, columns=columns)).eval())
    return LiteModel("lite", network, CPU, precision)


def main(name: str, what: str, measure: Callable[[Options], Iterator[Point]], kind: str = "") -> None:
    """Measure one figure, print its points as they come, and write benchmarks/results/cost_NAME.json.

    A `kind` of machine, such as `_without_amx`, is added to NAME.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--quick", action="store_true", help="the first two values, in one round")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    machine, options = this_machine(), Options(1 if arguments.quick else arguments.rounds, arguments.quick)
    points = []
    with torch.inference_mode():
        for point in measure(options):
            points.append(asdict(point))
            print(json.dumps(points[-1]), flush=True)
    write(name, what, machine_facts(machine) | asdict(options), points, kind)


def machine_facts(machine: Machine) -> dict[str, Any]:
    """Of a machine as it was before, and its load now."""
    return {
        "hardware": f"{machine.cores} cores, {', '.join((machine.vectors, *machine.bfloat16))}",
        "threads": machine.threads,
        "load_average_before": machine.load,
        "load_average_after": round(os.getloadavg()[0], 1),
        "versions": {"torch": machine.torch},
    }


def write(name: str, what: str, facts: dict[str, Any], points: list[dict[str, Any]], kind: str = "") -> None:
    """Write one figure's result."""
    report = {
        "what": what,
        "command": f"python benchmarks/cost_{name}.py",
        "date": datetime.now(UTC).date().isoformat(),
        **facts,
        "points": points,
    }
    (RESULTS / f"cost_{name}{kind}.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
