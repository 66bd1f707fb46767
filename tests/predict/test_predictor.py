"""`tased.load`, and predicting with a real network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.references import published

import tased
from tased.errors import CheckpointError, UsageError, VideoError
from tased.network.weights import save_weights
from tased.predict.network import to_network
from tased.predict.windows import windows

TINY = tased.NetworkConfig(clip_length=4, rows=32, columns=48, blur=0)


def frames(count, rows=40, columns=60):
    rng = np.random.default_rng(1)
    return [
        tased.Frame(rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8), i, i / 10) for i in range(count)
    ]


def test_a_stream_gives_what_the_network_gives_window_by_window(tiny_weights):
    predictor = tased.load(tiny_weights, engine=False)
    stream = predictor.stream(size="network")
    given = frames(11, 32, 48)  # at the network's size, so that nothing is resized
    maps = [m for f in given for m in stream.push(f)] + stream.drain()
    network = predictor.model.network
    for window, m in zip(windows(11, 4), maps, strict=True):
        clip = np.stack([given[i].pixels for i in window.frames])
        with torch.no_grad():
            expected = network(to_network(torch.from_numpy(clip).permute(0, 3, 1, 2)[None]))[0]
        assert torch.equal(m.values, expected)  # to the last bit: --published floors what it gets
        assert (m.index, m.seconds) == (window.target, window.target / 10)
    assert torch.stack([m.values for m in maps]).std(0).max() > 1e-3


def test_maps_are_those_of_the_last_frame_when_a_clip_gives_several(tmp_path):
    torch.manual_seed(0)
    network = tased.TASEDNet(replace(TINY, maps=3)).eval()
    save_weights(network, tmp_path / "three.safetensors")
    stream = tased.load(tmp_path / "three.safetensors", precision="float32").stream(size="network")
    given = frames(4, 32, 48)
    maps = [m for f in given for m in stream.push(f)] + stream.drain()
    clip = torch.from_numpy(np.stack([f.pixels for f in given])).permute(0, 3, 1, 2)[None]
    with torch.no_grad():
        torch.testing.assert_close(maps[3].values, network(to_network(clip))[0, 2], rtol=0, atol=1e-6)


def test_half_precision_is_near(tiny_weights):
    def maps(precision):
        stream = tased.load(tiny_weights, precision=precision).stream()
        return torch.stack([m.values for f in frames(8) for m in stream.push(f)])

    half, full = maps("bfloat16"), maps("float32")
    assert 0 < (half - full).abs().max() < 0.3  # the weights are random, and steep
    assert torch.corrcoef(torch.stack([half.flatten(), full.flatten()]))[0, 1] > 0.9


def test_a_published_checkpoint_loads(tmp_path):
    torch.save(published.tased_state(), tmp_path / "TASED_v2.pt")
    predictor = tased.load(tmp_path / "TASED_v2.pt", published=True)
    assert predictor.published
    assert predictor.model.network.config.aggregation == "released"


def test_an_encoder_alone_loads_but_does_not_predict(tmp_path):
    torch.save(published.s3d_state(published.tased_state()), tmp_path / "S3D_kinetics400.pt")
    predictor = tased.load(tmp_path / "S3D_kinetics400.pt")
    with pytest.raises(CheckpointError, match="encoder's alone"):
        predictor.stream()


@pytest.mark.parametrize("name", ["centre", "motion", "spectral", "gbvs", "lite", None])
def test_what_is_in_the_package_loads_by_name(name):
    stream = tased.load(name).stream()
    maps = [m for f in frames(3) for m in stream.push(f)] + stream.drain()
    assert [m.index for m in maps] == [0, 1, 2]
    assert all(m.values.shape == (40, 60) and m.values.isfinite().all() for m in maps)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("gbsv", "did you mean 'gbvs'"),
        ("light", "did you mean 'lite'"),
        ("nowhere.pt", "no such file of weights"),
        (Path("/"), "cannot be read"),
    ],
)
def test_what_is_no_weights_is_one_clear_error(given, words):
    with pytest.raises(CheckpointError, match=words):
        tased.load(given)


def test_a_network_at_another_resolution(tiny_weights):
    """The same weights, on frames of that size; the blur keeps its share of the width."""
    predictor = tased.load(tiny_weights, engine=False, resolution=(64, 96))
    stream = predictor.stream(size="network")
    given = frames(4, 64, 96)
    maps = [m for f in given for m in stream.push(f)] + stream.drain()
    clip = torch.from_numpy(np.stack([f.pixels for f in given])).permute(0, 3, 1, 2)[None]
    with torch.no_grad():
        expected = tased.load(tiny_weights, engine=False).model.network(to_network(clip))[0]
    assert torch.equal(maps[3].values, expected)


def test_lite_at_another_resolution():
    full, half = (tased.load(resolution=r).stream(size=(28, 48)) for r in (None, (128, 192)))
    given = frames(3, 128, 192)
    one, other = (torch.stack([m.values for f in given for m in s.push(f)]) for s in (full, half))
    assert one.shape == other.shape
    assert (one - other).abs().max() > 0
    assert torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1] > 0.5
    with pytest.raises(UsageError, match="multiples of 32"):
        tased.load(resolution=(100, 200))


def test_options_that_cannot_be():
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        tased.load("centre", device="gpu")
    with pytest.raises(UsageError, match="bfloat16"):
        tased.load("centre", precision="half")
    with pytest.raises(UsageError, match="'centre' is none"):
        tased.load("centre", published=True)
    with pytest.raises(UsageError, match="a resolution is a network's, and 'motion' is none"):
        tased.load("motion", resolution=(64, 96))
    with pytest.raises(UsageError, match="has one resolution"):
        tased.load("TASED_v2.pt", published=True, resolution=(64, 96))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA GPU"):
            tased.load("centre", device="cuda")


def test_errors_come_when_asked_not_when_iterated():
    with pytest.raises(VideoError, match="no such file"):
        tased.load("centre").predict("nowhere.mp4")
    with pytest.raises(UsageError, match="every is 0"):
        tased.load("centre").stream(every=0)
    with pytest.raises(UsageError, match="every is 2, which says"):
        tased.load("centre").stream(every=2).push(np.zeros((8, 8, 3), np.uint8), wanted=False)
    with pytest.raises(UsageError, match="every is 2, and only names frames"):
        tased.load("centre").predict("none.mp4", every=2, only={0})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_gpu_maps_are_the_cpus(tiny_weights):
    """Of frames at the network's size, for resized ones can be a level apart, in the same precision."""

    def maps(device):
        stream = tased.load(tiny_weights, device=device, precision="float32").stream()
        return torch.stack([m.values for f in frames(8, 32, 48) for m in stream.push(f)])

    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        torch.testing.assert_close(maps("cuda"), maps("cpu"), rtol=0, atol=1e-3)
