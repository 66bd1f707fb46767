"""How much finer or coarser each block of a picture is to be coded: a plan, in QPs.

A QP of an H.264 or HEVC encoder is a sixth of a doubling of its quantiser step. At high rates the squared
error D of a block grows as the step's square, D ~ 2^(QP / 3), and its bits shrink by one a pixel for 6 QPs,
whatever it shows. Least expected error where people look, sum w D, at the same bits then asks for

    offset = -3 log2(w) + constant,   the offsets' mean over the picture being 0

w being how often a block is looked at: a Lagrangian argument as in Sullivan and Wiegand (Rate-distortion
optimization for video compression, IEEE Signal Processing Magazine 1998).
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, Float64, Int8
from scipy.optimize import brentq

from tased.predict.cuts import CutDetector
from tased.predict.maps import SaliencyMap
from tased.predict.scale import density
from tased.video.frame import Frame

STRENGTH = 6  # QPs that a block is moved at most; 6 halve or double the quantiser step
ANYWHERE = 0.1  # share of gaze that may go anywhere, whatever a model says
REACH = 4  # frames before and after one, whose maps smooth its own
_BLOCKS = 2100  # at most, so that a frame's regions take some milliseconds; the maps are no finer

Grid = Int8[np.ndarray, "rows columns"]


def block_for(width: int, height: int) -> int:
    """Pixels a side: 16 as H.264's own blocks, more for large pictures, 64 (HEVC's largest) at most."""
    fits = (b for b in (16, 32) if math.ceil(width / b) * math.ceil(height / b) <= _BLOCKS)
    return next(fits, 64)


def offsets(
    values: Float[np.ndarray, "H W"],
    block: int,
    *,
    width: int,
    height: int,
    strength: float = STRENGTH,
    coarser_only: bool = False,
) -> Grid:
    """QPs for each block of a picture of `width` x `height` pixels; less than 0 is finer.

    `values` is a map of any size and scale. The offsets lie within `strength`, and their mean over the area
    of the picture is 0 but for rounding. `coarser_only` leaves those below 0 out: what is looked at stays
    as the encoder has it, and the rest becomes coarser.
    """
    p = density(values.astype(np.float64))
    down, across = (_parts(n, length, block) for n, length in zip(p.shape, (height, width), strict=True))
    area = np.outer(down.sum(1), across.sum(1)) / p.size  # shares of the picture
    often = (1 - ANYWHERE) * (down @ p @ across.T) / area + ANYWHERE  # 1 is as often as everywhere
    raw = -3 * np.log2(often)

    def mean(constant: float) -> float:
        return float((area * np.clip(raw + constant, -strength, strength)).sum())

    reach = strength + float(abs(raw).max())
    moved = np.clip(raw + brentq(mean, -reach, reach), -strength, strength)
    return np.rint(np.maximum(moved, 0) if coarser_only else moved).astype(np.int8)


def smoothed(
    seen: Iterable[tuple[Frame, SaliencyMap]],
) -> Iterator[tuple[Frame, Float64[np.ndarray, "H W"]]]:
    """Every frame with the mean density of its neighbours in its shot, so that quality does not flicker.

    A mean over the past alone would lag behind what moves.
    """
    cuts, shot = CutDetector(), 0
    past: deque[tuple[Float64[np.ndarray, "H W"], int]] = deque(maxlen=REACH)
    waiting: deque[tuple[Frame, Float64[np.ndarray, "H W"], int]] = deque()

    def first() -> tuple[Frame, Float64[np.ndarray, "H W"]]:
        frame, now, its = waiting[0]
        near = [d for d, of in (*past, *((d, of) for _, d, of in waiting)) if of == its]
        past.append((now, its))
        waiting.popleft()
        return frame, np.mean(near, axis=0)

    for frame, m in seen:
        shot += cuts.begins_shot(frame)
        waiting.append((frame, density(m.values.numpy().astype(np.float64)), shot))
        if len(waiting) > REACH:
            yield first()
    while waiting:
        yield first()


def _parts(length: int, pixels: int, block: int) -> Float64[np.ndarray, "blocks length"]:
    """How much of each of `length` equal parts of `pixels` lies in each block of them."""
    edges = np.minimum(np.arange(0, pixels + block, block), pixels) * (length / pixels)
    inside = np.clip(edges[:, None] - np.arange(length), 0, 1)
    return np.diff(inside, axis=0)
