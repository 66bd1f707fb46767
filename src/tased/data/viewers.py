"""Simulated observers of the synthetic clip: where they look is drawn from a density that is known.

The density of a frame is a mixture of the objects, each worth the more the faster it moves, and for a while
after it appears unannounced; of the centre of the frame; and of every place alike.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from tased.video.synthetic import Scene

CENTRE = 0.3  # share of gaze drawn to the centre (Tatler, J. Vision 2007), whatever is seen
ANYWHERE = 0.05  # share that is spread evenly
STILL = 0.15  # worth of an object that does not move; one that moves a height a second is worth 1 more
SURPRISE = 2.0  # worth of an object that has just appeared
FORGOTTEN = 0.6  # seconds until the surprise has fallen to 1/e
_CENTRE_SPREAD = 0.16  # sigma, share of the frame in each direction
_BODY_SPREAD = 0.6  # sigma, in radii of an object


@dataclass(frozen=True, slots=True)
class Fixation:
    """One observer's gaze at rest."""

    observer: int  # from 0
    start: float  # seconds
    duration: float  # seconds
    x: float  # pixels from the left
    y: float  # pixels from the top


def known_density(scene: Scene, index: int) -> Float64[np.ndarray, "rows columns"]:
    """The probability of each pixel to be where a fixation that begins in this frame is; sums to 1."""
    y, x = np.mgrid[: scene.height, : scene.width] + 0.5
    before = {body.name: body for body in scene.bodies(max(0, index - 1))}
    total, worth = np.zeros((scene.height, scene.width)), 0.0
    for body in scene.bodies(index):
        last = before.get(body.name, body)
        away = math.hypot((body.x - last.x) * scene.width / scene.height, body.y - last.y)
        weight = STILL + away * scene.rate
        if body.name == "pinwheel":
            weight += SURPRISE * math.exp(-(index - scene.appearance) / scene.rate / FORGOTTEN)
        sigma = _BODY_SPREAD * body.radius * scene.height
        place = (body.x * scene.width, body.y * scene.height)
        total += weight * _normal(x, y, place, (sigma, sigma))
        worth += weight
    middle = (scene.width / 2, scene.height / 2)
    spread = (_CENTRE_SPREAD * scene.width, _CENTRE_SPREAD * scene.height)
    objects = (1 - CENTRE - ANYWHERE) / worth * total
    return objects + CENTRE * _normal(x, y, middle, spread) + ANYWHERE / total.size


def _normal(
    x: Float64[np.ndarray, "rows columns"],
    y: Float64[np.ndarray, "rows columns"],
    place: tuple[float, float],
    sigma: tuple[float, float],
) -> Float64[np.ndarray, "rows columns"]:
    """A Gaussian, all of it within the frame."""
    height = np.exp(-(((x - place[0]) / sigma[0]) ** 2 + ((y - place[1]) / sigma[1]) ** 2) / 2)
    whole: Float64[np.ndarray, "rows columns"] = height / height.sum()
    return whole


def gaze(scene: Scene, observers: int) -> list[Fixation]:
    """Every observer's fixations one after the other, until the clip ends.

    A fixation begins at a place drawn from the density of the frame then shown and stays there. It lasts
    about 0.3 s (log-normal, 0.1 to 1 s), and 30 ms of a saccade follow. Times are whole milliseconds. The
    scene's seed is the seed of it all.
    """
    cumulated = [np.cumsum(known_density(scene, index)) for index in range(scene.frames)]
    end = scene.frames / scene.rate
    found = []
    for observer in range(observers):
        random = np.random.default_rng([scene.seed, 9, observer])
        now = round(random.uniform(0, min(0.2, end / 4)), 3)
        while now < end:
            chances = cumulated[min(int(now * scene.rate + 1e-6), scene.frames - 1)]
            pixel = int(np.searchsorted(chances, random.uniform() * chances[-1], side="right"))
            row, column = divmod(pixel, scene.width)
            lasting = round(float(np.clip(random.lognormal(math.log(0.28), 0.4), 0.1, 1.0)), 3)
            # Two decimals of a pixel, as trackers write them, without reaching the next one.
            x, y = (round(p + float(random.uniform(0, 0.99)), 2) for p in (column, row))
            found.append(Fixation(observer, now, lasting, x, y))
            now = round(now + lasting + 0.03, 3)
    return found
