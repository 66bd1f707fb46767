"""What is done to frames before the network and to maps after it."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from tased.predict.maps import SaliencyMap, blurred
from tased.predict.network import to_network
from tased.predict.resize import resize, resize_published
from tased.predict.scale import by_maximum, scaled, spool
from tased.predict.statistics import COLUMNS, statistics


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 99), st.integers(1, 99), st.integers(0, 9))
def test_the_published_resize_is_opencvs_bit_for_bit(rows, columns, out_rows, out_columns, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    expected = cv2.resize(pixels, (out_columns, out_rows))
    found = resize_published(pixels, out_rows, out_columns).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("size", [(360, 640), (720, 1280), (448, 768)])
def test_the_published_resize_at_real_sizes(size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = resize_published(pixels, 224, 384).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(found, cv2.resize(pixels, (384, 224)))


def test_resizing_down_does_not_alias():
    """Fine stripes average to gray; without an antialiasing filter they would leave stripes behind."""
    stripes = np.zeros((64, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resize(stripes, 64, 200).float()
    assert (small[:, :, 5:-5] - 127.5).abs().max() < 12
    assert resize_published(stripes, 64, 200).float().std() > 60


def test_networks_see_minus_one_to_one():
    clip = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 1, 16, 16).expand(1, 2, 3, 16, 16)
    x = to_network(clip)
    assert x.shape == (1, 3, 2, 16, 16)
    torch.testing.assert_close(x[0, 0, 0].flatten(), (2 * torch.arange(256.0) - 255) / 255)


maps = arrays(np.float32, (5, 7), elements=st.floats(0, 1, width=32))


@given(maps)
def test_scales_are_what_they_say(values):
    total, maximum = values.sum(dtype=np.float64), values.max()
    assert scaled(values, "density", 1).sum() == pytest.approx(1, rel=1e-5)
    if maximum > 0:
        np.testing.assert_allclose(scaled(values, "frame", 1), values / maximum)
        np.testing.assert_array_equal(scaled(values, "video", 1.0), values)
        np.testing.assert_allclose(scaled(values, "density", 1), values / total, rtol=1e-4, atol=1e-9)
    else:
        assert not scaled(values, "frame", 1).any()
        assert (scaled(values, "density", 1) == np.float32(1 / 35)).all()


def test_a_whole_video_of_nothing_stays_nothing():
    assert not by_maximum(np.zeros((2, 2), np.float32), 0).any()


@settings(deadline=None)
@given(st.lists(maps, max_size=6))
def test_the_spool_gives_back_what_it_got(values):
    with spool() as kept:
        for i, v in enumerate(values):
            kept.add(SaliencyMap(torch.from_numpy(v), i, i / 25))
        assert kept.maximum == max((v.max().item() for v in values), default=0)
        back = list(kept)
    assert [(m.index, m.seconds) for m in back] == [(i, i / 25) for i in range(len(values))]
    for m, v in zip(back, values, strict=True):
        assert np.abs(m.values.numpy() - v).max() <= v.max() / 65535 * 0.51


def test_blur_keeps_the_mass_and_is_a_gaussian():
    point = torch.zeros(81, 81)
    point[40, 40] = 1
    smooth = blurred(point, 5)
    y, x = np.mgrid[-40:41, -40:41]
    expected = np.exp(-(y**2 + x**2) / 50)
    np.testing.assert_allclose(smooth, expected / expected.sum(), atol=2e-6)
    assert blurred(point, 0) is point


def test_blur_is_scipys_for_any_number_of_maps():
    values = np.random.default_rng(0).random((2, 3, 21, 34), dtype=np.float32)
    expected = [[gaussian_filter(m, 7) for m in row] for row in values]  # wider than the map: reflected often
    np.testing.assert_allclose(blurred(torch.from_numpy(values), 7), expected, rtol=0, atol=1e-6)
    assert blurred(torch.ones(224, 384), 7).max() <= 1


def by_hand(values, rows, columns):
    """The table's numbers, pixel by pixel."""
    h, w = values.shape
    weights = {(y, x): values[y, x] / values.sum() for y in range(h) for x in range(w)}
    px = {(y, x): ((y + 0.5) * rows / h - 0.5, (x + 0.5) * columns / w - 0.5) for y, x in weights}
    cy = sum(p * px[at][0] for at, p in weights.items())
    cx = sum(p * px[at][1] for at, p in weights.items())
    spread = sum(p * ((px[at][0] - cy) ** 2 + (px[at][1] - cx) ** 2) for at, p in weights.items()) ** 0.5
    entropy = -sum(p * np.log2(p) for p in weights.values() if p > 0)
    peak = px[max(weights, key=weights.get)]
    return cy, cx, spread, entropy, peak


def test_statistics_against_a_slow_definition():
    values = np.random.default_rng(3).random((6, 9))
    row = statistics(SaliencyMap(torch.from_numpy(values).float(), 4, 0.16), 60, 180)
    cy, cx, spread, entropy, peak = by_hand(values, 60, 180)
    found = [row[name] for name in ("centroid_y", "centroid_x", "spread", "entropy", "peak_y", "peak_x")]
    np.testing.assert_allclose(found, [cy, cx, spread, entropy, *peak], rtol=1e-5)
    assert (row["frame"], row["seconds"]) == (4, 0.16)
    ninths = values.reshape(3, 2, 3, 3).sum(axis=(1, 3)) / values.sum()
    np.testing.assert_allclose(
        [row[c] for c in COLUMNS if c.startswith("share")], ninths.flatten(), rtol=1e-5
    )


@given(st.integers(1, 20), st.integers(1, 20))
def test_shares_of_a_flat_map_are_ninths_at_any_size(rows, columns):
    row = statistics(SaliencyMap(torch.ones(rows, columns), 0, 0.0), 90, 160)
    np.testing.assert_allclose([row[c] for c in COLUMNS if c.startswith("share")], [1 / 9] * 9, rtol=1e-6)
    assert row["entropy"] == pytest.approx(np.log2(rows * columns), abs=1e-6)
    assert row["centroid_x"] == pytest.approx(79.5)
    # Of equal peaks, the one in the middle.
    assert abs(row["peak_x"] - 79.5) <= 160 / columns
    assert abs(row["peak_y"] - 44.5) <= 90 / rows


@pytest.mark.parametrize("size", [(11, 17), (60, 100), (3, 80)])
def test_resizing_maps_is_pytorchs(size):
    values = torch.rand(24, 32)
    expected = F.interpolate(values[None, None], size, mode="bilinear", antialias=True)[0, 0]
    torch.testing.assert_close(SaliencyMap(values, 0, 0.0).resized(*size).values, expected, rtol=0, atol=1e-5)


def test_resizing_maps_keeps_their_scale():
    m = SaliencyMap(torch.full((4, 6), 0.25), 0, 0.0)
    assert (m.resized(9, 31).values == 0.25).all()
    assert m.resized(4, 6) is m
