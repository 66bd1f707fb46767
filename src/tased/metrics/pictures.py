"""How close a picture is to the one it was made of, counted where it is looked at.

Pictures are luma, 0 to 255. A measure gives a value for every pixel, and `expected` what a gaze meets of it;
under the uniform density that is the usual mean.
"""

import math

import numpy as np
from jaxtyping import Float, Float64, UInt8
from scipy.ndimage import gaussian_filter

Luma = UInt8[np.ndarray, "H W"]
PerPixel = Float64[np.ndarray, "H W"]

_SIGMA, _RADIUS = 1.5, 5  # of the window of 11x11 pixels
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def expected(values: PerPixel, density: Float[np.ndarray, "H W"]) -> float:
    """The mean of a measure where a gaze falls that follows the density, which sums to 1."""
    return float((density * values).sum(dtype=np.float64))


def squared_error(a: Luma, b: Luma) -> PerPixel:
    """0 for equal pixels, 255**2 at most."""
    return (a.astype(np.float64) - b) ** 2


def psnr(error: float) -> float:
    """Peak signal-to-noise ratio, in dB, of a mean squared error; more is better, infinite for 0.

    Of an expected one it is the eye-tracking-weighted PSNR of Li, Qin and Itti (Visual attention guided bit
    allocation in video compression, Image and Vision Computing 2011).
    """
    return 10 * math.log10(255**2 / error) if error > 0 else math.inf


def ssim(a: Luma, b: Luma) -> PerPixel:
    """Structural similarity, from -1 to 1; 1 for equal pictures.

    Wang et al. (Image quality assessment, IEEE Trans. Image Processing 2004): a Gaussian window of 11x11
    pixels with a sigma of 1.5, here with reflected borders.
    """
    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    var_x, var_y = _windowed(x * x) - mean_x**2, _windowed(y * y) - mean_y**2
    together = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return luminance * (2 * together + _C2) / (var_x + var_y + _C2)


def _windowed(values: PerPixel) -> PerPixel:
    return gaussian_filter(values, _SIGMA, radius=_RADIUS)
