"""What --every saves: maps of every Nth frame have fewer of their windows' positions in common.

python benchmarks/cost_every.py [--rounds 3] [--quick]
"""

from collections.abc import Iterator

from cost import Options, Point, main, ways

from tased.apps.stand_in import random_network
from tased.network.config import RELEASED

EVERY = (1, 2, 3, 4, 5, 8, 12)


def measure(options: Options) -> Iterator[Point]:
    """At each N; all frames are read and resized, and what moves is watched in all of them."""
    network = random_network(RELEASED)
    for every in options.few(EVERY):
        yield from options.models(every, ways(network), every=every)


if __name__ == "__main__":
    main("every", "seconds a map against N of --every, 384x224, T = 32", measure)
