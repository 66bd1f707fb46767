import copy

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tased.errors import UsageError
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.train.recipe import Recipe
from tased.train.statistics import prepare

CONFIG = NetworkConfig(clip_length=4, rows=32, columns=48)
CPU = torch.device("cpu")


@pytest.fixture
def network():
    torch.manual_seed(0)
    return TASEDNet(CONFIG).train()


def norms(module):
    return [m for m in module.modules() if isinstance(m, _BatchNorm)]


def step(network):
    clip = torch.rand(2, 3, 4, 32, 48, generator=torch.Generator().manual_seed(3))
    maps = network(clip)
    maps.square().sum().backward()
    return maps.detach()


def test_batch_leaves_the_network_alone(network):
    before = [type(m) for m in network.modules()]
    prepare(network, Recipe(), device=CPU)
    assert [type(m) for m in network.modules()] == before
    step(network)
    assert all(n.num_batches_tracked == 1 for n in norms(network))


def test_running_statistics_follow_at_the_recipe_s_pace(network):
    prepare(network, Recipe(statistics_momentum=1.0), device=CPU)
    seen = []
    hook = network.encoder.stem[0].spatial.conv.register_forward_hook(lambda m, i, out: seen.append(out))
    step(network)
    hook.remove()
    last = network.encoder.stem[0].spatial.norm.running_mean
    torch.testing.assert_close(last, seen[0].detach().mean((0, 2, 3, 4)))


def test_frozen_keeps_the_encoder_s_statistics_and_trains_its_weights(network):
    prepare(network, Recipe(statistics="frozen"), device=CPU)
    before = copy.deepcopy(dict(network.encoder.named_buffers()))
    for _ in range(2):
        network.eval()
        assert not any(n.training for n in norms(network))
        network.train()
        step(network)
    assert all(torch.equal(b, before[name]) for name, b in network.encoder.named_buffers())
    assert all(n.num_batches_tracked == 2 for n in norms(network.prediction))
    assert all(p.grad is not None for p in network.parameters())
    assert network.encoder.training


def test_frozen_normalises_the_encoder_as_in_inference(network):
    """Its features of a clip do not depend on the clips beside it."""
    prepare(network, Recipe(statistics="frozen"), device=CPU)
    network.train()
    clips = torch.rand(3, 3, 4, 32, 48, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        together, alone = network.encoder(clips).x32[:1], network.encoder(clips[:1]).x32
    torch.testing.assert_close(together, alone)


def test_a_copy_is_frozen_too_and_by_itself(network):
    prepare(network, Recipe(statistics="frozen"), device=CPU)
    twin = copy.deepcopy(network).train()
    assert not any(n.training for n in norms(twin.encoder))
    assert all(n.training for n in norms(twin.prediction))


def test_synchronised_is_the_same_network_on_one_device(network):
    plain = copy.deepcopy(network)
    prepare(network, Recipe(statistics="synchronised"), device=CPU)
    assert all(isinstance(n, nn.SyncBatchNorm) for n in norms(network))
    assert list(network.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(step(network), step(plain))
    torch.testing.assert_close(dict(network.named_buffers()), dict(plain.named_buffers()))


def test_processes_on_a_cpu_cannot_synchronise(network):
    with pytest.raises(UsageError, match=r"needs GPUs, and there are 2 CPU processes: set statistics=batch"):
        prepare(network, Recipe(statistics="synchronised"), device=CPU, devices=2)
