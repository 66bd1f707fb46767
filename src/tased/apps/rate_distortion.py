"""What an encoding costs and what it is worth, and two ways of encoding compared over several rates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

from tased.metrics.pictures import Luma, expected, psnr, squared_error, ssim
from tased.video.frame import Frame
from tased.video.write_colour_movie import stored


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one encoding, against the pictures that the encoder was given; only luma is compared."""

    kbps: float  # 1000 bits a second, that the video stream really has
    weighted_psnr: float  # dB, of the mean over frames of the error that a gaze meets
    weighted_ssim: float  # mean over frames
    psnr: float  # the same two with every pixel counted alike
    ssim: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The same video at the same setting, without regions and with them."""

    setting: str  # what was asked of the encoder
    plain: Quality
    regions: Quality

    @property
    def bits(self) -> float:
        """Bits with regions against those without, less 1; -0.1 is a tenth fewer."""
        return self.regions.kbps / self.plain.kbps - 1

    @property
    def gain(self) -> float:
        """By how many dB of weighted PSNR regions are better."""
        return self.regions.weighted_psnr - self.plain.weighted_psnr

    @property
    def price(self) -> float:
        """By how many dB of unweighted PSNR they are worse."""
        return self.plain.psnr - self.regions.psnr


def qualities(
    frames: Iterable[tuple[Frame, Sequence[Float[np.ndarray, "H W"]]]], movie: Path, rate: Fraction
) -> list[Quality]:
    """Compare a movie with the frames it was made of, by each of their densities of gaze."""
    errors: list[list[float]] = []  # of a frame: under each density, then with every pixel counted alike
    similarities: list[list[float]] = []
    reformatter = VideoReformatter()
    with av.open(str(movie)) as container:
        for (frame, densities), decoded in zip(frames, container.decode(video=0), strict=True):
            height, width, _ = frame.pixels.shape  # the column or row that makes a size even is nobody's
            a, b = (_luma(p)[:height, :width] for p in (stored(frame, reformatter), decoded))
            for values, all_of_them in ((squared_error(a, b), errors), (ssim(a, b), similarities)):
                all_of_them.append([*(expected(values, d) for d in densities), float(values.mean())])
    with av.open(str(movie)) as container:
        size = sum(packet.size for packet in container.demux(video=0))
    kbps = size * 8 / 1000 * float(rate) / len(errors)
    *seen, everywhere = (psnr(error) for error in np.mean(errors, axis=0).tolist())
    *alike, all_alike = np.mean(similarities, axis=0).tolist()
    return [Quality(kbps, p, s, everywhere, all_alike) for p, s in zip(seen, alike, strict=True)]


def _luma(picture: av.VideoFrame) -> Luma:
    return picture.to_ndarray()[: picture.height]


def bd_rate(plain: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float | None:
    """Bits of `other` for the quality of `plain`, against its bits, less 1; -0.1 is a tenth fewer.

    Each curve is (bits, quality) at two or more rates. Bjontegaard (Calculation of average PSNR differences
    between RD-curves, ITU-T VCEG-M33, 2001): the mean over the qualities that both reach of the difference of
    the logarithms of the bits, with piecewise cubic Hermite interpolation, as JCT-VC uses. None when the
    curves share no quality, or one does not rise.
    """
    swapped = [[(q, np.log(bits)) for bits, q in curve] for curve in (plain, other)]
    difference = _mean_difference(*swapped)
    return None if difference is None else float(np.expm1(difference))


def bd_quality(plain: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float | None:
    """By how much the quality of `other` is above that of `plain` for the same bits, on average.

    As bd_rate, the mean being over the logarithm of the bits that both take.
    """
    return _mean_difference(*([(np.log(bits), q) for bits, q in curve] for curve in (plain, other)))


def _mean_difference(
    plain: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]
) -> float | None:
    """Of two curves (x, y) over the x that both have."""
    curves = [np.array(sorted(curve)) for curve in (plain, other)]
    if any(len(curve) < 2 or (np.diff(curve, axis=0) <= 0).any() for curve in curves):
        return None
    low, high = max(curve[0, 0] for curve in curves), min(curve[-1, 0] for curve in curves)
    if low >= high:
        return None
    a, b = (PchipInterpolator(curve[:, 0], curve[:, 1]).integrate(low, high) for curve in curves)
    return float((b - a) / (high - low))
