"""How the cost of a map grows with the size of the frames that the network is shown.

python benchmarks/cost_size.py [--rounds 3] [--quick]
"""

from collections.abc import Iterator
from dataclasses import replace

from cost import Options, Point, main, ways

from tased.apps.stand_in import random_network
from tased.network.config import RELEASED

SIZES = (
    (96, 160),
    (160, 288),
    (224, 384),
    (320, 544),
    (448, 768),
)  # rows, columns; lite takes multiples of 32


def measure(options: Options) -> Iterator[Point]:
    """At each size; the weights fit all of them."""
    network = random_network(RELEASED)
    for rows, columns in options.few(SIZES):
        network.config = replace(RELEASED, rows=rows, columns=columns)
        yield from options.models(f"{columns}x{rows}", ways(network))


if __name__ == "__main__":
    main("size", "seconds a map against the size of the frames, T = 32", measure)
