"""Windows side by side, as on a GPU: the same code on a CPU must give the plain network's maps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.predict.networks import SMALL, VARIANTS, alone, clips_of, frames_of, network_of

from tased.errors import UsageError
from tased.network.prediction import unpool
from tased.predict import network as network_module
from tased.predict.batched import Batched
from tased.predict.clip import gathered
from tased.predict.network import NetworkModel
from tased.predict.predictor import Predictor
from tased.predict.resize import resize, resize_on
from tased.video.frame import Frame

CPU = torch.device("cpu")
gpu = pytest.mark.gpu
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize("name", ["T=8", "released", "transposed", "deeplab", "odd levels"])
@torch.inference_mode()
def test_the_maps_are_the_plain_networks_in_every_variant(name):
    """Folded, channels last and in one batch; in float64, so that nothing but rounding can differ."""
    config = VARIANTS[name]
    network = network_of(config).double()
    clips = list(clips_of(frames_of(config.clip_length + 1, config), config.clip_length))[:2]
    found = Batched(network, torch.float64)(clips)
    expected = torch.stack([alone(network, clip, torch.float64) for clip in clips])
    assert expected.std(0).max() > 1e-3
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@torch.inference_mode()
def test_the_model_itself_stays_as_it_was():
    network = network_of(SMALL)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    Batched(network, torch.bfloat16)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.is_contiguous()


def test_a_gpu_without_room_is_one_clear_error(monkeypatch):
    def full(x):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2.00 GiB.")

    batched = Batched(network_of(replace(SMALL, clip_length=4)), torch.float32)
    monkeypatch.setattr(batched, "network", full)
    with pytest.raises(UsageError, match=r"1 windows of torch\.float32 at a time are too much for the GPU"):
        batched(list(clips_of(frames_of(4, SMALL), 4))[:1])


def test_clips_are_gathered_as_they_would_be_stacked():
    clips = list(clips_of(frames_of(21, SMALL), 16))
    assert torch.equal(gathered(clips), torch.stack([clip.stacked() for clip in clips]))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(32, 60), st.integers(32, 60), st.integers(0, 9))
def test_frames_resized_elsewhere_are_a_level_apart_at_most(rows, columns, to_rows, to_columns, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    here, there = resize(pixels, to_rows, to_columns), resize_on(CPU, pixels, to_rows, to_columns)
    assert there.dtype == torch.uint8
    assert (here.int() - there.int()).abs().max() <= 1


def pictures(count, rows=40, columns=60):
    rng = np.random.default_rng(0)
    return [Frame(rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8), i, i / 25) for i in range(count)]


@pytest.fixture(scope="module")
def predictor():
    """Of a network that has no switches, so that maps differ by rounding alone."""
    config = replace(SMALL, clip_length=4, columns=48, upsampling="trilinear", blur=2.0)
    return Predictor(NetworkModel("small", network_of(config), CPU, torch.float32, engine=False))


def through(predictor, frames, **options):
    return list(predictor.predict(frames, **options))


def values_of(maps):
    return torch.stack([m.values for m in maps])


@pytest.mark.parametrize(("together", "count", "every"), [(1, 8, 1), (3, 10, 1), (8, 3, 1), (4, 16, 3)])
def test_a_file_has_the_same_maps_however_many_windows_go_together(
    predictor, monkeypatch, together, count, every
):
    """Up to the rounding of sums."""
    frames = pictures(count, 32, 48)
    expected = through(predictor, frames, every=every)
    monkeypatch.setattr(NetworkModel, "uses_batches", True)
    monkeypatch.setattr(network_module, "TOGETHER", together)
    found = through(predictor, frames, every=every)
    assert [(m.index, m.seconds) for m in found] == [(m.index, m.seconds) for m in expected]
    torch.testing.assert_close(values_of(found), values_of(expected), rtol=0, atol=1e-4)


def test_cuts_end_what_goes_together(predictor, monkeypatch):
    black = [Frame(np.zeros((32, 48, 3), np.uint8), i, i / 25) for i in range(10)]
    video = black + [replace(f, index=f.index + 10) for f in pictures(9, 32, 48)]
    shots = through(predictor, black) + through(predictor, pictures(9, 32, 48))
    monkeypatch.setattr(NetworkModel, "uses_batches", True)
    found = through(predictor, video, cuts=True)
    torch.testing.assert_close(values_of(found), values_of(shots), rtol=0, atol=1e-4)


def test_a_live_stream_waits_for_nothing(predictor, monkeypatch):
    def lags():
        stream = predictor.stream()
        return [[m.index for m in stream.push(f)] for f in pictures(8)]

    expected = lags()
    monkeypatch.setattr(NetworkModel, "uses_batches", True)
    assert lags() == expected
    assert expected[-1] == [7]


def test_published_maps_never_go_together():
    model = NetworkModel("small", network_of(SMALL), torch.device("cuda"), torch.float32)
    assert model.uses_batches
    assert not replace(model, published=True).uses_batches
    assert not replace(model, device=CPU).uses_batches


@gpu
@needs_gpu
@pytest.mark.parametrize("name", VARIANTS)
@torch.inference_mode()
def test_gpu_batches_are_the_cpus_maps_in_every_variant(name):
    """In float64, where no two values that a pooling compares change places."""
    config = VARIANTS[name]
    network = network_of(config).double()
    clips = list(clips_of(frames_of(config.clip_length + 1, config), config.clip_length))[:3]
    expected = torch.stack([alone(network, clip, torch.float64) for clip in clips])
    there = [clip._replace(frames=tuple(f.cuda() for f in clip.frames)) for clip in clips]
    batched = Batched(network.cuda(), torch.float64)
    torch.testing.assert_close(batched(there).cpu(), expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(
        torch.cat([batched([clip]) for clip in there]).cpu(), expected, rtol=0, atol=1e-9
    )


@gpu
@needs_gpu
def test_gpu_files_are_the_cpus(predictor):
    """Resized, computed and blurred there, in float32 throughout."""
    model = predictor.model
    frames = pictures(23)
    given = [replace(f, pixels=resize(f.pixels, 32, 48).permute(1, 2, 0).numpy()) for f in frames]
    expected = values_of(through(predictor, given, size="network"))
    on_gpu = Predictor(replace(model, network=model.network.cuda(), device=torch.device("cuda")))
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found = values_of(through(on_gpu, given, size="network"))
        resized = values_of(through(on_gpu, frames, size="network"))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)
    assert torch.corrcoef(torch.stack([resized.flatten(), expected.flatten()]))[0, 1] > 0.99


@gpu
@needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gpu_unpooling_keeps_the_later_of_repeated_switches(dtype):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 5, 3, 32, 48, generator=generator)
    pooled, found = torch.nn.functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1), return_indices=True)
    values = torch.rand(pooled.shape, generator=generator).to(dtype)
    expected = unpool(values, found, x.shape[2:])
    assert len(found[0, 0].unique()) < found[0, 0].numel()
    for _ in range(10):
        assert torch.equal(unpool(values.cuda(), found.cuda(), x.shape[2:]).cpu(), expected)
