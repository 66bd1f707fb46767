"""Motion contrast: what moves against the camera, faster than what surrounds it, stands out.

Relative motion draws the eyes more than any still feature does (Itti, Visual Cognition 2005; Mital, Smith,
Hill & Henderson, Cognitive Computation 2011). The free numbers below are rough optima on two dozen natural
clips with about thirty observers each (`benchmarks/baselines.py`); halving or doubling any one of lag,
memory, blur, surround and floor costs at most a twentieth of the NSS there.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from tased.predict.baselines.camera import camera_motion
from tased.predict.baselines.causal import CausalShot
from tased.predict.baselines.centre import Centre, centre_prior
from tased.predict.baselines.grid import Plane, luma, shrink
from tased.video.frame import Frame

LONGEST = 160  # pixels of the working grid
DENOISE = 0.7  # pixels of the working grid; the codec's block noise is not motion
PATCH = 1.5  # pixels of the working grid over which one speed is estimated
FAINT = 0.02  # luma a pixel; gradients below it say little about speed
UNTIMED_RATE = 25.0  # frames a second, of frames that do not know their time
SHORTEST_INTERVAL = 1 / 240  # seconds, where timestamps repeat or run backwards
PRIOR = Centre()


@dataclass(frozen=True, slots=True)
class Motion:
    """Centre prior x motion contrast; where nothing moves, still contrast takes motion's place.

    Speed is what is left after the camera's motion is taken away, averaged over the recent past. With m its
    blurred and s its more widely blurred plane, motion contrast is c = max(m - surround_weight * s, 0),
    scaled to a peak of 1 and raised to `sharpness`. The peak tells how far to trust it:

        w = peak / (peak + faintest_speed)
        map = (off_centre + (1 - off_centre) prior) (w c + (1 - w) still_weight k) + floor prior

    with k the local standard deviation of luma, scaled to a peak of 1. So a first frame, a still picture
    and a blank one get a sensible map too: the last of them the prior itself.
    """

    name: str = "motion"
    prior: Centre = PRIOR
    lag: float = 0.1  # seconds between the two pictures compared: slow things have moved by then
    memory: float = 0.3  # seconds, the time constant of the causal mean: about one fixation
    blur: float = 0.03  # share of the longer side, as is `surround`
    surround: float = 0.15
    surround_weight: float = 0.5
    sharpness: float = 1.3
    faintest_speed: float = 0.0005  # longer sides a second; slower than this is taken for noise
    still_weight: float = 0.4
    floor: float = 0.07  # of the prior, whatever moves: some always look there
    off_centre: float = 0.06  # the prior's least, so that a lone mover is seen wherever it is

    def shot(self) -> CausalShot:
        """Begin a new shot with no memory of earlier ones."""
        return CausalShot(self.viewer())

    def viewer(self) -> "Watcher":
        """Begin to watch a shot."""
        return Watcher(self)


class Watcher:
    """A viewer who remembers the last moment as pictures, and the motion before it as a fading mean."""

    def __init__(self, model: Motion) -> None:
        self._model = model
        # (seconds, picture), the last one being now; at most so many, should the timestamps stand still
        self._past: deque[tuple[float, Plane]] = deque(maxlen=32)
        self._speed: Plane | None = None  # causal mean, from the second frame on

    def see(self, frame: Frame) -> Callable[[], Plane]:
        """Take in the next frame; return a way to compute `Motion`'s map, on the working grid."""
        seconds = frame.seconds if math.isfinite(frame.seconds) else frame.index / UNTIMED_RATE
        picture = ndimage.gaussian_filter(luma(shrink(frame.pixels, longest=LONGEST)), DENOISE)
        if self._past:
            since_last = max(seconds - self._past[-1][0], SHORTEST_INTERVAL)
            self._forget_before(seconds - self._model.lag)
            then, earlier = self._past[0]
            speed = own_speed(earlier, picture) / np.float32(max(seconds - then, SHORTEST_INTERVAL))
            kept = np.float32(math.exp(-since_last / self._model.memory))
            self._speed = speed if self._speed is None else kept * self._speed + (1 - kept) * speed
        self._past.append((seconds, picture))
        return partial(_saliency, self._model, picture, self._speed)

    def _forget_before(self, seconds: float) -> None:
        """Keep the newest picture that is old enough to compare with, and all later ones."""
        while len(self._past) > 1 and self._past[1][0] <= seconds + 1e-6:
            self._past.popleft()


def _saliency(model: Motion, picture: Plane, speed: Plane | None) -> Plane:
    """`Motion`'s equation; without a `speed` nothing is known to move."""
    prior = centre_prior(picture.shape, model.prior)
    still = still_contrast(picture, sigma=model.blur * LONGEST)
    weight = model.off_centre + (1 - model.off_centre) * prior
    if speed is None:
        unmoved: Plane = weight * model.still_weight * still + model.floor * prior
        return unmoved
    near = ndimage.gaussian_filter(speed, model.blur * LONGEST)
    around = ndimage.gaussian_filter(speed, model.surround * LONGEST)
    contrast = np.maximum(near - model.surround_weight * around, 0)
    peak = float(contrast.max())
    trust = peak / (peak + model.faintest_speed)
    moving = (contrast / max(peak, 1e-12)) ** model.sharpness
    plane: Plane = weight * (trust * moving + (1 - trust) * model.still_weight * still) + model.floor * prior
    return plane


def own_speed(earlier: Plane, current: Plane) -> Plane:
    """How far each place moved by itself between the pictures, in longer sides of the picture.

    The magnitude of normal flow, |dI| |grad I| / (|grad I|^2 + c) with both products averaged over a patch
    (the motion measure of Irani, Rousso & Peleg, IJCV 1994), after the camera's motion is undone.
    """
    difference = np.abs(current - camera_motion(earlier, current).pull(earlier))
    slope = np.hypot(*np.gradient(current))
    moved = ndimage.gaussian_filter(difference * slope, PATCH)
    speed: Plane = moved / (ndimage.gaussian_filter(slope**2, PATCH) + FAINT**2) / max(current.shape)
    return speed


def still_contrast(picture: Plane, *, sigma: float) -> Plane:
    """The local standard deviation of luma about its blurred self, greatest 1; nowhere any, 0."""
    detail = picture - ndimage.gaussian_filter(picture, 2 * sigma)
    deviation = np.sqrt(ndimage.gaussian_filter(detail**2, sigma))
    contrast: Plane = deviation / max(float(deviation.max()), 1e-3)
    return contrast
