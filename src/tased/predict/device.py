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


def resolve_precision(precision: str) -> torch.dtype:
    """Find the type that the network computes in: `auto` is float32, the one that is never off."""
    if precision not in get_args(Precision):
        raise UsageError(f"precision is {precision!r}; it must be one of {', '.join(get_args(Precision))}")
    dtype: torch.dtype = getattr(torch, "float32" if precision == "auto" else precision)
    return dtype
