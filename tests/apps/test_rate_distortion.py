"""Curves compared, against known answers and a slow integral."""

from fractions import Fraction

import av
import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from tased.apps.rate_distortion import bd_quality, bd_rate, qualities
from tased.metrics.pictures import ssim
from tased.video.coding import coding
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

RATES = (200.0, 330.0, 500.0, 810.0)
PLAIN = ((200.0, 31.0), (330.0, 33.1), (500.0, 34.4), (810.0, 36.0))
OTHER = ((190.0, 31.9), (300.0, 33.4), (520.0, 35.9), (800.0, 37.5))


def test_a_tenth_fewer_bits_are_a_tenth_fewer():
    assert bd_rate(PLAIN, [(0.9 * kbps, q) for kbps, q in PLAIN]) == pytest.approx(-0.1)
    assert bd_rate(PLAIN, PLAIN) == pytest.approx(0)


def test_one_db_more_is_one_db_more():
    assert bd_quality(PLAIN, [(kbps, q + 1) for kbps, q in PLAIN]) == pytest.approx(1)


def test_straight_curves_have_an_exact_answer():
    """3 dB a doubling, and the other 1 dB above it: a third of a doubling fewer bits."""
    straight = [(kbps, 3 * np.log2(kbps)) for kbps in RATES]
    better = [(kbps, q + 1) for kbps, q in straight]
    assert bd_rate(straight, better) == pytest.approx(2 ** (-1 / 3) - 1)


def slopes(x, y):
    """Of Fritsch and Butland's monotone interpolation, with the three-point ends of Moler's pchip."""
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    inner = []
    for k in range(1, len(x) - 1):
        w1, w2 = 2 * h[k] + h[k - 1], h[k] + 2 * h[k - 1]
        inner.append((w1 + w2) / (w1 / d[k - 1] + w2 / d[k]) if d[k - 1] * d[k] > 0 else 0)

    def end(h0, h1, d0, d1):
        m = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
        if np.sign(m) != np.sign(d0):
            return 0.0
        return 3 * d0 if np.sign(d0) != np.sign(d1) and abs(m) > 3 * abs(d0) else m

    return [end(h[0], h[1], d[0], d[1]), *inner, end(h[-1], h[-2], d[-1], d[-2])]


def test_against_a_slow_integral():
    curves = []
    for curve in (PLAIN, OTHER):
        bits, q = np.array(curve).T
        curves.append((q, np.log(bits)))
    low, high = max(q[0] for q, _ in curves), min(q[-1] for q, _ in curves)
    at = np.linspace(low, high, 200_001)
    a, b = (CubicHermiteSpline(x, y, slopes(x, y))(at).mean() for x, y in curves)
    assert bd_rate(PLAIN, OTHER) == pytest.approx(np.exp(b - a) - 1, abs=1e-5)
    assert bd_rate(PLAIN, OTHER) < 0 < bd_quality(PLAIN, OTHER)


@pytest.mark.parametrize(
    "other",
    [
        [(200.0, 31.0)],  # one point
        [(200.0, 51.0), (400.0, 53.0)],  # no quality in common
        [(200.0, 33.0), (400.0, 32.0)],  # does not rise
    ],
)
def test_without_an_answer_there_is_none(other):
    assert bd_rate(PLAIN, other) is None


def test_quality_is_that_of_the_stored_pictures(tmp_path):
    """Luma by an independent conversion (BT.709, limited range), at an odd size."""
    height, width = 65, 97
    frames = list(clip(frames=4, height=height, width=width))
    path = tmp_path / "a.mp4"
    how = coding("x264", crf=30, preset="veryfast")
    with ColourMovie(path, width=width, height=height, rate=Fraction(25), coding=how) as movie:
        for frame in frames:
            movie.write(frame)
    flat = np.full((height, width), 1 / (height * width))
    top = np.zeros((height, width))
    top[: height // 2] = 1 / (height // 2 * width)
    found, upper = qualities(((frame, [flat, top]) for frame in frames), path, Fraction(25))
    assert found.weighted_psnr == pytest.approx(found.psnr)
    assert found.weighted_ssim == pytest.approx(found.ssim)
    with av.open(str(path)) as container:
        size = sum(packet.size for packet in container.demux(video=0))
    with av.open(str(path)) as container:
        seen = [f.to_ndarray()[:height, :width] for f in container.decode(video=0)]
    luma = [np.rint(16 + 219 / 255 * (f.pixels @ [0.2126, 0.7152, 0.0722])).astype(np.uint8) for f in frames]
    error = np.mean([(a.astype(float) - b) ** 2 for a, b in zip(luma, seen, strict=True)])
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / error), abs=0.15)
    half = np.mean([((a.astype(float) - b) ** 2)[: height // 2] for a, b in zip(luma, seen, strict=True)])
    assert upper.weighted_psnr == pytest.approx(10 * np.log10(255**2 / half), abs=0.15)
    assert upper.psnr == found.psnr
    assert found.ssim == pytest.approx(
        np.mean([ssim(a, b).mean() for a, b in zip(luma, seen, strict=True)]), abs=0.01
    )
    assert found.kbps == pytest.approx(size * 8 * 25 / 4 / 1000)
