"""What precision costs, for the network window by window, for the engine, and for lite.

python benchmarks/cost_precision.py [--rounds 3] [--quick]

On a CPU without AMX it writes benchmarks/results/cost_precision_without_amx.json, beside the one with AMX.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from cost import CPU, Options, Point, lite, main

from tased.apps.stand_in import random_network
from tased.network.config import RELEASED
from tased.predict.device import bfloat16_instructions
from tased.predict.network import NetworkModel
from tased.predict.shot import Model


def measure(options: Options) -> Iterator[Point]:
    """In both precisions that a CPU has; window by window bfloat16 is PyTorch's autocast."""
    network = random_network(RELEASED)
    for dtype in (torch.float32, torch.bfloat16):
        plain = NetworkModel("plain", network, CPU, dtype, engine=False)
        models: dict[str, Model] = {
            "plain": plain,
            "engine": replace(plain, engine=True),
            "lite": lite(RELEASED.rows, RELEASED.columns, dtype),
        }
        yield from options.models(str(dtype).removeprefix("torch."), models)


if __name__ == "__main__":
    kind = "" if "AMX" in bfloat16_instructions() else "_without_amx"
    main("precision", "seconds a map in each precision, 384x224, T = 32", measure, kind)
