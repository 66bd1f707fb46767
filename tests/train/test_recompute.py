"""Gradient checkpointing must change memory and time, and not one bit of anything else."""

import copy
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.train.recipe import Recipe
from tased.train.recompute import parts, recompute
from tased.train.statistics import prepare

SMALL = NetworkConfig(clip_length=4, rows=32, columns=48)
NETWORKS = {
    "paper": replace(SMALL, clip_length=32),
    "T = 16": replace(SMALL, clip_length=16),
    "released": replace(SMALL, clip_length=16, aggregation="released"),
    "TASED-Net-trp": replace(SMALL, upsampling="transposed", dense=True, maps=2),
    "U-Net": replace(SMALL, decoder="unet"),
    "DeepLab": replace(SMALL, decoder="deeplab"),
}


def pair(config, recipe=None):
    """The same network twice, the second one recomputing."""
    torch.manual_seed(1)
    plain = TASEDNet(config).train()
    if recipe is not None:
        prepare(plain, recipe, device=torch.device("cpu"))
    other = copy.deepcopy(plain)
    recompute(other)
    return plain, other


def after_passes(network, config, *, passes=1, autocast=None):
    """Maps, gradients and buffers after some passes there and back, whose gradients add up."""
    generator = torch.Generator().manual_seed(2)
    found = {}
    for number in range(passes):
        clip = torch.rand(2, 3, config.clip_length, config.rows, config.columns, generator=generator)
        with torch.autocast("cpu", autocast) if autocast else nullcontext():
            maps = network(clip)
        weights = torch.rand(maps.shape, generator=generator)
        (maps * weights).sum().backward()
        found[f"maps {number}"] = maps.detach()
    found |= {f"gradient of {name}": p.grad for name, p in network.named_parameters()}
    return found | dict(network.named_buffers())


def assert_identical(found, expected):
    assert list(found) == list(expected)
    different = [name for name, tensor in found.items() if not torch.equal(tensor, expected[name])]
    assert different == []


@pytest.mark.parametrize("name", NETWORKS)
def test_everything_is_bit_identical(name):
    config = NETWORKS[name]
    plain, other = pair(config)
    expected = after_passes(plain, config)
    found = after_passes(other, config)
    assert_identical(found, expected)
    assert all(n == 1 for name, n in found.items() if name.endswith("num_batches_tracked"))
    assert all(gradient.isfinite().all() for gradient in found.values())


def test_under_autocast():
    plain, other = pair(SMALL)
    expected = after_passes(plain, SMALL, autocast=torch.bfloat16)
    assert_identical(after_passes(other, SMALL, autocast=torch.bfloat16), expected)


@pytest.mark.parametrize("statistics", ["frozen", "synchronised"])
def test_with_other_statistics_and_two_passes(statistics):
    plain, other = pair(SMALL, Recipe(statistics=statistics))
    expected = after_passes(plain, SMALL, passes=2)
    assert_identical(after_passes(other, SMALL, passes=2), expected)


def test_two_forward_passes_before_the_backward_ones():
    """As with batches that are split: what the first pass recomputes must not see the second's statistics."""
    results = []
    for network in pair(SMALL):
        generator = torch.Generator().manual_seed(2)
        maps = [network(torch.rand(2, 3, 4, 32, 48, generator=generator)) for _ in range(2)]
        torch.cat(maps).square().sum().backward()
        results.append(
            {name: p.grad for name, p in network.named_parameters()} | dict(network.named_buffers())
        )
    assert_identical(*results)


def test_far_less_is_saved():
    def saved(network):
        kept = {}

        def pack(tensor):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            maps = network(torch.rand(1, 3, 4, 64, 64))
        del maps
        weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
        return sum(size for place, size in kept.items() if place not in weights)

    plain, other = pair(SMALL)
    assert saved(other) < saved(plain) / 2


def test_state_and_evaluation_stay():
    plain, other = pair(SMALL)
    assert list(other.state_dict()) == list(plain.state_dict())
    clip = torch.rand(1, 3, 4, 32, 48)
    with torch.no_grad():
        assert torch.equal(other.eval()(clip), plain.eval()(clip))
    assert_identical(dict(other.named_buffers()), dict(plain.named_buffers()))


def test_a_copy_computes_with_its_own_weights():
    _, other = pair(SMALL)
    twin = copy.deepcopy(other).eval()
    clip = torch.rand(1, 3, 4, 32, 48)
    before = twin(clip)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    assert torch.equal(twin(clip), before)


def test_parts_hold_every_convolution_of_the_paper_s_network():
    with torch.device("meta"):
        network = TASEDNet()
    inside = {id(module) for part in parts(network) for module in part.modules()}
    outside = [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Conv3d | torch.nn.ConvTranspose3d) and id(module) not in inside
    ]
    assert outside == ["prediction.aggregation.4"]  # 1x1x1 to the maps
