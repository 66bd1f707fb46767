"""Spectral residual (Hou & Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from tased.predict.baselines.causal import CausalShot
from tased.predict.baselines.grid import Plane, luma, shrink
from tased.video.frame import Frame

LONGEST = 64  # pixels; section 2.2: "the input image height (or width) equals to 64 px"
BLANK = 1e-4  # range of luma below which the spectrum, and so its residual, is rounding error
FLOOR = 1e-9  # amplitude under which a frequency counts as absent; keeps log finite


def spectral_residual(image: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
    """The unsmoothed saliency of a gray image: equations 8 to 12, without the Gaussian g(x).

    L = log |F(image)|, P its phase, R = L - (3x3 mean of L), saliency = |F^-1(exp(R + iP))|^2. The 3x3 mean
    goes around the spectrum's borders, because a discrete spectrum is periodic. (The authors' MATLAB repeats
    the border cells of the unshifted spectrum, which counts the mean luminance up to four times and gives a
    mirrored picture another map; OpenCV reflects, which for a real picture is nearly going around.)
    """
    spectrum = np.fft.fft2(image)
    amplitude = np.abs(spectrum)
    log_amplitude = np.log(np.maximum(amplitude, FLOOR))
    residual = log_amplitude - ndimage.uniform_filter(log_amplitude, size=3, mode="wrap")
    phase = np.divide(spectrum, amplitude, out=np.ones_like(spectrum), where=amplitude > FLOOR)
    energy: Float[np.ndarray, "rows columns"] = np.abs(np.fft.ifft2(np.exp(residual) * phase)) ** 2
    return energy


@dataclass(frozen=True, slots=True)
class SpectralResidual:
    """What is left of the log spectrum when its local average, common to all pictures, is taken away.

    Each frame by itself. The paper smooths with sigma 8 (section 2.2); its authors' MATLAB smooths with
    sigma 2.5, which suits the 64-pixel map and is the default here.
    """

    name: str = "spectral"
    sigma: float = 2.5  # pixels of the 64-pixel picture

    def shot(self) -> CausalShot:
        """Begin a new shot with no memory of earlier ones."""
        return CausalShot(_Glance(self.sigma))


class _Glance:
    """A viewer of single pictures."""

    def __init__(self, sigma: float) -> None:
        self._sigma = sigma

    def see(self, frame: Frame) -> Callable[[], Plane]:
        return partial(_saliency, frame, self._sigma)


def _saliency(frame: Frame, sigma: float) -> Plane:
    image = luma(shrink(frame.pixels, longest=LONGEST))
    if np.ptp(image) < BLANK:
        return np.zeros_like(image)
    smooth: Plane = ndimage.gaussian_filter(spectral_residual(image), sigma, mode="constant")
    return smooth
