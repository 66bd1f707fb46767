"""The encoder of tased-lite against one written from the paper's table, with the same weights."""

import pytest
import torch
from tests.references import efficientnet_lite0, published

from tased.errors import CheckpointError
from tased.network.config import LiteConfig, NetworkConfig
from tased.network.efficientnet import WIDTHS
from tased.network.lite import TASEDLite
from tased.network.tased import TASEDNet
from tased.network.weights import load_encoder, network_from, read_weights, save_weights


@pytest.fixture(scope="module")
def state():
    return efficientnet_lite0.state()


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("lite0") / "efficientnet-lite0.pth"
    torch.save(state, path)
    return path


def loaded(file):
    network = TASEDLite(LiteConfig(width=8))
    load_encoder(network, read_weights(file))
    return network.eval()


@pytest.mark.parametrize(("rows", "columns"), [(32, 32), (64, 96), (96, 32)])
def test_its_features_are_the_papers(rows, columns, state, file):
    pixels = torch.randint(0, 256, (2, 3, rows, columns), generator=torch.Generator().manual_seed(rows))
    with torch.no_grad():
        found = loaded(file).encoder(2 * pixels / 255 - 1)
        expected = efficientnet_lite0.features(
            {name: t.double() for name, t in state.items()}, (pixels.double() - 127) / 128
        )
    assert [f.shape[1] for f in found] == list(WIDTHS) == [40, 112, 320]
    for ours, theirs, stride in zip(found, expected, (8, 16, 32), strict=True):
        assert ours.shape == (2, theirs.shape[1], rows // stride, columns // stride)
        assert ours.std() > 0.01  # something is compared
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_a_file_says_what_it_is(file, state):
    weights = read_weights(file)
    assert (weights.origin, weights.config) == ("EfficientNet-Lite0", None)
    assert all(name.startswith("encoder.") for name in weights.tensors)  # the classifier is left out
    assert torch.equal(weights.tensors["encoder.stem.conv.weight"], state["_conv_stem.weight"])
    last = weights.tensors["encoder.stages.6.0.layers.2.norm.running_var"]
    assert torch.equal(last, state["_blocks.15._bn2.running_var"])
    assert isinstance(network_from(weights), TASEDLite)


def test_it_has_3_4_million_parameters_without_its_head(file):
    """EfficientNet-Lite0 has 4,652,008 (its authors: 4.7 M), of which 1,693,160 are its head's."""
    ours = sum(p.numel() for p in loaded(file).encoder.parameters())
    head = 1280 * 320 + 2 * 1280 + 1000 * 1280 + 1000
    assert ours == 4_652_008 - head


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.pop("_conv_stem.weight"), "holds weights of another network|is missing"),
        (
            lambda s: s.pop("_blocks.0._depthwise_conv.weight"),
            r"'_blocks.0._depthwise_conv.weight' is missing",
        ),
        (lambda s: s.pop("_blocks.15._bn2.running_var"), r"'_blocks.15._bn2.running_var' is missing"),
        (lambda s: s.update({"_blocks.16._bn2.bias": torch.ones(2)}), r"'_blocks.16._bn2.bias' is not part"),
        (lambda s: s.update({"_bn0.bias": torch.ones(2)}), r"'_bn0.bias' should have shape \(32,\), and has"),
        (lambda s: s["_bn0.bias"].fill_(float("inf")), r"NaN or infinity, first '_bn0.bias'"),
    ],
)
def test_what_does_not_fit_is_named(spoil, words, tmp_path):
    spoilt = efficientnet_lite0.state()
    spoil(spoilt)
    torch.save(spoilt, tmp_path / "spoilt.pth")
    with pytest.raises(CheckpointError, match=words):
        read_weights(tmp_path / "spoilt.pth")


def test_encoders_fit_networks_of_their_kind_only(file, tmp_path):
    with pytest.raises(CheckpointError, match=r"another kind of network \(EfficientNet-Lite0\)"):
        load_encoder(TASEDNet(NetworkConfig(clip_length=4)), read_weights(file))
    torch.save(published.s3d_state(published.tased_state()), tmp_path / "s3d.pt")
    with pytest.raises(CheckpointError, match=r"another kind of network \(published S3D\)"):
        load_encoder(TASEDLite(), read_weights(tmp_path / "s3d.pt"))


def test_the_encoder_of_a_whole_network_can_be_taken(file, tmp_path):
    save_weights(loaded(file), tmp_path / "whole.safetensors")
    network = TASEDLite(LiteConfig(width=16))  # another decoder does not matter
    load_encoder(network, read_weights(tmp_path / "whole.safetensors"))
    expected = loaded(file).encoder.state_dict()
    assert all(torch.equal(t, expected[name]) for name, t in network.encoder.state_dict().items())
