"""TASED-Net on a GPU: maps a second in several ways, files, steps of training.

    python benchmarks/gpu.py [--rounds 5] [--seconds 540] [--out FILE]

Not run on a GPU yet, for want of one. Needs PyTorch for CUDA, and the package with its extra `train`; where
PyAV is missing files fail, and where tomli-w is, steps of training, the rest does without both. One run
is to fit a loan of ten minutes: what matters most comes first, a way that fails is noted and the others go
on, none is begun when time is up, and benchmarks/results/gpu.json is written after each measurement.

Weights are random, because trained ones cannot be in a repository; the arithmetic does not depend on them.
"Product" is what `tased predict` does on a GPU (tased.predict.batched), "half" is bfloat16, a number says how
many windows or clips go together. `--rehearse` does all of it on a CPU, small and in float32, to see that it
runs: its times say nothing.
"""

import argparse
import gc
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

import torch
from gpu_report import Report, Way, Work
from gpu_ways import Maps, chosen, compiled, graphed, plain, reusing, windows
from torch import Tensor

import tased
from tased.apps.stand_in import random_network
from tased.network.config import RELEASED, NetworkConfig
from tased.network.tased import TASEDNet
from tased.predict.batched import Batched
from tased.predict.clip import to_network

RESULTS = Path(__file__).parent / "results" / "gpu.json"
FIRST, LAST = torch.contiguous_format, torch.channels_last_3d
CUDA = torch.device("cuda")
PAPER = NetworkConfig()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where it is measured, and how much."""

    device: torch.device = CUDA
    half: torch.dtype = torch.bfloat16
    network: NetworkConfig = RELEASED
    trained: NetworkConfig = PAPER
    maps: int = 32  # of one go
    together: int = 8  # windows, in every way
    others: tuple[int, ...] = (1, 2, 4, 16, 32)  # numbers of windows, in some
    step: int = 40  # clips of one step of training
    batches: tuple[int, ...] = (40, 20, 8)  # clips at a time in it
    frames: int = 400  # of the file
    rows: int = 360
    columns: int = 640
    compiler: str = "inductor"


SMALL = NetworkConfig(clip_length=4, rows=32, columns=32)
REHEARSAL = Setting(
    device=torch.device("cpu"),
    half=torch.float32,
    network=SMALL,
    trained=SMALL,
    maps=2,
    together=2,
    others=(1,),
    step=4,
    batches=(4, 2),
    frames=9,
    rows=64,
    columns=96,
    compiler="eager",
)


def measure_maps(report: Report, s: Setting, network: TASEDNet, rounds: int) -> None:
    """Every way to compute maps, except those that take long to prepare."""
    n = s.together
    ways: dict[str, tuple[int, Callable[[], Maps]]] = {
        f"product, {n}": (n, lambda: Batched(network, s.half)),
        "plain float32, 1": (1, lambda: plain(network, torch.float32, FIRST)),
        f"plain float32, {n}": (n, lambda: plain(network, torch.float32, FIRST)),
        f"plain half, {n}": (n, lambda: plain(network, s.half, FIRST)),
        f"channels last half, {n}": (n, lambda: plain(network, s.half, LAST)),
        f"product with kernels tried, {n}": (n, lambda: chosen(Batched(network, s.half))),
    }
    for n in s.others:
        ways[f"product, {n}"] = (n, lambda: Batched(network, s.half))
        ways[f"plain half, {n}"] = (n, lambda: plain(network, s.half, FIRST))
        ways[f"channels last half, {n}"] = (n, lambda: plain(network, s.half, LAST))
    compare_maps(report, s, ways, rounds)
    with torch.inference_mode():
        report.tried("maps", lambda: report.note("maps", least_cc_of_product=least_correlation(s, network)))


def measure_slow_ways(report: Report, s: Setting, network: TASEDNet, rounds: int) -> None:
    """Those that take long to prepare, beside the product's again."""
    n, tuned = s.together, "max-autotune-no-cudagraphs" if s.compiler == "inductor" else None
    ways: dict[str, tuple[int, Callable[[], Maps]]] = {
        f"product again, {n}": (n, lambda: Batched(network, s.half)),
        f"CUDA graph, {n}": (n, lambda: graphed(network, s.half, next(windows(s.network, s.device, n)))),
        f"reuse, {n}": (n, lambda: reusing(network, s.half)),
        "reuse, 1": (1, lambda: reusing(network, s.half)),
    }
    compare_maps(report, s, ways, rounds)
    # By themselves: a compiler may take all the time that is left.
    for name, mode in (("compiled", None), ("compiled and tuned", tuned)):
        make = partial(compiled, network, s.half, backend=s.compiler, mode=mode)
        compare_maps(report, s, {f"{name}, {n}": (n, make)}, rounds)


@torch.inference_mode()
def compare_maps(
    report: Report, s: Setting, ways: Mapping[str, tuple[int, Callable[[], Maps]]], rounds: int
) -> None:
    """Ways, given as windows that go together and what makes their maps."""

    def begin(together: int, prepare: Callable[[], Maps]) -> Work:
        shot, maps = windows(s.network, s.device, together), prepare()

        def go() -> None:
            for _ in range(s.maps // together):
                maps(next(shot))

        return go

    report.compare({name: Way(s.maps, partial(begin, *given)) for name, given in ways.items()}, rounds)
    forget()


def least_correlation(s: Setting, network: TASEDNet) -> float:
    """Of the product's maps with those of the plain network in float32."""
    clips = next(windows(s.network, s.device, s.together))
    found = Batched(network, s.half)(clips).flatten(1).float()
    expected = plain(network, torch.float32, FIRST)(clips).flatten(1)
    pairs = zip(found, expected, strict=True)
    return min(float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairs)


def measure_training(report: Report, s: Setting, rounds: int) -> None:
    """One after the other, each with the GPU for itself, so that its peak of memory is its own."""
    most = s.batches[0]
    settings = [(most, LAST, False), *((n, FIRST, False) for n in s.batches), (most, LAST, True)]
    for together, layout, recomputed in settings:
        name = f"step of {s.step} clips, {together}"
        name += (", channels last" if layout is LAST else "") + (", recomputed" if recomputed else "")
        report.compare({name: Way(s.step, partial(training, s, together, layout, recomputed))}, rounds)
        forget()


def training(s: Setting, together: int, layout: torch.memory_format, recomputed: bool) -> Work:
    """A step as tased.train.loop makes it by the paper's recipe, of clips that are on the GPU already."""
    from tased.train.losses import kld
    from tased.train.recompute import recompute

    network = TASEDNet(s.trained).to(s.device).train()
    network.to(memory_format=layout)  # type: ignore[call-overload]
    if recomputed:
        recompute(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=2e-7)
    size = (s.trained.rows, s.trained.columns)
    clips = torch.randint(
        0, 256, (together, s.trained.clip_length, 3, *size), dtype=torch.uint8, device=s.device
    )
    density = torch.rand(together, *size, device=s.device)

    def step() -> Tensor:
        for _ in range(s.step // together):
            x = to_network(clips).contiguous(memory_format=layout)
            with torch.autocast(s.device.type, s.half, enabled=s.half != torch.float32):
                maps = network(x)
            loss = kld(maps, density).mean() * (together / s.step)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return step


def measure_files(report: Report, s: Setting, network: TASEDNet, rounds: int) -> None:
    """From a file to a file: all that `tased predict` does but its start."""
    from tased.apps.outputs import Outputs
    from tased.apps.predict import predict_video
    from tased.predict.network import NetworkModel
    from tased.predict.predictor import Predictor
    from tased.video.synthetic import clip
    from tased.video.write_colour_movie import ColourMovie

    model = NetworkModel("random", network, s.device, s.half, engine=False)
    predictors = {"tased": Predictor(model), "lite": tased.load("lite", device=s.device.type)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "clip.mp4"
        with ColourMovie(source, width=s.columns, height=s.rows, rate=Fraction(25)) as movie:
            for frame in clip(frames=s.frames, height=s.rows, width=s.columns):
                movie.write(frame)
        ways = {}
        for name, predictor in predictors.items():
            for outputs in (
                Outputs(table=source.with_suffix(".csv")),
                Outputs(video=source.with_name("maps.mp4")),
            ):
                (kind,) = outputs.paths()
                work = partial(predict_video, source, outputs, predictor=predictor)
                ways[f"{name}, file to {kind}"] = Way(s.frames, partial(_given, work))
        report.compare(ways, rounds)


def _given(work: Work) -> Work:
    return work


def forget() -> None:
    """Give back memory that nothing uses."""
    gc.collect()
    torch.cuda.empty_cache()


def driver() -> str:
    """The GPU and its driver, as its maker's tool names them."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"unknown: {error}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=540, help="when no way is begun any more")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--rehearse", action="store_true", help="small, on a CPU; needs --out")
    arguments = parser.parse_args()
    if arguments.rehearse and arguments.out == RESULTS:
        parser.error("the figures of a rehearsal are not kept: give another --out")
    if not arguments.rehearse and not torch.cuda.is_available():
        parser.error("PyTorch finds no CUDA GPU here; --rehearse does without")
    setting, rounds = (REHEARSAL, 1) if arguments.rehearse else (Setting(), arguments.rounds)
    facts = {
        "what": "maps, clips or frames a second; 224x384, T = 32",
        "command": f"python benchmarks/gpu.py --rounds {rounds}",
        "date": datetime.now(UTC).date().isoformat(),
        "device": "a CPU, in rehearsal" if arguments.rehearse else driver(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "tased": tased.__version__,
        },
        "tf32_in_float32_convolutions": torch.backends.cudnn.allow_tf32,
    }
    report = Report(arguments.out, facts, time.monotonic() + arguments.seconds)
    network = random_network(setting.network).to(setting.device)
    measure_maps(report, setting, network, rounds)
    measure_training(report, setting, min(rounds, 3))
    report.tried("files", partial(measure_files, report, setting, network, min(rounds, 3)))
    measure_slow_ways(report, setting, network, rounds)


if __name__ == "__main__":
    main()
