"""What a network computes in, by what the machine has."""

import pytest
import torch

import tased
from tased.predict.device import resolve_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(
    params=[{"amx_bf16": True}, {"avx512_bf16": True, "amx_bf16": False}, {"avx2": True}, {}, None]
)
def abilities(request, monkeypatch):
    """Those of a processor, as PyTorch tells them; None for a PyTorch that does not."""
    if request.param is None:
        monkeypatch.delattr(torch.cpu, "get_capabilities")
    else:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: request.param)
    return request.param or {}


def test_auto_is_what_the_processor_multiplies(abilities):
    # AVX512_BF16 alone is slower than float32 (benchmarks/results/cost_precision_without_amx.json).
    expected = torch.bfloat16 if abilities.get("amx_bf16") else torch.float32
    assert resolve_precision("auto", CPU) == expected
    assert resolve_precision("auto", CPU, exact=True) == torch.float32
    assert resolve_precision("auto", GPU) == torch.float32  # until its maps in bfloat16 were measured on one
    assert resolve_precision("bfloat16", CPU, exact=True) == torch.bfloat16


def test_what_must_not_depend_on_the_machine_is_float32(tiny_weights, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert tased.load(tiny_weights, device="cpu").computing == "bfloat16 on cpu"
    assert tased.load(tiny_weights, device="cpu", engine=False).computing == "float32 on cpu"
    assert tased.load(tiny_weights, device="cpu", published=True).computing == "float32 on cpu"
    assert tased.load("lite", device="cpu").computing == "float32 on cpu"
    assert tased.load("centre").computing is None
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {})
    assert tased.load(tiny_weights, device="cpu").computing == "float32 on cpu"
