"""The engine against the plain network, window by window, at the paper's size: seconds, memory, arithmetic.

    python benchmarks/engine.py [--rounds 7] [--threads 2]

Weights are random, with normalizations that do something, because trained ones cannot be in a repository; the
arithmetic does not depend on them. In every round each way computes the map of one window, one after the
other, and a matrix product is timed beside them, so that all meet the same machine. Times of the process
itself (all threads together) are given as well: on a busy machine they are the steadier ones. Writes
benchmarks/results/engine.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tased.network.config import RELEASED
from tased.network.counts import count
from tased.network.tased import TASEDNet
from tased.predict.clip import Clip, to_network
from tased.predict.engine import Engine

RESULTS = Path(__file__).parent / "results" / "engine.json"
LENGTH = RELEASED.clip_length
PRODUCT = 2048  # rows and columns of the matrices
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Maps = Callable[[list[Clip]], Tensor]


def random_network() -> TASEDNet:
    """The published network with random weights that make maps worth comparing."""
    torch.manual_seed(0)
    network = TASEDNet(RELEASED)
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.3)
    clip = to_network(torch.stack(list(scene(LENGTH)))[None])
    with torch.no_grad():  # the statistics that this clip has
        for module in network.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = None
        network.train()(clip)
    return network.eval()


def scene(frames: int) -> Iterator[Tensor]:
    """A picture that moves, with a disc that moves on it: uint8 (3, H, W)."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 20, 60, generator=generator) * 255
    rows, columns = RELEASED.rows, RELEASED.columns
    wide = nn.functional.interpolate(coarse, size=(rows, 3 * columns), mode="bicubic").clamp(0, 255)[0]
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    for n in range(frames):
        frame = wide[:, :, 3 * n : 3 * n + columns].clone()
        frame[:, (y - rows // 2) ** 2 + (x - 40 - 5 * n) ** 2 < 30**2] = 250
        yield frame.to(torch.uint8)


def window(frames: list[Tensor], first: int) -> Clip:
    """The window that begins with this frame."""
    return Clip(tuple(frames[first : first + LENGTH]), first)


def plain(network: TASEDNet) -> Maps:
    """Window by window, as the published code computes it."""
    return lambda clips: network(to_network(clips[0].stacked()[None]))[:, None]


class Counter(TorchDispatchMode):
    """Counts the multiply-accumulates of the engine's convolutions, from the shapes they are called with."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if "convolution" in func.name():
            weight = args[1]
            self.macs += result.numel() * weight.shape[1] * weight.shape[2] * weight.shape[3]
        return result


def timed(function: Callable[..., object], *arguments: object) -> dict[str, float]:
    """Seconds on the clock, and of the processor for this process."""
    clock, processor = time.perf_counter(), time.process_time()
    function(*arguments)
    return {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - processor}


def keep(maps: list[Tensor], way: Maps, clip: Clip) -> None:
    """Compute a map and keep it."""
    maps.append(way([clip])[0])


def peak_memory(name: str) -> float:
    """Gigabytes of a process that does nothing else, through the beginning of a shot (both directions)."""
    command = [sys.executable, __file__, "--memory", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def beginning(maps: Maps) -> None:
    """The first windows of a shot, forwards and backwards."""
    frames = list(scene(LENGTH + 8))
    for first in range(9):
        backwards = Clip(window(frames, first).frames[::-1], first + LENGTH - 1, -1)
        for clip in (backwards, window(frames, first)):
            maps([clip])


def measure(rounds: int) -> dict[str, Any]:
    """Everything but the memory."""
    network, frames = random_network(), list(scene(LENGTH + rounds + 8))
    ways: dict[str, Maps] = {"plain float32": plain(network)}
    for name, dtype in PRECISIONS.items():
        ways[f"engine {name}"] = Engine(network, dtype).shot()
    matrices = {name: torch.randn(PRODUCT, PRODUCT).to(dtype) for name, dtype in PRECISIONS.items()}
    for first in range(8):  # so that everything that can be reused is there
        for name in ways:
            if first > 6 or name != "plain float32":
                ways[name]([window(frames, first)])
    times: dict[str, list[dict[str, float]]] = {name: [] for name in (*ways, *matrices)}
    maps: dict[str, list[Tensor]] = {name: [] for name in ways}
    for first in range(8, 8 + rounds):
        for name, way in ways.items():
            times[name].append(timed(keep, maps[name], way, window(frames, first)))
        for name, matrix in matrices.items():
            times[name].append(timed(torch.mm, matrix, matrix))
    medians = {
        name: {key: statistics.median(t[key] for t in found) for key in found[0]}
        for name, found in times.items()
    }
    return {**compare(medians, ways, window(frames, 8 + rounds)), "maps": compare_maps(maps)}


def compare(medians: dict[str, dict[str, float]], ways: dict[str, Maps], clip: Clip) -> dict[str, Any]:
    """Each way's times, and how much of the machine it uses."""
    reference, results = medians["plain float32"], {}
    for name, way in ways.items():
        with Counter() as counter:
            way([clip])
        gmac = (counter.macs or count(RELEASED).multiply_accumulates) / 1e9
        product = medians[name.split()[1]]
        rates = {key: PRODUCT**3 / 1e9 / product[key] for key in product}
        results[name] = {
            **{f"median_{key}": round(value, 4) for key, value in medians[name].items()},
            **{f"times_plain_{key}": round(reference[key] / medians[name][key], 2) for key in reference},
            "gmac_a_map": round(gmac, 2),
            "gmac_a_second": round(gmac / medians[name]["seconds"], 1),
            "matrix_product_gmac_a_second": round(rates["seconds"], 1),
            "share_of_matrix_product": round(gmac / medians[name]["seconds"] / rates["seconds"], 3),
            "share_of_matrix_product_cpu": round(
                gmac / medians[name]["cpu_seconds"] / rates["cpu_seconds"], 3
            ),
        }
    return {"ways": results}


def compare_maps(maps: dict[str, list[Tensor]]) -> dict[str, float]:
    """How far the maps are apart."""
    reference, single, half = (torch.stack(found).flatten(1).float() for found in maps.values())
    apart = (single - reference).abs()
    correlations = [float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in zip(half, single, strict=True)]
    return {
        "float32_engine_against_plain_most": float(apart.max()),
        "float32_engine_against_plain_pixels_above_1e-4": float((apart > 1e-4).float().mean()),
        "bfloat16_against_float32_engine_least_cc": min(correlations),
        "standard_deviation_of_a_map": float(reference.std(1).mean()),
    }


@torch.inference_mode()
def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory", choices=["plain float32", *(f"engine {p}" for p in PRECISIONS)])
    arguments = parser.parse_args()
    if arguments.memory:
        kind, precision = arguments.memory.split()
        network = TASEDNet(RELEASED).eval()
        beginning(plain(network) if kind == "plain" else Engine(network, PRECISIONS[precision]).shot())
        status = Path("/proc/self/status").read_text()  # getrusage would give the parent's peak too
        print(int(status.split("VmHWM:")[1].split()[0]) / 1e6)
        return
    torch.set_num_threads(arguments.threads)
    load = os.getloadavg()
    results = measure(arguments.rounds)
    for name, way in results["ways"].items():
        way["peak_memory_gb"] = round(peak_memory(name), 2)
        print(name, json.dumps(way))
    print(json.dumps(results["maps"]))
    report = {
        "what": "one map at 224x384, T = 32, of a stream that is under way; medians of rounds in turn",
        "command": f"python benchmarks/engine.py --threads {arguments.threads}",
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}",
        "threads": torch.get_num_threads(),
        "load_average_before": round(load[0], 1),
        "load_average_after": round(os.getloadavg()[0], 1),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tased": version("tased"),
        },
        "rounds": arguments.rounds,
        **results,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
