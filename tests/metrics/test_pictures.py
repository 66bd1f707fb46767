"""Quality where people look, against slow definitions and scikit-image."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tased.metrics.pictures import expected, psnr, squared_error, ssim


def pictures(seed, height=24, width=33):
    """Two that are alike, and a density."""
    random = np.random.default_rng(seed)
    a = random.integers(0, 256, (height, width), np.uint8)
    b = np.clip(a + random.normal(0, 20, a.shape), 0, 255).astype(np.uint8)
    density = random.random(a.shape) ** 4
    return a, b, density / density.sum()


@pytest.mark.parametrize("seed", range(3))
def test_weighted_psnr_is_its_definition(seed):
    a, b, density = pictures(seed)
    total = 0.0
    for y in range(a.shape[0]):
        for x in range(a.shape[1]):
            total += density[y, x] * (int(a[y, x]) - int(b[y, x])) ** 2
    assert psnr(expected(squared_error(a, b), density)) == pytest.approx(
        10 * math.log10(255 * 255 / total), abs=1e-9
    )


def test_unweighted_values_are_scikit_images():
    a, b, _ = pictures(4)
    flat = np.full(a.shape, 1 / a.size)
    assert psnr(expected(squared_error(a, b), flat)) == pytest.approx(peak_signal_noise_ratio(a, b))
    _, theirs = structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, full=True
    )
    np.testing.assert_allclose(ssim(a, b), theirs, atol=1e-10)


def test_ssim_is_its_definition_at_a_pixel():
    """A window of 11x11 around one pixel, as the paper has it."""
    a, b, _ = pictures(5)
    y, x = 11, 17
    line = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    p, q = (i[y - 5 : y + 6, x - 5 : x + 6].astype(float) for i in (a, b))
    mp, mq = (window * p).sum(), (window * q).sum()
    vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
    cov = (window * (p - mp) * (q - mq)).sum()
    c1, c2 = 6.5025, 58.5225
    value = (2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2))
    assert ssim(a, b)[y, x] == pytest.approx(value, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**16))
def test_laws(seed):
    a, b, density = pictures(seed, 12, 13)
    np.testing.assert_allclose(ssim(a, a), 1)
    np.testing.assert_allclose(ssim(a, b), ssim(b, a))
    assert np.abs(ssim(a, b)).max() <= 1 + 1e-9
    assert psnr(expected(squared_error(a, a), density)) == math.inf
    one = np.zeros(a.shape)  # who looks at one pixel meets its error
    one[3, 4] = 1
    assert expected(squared_error(a, b), one) == (int(a[3, 4]) - int(b[3, 4])) ** 2
