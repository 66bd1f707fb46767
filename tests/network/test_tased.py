"""Every variant runs, learns, and takes frames of any size."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tased.errors import UsageError
from tased.network.config import CLIP_LENGTHS, NetworkConfig
from tased.network.counts import count, variants
from tased.network.prediction import auxiliary_switches, unpool
from tased.network.tased import TASEDNet, padded

VARIANTS = variants()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_a_map_and_gradients(name):
    config = VARIANTS[name]
    torch.manual_seed(0)
    network = TASEDNet(config)
    clip = torch.rand(1, 3, config.clip_length, 32, 48, requires_grad=True) * 2 - 1
    maps = network(clip)
    assert maps.shape == ((1, 32, 48) if config.maps == 1 else (1, config.maps, 32, 48))
    assert 0 <= maps.min() <= maps.max() <= 1
    maps.mean().backward()
    without = [
        name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()
    ]
    assert without == []


@pytest.mark.parametrize("size", [(360, 640), (270, 480), (240, 320), (144, 256), (225, 383)])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_takes_every_size(name, size):
    """Shapes only, on no device; real numbers at odd sizes are below."""
    config = VARIANTS[name]
    with torch.device("meta"), torch.no_grad():
        maps = TASEDNet(config).eval()(torch.empty(2, 3, config.clip_length, *size))
    assert maps.shape[-2:] == size


@pytest.mark.parametrize(
    "changes", [{}, {"upsampling": "transposed"}, {"decoder": "unet"}, {"decoder": "fcn"}]
)
@pytest.mark.parametrize("size", [(33, 47), (50, 37), (63, 65)])
def test_odd_sizes_with_real_numbers(changes, size):
    network = TASEDNet(NetworkConfig(clip_length=4, **changes)).eval()
    with torch.no_grad():
        maps = network(torch.rand(1, 3, 4, *size))
    assert maps.shape == (1, *size)
    assert maps.isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize("size", [(360, 640), (270, 480), (240, 320), (144, 256)])
def test_common_sizes_with_real_numbers(size):
    network = TASEDNet().eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 32, *size)).shape == (1, *size)


@given(st.integers(32, 2000))
def test_padding_is_the_least_that_the_published_code_takes(length):
    def fits(n):
        return n % 4 == 0 and -(-n // 16) % 2 == 0

    assert fits(padded(length))
    assert not any(fits(n) for n in range(length, padded(length)))


def test_padding_does_not_move_the_map():
    """What is computed at a size that needs no padding is not touched by it."""
    network = TASEDNet(NetworkConfig(clip_length=4)).eval()
    clip = torch.rand(1, 3, 4, 60, 64)
    with torch.no_grad():
        by_hand = torch.cat([clip, clip[..., -1:].expand(-1, -1, -1, -1, 20)], dim=-1)
        assert padded(80) == 84  # 80 / 16 is odd
        torch.testing.assert_close(network(by_hand[..., :80]), network(by_hand)[..., :80])


@pytest.mark.parametrize("shape", [(1, 3, 31, 64, 64), (1, 3, 32, 16, 64)])
def test_wrong_clips_are_refused(shape):
    with pytest.raises(UsageError, match="32 frames of 32x32 or more"):
        TASEDNet()(torch.zeros(shape))


def test_sizes_of_the_paper():
    paper = count(NetworkConfig()).parameters
    assert abs(paper / 21.2e6 - 1) < 0.02  # section 4.2: 21.2M
    assert 1.35 < count(VARIANTS["dense"]).parameters / paper < 1.45  # section 4.5: about 40% more
    for length in CLIP_LENGTHS:
        assert abs(count(replace(NetworkConfig(), clip_length=length)).parameters / paper - 1) < 0.01


def random_switches(
    time: int, rows: int, columns: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Size]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(2, 3, 2 * time, rows, columns, generator=generator)
    # As after a ReLU: plateaus of zeros, and few enough values for many shared maxima.
    switches = auxiliary_switches((x * 3 - 1).relu(), time)
    values = torch.randn(switches.shape, generator=generator)
    return values, switches, torch.Size((time, rows, columns))


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(3, 12), st.integers(3, 12), st.integers(0, 999))
def test_unpool_is_max_unpool(time, rows, columns, seed):
    values, switches, size = random_switches(time, rows, columns, seed)
    expected = F.max_unpool3d(values, switches, (1, 3, 3), (1, 2, 2), (0, 1, 1), output_size=size)
    assert torch.equal(unpool(values, switches, size), expected)


def test_unpool_differentiates_what_it_computes():
    values, switches, size = random_switches(1, 7, 8, 5)
    assert switches.flatten(2).unique().numel() < switches[0, 0].numel() * 6  # some places are shared
    inputs = values.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: unpool(x, switches, size), inputs)


def test_the_network_runs_under_deterministic_algorithms():
    torch.use_deterministic_algorithms(True)
    try:
        network = TASEDNet(NetworkConfig(clip_length=4))
        network(torch.rand(1, 3, 4, 32, 32)).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
