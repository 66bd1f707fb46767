"""tased-lite: densities against their definition, files, what it costs, and its form for inference."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from tests.references import efficientnet_lite0

from tased.errors import CheckpointError, UsageError
from tased.network.config import LiteConfig, NetworkConfig, config_from_json
from tased.network.counts import count
from tased.network.fold import Folded, folded
from tased.network.lite import PEAK, Readout, TASEDLite
from tased.network.weights import network_from, read_weights, save_weights


def random_network(seed=0, **config):
    """Every weight and statistic is at random, so that no part of it does nothing."""
    torch.manual_seed(seed)
    network = TASEDLite(LiteConfig(**{"width": 8, "rows": 64, "columns": 96, **config}))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "norm" in name and tensor.is_floating_point():
            tensor.add_(0.3 * torch.randn_like(tensor))
    with torch.no_grad():
        network.prediction.decoder.logit.weight *= 0.1
        network.prediction.readout.prior.add_(0.05 * torch.randn_like(network.prediction.readout.prior))
        network.prediction.readout.gain.fill_(0.03)
        network.prediction.readout.sigma.fill_(0.05)
    return network.eval()


def frames(count, rows=64, columns=96, seed=0):
    return 2 * torch.rand(count, 3, rows, columns, generator=torch.Generator().manual_seed(seed)) - 1


@pytest.mark.parametrize(("rows", "columns"), [(32, 32), (64, 96), (96, 32)])
@torch.no_grad()
def test_a_density_sums_to_one(rows, columns):
    p = random_network().density(frames(3, rows, columns))
    assert p.shape == (3, rows // 4, columns // 4)
    assert p.min() >= 0
    assert p.std((1, 2)).min() > 1e-5  # it prefers some places
    torch.testing.assert_close(p.sum((1, 2)), torch.ones(3))


@torch.no_grad()
def test_frames_of_a_batch_do_not_see_each_other():
    network, given = random_network(), frames(5)
    alone = torch.cat([network.density(frame[None]) for frame in given])
    torch.testing.assert_close(network.density(given), alone, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("rows", "columns"), [(33, 64), (64, 90), (16, 32)])
def test_other_sizes_are_refused(rows, columns):
    with pytest.raises(UsageError, match=f"a frame of {columns}x{rows} .* multiples of 32"):
        random_network().density(frames(1, rows, columns))


@torch.no_grad()
def test_the_decoder_is_its_definition():
    """From coarse to fine: narrowed features are added to what came up, and looked around in."""
    network = random_network()
    decoder, features = network.prediction.decoder, network.encoder(frames(2))
    weights = {name: t.double() for name, t in decoder.state_dict().items()}

    def mix(x, name):
        weight, bias = weights[f"{name}.weight"][:, :, 0, 0], weights[f"{name}.bias"]
        return torch.einsum("oc,bchw->bohw", weight, x) + bias[:, None, None]

    up = 0
    for level in (2, 1, 0):
        here = mix(features[level].double(), f"laterals.{level}").clamp(min=0) + up
        around = F.conv2d(
            F.pad(here, (2, 2, 2, 2)),
            weights[f"blocks.{level}.around.weight"],
            weights[f"blocks.{level}.around.bias"],
            groups=here.shape[1],
        )
        here = here + mix(around.clamp(min=0), f"blocks.{level}.mixed")
        up = F.interpolate(here, scale_factor=2, mode="bilinear")
    found = decoder(features).double()
    torch.testing.assert_close(found, mix(here, "logit"), rtol=1e-4, atol=1e-4 * float(found.abs().max()))


@torch.no_grad()
def test_unpooled_what_is_coarse_goes_where_finer_features_are_largest():
    """Of 3x3 places, two apart, by hand; of values that meet in one place the later one stays."""
    network = random_network(upsampling="unpool")
    decoder = network.prediction.decoder
    features = network.encoder(frames(1, 64, 64))
    x = None
    for level in (2, 1, 0):
        fine = decoder.laterals[level](features[level]).relu()
        if x is not None:
            up = torch.zeros_like(fine)
            for channel, row, column in np.ndindex(*x.shape[1:]):
                top, left = max(2 * row - 1, 0), max(2 * column - 1, 0)
                window = fine[0, channel, top : 2 * row + 2, left : 2 * column + 2]
                down, across = divmod(int(window.argmax()), window.shape[1])
                up[0, channel, top + down, left + across] = x[0, channel, row, column]
            fine = fine + up
        x = decoder.blocks[level](fine)
    found = decoder(features)
    torch.testing.assert_close(found, decoder.logit(x), rtol=1e-4, atol=1e-4 * float(found.abs().max()))


@torch.no_grad()
def test_without_a_prior_a_flat_picture_is_looked_at_everywhere_alike():
    logits = torch.zeros(1, 1, 20, 30)
    inner = (slice(None), slice(14, 26), slice(14, 46))  # where the blur does not reach beyond the border
    assert Readout(prior=False)(logits)[inner].std() < 1e-9
    assert Readout()(logits)[inner].std() > 1e-5
    parameters = {name for name, _ in Readout(prior=False).named_parameters()}
    assert parameters == {"gain", "sigma"}


def bilinear(x, rows, columns):
    """By its definition, pixel by pixel: the middles of cells are where values are."""
    at_y = (np.arange(rows) + 0.5) * x.shape[0] / rows - 0.5
    at_x = (np.arange(columns) + 0.5) * x.shape[1] / columns - 0.5
    return ndimage.map_coordinates(x, np.meshgrid(at_y, at_x, indexing="ij"), order=1, mode="nearest")


@pytest.mark.parametrize(("gain", "sigma"), [(0.0, 0.0), (0.07, -0.03), (-0.1, 0.06)])
@torch.no_grad()
def test_the_readout_is_its_definition(gain, sigma):
    """softmax(e^gain logits + prior), blurred by a Gaussian of 13 cells, and made to sum to 1 again."""
    torch.manual_seed(3)
    readout = Readout()
    readout.gain.fill_(gain)
    readout.sigma.fill_(sigma)
    readout.prior.normal_(std=0.2)
    logits = 3 * torch.randn(2, 1, 9, 14)
    for found, logit in zip(readout(logits), logits.double().numpy()[:, 0], strict=True):
        prior = bilinear(10 * readout.prior[0, 0].double().numpy(), 9, 14)  # 10: the pace of the readout
        x = bilinear(np.exp(10 * gain) * logit + prior, 18, 28)
        p = np.exp(x - x.max())
        p /= p.sum()
        kernel = np.exp(-((np.arange(-6, 7) / np.exp(10 * sigma)) ** 2) / 2)
        for axis in (0, 1):
            p = ndimage.convolve1d(p, kernel / kernel.sum(), axis, mode="constant")
        np.testing.assert_allclose(found.numpy(), p / p.sum(), rtol=2e-4, atol=1e-7)


@torch.no_grad()
def test_saliency_is_the_density_of_the_last_frame_on_one_scale():
    network, clip = random_network(), frames(6).view(2, 3, 3, 64, 96).transpose(1, 2)
    found = network(clip)
    p = network.density(clip[:, :, -1]).numpy()
    for values, density in zip(found.numpy(), p, strict=True):
        expected = bilinear(density * density.size / PEAK, 64, 96).clip(0, 1)
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-7)
        assert values.sum() == pytest.approx(64 * 96 / PEAK, rel=0.05)  # but for what the borders repeat


def test_a_config_survives_its_json():
    config = LiteConfig(width=16, upsampling="unpool", prior=False, rows=96, columns=160, memory=0.5)
    assert config_from_json(config.to_json()) == config
    assert isinstance(config_from_json(NetworkConfig().to_json()), NetworkConfig)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"model": "lite", "depth": 3}', "tased-lite has unknown fields: depth"),
        ('{"model": "lite", "rows": 100}', "multiples of 32"),
        ('{"model": "light"}', "unknown fields: model"),
        ('{"model": "lite", "width": "wide"}', "configuration of tased-lite does not hold"),
        ("[]", "not a network configuration"),
        ("{", "not a network configuration"),
    ],
)
def test_json_that_is_no_config_is_refused(text, words):
    with pytest.raises(UsageError, match=words):
        config_from_json(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": 0}, "width is 0"),
        ({"upsampling": "trilinear"}, "upsampling is 'trilinear'; it must be bilinear or unpool"),
        ({"rows": 0}, "multiples of 32"),
        ({"columns": 200}, "200x224: tased-lite takes multiples of 32"),
        ({"memory": -0.1}, "memory is -0.1; it must be 0 or more"),
        ({"motion": float("inf")}, "motion is inf"),
        ({"sharpness": float("nan")}, "sharpness is nan"),
        ({"unmoved": -1}, "unmoved is -1"),
        ({"centre": 1.0}, "centre is 1.0; it must be from 0 to below 1"),
        ({"clip_length": 2}, "sees one frame"),
        ({"maps": 2}, "gives one map"),
        ({"blur": 1.0}, "blurs it itself"),
    ],
)
def test_configs_that_cannot_be(change, words):
    with pytest.raises(UsageError, match=words):
        replace(LiteConfig(), **change)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_file_gives_the_network_back(dtype, tmp_path):
    network = random_network()
    save_weights(network, tmp_path / "lite.safetensors", dtype=dtype, notes={"licence": "MIT"})
    weights = read_weights(tmp_path / "lite.safetensors")
    assert (weights.origin, weights.config, weights.notes) == ("tased", network.config, {"licence": "MIT"})
    back = network_from(weights)
    assert not back.training
    assert {p.dtype for p in back.parameters()} == {torch.float32}
    for name, tensor in back.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name].to(dtype).to(tensor.dtype)), name


def test_weights_must_fit_the_config_that_they_bring(tmp_path):
    network = random_network(width=8)
    network.config = replace(network.config, width=16)
    save_weights(network, tmp_path / "lite.safetensors")
    with pytest.raises(CheckpointError, match=r"do not fit this network .* should have shape \(16, "):
        read_weights(tmp_path / "lite.safetensors")


def test_what_it_costs_is_what_its_layers_cost():
    rows, columns, width = 224, 384, 48
    at = rows * columns / 4  # places, at stride 2
    macs, parameters = at * 32 * 27, 32 * 27 + 2 * 32
    for kernel, stride, expansion, c_in, c_out in efficientnet_lite0.TABLE:
        wide = c_in * expansion
        if expansion > 1:
            macs, parameters = macs + at * c_in * wide, parameters + c_in * wide + 2 * wide
        at /= stride**2
        macs += at * (wide * kernel**2 + wide * c_out)
        parameters += wide * kernel**2 + 2 * wide + wide * c_out + 2 * c_out
    encoder = parameters
    for stride, c_in in ((8, 40), (16, 112), (32, 320)):
        at = rows * columns / stride**2
        macs += at * (c_in * width + width * 25 + width * width)
        parameters += c_in * width + width + width * 25 + width + width * width + width
    macs += rows * columns / 64 * width
    parameters += width + 1
    macs += rows * columns / 16 * 26  # the blur, along both axes
    parameters += 7 * 12 + 1 + 1  # prior, gain, sigma
    found = count(LiteConfig(width=width))
    assert (found.encoder_parameters, found.parameters) == (encoder, parameters)
    assert found.multiply_accumulates == macs
    assert found.parameters < 3.0e6
    assert found.multiply_accumulates < 0.7e9


@pytest.mark.parametrize(("rows", "columns"), [(32, 32), (64, 96), (224, 384)])
@torch.inference_mode()
def test_folded_it_is_the_same_function(rows, columns):
    torch.manual_seed(0)
    given = frames(2, rows, columns)
    for network, share in ((TASEDLite().eval(), 1e-6), (random_network(), 1e-4)):  # the latter is steep
        expected = network.density(given)
        assert (folded(network).density(given) - expected).abs().max() < share * expected.max()


@torch.inference_mode()
def test_folding_is_exact_but_for_rounding():
    """In float64 there is next to none."""
    torch.manual_seed(0)
    network, given = random_network().double(), frames(1).double()
    for ours, theirs in zip(folded(network).encoder(given), network.encoder(given), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9 * float(theirs.abs().max()))


def test_folding_leaves_the_network_as_it_was():
    network = random_network().train()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    quick = folded(network)
    assert network.training
    assert not quick.training
    assert quick.config == network.config
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in quick.parameters())
    assert sum(isinstance(module, Folded) for module in quick.modules()) == 1 + 15 * 3 + 2
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in quick.modules())
