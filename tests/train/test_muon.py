"""Muon against PyTorch's, the singular value decomposition, and AdamW for what is no kernel."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from tased.train.muon import Muon, mixes, orthogonal

RATE, DECAY = 3e-3, 0.1


def kernels(*shapes):
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]


def pushed(optimizer, weights, steps=4):
    """Steps whose gradients are drawn anew each time, the same for every optimizer."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad()
        for weight in weights:
            weight.grad = torch.randn(weight.numel(), generator=generator).view(weight.shape)
        optimizer.step()
    return [weight.detach().clone() for weight in weights]


def muon(weights, dtype=torch.float32):
    return Muon([{"params": weights, "lr": RATE}], betas=(0.95, 0.99), weight_decay=DECAY, dtype=dtype)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon of its own")
@pytest.mark.parametrize("shape", [(8, 24, 1, 1, 1), (24, 8, 1, 3, 3), (6, 6, 3, 1, 1)])
def test_a_kernel_moves_as_pytorch_moves_its_matrix(shape):
    (ours,) = pushed(muon(given := kernels(shape), torch.bfloat16), given)
    matrices = [nn.Parameter(weight.detach().flatten(1)) for weight in kernels(shape)]
    # PyTorch's adjustment makes the mean change 0.2 of the rate, ours all of it.
    theirs = torch.optim.Muon(
        matrices, lr=5 * RATE, weight_decay=DECAY / 5, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    (expected,) = pushed(theirs, matrices)
    moved = (expected.view(shape) - kernels(shape)[0]).abs().mean().item()
    assert moved > RATE
    # In bfloat16, whose products PyTorch may sum in another order.
    assert (ours - expected.view(shape)).abs().mean() < 0.02 * moved


def test_what_is_no_kernel_moves_as_by_adamw():
    shapes = [(8,), (3, 8), (1, 8, 1, 1, 1), (8, 1, 3, 3)]
    ours = pushed(muon(given := kernels(*shapes)), given)
    adamw = torch.optim.AdamW(given := kernels(*shapes), lr=RATE, betas=(0.95, 0.99), weight_decay=DECAY)
    for found, expected in zip(ours, pushed(adamw, given), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(12, 40), (40, 12), (16, 16)])
def test_singular_values_become_about_one_and_directions_stay(shape):
    u, _, v = torch.linalg.svd(torch.randn(shape, generator=torch.Generator().manual_seed(2)), False)
    values = torch.linspace(1, 5, min(shape))
    found = torch.diagonal(u.T @ orthogonal(u @ torch.diag(values) @ v) @ v.T)
    assert found.min() > 0.65
    assert found.max() < 1.25
    assert (u.T @ orthogonal(u @ torch.diag(values) @ v) @ v.T - torch.diag(found)).abs().max() < 1e-4


def test_the_mean_change_is_the_rate():
    before = kernels((32, 16, 1, 3, 3))
    optimizer = Muon(
        [{"params": before, "lr": RATE}], betas=(0.95, 0.99), weight_decay=0, dtype=torch.float32
    )
    (after,) = pushed(optimizer, before, steps=1)
    change = (after - kernels((32, 16, 1, 3, 3))[0]).square().mean().sqrt().item()
    assert 0.7 * RATE < change < 1.2 * RATE


def test_weights_without_a_gradient_stay():
    kernel, bias = kernels((4, 4, 1, 1, 1), (4,))
    optimizer = muon([kernel, bias])
    optimizer.step()
    assert torch.equal(kernel, kernels((4, 4, 1, 1, 1))[0])
    assert mixes(kernel)
    assert not mixes(bias)


def test_its_state_is_read_back():
    shapes = [(8, 4, 1, 3, 3), (8,)]
    whole = pushed(first := muon(given := kernels(*shapes)), given)
    second = muon(again := [nn.Parameter(weight.clone()) for weight in whole])
    second.load_state_dict(deepcopy(first.state_dict()))
    for found, expected in zip(pushed(second, again), pushed(first, given), strict=True):
        assert torch.equal(found, expected)
