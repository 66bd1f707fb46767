"""The camera's motion between two pictures, as one affine map, estimated from the pixels.

Phase correlation (Kuglin & Hines, 1975) finds a large shift; robust Gauss-Newton steps on the brightness
constancy equation (Odobez & Bouthemy, J. Vis. Commun. Image R. 1995) refine it to six parameters, letting
what moves by itself drop out.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy import fft, ndimage

from tased.predict.baselines.grid import Plane

STEPS = 6  # Gauss-Newton steps; the estimate settles within four on the clips it was tried on
STRIDE = 2  # every second row and column votes: a quarter of the time, the same estimate


@dataclass(frozen=True, slots=True)
class Affine:
    """Where a pixel of the current picture was in the earlier one: (y, x) -> matrix @ (y, x) + offset."""

    matrix: Float64[np.ndarray, "2 2"]
    offset: Float64[np.ndarray, "2"]  # pixels

    def pull(self, earlier: Plane) -> Plane:
        """The earlier plane as the camera sees it now; what came into view repeats the border."""
        pulled: Plane = ndimage.affine_transform(earlier, self.matrix, self.offset, order=1, mode="nearest")
        return pulled


STILL = Affine(np.eye(2), np.zeros(2))


def camera_motion(earlier: Plane, current: Plane) -> Affine:
    """The motion most pixels share; `STILL` where the pictures say nothing of it."""
    candidates = [STILL, _shifted(_phase_shift(earlier, current))]
    start = min(candidates, key=lambda motion: _misfit(motion, earlier, current))
    refined = _refine(start, earlier, current)
    return refined if _misfit(refined, earlier, current) < _misfit(start, earlier, current) else start


def _shifted(offset: Float64[np.ndarray, "2"]) -> Affine:
    return Affine(np.eye(2), offset)


def _misfit(motion: Affine, earlier: Plane, current: Plane) -> float:
    """Mean absolute difference after compensation."""
    return float(np.abs(motion.pull(earlier) - current).mean())


def _phase_shift(earlier: Plane, current: Plane) -> Float64[np.ndarray, "2"]:
    """The whole-pixel shift (y, x) with earlier[p + shift] ~ current[p]."""
    rows, columns = current.shape
    taper = np.outer(np.hanning(rows + 2)[1:-1], np.hanning(columns + 2)[1:-1]).astype(np.float32)
    before, now = (fft.rfft2((plane - plane.mean()) * taper) for plane in (earlier, current))
    cross = before * np.conj(now)
    correlation = fft.irfft2(cross / np.maximum(np.abs(cross), 1e-12), s=current.shape)
    peak = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    size = np.array(correlation.shape)
    return np.asarray((np.array(peak) + size // 2) % size - size // 2, dtype=np.float64)


def _refine(start: Affine, earlier: Plane, current: Plane) -> Affine:
    """Six parameters by iteratively reweighted least squares with Cauchy's weights."""
    every = (slice(None, None, STRIDE), slice(None, None, STRIDE))
    gy, gx = (np.gradient(current, axis=axis)[every].ravel().astype(np.float64) for axis in (0, 1))
    y, x = (grid.ravel() for grid in np.mgrid[0 : current.shape[0] : STRIDE, 0 : current.shape[1] : STRIDE])
    scale = float(max(current.shape))  # keeps the six columns of like size
    jacobian = np.stack([gy, gy * y / scale, gy * x / scale, gx, gx * y / scale, gx * x / scale], axis=1)
    motion = start
    for _ in range(STEPS):
        error = (current - motion.pull(earlier))[every].ravel().astype(np.float64)
        spread = 1.4826 * float(np.median(np.abs(error))) + 1e-3  # a robust standard deviation of the noise
        weighted = jacobian / (1.0 + (error / (2.0 * spread)) ** 2)[:, None]
        normal = weighted.T @ jacobian
        # Flat pictures leave some directions undetermined: the ridge keeps them where they are.
        ridge = 1e-6 * np.trace(normal) / 6 + 1e-9
        step = np.linalg.solve(normal + ridge * np.eye(6), weighted.T @ error)
        change = np.array([[step[1], step[2]], [step[4], step[5]]]) / scale
        motion = Affine(motion.matrix + change, motion.offset + step[[0, 3]])
        if np.abs(step).max() < 0.02:  # pixels
            break
    return motion
