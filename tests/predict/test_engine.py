"""The engine, which shares what windows have in common, against the network window by window.

The two are the same function: in float64 their maps are equal to the last digits. In float32 they round
differently, and where two values that a pooling compares are equal up to rounding, another switch may be
found (see tased.predict.decoding): such places are looked at on their own.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.predict.networks import SMALL, VARIANTS, alone, clips_of, frames_of, network_of

from tased.network.prediction import auxiliary_switches
from tased.predict import decoding
from tased.predict.clip import to_network
from tased.predict.engine import Engine
from tased.predict.film import Film
from tased.predict.network import NetworkModel
from tased.predict.poolings import switches
from tased.predict.predictor import Predictor
from tased.predict.reuse import inner_after
from tased.video.frame import Frame


@pytest.mark.parametrize("name", VARIANTS)
@torch.inference_mode()
def test_the_maps_are_equal_in_every_variant(name):
    """Up to the rounding of float64, so that not one position is another's, and no end is taken for inner."""
    config = VARIANTS[name]
    network = network_of(config).double()
    shot = Engine(network, torch.float64).shot()
    length = min(config.clip_length, 16)
    for n, clip in enumerate(
        clips_of(frames_of(config.clip_length + length // 2, config), config.clip_length)
    ):
        found = shot([clip])[0]
        if n < 2 or n > length - 3:  # the first from nothing, the last with everything reused
            expected = alone(network, clip, torch.float64)
            assert expected.std() > 0.01
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["released", "T=32", "early-two-step", "transposed", "unet"])
@torch.inference_mode()
def test_float32_maps_differ_by_rounding_alone(name, monkeypatch):
    """Where both find the same switches."""
    config = VARIANTS[name]
    network = network_of(config)
    shot = Engine(network, torch.float32).shot()
    found = []  # by the network, of x8 and x4
    monkeypatch.setattr(decoding, "switches", lambda x, kernel: (None, found.pop()))
    for clip in list(clips_of(frames_of(config.clip_length + 3, config), config.clip_length))[-3:]:
        features = network.encoder(to_network(clip.stacked()[None]))
        levels = [auxiliary_switches(x, config.decoder_time) for x in (features.x4, features.x8)]
        found[:] = [
            (s % (x.shape[3] * x.shape[4])).permute(0, 2, 3, 4, 1)
            for s, x in zip(levels, (features.x4, features.x8), strict=True)
        ]
        expected = alone(network, clip, torch.float32)
        torch.testing.assert_close(shot([clip])[0], expected, rtol=0, atol=1e-4)


def test_another_switch_is_found_only_where_two_values_are_equal_up_to_rounding():
    """And rarely: what it moves is one value of one channel, by two pixels at most."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 4, 24, 40, 64, generator=generator)
    rounded = x * (1 + 2e-7 * torch.randn(x.shape, generator=generator))
    (values, a), (_, b) = switches(x, 3), switches(rounded, 3)
    other = x.flatten(2, 3).gather(2, b.flatten(2, 3)).view_as(values)
    assert 0 <= (a != b).float().mean() < 1e-4
    torch.testing.assert_close(other, values, rtol=2e-6, atol=0)


@pytest.fixture(scope="module")
def predictors():
    """With the engine and without it, of a network that has no switches: equal everywhere."""
    config = replace(SMALL, clip_length=8, columns=48, upsampling="trilinear")
    model = NetworkModel("small", network_of(config), torch.device("cpu"), torch.float32)
    return Predictor(model), Predictor(replace(model, engine=False))


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return [Frame(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8), i, i / 25) for i in range(count)]


def values_of(maps):
    return torch.stack([m.values for m in maps])


@pytest.mark.parametrize(
    ("count", "every"), [(1, 1), (5, 1), (14, 1), (22, 1), (5, 3), (24, 2), (24, 5), (40, 11)]
)
def test_streams_are_the_plain_networks(predictors, count, every):
    """Short ones, which are looped, long ones, and with windows left out, up to more than a whole one."""
    found, expected = (run(p.stream(every=every), pictures(count)) for p in predictors)
    assert [m.index for m in found] == list(range(count))
    torch.testing.assert_close(values_of(found), values_of(expected), rtol=0, atol=1e-4)


def run(stream, frames):
    return [m for f in frames for m in stream.push(f)] + stream.drain()


def test_a_shot_remembers_nothing_of_the_one_before(predictors):
    with_engine, plain = predictors
    black = [Frame(np.zeros((40, 60, 3), np.uint8), i, i / 25) for i in range(17)]
    video = black + [replace(f, index=f.index + 17) for f in pictures(20)]
    found = run(with_engine.stream(cuts=True), video)
    torch.testing.assert_close(
        values_of(found), values_of(run(plain.stream(cuts=True), video)), rtol=0, atol=1e-4
    )
    assert torch.equal(values_of(found[17:]), values_of(run(with_engine.stream(), pictures(20))))


def test_streams_side_by_side_are_apart(predictors):
    engine = predictors[0]
    streams = [engine.stream(), engine.stream()]
    maps = [[], []]
    for frames in zip(pictures(18), pictures(18, seed=1), strict=True):
        for n, frame in enumerate(frames):
            maps[n] += streams[n].push(frame)
    for n in (0, 1):
        alone = values_of(run(engine.stream(), pictures(18, seed=n)))
        assert torch.equal(values_of(maps[n] + streams[n].drain()), alone)


def test_windows_in_one_batch_are_those_one_by_one():
    config = SMALL
    engine = Engine(network_of(config).double(), torch.float64)
    clips = list(clips_of(frames_of(20, config), config.clip_length))[:6]
    with torch.inference_mode():
        one_by_one = engine.shot()
        expected = torch.cat([one_by_one([clip]) for clip in clips])
        torch.testing.assert_close(engine.shot()(clips), expected, rtol=0, atol=1e-9)


def test_published_and_other_precisions_keep_the_plain_network(predictors):
    model = predictors[0].model
    assert model.uses_engine
    assert replace(model, precision=torch.bfloat16).uses_engine
    assert not replace(model, published=True).uses_engine
    assert not replace(model, precision=torch.float16).uses_engine
    assert not replace(model, device=torch.device("cuda")).uses_engine


@torch.inference_mode()
def test_bfloat16_finds_the_finer_switches_of_float32(monkeypatch):
    """They move a map most; with the same ones all over a map is near (docs/speed.md has trained weights)."""
    network, clip = network_of(SMALL), next(clips_of(frames_of(16, SMALL), 16))
    found = []
    monkeypatch.setattr(decoding, "switches", lambda *given: found.append(switches(*given)) or found[-1])
    for dtype in (torch.float32, torch.bfloat16):
        Engine(network, dtype).shot()([clip])
    (_, x8), (_, x4), (_, half8), (_, half4) = found
    assert torch.equal(x8, half8)
    assert torch.equal(x4, half4)


def test_bfloat16_is_near():
    config = replace(SMALL, upsampling="trilinear")
    network, clip = network_of(config), next(clips_of(frames_of(16, config), 16))
    with torch.inference_mode():
        half, full = (Engine(network, d).shot()([clip])[0] for d in (torch.bfloat16, torch.float32))
    assert torch.corrcoef(torch.stack([half.flatten(), full.flatten()]))[0, 1] > 0.99


def test_padding_at_the_ends_decides_what_is_shared():
    """Of 16 positions 12, 10, 8 and 6 are those of the window two frames earlier, and one more is new."""
    inner, counted = range(32), []
    for reach, stride in ((3, 2), (1, 1), (1, 1), (1, 1)):
        inner = inner_after(inner, reach, stride)
        counted.append(16 - (len(inner) - 1))
    assert counted == [4, 6, 8, 10]


def test_a_film_gives_spans_of_the_latest_frames():
    film = Film(8)
    for end in [*range(8, 40), 60, 61]:
        film.begin(end - 8)
        for position in range(film.stop, end):
            film.add(torch.full((1, 1, 1), position))
        assert film.span(range(end - 8, end)).flatten().tolist() == list(range(end - 8, end))
        assert film.span(range(end - 3, end)).flatten().tolist() == list(range(end - 3, end))
