"""How maps are finished, against SciPy and against the mixture of two densities written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import tased
from tased.network.config import NetworkConfig
from tased.network.weights import save_weights
from tased.predict.finish import finished
from tased.predict.maps import blurred


def draw_pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def some_maps(seed, rows=28, columns=48):
    return torch.from_numpy(np.random.default_rng(seed).random((2, rows, columns), np.float32))


def test_by_the_published_numbers_a_map_is_blurred_alone():
    maps = some_maps(0)
    assert torch.equal(finished(maps, NetworkConfig(blur=2.5)), blurred(maps, 2.5))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.floats(0.5, 3), st.floats(0, 0.6), st.sampled_from([0, 0.7, 3.5]))
def test_it_is_a_mixture_of_densities(seed, sharpness, centre, blur):
    """(1 - centre) p + centre g, with p the power of the blurred map and g a Gaussian, each of sum 1.

    In thousandths of the uniform density; without a prior the network's own values.
    """
    maps = some_maps(seed)
    config = NetworkConfig(blur=blur, sharpness=sharpness, centre=centre)
    found = finished(maps, config).numpy().astype(np.float64)
    y, x = (np.arange(28) + 0.5) / 28 - 0.45, (np.arange(48) + 0.5) / 48 - 0.5
    g = np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * 0.15**2))
    for map_, values in zip(found, maps.numpy().astype(np.float64), strict=True):
        p = (gaussian_filter(values, blur) if blur else values) ** sharpness
        density = (1 - centre) * p / p.sum() + centre * g / g.sum()
        expected = density * 28 * 48 / 1000 if centre else p
        np.testing.assert_allclose(map_, expected, rtol=1e-4, atol=2e-5 if not centre else 1e-7)


def test_a_peak_beyond_the_scale_is_cut_and_of_zeros_the_prior_is_left():
    one = torch.zeros(40, 60)
    one[3, 4] = 0.7  # 2400 times the uniform density
    config = NetworkConfig(blur=0, centre=0.25)
    assert finished(one, config).max() == 1
    nothing = finished(torch.zeros(40, 60), config)
    assert nothing.sum() == pytest.approx(0.25 * 40 * 60 / 1000)


@pytest.mark.parametrize("engine", [True, False])
def test_prediction_finishes_as_the_weights_say(tmp_path, tiny_weights, engine):
    network = tased.load(tiny_weights, device="cpu").model.network
    network.config = replace(network.config, blur=1.0, sharpness=2.0, centre=0.3)
    save_weights(network, tmp_path / "sharp.safetensors")
    network.config = replace(network.config, sharpness=1.0, centre=0.0)
    save_weights(network, tmp_path / "plain.safetensors")
    frames = [tased.Frame(draw_pixels(i), i, i / 10) for i in range(6)]
    found = []
    for name in ("plain", "sharp"):
        predictor = tased.load(tmp_path / f"{name}.safetensors", device="cpu", engine=engine)
        stream = predictor.stream(size="network")
        found.append([m.values for f in frames for m in stream.push(f)] + [m.values for m in stream.drain()])
    for plain, sharp in zip(*found, strict=True):
        expected = finished(plain, NetworkConfig(blur=0, sharpness=2.0, centre=0.3))
        torch.testing.assert_close(sharp, expected)
