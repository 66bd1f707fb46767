"""The mean of weights against its definition, one number at a time."""

import pytest
import torch
from torch import nn

from tased.train.average import Average


def taught(average, network, steps):
    """Weights change at random at every step; returns them all."""
    generator = torch.Generator().manual_seed(1)
    seen = []
    for step in range(1, steps + 1):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        average.step(step)
        seen.append(network.weight.detach().clone())
    return seen


@pytest.mark.parametrize("decay", [0.3, 0.9, 0.999])
def test_it_is_its_definition(decay):
    network = nn.Linear(3, 2)
    expected = network.weight.detach().double()
    average = Average(network, decay)
    for step, weight in enumerate(taught(average, network, 30), 1):
        kept = min(decay, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * weight
    with average.instead():
        torch.testing.assert_close(network.weight.double(), expected, rtol=1e-5, atol=1e-6)


def test_the_network_has_its_own_weights_back_whatever_happens():
    network = nn.Linear(3, 2)
    average = Average(network, 0.9)
    last = taught(average, network, 5)[-1]
    mean = average.tensors()["weight"].clone()

    def in_between():
        with average.instead():
            assert torch.equal(network.weight, mean)
            raise RuntimeError("in between")

    with pytest.raises(RuntimeError, match="in between"):
        in_between()
    assert torch.equal(network.weight, last)
    assert torch.equal(average.tensors()["weight"], mean)


def test_without_decay_there_is_none():
    network = nn.Linear(3, 2)
    average = Average(network, 0.0)
    last = taught(average, network, 5)[-1]
    with average.instead():
        assert torch.equal(network.weight, last)
    assert average.tensors() == {}


def test_restored_it_goes_on_alike():
    whole, parts = nn.Linear(3, 2), nn.Linear(3, 2)
    parts.load_state_dict(whole.state_dict())
    one, first = Average(whole, 0.9), Average(parts, 0.9)
    taught(one, whole, 5)
    taught(first, parts, 5)
    kept = {name: tensor.clone() for name, tensor in first.tensors().items()}
    second = Average(nn.Linear(3, 2), 0.9)
    second.restore(kept)
    assert all(torch.equal(t, second.tensors()[name]) for name, t in one.tensors().items())


def test_buffers_stay_as_they_are():
    network = nn.BatchNorm1d(2)
    average = Average(network, 0.5)
    network.running_mean.fill_(3)
    average.step(1)
    with average.instead():
        assert network.running_mean.tolist() == [3, 3]
    assert set(average.tensors()) == {"weight", "bias"}
