"""Fixations become a map: a Gaussian at each of them.

A width is given in pixels, in degrees of visual angle, or as the data set itself does it. What a map is
worth as a ground truth depends on it, so it is always said which one was taken.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from tased.errors import UsageError

_FWHM = 2 * math.sqrt(2 * math.log(2))  # full width at half maximum of a Gaussian, in sigmas


@dataclass(frozen=True, slots=True)
class Gaussian:
    """What is put on each fixation."""

    sigma: float  # pixels
    reach: int | None = None  # pixels to each side where it is cut off; None for never

    def __post_init__(self) -> None:
        if not (self.sigma > 0 and math.isfinite(self.sigma)):
            raise UsageError(f"a Gaussian of sigma {self.sigma} px was asked for; give more than 0 pixels")


DHF1K_SIGMA = 30 / _FWHM / 640  # share of the width: a full width at half maximum of 30 px at 640x360
ACTIONS = Gaussian(20.0, reach=75)  # Hollywood2 and UCFSports: 20 px in a kernel of 150 x 150


def relative(share: float, columns: int) -> Gaussian:
    """The Gaussian whose sigma is a share of the frame's width."""
    return Gaussian(share * columns)


def visual_angle(degrees: float, pixels_per_degree: float) -> Gaussian:
    """The Gaussian whose sigma is so many degrees; pixels are those of the ground truth.

    Pixels per degree come from the recording: 2 * distance * tan(0.5 degrees) is what a degree spans on the
    screen, and the width in pixels of the video divided by its width on the screen says how many those are.
    """
    if not (pixels_per_degree > 0 and math.isfinite(pixels_per_degree)):
        raise UsageError(f"{pixels_per_degree} pixels a degree were given; a screen has more than 0")
    return Gaussian(degrees * pixels_per_degree)


def gaussian_density(
    fixations: Int64[np.ndarray, "N 2"], rows: int, columns: int, gaussian: Gaussian
) -> Float64[np.ndarray, "rows columns"]:
    """The sum of a Gaussian at each fixation (row, column), divided by its maximum.

    The frame cuts Gaussians off; nothing is reflected at its borders. A pixel that was hit twice counts
    twice. Without fixations all is 0.

    A Gaussian is a product of one along rows and one along columns, so the sum over fixations is one
    product of matrices: (rows, N) by (N, columns).
    """
    if len(fixations) == 0:
        return np.zeros((rows, columns))
    down = _profile(np.arange(rows), fixations[:, 0], gaussian)
    across = _profile(np.arange(columns), fixations[:, 1], gaussian)
    total: Float64[np.ndarray, "rows columns"] = down.T @ across
    peak = float(total.max())
    return total / peak if peak > 0 else total


def _profile(
    places: Int64[np.ndarray, " size"], centres: Int64[np.ndarray, " N"], gaussian: Gaussian
) -> Float64[np.ndarray, "N size"]:
    away = places[None, :] - centres[:, None]
    height: Float64[np.ndarray, "N size"] = np.exp(-(away**2) / (2 * gaussian.sigma**2))
    if gaussian.reach is not None:
        height[np.abs(away) > gaussian.reach] = 0
    return height
