"""Whether maps cost less where the network is given several windows at once.

python benchmarks/cost_batch.py [--rounds 3] [--quick]
"""

from collections.abc import Callable, Iterator
from itertools import count

import torch
from cost import Options, Point, main
from torch import Tensor

from tased.apps.endless import WARM
from tased.apps.stand_in import random_network, scene
from tased.network.config import RELEASED
from tased.predict.clip import Clip, to_network
from tased.predict.engine import Engine

WINDOWS = (1, 2, 4, 8)


def task(maps: Callable[[list[Clip]], Tensor], pictures: list[Tensor], windows: int) -> Callable[[], Tensor]:
    """The maps of the next windows of a shot without end."""
    firsts, length = count(step=windows), RELEASED.clip_length

    def clip(first: int) -> Clip:
        return Clip(tuple(pictures[n % len(pictures)] for n in range(first, first + length)), first)

    def call() -> Tensor:
        first = next(firsts)
        return maps([clip(n) for n in range(first, first + windows)])

    return call


def measure(options: Options) -> Iterator[Point]:
    """Windows that follow each other, as a file's do."""
    network, pictures = random_network(RELEASED), list(scene(48, RELEASED.rows, RELEASED.columns))

    def plain(clips: list[Clip]) -> Tensor:
        maps: Tensor = network(to_network(torch.stack([clip.stacked() for clip in clips])))
        return maps

    for windows in options.few(WINDOWS):
        tasks = {}
        found = {"plain, float32": (plain, 1)}
        for dtype in (torch.float32, torch.bfloat16):
            name = f"engine, {str(dtype).removeprefix('torch.')}"
            found[name] = (Engine(network, dtype).shot(), -(-WARM // windows))
        for name, (maps, warming) in found.items():
            tasks[name] = (task(maps, pictures, windows), 1, windows)
            for _ in range(warming):
                tasks[name][0]()
        yield from options.points(windows, tasks)


if __name__ == "__main__":
    main("batch", "seconds a map against the windows given at once, 384x224, T = 32", measure)
