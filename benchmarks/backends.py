"""Other ways to compute TASED-Net's maps on a CPU, against our own: how fast, and how near.

    pip install openvino onnxruntime onnx onnxscript
    python benchmarks/backends.py --weights FILE [--rounds 5] [--compile]

FILE is a network's weights. Speed is that of the published architecture at 384x224 with random weights, one
map of a stream that is under way, in turns; and of two processes with one thread each, side by side, against
one process with two. Nearness is that of FILE's own maps, at its own size of frames, on clips made by code:
the correlation (CC) of what the network gives, and of finished, blurred maps, with those of the plain network
in float32. int8 is ONNX Runtime's static quantization after training, a scale for every channel, calibrated
on other clips, and OpenVINO computes it. Writes benchmarks/results/backends.json.
"""

import argparse
import copy
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from cost import machine_facts
from jaxtyping import Float
from torch import Tensor, nn

from tased.apps.machine import this_machine
from tased.apps.stand_in import random_network, scene
from tased.apps.turns import in_turns, median
from tased.network.config import RELEASED, NetworkConfig
from tased.network.encoder import Features
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights
from tased.predict.clip import Clip, to_network
from tased.predict.engine import Engine, Reusing
from tased.predict.finish import finished
from tased.predict.poolings import switches
from tased.predict.stages import Stem, stages
from tased.video.synthetic import Scene

RESULTS = Path(__file__).parent / "results" / "backends.json"
CALIBRATED, SCORED = (5, 6), (77, 78)  # seeds of clips
STEP = 5  # frames between the windows of a clip that are looked at
EACH = 5  # such windows of a clip
Way = Callable[[Clip], Float[np.ndarray, "H W"]]
Computing = Callable[..., np.ndarray]  # of tensors


def own(network: TASEDNet, *, compiled: bool) -> dict[str, Way]:
    """Ours: window by window, which is the reference, and by the engine."""
    ways = {"plain float32": _whole(network)}
    if compiled:
        ways["torch.compile float32"] = _whole(torch.compile(network))
    for name in ("float32", "bfloat16"):
        ways[f"engine {name}"] = _sharing(Engine(network, getattr(torch, name)).shot())
    return ways


def _whole(network: Callable[[Tensor], Tensor]) -> Way:
    return lambda clip: network(_input(clip))[0].numpy()


def _sharing(shot: Reusing) -> Way:
    return lambda clip: shot([clip])[0, 0].float().numpy()


class AllOver(Engine):
    """In bfloat16 from the first layer on, which the engine is not."""

    def __init__(self, network: TASEDNet):
        super().__init__(network, torch.bfloat16)
        encoder, dtype = network.encoder, torch.bfloat16
        self.stem = Stem(encoder, dtype)
        row = stages(encoder, network.config.temporal_strides[0], dtype, dtype)
        self.sharing, self.single = row[: len(self.sharing)], row[len(self.sharing) :]


def all_over(network: TASEDNet) -> dict[str, Way]:
    """bfloat16 all over, with its own switches and with those that float32 finds."""
    half, full = AllOver(network).shot(), Engine(network, torch.float32).shot()

    def with_float32s(clip: Clip) -> Float[np.ndarray, "H W"]:
        kept: list[Tensor] = []

        def keep(x: Tensor, kernel: int) -> tuple[Tensor, Tensor]:
            values, found = switches(x, kernel)
            kept.append(found)
            return values, found

        def give(x: Tensor, kernel: int) -> tuple[Tensor, Tensor]:
            return switches(x, kernel)[0], kept.pop(0)

        for find, shot in ((keep, full), (give, half)):
            with patch("tased.predict.engine.switches", find), patch("tased.predict.decoding.switches", find):
                found = _sharing(shot)(clip)
        return found

    return {
        "bfloat16 all over": _sharing(AllOver(network).shot()),
        "bfloat16 all over, float32's switches": with_float32s,
    }


def others(network: TASEDNet, folder: Path, threads: int, *, calibrated: list[Clip]) -> dict[str, Way]:
    """ONNX Runtime and OpenVINO, of the whole network, window by window."""
    config = network.config
    empty = torch.zeros(1, 3, config.clip_length, config.rows, config.columns)
    computing = elsewhere(network, (empty,), folder, threads, calibrated=calibrated)
    return {name: _window(compute) for name, compute in computing.items()}


def _window(compute: Computing) -> Way:
    return lambda clip: compute(_input(clip))[0]


def elsewhere(
    module: nn.Module, inputs: tuple[Tensor, ...], folder: Path, threads: int, *, calibrated: list[Clip]
) -> dict[str, Computing]:
    """A module exported to ONNX, as others compute it; with clips to calibrate with, in int8 too."""
    import onnxruntime
    import openvino

    program: Any = torch.onnx.export(module, inputs, dynamo=True, verbose=False)
    program.save(folder / "network.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        folder / "network.onnx", options, providers=["CPUExecutionProvider"]
    )
    names = [node.name for node in session.get_inputs()]

    def runtime(*given: Tensor) -> np.ndarray:
        return session.run(None, {name: x.numpy() for name, x in zip(names, given, strict=True)})[0]

    computing: dict[str, Computing] = {"ONNX Runtime float32": runtime}
    files = {"float32": ("network.onnx", "f32"), "bfloat16": ("network.onnx", "bf16")}
    if calibrated:
        _quantize(folder, names[0], calibrated)
        files["int8"] = ("int8.onnx", "f32")
    core = openvino.Core()
    for kind, (file, hint) in files.items():
        settings = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads}
        compiled = core.compile_model(core.read_model(folder / file), "CPU", settings)
        computing[f"OpenVINO {kind}"] = _openvino(compiled)
    return computing


def _openvino(compiled: Callable[[list[np.ndarray]], Any]) -> Computing:
    return lambda *given: compiled([x.numpy() for x in given])[0]


class Tail(nn.Module):
    """What follows block 4, which windows share nothing of; x4, x8 and x16 are of the decoder's time."""

    def __init__(self, network: TASEDNet):
        super().__init__()
        self.pool, self.mixed5 = network.encoder.pool5_space, network.encoder.mixed5
        self.prediction = network.prediction

    def forward(self, x4: Tensor, x8: Tensor, x16: Tensor) -> Tensor:
        pooled, found = self.pool(x16)
        maps: Tensor = self.prediction(Features(x4, x8, x16, self.mixed5(pooled), found))
        return maps.sigmoid()


def part(network: TASEDNet, folder: Path, threads: int, rounds: int) -> dict[str, float]:
    """Seconds that each takes for that part alone."""
    config = network.config
    sizes = ((192, 4), (480, 8), (832, 16))
    given = tuple(
        torch.rand(1, channels, config.decoder_time, config.rows // stride, config.columns // stride)
        for channels, stride in sizes
    )
    ways: dict[str, Callable[[], object]] = {"plain float32": partial(Tail(network), *given)}
    for name in ("float32", "bfloat16"):
        engine = Engine(network, getattr(torch, name))
        x4, x8, x16 = (x.permute(0, 2, 3, 4, 1).contiguous() for x in given)
        ways[f"engine {name}"] = partial(
            engine.finish, x4, x8, x16.repeat_interleave(2, dim=1).to(engine.dtype)
        )
    for name, compute in elsewhere(Tail(network), given, folder, threads, calibrated=[]).items():
        ways[name] = partial(compute, *given)
    for way in ways.values():
        way()
    turns = in_turns(ways, lambda done: done < rounds, times=dict.fromkeys(ways, 3))
    return {name: round(median(took).seconds, 4) for name, took in turns.items()}


def _input(clip: Clip) -> Tensor:
    return to_network(clip.stacked()[None])


def _quantize(folder: Path, name: str, clips: list[Clip]) -> None:
    """Write int8.onnx beside network.onnx."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._clips = iter(clips)

        def get_next(self) -> dict[str, np.ndarray] | None:
            clip = next(self._clips, None)
            return None if clip is None else {name: _input(clip).numpy()}

    quant_pre_process(folder / "network.onnx", folder / "shaped.onnx", skip_symbolic_shape=True)
    quantize_static(
        folder / "shaped.onnx",
        folder / "int8.onnx",
        Reader(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["Conv", "ConvTranspose"],
    )


def windows(config: NetworkConfig, seeds: tuple[int, ...]) -> Iterator[Clip]:
    """Of clips made by code."""
    length = config.clip_length
    for place, seed in enumerate(seeds):
        made = Scene(seed=seed, frames=length + STEP * EACH, height=config.rows, width=config.columns)
        frames = [torch.from_numpy(made.frame(i).pixels).permute(2, 0, 1) for i in range(made.frames)]
        for first in range(0, STEP * EACH, STEP):
            # Another clip's frames are other frames: the engine must not take them for those it knows.
            yield Clip(tuple(frames[first : first + length]), first + place * 10 * length)


def nearness(network: TASEDNet, folder: Path, threads: int) -> dict[str, dict[str, float]]:
    """How near each way's maps are to the reference's."""
    config = network.config
    double = copy.deepcopy(network).double()
    ways = own(network, compiled=False) | all_over(network)
    ways["plain float64"] = lambda clip: double(_input(clip).double())[0].float().numpy()
    ways |= others(network, folder, threads, calibrated=list(windows(config, CALIBRATED)))
    maps: dict[str, list[Tensor]] = {name: [] for name in ways}
    for clip in windows(config, SCORED):
        for name, way in ways.items():
            maps[name].append(torch.from_numpy(way(clip).copy()))
    reference = maps["plain float32"]
    near = {}
    for name, found in maps.items():
        raw = [_cc(a, b) for a, b in zip(found, reference, strict=True)]
        shown = [_cc(finished(a, config), finished(b, config)) for a, b in zip(found, reference, strict=True)]
        apart = torch.stack(found) - torch.stack(reference)
        near[name] = {
            "mean_cc": round(float(np.mean(raw)), 6),
            "least_cc": round(min(raw), 6),
            "mean_cc_finished": round(float(np.mean(shown)), 6),
            "least_cc_finished": round(min(shown), 6),
            "most_apart": round(float(apart.abs().max()), 6),
            "share_above_1e-4": round(float((apart.abs() > 1e-4).float().mean()), 6),
        }
    return near


def _cc(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]).double())[0, 1])


def speed(folder: Path, threads: int, rounds: int, *, compiled: bool) -> dict[str, dict[str, float]]:
    """Seconds a map."""
    network, length = random_network(RELEASED), RELEASED.clip_length
    frames = list(scene(length + rounds + 8, RELEASED.rows, RELEASED.columns))
    ways = own(network, compiled=compiled) | others(network, folder, threads, calibrated=[])
    starts = {name: iter(range(len(frames) - length + 1)) for name in ways}

    def once(name: str) -> None:
        first = next(starts[name])
        ways[name](Clip(tuple(frames[first : first + length]), first))

    for name in ways:  # until an engine has all that it reuses, and a compiler has compiled
        for _ in range(8 if name.startswith("engine") else 1):
            once(name)
    turns = in_turns({name: partial(once, name) for name in ways}, lambda done: done < rounds)
    plain = median(turns["plain float32"])
    return {
        name: {
            "seconds": round(median(took).seconds, 4),
            "cpu_seconds": round(median(took).cpu_seconds, 4),
            "times_plain": round(plain.seconds / median(took).seconds, 2),
        }
        for name, took in turns.items()
    }


def maps_a_second(threads: int, maps: int, started: Any) -> float:
    """Of the engine in float32, in this process; it waits for the others before it begins."""
    torch.set_num_threads(threads)
    with torch.inference_mode():
        shot, length = Engine(random_network(RELEASED), torch.float32).shot(), RELEASED.clip_length
        frames = list(scene(length + maps + 8, RELEASED.rows, RELEASED.columns))
        for first in range(8 + maps):
            if first == 8:
                started.wait()
                began = time.perf_counter()
            shot([Clip(tuple(frames[first : first + length]), first)])
        return maps / (time.perf_counter() - began)


def processes(maps: int) -> dict[str, float]:
    """Maps a second of all: one process with two threads, against two with one thread each."""
    context = multiprocessing.get_context("spawn")
    found = {}
    for count, threads in ((1, 2), (2, 1)):
        with context.Manager() as manager, context.Pool(count) as pool:
            started = manager.Barrier(count)
            rates = pool.starmap(maps_a_second, [(threads, maps, started)] * count, chunksize=1)
        found[f"{count} of {threads} threads"] = round(sum(rates), 2)
    return found


@torch.inference_mode()
def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, required=True, help="a TASED-Net's, trained")
    parser.add_argument("--made-by", default="", help="the command that trained them, to be noted")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which takes minutes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = read_weights(options.weights)
    network = network_from(found)
    if not isinstance(network, TASEDNet):
        parser.error(f"{options.weights}: is no TASED-Net")
    machine = this_machine()
    with tempfile.TemporaryDirectory() as folder:
        near = nearness(network.eval(), Path(folder), options.threads)
        fast = speed(Path(folder), options.threads, options.rounds, compiled=options.compile)
        tail = part(random_network(RELEASED), Path(folder), options.threads, options.rounds)
    report = {
        "what": "ways to compute maps on a CPU: speed at 384x224, T = 32; nearness to the plain network",
        "date": datetime.now(UTC).date().isoformat(),
        **machine_facts(machine),
        "rounds": options.rounds,
        "weights": {
            "sha256": found.sha256,
            "made_by": options.made_by,
            "clip_length": network.config.clip_length,
            "size": f"{network.config.columns}x{network.config.rows}",
        },
        "windows": len(SCORED) * EACH,
        "ways": {name: fast.get(name, {}) | near.get(name, {}) for name in fast | near},
        "seconds_after_block_4": tail,
        "processes_maps_a_second": processes(4 * options.rounds),
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
