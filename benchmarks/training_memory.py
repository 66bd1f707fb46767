"""Memory of one training step against clips per batch, with and without gradient checkpointing.

    python benchmarks/training_memory.py

Where there is a CUDA device, it is `torch.cuda.max_memory_allocated` of real steps (not run yet, for want of
one). Where there is none, all tensors of a step are counted while it runs, and the worst moment is taken.
Nothing of that is computed: the tensors are PyTorch's fake ones, which have sizes alone. One setting is run
in earnest too, to check the count. In bfloat16 it is a CPU's way that is counted, convolutions on planes.

Measured are 1, 2 and 4 clips; the table of clips that a GPU holds is computed from the line through the first
two. Writes benchmarks/results/training_memory.json.
"""

import itertools
import json
import platform
import time
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.train.losses import kld
from tased.train.recompute import recompute

RESULTS = Path(__file__).parent / "results" / "training_memory.json"
CLIP_LENGTHS = (16, 32)
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
CLIPS = (1, 2, 4)
GPUS = (8, 16, 24, 80)  # GiB
CONTEXT = 2**30  # bytes that the CUDA context and the convolutions' workspaces take: a guess
FRAGMENTED = 0.1  # share of the rest that the allocator cannot use: a guess
MIB = 2**20


class LiveTensors(TorchDispatchMode):
    """Counts the bytes of all storages that exist while it is on, each once however many tensors share it."""

    def __init__(self, present: list[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = 0
        self.peak = 0
        self._seen: set[int] = set()
        for tensor in present:
            self._take(tensor)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation, and count what it made."""
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._take(leaf)
        return result

    def _take(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        if place not in self._seen:
            self._seen.add(place)
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._drop, place, size)

    def _drop(self, place: int, size: int) -> None:
        self._seen.discard(place)
        self.live -= size


@dataclass(frozen=True, slots=True)
class Setting:
    """What is trained."""

    length: int  # T
    precision: str
    recompute: bool

    def trainer(self, device: str) -> tuple[TASEDNet, torch.optim.SGD]:
        """The network after a step, so that momentum is there, and gradients are not."""
        with torch.device(device):
            network = TASEDNet(NetworkConfig(clip_length=self.length)).train()
        if self.recompute:
            recompute(network)
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        optimizer.zero_grad()
        return network, optimizer

    def step(self, network: TASEDNet, optimizer: torch.optim.SGD, clips: int, device: str) -> None:
        """Forward, backward, and the change of the weights."""
        config, dtype = network.config, PRECISIONS[self.precision]
        size = (config.rows, config.columns)
        clip = torch.rand(clips, 3, config.clip_length, *size, device=device)
        density = torch.rand(clips, *size, device=device)
        with torch.autocast(device, dtype) if dtype else nullcontext():
            maps = network(clip)
        kld(maps, density).mean().backward()
        optimizer.step()
        optimizer.zero_grad()


def counted(setting: Setting, clips: int, *, earnest: bool = False) -> int:
    """Bytes of all tensors at the worst moment of a step, on a CPU."""
    with nullcontext() if earnest else FakeTensorMode():
        network, optimizer = setting.trainer("cpu")
        momentum = [state["momentum_buffer"] for state in optimizer.state.values()]
        with LiveTensors([*network.parameters(), *network.buffers(), *momentum]) as tensors:
            setting.step(network, optimizer, clips, "cpu")
    return tensors.peak


def allocated(setting: Setting, clips: int) -> int:
    """Bytes that a step on a CUDA device allocated at its worst moment."""
    torch.cuda.empty_cache()
    network, optimizer = setting.trainer("cuda")
    setting.step(network, optimizer, clips, "cuda")  # once before, for what is set up once
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    setting.step(network, optimizer, clips, "cuda")
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated()


def measure(peak: Callable[[Setting, int], int], setting: Setting) -> dict[str, Any]:
    """Peaks of one setting, the line through the first two, and how far the third is from it."""
    peaks = [peak(setting, clips) for clips in CLIPS]
    slope = (peaks[1] - peaks[0]) / (CLIPS[1] - CLIPS[0])
    fixed = peaks[0] - slope * CLIPS[0]
    line = fixed + slope * CLIPS[2]
    return {
        "clip_length": setting.length,
        "precision": setting.precision,
        "recompute": setting.recompute,
        "peak_mib": {str(n): round(p / MIB, 1) for n, p in zip(CLIPS, peaks, strict=True)},
        "fixed_mib": round(fixed / MIB, 1),
        "a_clip_mib": round(slope / MIB, 1),
        "off_the_line_percent": round(100 * (peaks[2] - line) / line, 2),
        "clips_computed": {str(gib): holds(gib, fixed, slope) for gib in GPUS},
    }


def holds(gib: int, fixed: float, slope: float) -> int:
    """How many clips fit into a GPU of so many GiB, beside the reserve; 0 if none does."""
    usable = (gib * 2**30 - CONTEXT) * (1 - FRAGMENTED)
    return max(0, int((usable - fixed) // slope))


def check() -> dict[str, Any]:
    """The shorter clip in float32, counted with fake tensors and in earnest, and how long that took."""
    settings = [Setting(CLIP_LENGTHS[0], "float32", again) for again in (False, True)]
    found: dict[str, Any] = {"clip_length": CLIP_LENGTHS[0], "precision": "float32", "clips": 1, "steps": []}
    for setting in settings:
        began = time.perf_counter()
        real = counted(setting, 1, earnest=True)
        took = time.perf_counter() - began
        row = {"recompute": setting.recompute, "fake_mib": round(counted(setting, 1) / MIB, 1)}
        found["steps"].append(row | {"real_mib": round(real / MIB, 1), "seconds": round(took, 1)})
    return found


def main() -> None:
    """Measure all settings and write them down."""
    cuda = torch.cuda.is_available()
    runs = []
    for length, precision, again in itertools.product(CLIP_LENGTHS, PRECISIONS, (False, True)):
        runs.append(measure(allocated if cuda else counted, Setting(length, precision, again)))
        print(runs[-1], flush=True)
    config = NetworkConfig()
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/training_memory.py",
        "method": "torch.cuda.max_memory_allocated" if cuda else "tensors counted, no GPU",
        "device": torch.cuda.get_device_name() if cuda else platform.machine(),
        "versions": {"python": platform.python_version(), "torch": version("torch")},
        "rows": config.rows,
        "columns": config.columns,
        "reserve": {"context_gib": CONTEXT / 2**30, "fragmented_share": FRAGMENTED},
        "runs": runs,
        "check": None if cuda else check(),
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
