import pytest
import torch
from torch import nn

from tased.network.config import CLIP_LENGTHS, NetworkConfig
from tased.network.inflate import inflated
from tased.network.tased import TASEDNet


def seasoned(network: TASEDNet) -> TASEDNet:
    """With statistics and biases as training leaves them, so that nothing cancels."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return network.eval()


@pytest.mark.parametrize(
    ("length", "changes"),
    [
        *((length, {}) for length in CLIP_LENGTHS),
        (16, {"aggregation": "released"}),
        (16, {"decoder": "unet"}),
    ],
)
def test_while_nothing_moves_it_predicts_the_same(length, changes):
    torch.manual_seed(0)
    still = seasoned(TASEDNet(NetworkConfig(clip_length=1, **changes)))
    clips = TASEDNet(NetworkConfig(clip_length=length, **changes)).eval()
    clips.load_state_dict(inflated(still.state_dict(), clips.state_dict()))
    picture = torch.rand(1, 3, 1, 48, 64) * 2 - 1
    with torch.no_grad():
        one, other = still(picture), clips(picture.expand(-1, -1, length, -1, -1))
    assert one.std() > 1e-4
    torch.testing.assert_close(other, one, atol=1e-5, rtol=1e-4)


def test_of_the_same_length_it_is_the_same():
    state = TASEDNet(NetworkConfig(clip_length=4)).state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in inflated(state, state).items())


def test_where_time_is_aggregated_the_last_moment_counts():
    still = TASEDNet(NetworkConfig(clip_length=1)).state_dict()
    found = inflated(still, TASEDNet(NetworkConfig()).state_dict())
    reducing = [name for name, tensor in found.items() if tensor.ndim == 5 and tensor.shape[2] == 2]
    assert len(reducing) == 2  # the paper's p and q
    for name in reducing:
        assert torch.equal(found[name][:, :, -1:], still[name])
        assert not found[name][:, :, 0].any()
