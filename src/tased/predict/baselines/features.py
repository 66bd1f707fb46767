"""The feature maps GBVS starts from: colour, intensity, orientation, flicker and motion.

Channels and constants of Harel's implementation (GBVS toolbox, `makeGBVSParams`): three pyramid levels; the
DKL opponent axes (Derrington, Krauskopf & Lennie, J. Physiol. 1984); even and odd Gabor filters at four
angles; the absolute change since the frame before; Reichardt detectors in four directions (Itti, Dhavale &
Pighin, SPIE 2003).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32
from scipy import ndimage, signal

from tased.predict.baselines.grid import Picture, Plane, luma, resize, shrink
from tased.video.frame import Frame

LONGEST = 160  # pixels of the finest level: a 640-pixel frame's second level in the toolbox
LEVELS = 3  # each half as large as the one before
ANGLES = (0.0, 45.0, 90.0, 135.0)  # degrees, of bars and of motion

Channel = Literal["colour", "intensity", "orientation", "flicker", "motion"]
Kernel = Float32[np.ndarray, "k k"]

LMS_OF_RGB = np.array(  # cone excitations of a CRT's three primaries, as in the toolbox
    [[18.32535, 44.60077, 7.46216], [4.09544, 28.20135, 6.66066], [0.02114, 0.10325, 1.05258]],
    dtype=np.float32,
)
WHITE = LMS_OF_RGB.sum(axis=1) / 2  # mid-gray, the background to which the axes are opponent
GAMMA = 2.2  # of the display


@dataclass(frozen=True, slots=True)
class Level:
    """One frame on one level of the pyramid."""

    picture: Picture
    intensity: Plane


def pyramid(frame: Frame) -> tuple[Level, ...]:
    """The frame at `LEVELS` sizes, finest first."""
    picture = shrink(frame.pixels, longest=LONGEST)
    levels = []
    for _ in range(LEVELS):
        levels.append(Level(picture, luma(picture)))
        picture = resize(picture, (max(1, picture.shape[1] // 2), max(1, picture.shape[2] // 2)))
    return tuple(levels)


def feature_maps(now: Level, before: Level | None) -> dict[Channel, list[Plane]]:
    """Every channel's maps on one level; flicker and motion need the frame before."""
    maps: dict[Channel, list[Plane]] = {
        "colour": list(dkl(now.picture)),
        "intensity": [now.intensity],
        "orientation": [gabor_energy(now.intensity, angle) for angle in ANGLES],
    }
    if before is not None:
        maps["flicker"] = [np.abs(now.intensity - before.intensity)]
        maps["motion"] = [reichardt(now.intensity, before.intensity, angle) for angle in ANGLES]
    return maps


def dkl(picture: Picture) -> Float32[np.ndarray, "3 rows columns"]:
    """Luminance, L-M and S-(L+M) about mid-gray, each in units of the background's own excitation."""
    cones = np.tensordot(LMS_OF_RGB, picture**GAMMA, axes=1) / WHITE[:, None, None] - 1
    long, medium, short = cones
    share = WHITE[0] / (WHITE[0] + WHITE[1])
    luminance = share * long + (1 - share) * medium
    axes: Float32[np.ndarray, "3 rows columns"] = np.stack([luminance, long - medium, short - luminance])
    return axes


def gabor_energy(intensity: Plane, angle: float) -> Plane:
    """|even| + |odd| response to bars along `angle`, the picture mirrored at its border."""
    even, odd = _gabors(angle)
    radius = even.shape[0] // 2
    padded = np.pad(intensity, radius, mode="symmetric")
    responses = [np.abs(signal.fftconvolve(padded, kernel, mode="valid")) for kernel in (even, odd)]
    energy: Plane = responses[0] + responses[1]
    return energy


@lru_cache(maxsize=len(ANGLES))
def _gabors(angle: float) -> tuple[Kernel, Kernel]:
    """Even and odd Gabor: period pi pixels, sigma 2 across and 4 along the bar, no mean, unit energy."""
    across_sigma, along_sigma, period = 2.0, 4.0, np.pi
    radius = int(np.ceil(along_sigma * np.sqrt(10)))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    theta = np.deg2rad(angle)
    along = x * np.cos(theta) - y * np.sin(theta)  # rows grow downwards, angles turn upwards
    across = x * np.sin(theta) + y * np.cos(theta)
    envelope = np.exp(-0.5 * ((across / across_sigma) ** 2 + (along / along_sigma) ** 2))

    def unit(wave: Float[np.ndarray, "k k"]) -> Kernel:
        filtered = wave * envelope
        filtered = filtered - filtered.mean()
        kernel: Kernel = (filtered / np.sqrt((filtered**2).sum())).astype(np.float32)
        return kernel

    phase = 2 * np.pi * across / period
    return unit(np.cos(phase)), unit(np.sin(phase))


def reichardt(now: Plane, before: Plane, angle: float) -> Plane:
    """|now * shifted(before) - before * shifted(now)|: a pixel a frame along `angle`, either way."""
    response: Plane = np.abs(now * _shift(before, angle) - before * _shift(now, angle))
    return response


def _shift(plane: Plane, angle: float) -> Plane:
    """Each pixel takes the value one pixel further along `angle`; the border repeats."""
    theta = np.deg2rad(angle)
    shifted: Plane = ndimage.shift(plane, (np.sin(theta), -np.cos(theta)), order=1, mode="nearest")
    return shifted
