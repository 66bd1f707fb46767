"""How much sooner a map is there with more threads.

python benchmarks/cost_threads.py [--rounds 3] [--quick]
"""

import os
from collections.abc import Iterator

import torch
from cost import Options, Point, main, ways

from tased.apps.stand_in import random_network
from tased.network.config import RELEASED


def measure(options: Options) -> Iterator[Point]:
    """From one thread to twice as many as there are cores; lite's own network always runs in one."""
    network, cores = random_network(RELEASED), os.cpu_count() or 1
    for threads in options.few(tuple(sorted({*(2**n for n in range(cores.bit_length())), cores, 2 * cores}))):
        torch.set_num_threads(threads)
        yield from options.models(threads, ways(network))


if __name__ == "__main__":
    main("threads", "seconds a map against PyTorch's threads, 384x224, T = 32", measure)
