"""What a machine can do, as far as it matters to a network."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from tased.predict.device import bfloat16_instructions


@dataclass(frozen=True, slots=True)
class Machine:
    """Where something was measured."""

    processor: str
    cores: int
    threads: int  # of PyTorch
    vectors: str  # the widest instructions that PyTorch uses: AVX2, AVX512, DEFAULT, ...
    bfloat16: tuple[str, ...]  # instructions that multiply bfloat16: AVX512_BF16, AMX
    gpu: str | None
    load: float | None  # programs that wanted a core in the last minute, on average; None where nobody counts
    torch: str  # version

    @property
    def busy(self) -> bool:
        """Whether other programs slow this one down."""
        return self.load is not None and self.load > self.cores / 2


def this_machine() -> Machine:
    """The one that this runs on, now."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        vectors=torch.backends.cpu.get_cpu_capability(),
        bfloat16=bfloat16_instructions(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        torch=torch.__version__,
    )


def _processor() -> str:
    """As the system calls it; Linux keeps it in a file."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
