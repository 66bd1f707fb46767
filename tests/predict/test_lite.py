"""tased-lite as a predictor, against what its page says, written slowly."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.network.test_lite import random_network
from tests.references import efficientnet_lite0

import tased
from tased.errors import CheckpointError, UsageError
from tased.network.lite import PEAK
from tased.network.weights import save_weights
from tased.predict.baselines.motion import Motion
from tased.predict.lite import LiteModel
from tased.predict.stream import Stream


def clip(count, rows=64, columns=96, *, first=0, still=False):
    """A square that moves over noise, a frame each 30 ms but for a gap."""
    noise = np.random.default_rng(0).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    frames = []
    for index in range(count):
        pixels = noise.copy()
        at = 8 if still else 8 + 3 * index
        pixels[rows // 3 : rows // 3 + 12, at % columns : at % columns + 12] = 255
        frames.append(tased.Frame(pixels, first + index, 0.03 * (first + index) + 0.2 * (index > 4)))
    return frames


def model(**config):
    network = random_network(**config)
    return LiteModel("lite", network, torch.device("cpu"), torch.float32)


def maps(lite, frames, **options):
    stream = Stream(lite.shot, size="network", **options)
    return [m for frame in frames for m in stream.push(frame)] + stream.drain()


def enlarged(values, columns, rows):
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((columns, rows), Image.BILINEAR))


def by_hand(lite, frames):
    """Densities of single frames; their mean fades; times what moves; and some look at the centre."""
    config = lite.network.config
    watcher = Motion().viewer()
    mean, before, found = None, None, []
    for frame in frames:
        density = lite.density(frame).astype(np.float64)
        if mean is None or not config.memory:
            mean = density
        else:
            kept = math.exp(-(frame.seconds - before) / config.memory)
            mean = kept * mean + (1 - kept) * density
        before = frame.seconds
        p = mean**config.sharpness
        if config.motion:
            moving = watcher.see(frame)().astype(np.float64)
            moving = (moving - moving.min()) / (moving.max() - moving.min())
            small = enlarged(moving, p.shape[1], p.shape[0])
            p = p * (small + config.unmoved) ** config.motion
        p = p / p.sum()
        y, x = np.mgrid[: p.shape[0], : p.shape[1]] + 0.5
        away = ((x / p.shape[1] - 0.5) ** 2 + (y / p.shape[0] - 0.45) ** 2) / 0.15**2
        centre = np.exp(-away / 2)
        p = (1 - config.centre) * p + config.centre * centre / centre.sum()
        found.append(enlarged(p * p.size / PEAK, config.columns, config.rows).clip(0, 1))
    return found


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"motion": 0.0},
        {"memory": 0.0},
        {"centre": 0.0},
        {"motion": 0.0, "memory": 0.0, "centre": 0.0, "sharpness": 1.0},
        {"memory": 1.5, "sharpness": 2.0, "motion": 1.7, "unmoved": 0.0, "centre": 0.6},
    ],
)
def test_maps_are_what_their_page_says(config):
    lite, frames = model(**config), clip(9)
    found = maps(lite, frames)
    assert [(m.index, m.seconds) for m in found] == [(f.index, f.seconds) for f in frames]
    for m, expected in zip(found, by_hand(lite, frames), strict=True):
        np.testing.assert_allclose(m.values, expected, rtol=2e-3, atol=1e-6)
    assert torch.stack([m.values for m in found]).std(0).max() > 1e-5  # frames differ


def test_with_no_memory_of_any_kind_a_map_is_its_frames_density():
    lite, frames = model(motion=0.0, memory=0.0, centre=0.0, sharpness=1.0), clip(4)
    for m, frame in zip(maps(lite, frames), frames, strict=True):
        p = lite.density(frame)
        np.testing.assert_allclose(m.values, enlarged(p * p.size / PEAK, 96, 64), rtol=1e-4, atol=1e-7)


def test_a_density_is_the_networks():
    lite = model()
    frame = clip(1)[0]  # at the network's size, so that nothing is resized
    x = torch.from_numpy(frame.pixels).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        expected = lite.network.density(x)[0]
    np.testing.assert_allclose(lite.density(frame), expected, rtol=1e-4, atol=1e-7)


def test_values_are_on_one_scale():
    for m in maps(model(), clip(6)):
        assert m.values.dtype == torch.float32
        assert m.values.shape == (64, 96)
        assert m.values.min() >= 0
        assert m.values.max() <= 1
        assert float(m.values.sum()) == pytest.approx(64 * 96 / PEAK, rel=0.01)


def test_what_moves_draws_the_map():
    moving, ignored = (maps(model(motion=power), clip(9))[-1].values for power in (2.0, 0.0))
    square = slice(15, 39), slice(22, 54)
    assert moving[square].sum() > 1.5 * ignored[square].sum()


def test_frames_can_come_in_any_grouping():
    predictor, frames = tased.Predictor(model()), clip(7)
    whole = maps(predictor.model, frames)
    stream = predictor.stream(size="network")
    found = []
    for frame in frames:
        given = stream.push(frame)
        assert [m.index for m in given] == [frame.index]  # at once: it needs no future
        found += given
    assert stream.drain() == []
    assert all(torch.equal(a.values, b.values) for a, b in zip(found, whole, strict=True))


def test_streams_do_not_see_each_other():
    lite, one, other = model(), clip(5), clip(5, still=True)
    first, second = Stream(lite.shot, size="network"), Stream(lite.shot, size="network")
    found = [(first.push(a)[0], second.push(b)[0]) for a, b in zip(one, other, strict=True)]
    for (a, b), x, y in zip(found, maps(lite, one), maps(lite, other), strict=True):
        assert torch.equal(a.values, x.values)
        assert torch.equal(b.values, y.values)


def test_a_cut_ends_all_memory():
    lite, one = model(), clip(9)
    other = [replace(f, pixels=np.ascontiguousarray(f.pixels[::-1]) // 5) for f in clip(9, first=9)]
    found = maps(lite, [*one, *other], cuts=True)
    for m, expected in zip(found, maps(lite, one) + maps(lite, other), strict=True):
        assert torch.equal(m.values, expected.values)
    assert not torch.equal(found[9].values, maps(lite, [*one, *other])[9].values)


def test_between_every_third_frame_maps_are_interpolated():
    """The mean is of the frames that were looked at; what moves is watched in all."""
    lite, frames = model(memory=0.0), clip(7)
    found, whole = maps(lite, frames, every=3), maps(lite, frames)
    assert [m.index for m in found] == list(range(7))
    for at in (0, 3, 6):
        assert torch.equal(found[at].values, whole[at].values)
    share = (frames[1].seconds - frames[0].seconds) / (frames[3].seconds - frames[0].seconds)
    torch.testing.assert_close(found[1].values, torch.lerp(found[0].values, found[3].values, share))


@pytest.mark.parametrize("size", [(64, 96), (37, 53), (240, 100), (2, 3), (1, 1), (5, 400)])
@pytest.mark.parametrize("count", [1, 3])
def test_odd_sizes_still_clips_and_single_frames(size, count):
    found = maps(
        model(), [replace(f, pixels=np.resize(f.pixels, (*size, 3))) for f in clip(count, still=True)]
    )
    assert len(found) == count
    for m in found:
        assert m.values.isfinite().all()
        assert float(m.values.sum()) == pytest.approx(64 * 96 / PEAK, rel=0.02)


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_clip_has_a_map(level):
    blank = [tased.Frame(np.full((64, 96, 3), level, np.uint8), i, i / 25) for i in range(3)]
    assert all(m.values.isfinite().all() and m.values.max() > 0 for m in maps(model(), blank))


def test_times_that_stand_still_run_backwards_or_are_unknown():
    for seconds in ([1.0, 1.0, 1.0], [3.0, 2.0, 1.0], [math.nan] * 3):
        found = maps(model(), [replace(f, seconds=s) for f, s in zip(clip(3), seconds, strict=True)])
        assert all(m.values.isfinite().all() for m in found), seconds


def test_what_goes_wrong_beside_the_network_is_told(monkeypatch):
    def broken(self, frame):
        raise MemoryError(f"frame {frame.index}")

    monkeypatch.setattr("tased.predict.baselines.motion.Watcher.see", broken)
    with pytest.raises(MemoryError, match="frame 0"):
        maps(model(), clip(3))
    unwanted = model().shot()
    unwanted.push(clip(1)[0], wanted=False)
    with pytest.raises(MemoryError, match="frame 0"):
        unwanted.push(clip(1)[0], wanted=False)


def test_the_threads_of_pytorch_are_left_as_they_were():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        maps(model(), clip(3))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("lite") / "mine.safetensors"
    save_weights(random_network(), path)
    return path


def test_a_file_is_loaded_and_gives_the_networks_maps(file):
    predictor = tased.load(file, device="cpu")
    assert predictor.model.name == "mine"
    assert not predictor.published
    for m, expected in zip(maps(predictor.model, clip(5)), maps(model(), clip(5)), strict=True):
        np.testing.assert_allclose(m.values, expected.values, rtol=1e-3, atol=1e-6)
    source = [m for frame in clip(3, 40, 70) for m in predictor.stream().push(frame)]
    assert all(m.values.shape == (40, 70) for m in source)


def test_bfloat16_is_near(file):
    full, half = (
        torch.stack([m.values for m in maps(tased.load(file, device="cpu", precision=p).model, clip(5))])
        for p in ("float32", "bfloat16")
    )
    assert 0 < (half - full).abs().max() < 0.2 * full.max()  # the weights are random, and steep
    assert torch.corrcoef(torch.stack([half.flatten(), full.flatten()]))[0, 1] > 0.95


def test_the_published_script_is_another_networks(file):
    with pytest.raises(UsageError, match=r"runs a TASED-Net, and .*mine.safetensors' is a tased-lite"):
        tased.load(file, published=True)


def test_an_encoder_alone_is_refused(tmp_path):
    torch.save(efficientnet_lite0.state(), tmp_path / "efficientnet-lite0.pth")
    with pytest.raises(
        CheckpointError, match=r"efficientnet-lite0.pth: these weights are an encoder's alone"
    ):
        tased.load(tmp_path / "efficientnet-lite0.pth")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_gpu_maps_are_the_cpus(file):
    on_gpu, on_cpu = (
        torch.stack([m.values for m in maps(tased.load(file, device=device).model, clip(5))])
        for device in ("cuda", "cpu")
    )
    torch.testing.assert_close(on_gpu, on_cpu, rtol=0, atol=1e-3)
