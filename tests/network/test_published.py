"""With the published weights our network is the published network."""

import pytest
import torch
from tests.references import published

from tased.network.config import RELEASED
from tased.network.counts import count
from tased.network.weights import network_from, read_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*weights_only.*")


@pytest.fixture(scope="module")
def state():
    return published.tased_state()


@pytest.fixture(scope="module")
def network(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "TASED_v2.pt"
    torch.save(state, path)
    return network_from(read_weights(path))


def test_it_is_as_large_and_as_costly(state):
    counted = count(RELEASED)
    assert len(state) == 513
    assert counted.parameters == 21_260_693
    assert counted.encoder_parameters == 7_910_048
    assert round(counted.multiply_accumulates / 1e9, 2) == 78.46


# Sizes that the published code takes: a quarter is whole, a sixteenth rounded up is even.
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (60, 124)])
def test_the_maps_are_equal(state, network, size):
    clip = torch.rand(1, 3, 32, *size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        expected, found = published.tased(state, clip), network(clip)
    assert expected.std() > 0.05  # the weights make a map worth comparing
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_the_maps_are_equal_at_the_papers_size(state, network):
    clip = torch.rand(1, 3, 32, 224, 384, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(network(clip), published.tased(state, clip), rtol=0, atol=1e-5)


def test_a_data_parallel_checkpoint_is_the_same(state, network, tmp_path):
    path = tmp_path / "parallel.pt"
    torch.save({f"module.{name}": tensor for name, tensor in state.items()}, path)
    other = network_from(read_weights(path))
    for (name, a), b in zip(network.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize("rename", [published.s3d_state, published.torchvision_state])
def test_both_s3ds_fill_the_encoder(state, network, tmp_path, rename):
    path = tmp_path / "S3D_kinetics400.pt"
    torch.save(rename(state), path)
    weights = read_weights(path)
    assert weights.config is None
    clip = torch.rand(1, 3, 32, 64, 64) * 2 - 1
    with torch.no_grad():
        *_, expected = published.encoder(state, clip)
        torch.testing.assert_close(network_from(weights).encoder(clip).x32, expected)
