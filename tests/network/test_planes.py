"""On planes every layer must be the same function, with the same gradients, as on volumes."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from tased.network import encoder, planes
from tased.network.config import NetworkConfig
from tased.network.planes import MaxPool, channels_last, in_planes
from tased.network.tased import TASEDNet
from tased.predict.device import bfloat16_instructions

SMALL = NetworkConfig(clip_length=4, rows=44, columns=52)
NETWORKS = {
    "paper": replace(SMALL, clip_length=32),
    "T = 1": replace(SMALL, clip_length=1),
    "early two-step": replace(SMALL, clip_length=16, aggregation="early-two-step"),
    "released": replace(SMALL, clip_length=16, aggregation="released"),
    "transposed, dense": replace(SMALL, upsampling="transposed", dense=True, maps=2),
    "trilinear": replace(SMALL, upsampling="trilinear"),
    "FCN": replace(SMALL, decoder="fcn"),
    "U-Net": replace(SMALL, decoder="unet"),
    "DeepLab": replace(SMALL, decoder="deeplab"),
}


def passed(network, clip, *, half=False):
    """Maps, and all gradients."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        maps = network(clip)
    weights = torch.rand(maps.shape, generator=torch.Generator().manual_seed(3)).to(maps.dtype)
    network.zero_grad()
    (maps * weights).mean().backward()
    return {"maps": maps.detach()} | {name: p.grad for name, p in network.named_parameters()}


def learning(config, dtype=torch.float32):
    torch.manual_seed(1)
    network = TASEDNet(config).train().to(dtype, memory_format=torch.channels_last_3d)
    return network, torch.rand(2, 3, config.clip_length, config.rows, config.columns, dtype=dtype) * 2 - 1


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_function_and_gradients(name, monkeypatch):
    network, clip = learning(NETWORKS[name], torch.float64)
    expected = passed(network, clip)
    for module in (planes, encoder):
        monkeypatch.setattr(module, "in_planes", lambda _: True)
    found = passed(network, clip)
    assert found.keys() == expected.keys()
    for part, value in expected.items():
        torch.testing.assert_close(
            found[part], value, rtol=1e-7, atol=1e-10, msg=lambda m, p=part: f"{p}: {m}"
        )


@pytest.mark.skipif(not bfloat16_instructions(), reason="this CPU multiplies no matrices of bfloat16")
@pytest.mark.parametrize("name", NETWORKS)
def test_bfloat16_learns_in_the_same_direction(name):
    network, clip = learning(NETWORKS[name])
    expected, found = passed(network, clip), passed(network, clip, half=True)
    assert found["maps"].dtype == torch.float32
    assert all(value.isfinite().all() for value in found.values())
    # Gradients of the first layers pass some fifty others, and switches that fall elsewhere: the last ones'
    # are the same but for rounding.
    last = [part for part in expected if part.startswith("prediction.aggregation")]
    ours, theirs = (torch.cat([x[part].flatten() for part in last]) for x in (found, expected))
    assert F.cosine_similarity(ours, theirs, dim=0) > 0.9


def test_nothing_changes_without_autocast():
    x = torch.rand(1, 2, 3, 4, 5)
    assert not in_planes(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert in_planes(x)


def test_maxima_keep_their_precision():
    x = torch.rand(1, 2, 3, 4, 5).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.nn.MaxPool3d(3)(x).dtype == torch.float32  # which is why
        assert MaxPool(3)(x).dtype == torch.bfloat16
        assert (torch.rand(2, 2) @ torch.rand(2, 2)).dtype == torch.bfloat16  # autocast goes on


@pytest.mark.parametrize("size", [(2, 6, 3, 4, 5), (1, 6, 1, 4, 5), (2, 6, 1, 1, 5)])
def test_gradients_come_channels_last(size):
    seen = []
    x = torch.rand(size, requires_grad=True)
    y = x * 1
    y.register_hook(seen.append)
    joined = torch.cat([channels_last(y), torch.rand(size)], dim=1)
    weights = torch.rand(joined.shape)
    (joined * weights).sum().backward()
    assert torch.equal(x.grad, weights[:, : size[1]])
    batch, channels, *axes = size
    like = torch.empty(batch, *axes, channels).permute(0, 4, 1, 2, 3)
    assert seen[0].stride() == like.stride()
