"""How the cost of a map grows with the clip length T.

python benchmarks/cost_length.py [--rounds 3] [--quick]
"""

from collections.abc import Iterator
from dataclasses import replace

from cost import Options, Point, main, ways

from tased.apps.stand_in import random_network
from tased.network.config import CLIP_LENGTHS, RELEASED


def measure(options: Options) -> Iterator[Point]:
    """At each of the paper's lengths; lite sees one frame at a time, whatever T."""
    for length in options.few(CLIP_LENGTHS):
        models = ways(random_network(replace(RELEASED, clip_length=length)))
        del models["lite"]
        yield from options.models(length, models)


if __name__ == "__main__":
    main("length", "seconds a map against the clip length T, 384x224", measure)
