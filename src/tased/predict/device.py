"""Where networks run, and how precisely."""

from typing import Literal, get_args

import torch

from tased.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


def resolve_device(device: str) -> torch.device:
    """Find the device: `auto` is a CUDA GPU if there is one, else the CPU."""
    if device not in get_args(Device):
        raise UsageError(f"device is {device!r}; it must be one of {', '.join(get_args(Device))}")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "device 'cuda' was asked for, but PyTorch finds no CUDA GPU; use --device cpu or auto"
        )
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def resolve_precision(precision: str, device: torch.device, *, exact: bool = False) -> torch.dtype:
    """Find the type that a network computes in.

    `auto` is bfloat16 on a CPU with AMX, else float32; and always float32 where it is to be `exact`: where
    maps shall not depend on the machine, or bfloat16 would win little. AVX512_BF16 alone is no reason for
    it: where that was measured, float32 was quicker (docs/speed.md).
    """
    if precision not in get_args(Precision):
        raise UsageError(f"precision is {precision!r}; it must be one of {', '.join(get_args(Precision))}")
    if precision == "auto":
        quick = device.type == "cpu" and not exact and "AMX" in bfloat16_instructions()
        precision = "bfloat16" if quick else "float32"
    dtype: torch.dtype = getattr(torch, precision)
    return dtype


def bfloat16_instructions() -> tuple[str, ...]:
    """What the processor multiplies matrices of bfloat16 with: AVX512_BF16, AMX."""
    # An older PyTorch does not say: taken for a processor that has none.
    abilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    names = {"avx512_bf16": "AVX512_BF16", "amx_bf16": "AMX"}
    return tuple(name for ability, name in names.items() if abilities.get(ability))
