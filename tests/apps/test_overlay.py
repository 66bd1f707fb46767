"""Overlays against their definitions, and against SciPy and scikit-image."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation, gaussian_filter
from skimage.color import rgb2lab
from skimage.measure import find_contours
from tests.media import textured

from tased.apps.attention import held_above, level_holding
from tased.apps.contours import SHARES
from tased.apps.overlay import OverlayStyle, overlay
from tased.errors import UsageError

PICTURE = textured(1, 120, 200)[0]
COLOURS = ("inferno", "cividis", "viridis", "magma", "plasma")
KINDS = ("heat", "contours", "side-by-side", "foveated")


def bump(rows, columns, y, x, sigma):
    """A Gaussian with its peak, 1, at a pixel."""
    down, across = np.arange(rows)[:, None] - y, np.arange(columns) - x
    return np.exp(-(down**2 + across**2) / (2 * sigma**2)).astype(np.float32)


def smooth(seed, rows=60, columns=90):
    values = gaussian_filter(np.random.default_rng(seed).uniform(size=(rows, columns)), 6) ** 8
    return (values / values.max()).astype(np.float32)


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("opacity", [0.0, 0.4, 1.0])
def test_heat_is_a_mixture_by_the_value(colours, opacity):
    values = np.rint(255 * smooth(1, *PICTURE.shape[:2])) / 255  # one of the 256 levels that are shown
    shown = overlay(PICTURE, values, OverlayStyle(colours=colours, opacity=opacity))
    colour = 255 * mpl.colormaps[colours](values)[..., :3]
    share = opacity * values[..., None]
    np.testing.assert_allclose(shown, (1 - share) * PICTURE + share * colour, atol=1.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 0.5])
def test_without_contrast_nothing_is_marked_but_by_heat(kind, level):
    values = np.full(PICTURE.shape[:2], level, np.float32)
    shown = overlay(PICTURE, values, OverlayStyle(kind=kind))[:, -PICTURE.shape[1] :]
    assert np.array_equal(shown, PICTURE) == (level == 0 or kind in ("contours", "foveated"))


def test_side_by_side_is_the_picture_and_its_heat():
    style, values = OverlayStyle(kind="side-by-side", colours="viridis", opacity=0.5), smooth(2, 120, 200)
    shown = overlay(PICTURE, values, style)
    assert shown.shape == (120, style.width(200), 3) == (120, 400, 3)
    np.testing.assert_array_equal(shown[:, :200], PICTURE)
    heat = OverlayStyle(colours="viridis", opacity=0.5)
    np.testing.assert_array_equal(shown[:, 200:], overlay(PICTURE, values, heat))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.01, 0.99))
def test_a_level_holds_its_share(seed, share):
    """No region with fewer pixels holds it, and this one holds no pixel too many."""
    values = smooth(seed)
    level = level_holding(values, share)
    above = values[values > level].astype(float)
    total = values.sum(dtype=float)
    assert above.sum() / total >= share - 1e-9
    assert (above.sum() - above.min()) / total < share
    assert held_above(values, np.array([level])) == pytest.approx(above.sum() / total)


def test_large_maps_hold_the_same():
    """They are looked at in steps."""
    values = bump(2160, 3840, 900, 2000, 260)
    for share in SHARES:
        level = level_holding(values, share)
        assert values[values > level].sum(dtype=float) / values.sum(dtype=float) == pytest.approx(
            share, abs=2e-3
        )


@pytest.mark.parametrize(("rows", "columns"), [(360, 640), (1080, 1920)])
def test_contours_lie_where_a_gaussian_holds_its_shares(rows, columns):
    """The region of a Gaussian that holds q is a disk of radius sigma sqrt(-2 ln(1 - q))."""
    sigma = rows / 12
    values = bump(rows, columns, rows // 2, columns // 2, sigma)
    white = np.full((rows, columns, 3), 255, np.uint8)
    style = OverlayStyle(kind="contours", opacity=1.0)
    line = (overlay(white, values, style)[rows // 2, columns // 2 :] != 255).any(axis=1)
    edges = np.flatnonzero(np.diff(line.astype(int)))  # right of the peak: into and out of each line
    assert len(edges) == 2 * len(SHARES)
    middles = (edges[::2] + edges[1::2] + 1) / 2
    radii = [sigma * np.sqrt(-2 * np.log(1 - share)) for share in sorted(SHARES)]
    np.testing.assert_allclose(middles, radii, atol=0.02 * rows / 12 + 1)
    # 1/200 of the height and as much of dark edges, and the smooth pixels at both sides.
    np.testing.assert_allclose(edges[1::2] - edges[::2], rows / 100, atol=2.5)


def test_contours_are_those_of_scikit_image():
    values = smooth(3, 180, 320)
    gray = np.full((180, 320, 3), 128, np.uint8)
    shown = overlay(gray, values, OverlayStyle(kind="contours", opacity=1.0))
    drawn = (shown != 128).any(axis=2)
    truth = np.zeros_like(drawn)
    for share in SHARES:
        for line in find_contours(values, level_holding(values, share)):
            truth[tuple(np.rint(line).astype(int).T)] = True
    near = np.hypot(*np.indices((9, 9)) - 4) <= 4
    assert not (drawn & ~binary_dilation(truth, near)).any()
    assert (truth & ~binary_dilation(drawn, near)).sum() < 0.02 * truth.sum()  # but for specks


def test_foveated_is_sharp_within_half_of_the_attention_and_nowhere_else():
    values = bump(120, 200, 60, 60, 15)
    shown = overlay(PICTURE, values, OverlayStyle(kind="foveated", opacity=1.0))
    inside = values > level_holding(values, 0.5)
    same = (shown == PICTURE).all(axis=2)
    assert same[inside].mean() > 0.97  # but for its rim, where 256 levels end
    assert same[values < level_holding(values, 0.75)].mean() < 0.02


@pytest.mark.parametrize(
    ("opacity", "deviation"), [(1, 1 / 20), (0.75, 1 / 40), (0.5, 1 / 80), (0.25, 1 / 160)]
)
@pytest.mark.parametrize("rows", [120, 360])
def test_far_from_attention_foveated_is_a_gaussian_blur(opacity, deviation, rows):
    picture = np.kron(PICTURE[: rows // 4, : rows // 3], np.ones((4, 4, 1), np.uint8))
    values = bump(rows, picture.shape[1], 0, 0, rows / 40)
    shown = overlay(picture, values, OverlayStyle(kind="foveated", opacity=opacity)).astype(float)
    blurred = gaussian_filter(picture.astype(float), (deviation * rows, deviation * rows, 0), mode="nearest")
    far = values == 0
    assert far.mean() > 0.7
    spread = picture[far].std()
    assert np.abs(shown - blurred)[far].mean() < 0.04 * spread
    assert np.abs(picture - blurred)[far].mean() > 0.2 * spread


def test_foveated_blur_grows_away_from_attention():
    """What is left of fine noise falls from the middle of attention outwards."""
    rows, columns = 200, 400
    noise = np.random.default_rng(0).integers(0, 256, (rows, columns, 1), np.uint8).repeat(3, axis=2)
    values = bump(rows, columns, 100, 0, 90) + np.float32(0.02)
    shown = overlay(noise, values / values.max(), OverlayStyle(kind="foveated"))
    left = [shown[:, x : x + 40].std() for x in range(0, columns, 40)]
    assert left[0] > 60
    assert all(after < before + 1 for before, after in pairwise(left)), left
    assert left[-1] < 8


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 9), (7, 2), (33, 65)])
def test_any_size_is_shown(kind, rows, columns):
    picture = textured(1, rows, columns)[0]
    shown = overlay(picture[:, ::-1], bump(rows, columns, 0, 0, 3), OverlayStyle(kind=kind))
    assert shown.shape == (rows, OverlayStyle(kind=kind).width(columns), 3)
    assert shown.dtype == np.uint8


# Machado, Oliveira & Fernandes (IEEE TVCG 2009), table of severity 1.0, for linear RGB.
BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "none": np.eye(3),
}


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("eyes", BLIND)
def test_higher_is_lighter_for_all_eyes(colours, eyes):
    rgb = mpl.colormaps[colours](np.linspace(0, 1, 64))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ np.transpose(BLIND[eyes])
    linear = linear.clip(0, 1)
    seen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    lightness = rgb2lab(seen)[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 50


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "blur"}, "'blur' is no style; there are heat, contours, side-by-side, foveated"),
        (
            {"colours": "jet"},
            "'jet' is no map of colours; there are inferno, cividis, viridis, magma, plasma",
        ),
        ({"opacity": 1.5}, "opacity of 1.5"),
        ({"opacity": float("nan")}, "opacity of nan"),
    ],
)
def test_what_is_no_style_says_what_is(wrong, words):
    with pytest.raises(UsageError, match=words):
        OverlayStyle(**wrong)
