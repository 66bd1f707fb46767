"""Which frames of a video show it best, and which part of each: by attention, sharpness and exposure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from PIL import Image
from scipy import ndimage
from scipy.special import entr

from tased.predict.cuts import CutDetector
from tased.predict.maps import resized
from tased.predict.scale import density as as_density
from tased.video.frame import Frame
from tased.video.read import Video
from tased.video.write_pictures import ColourPictures

APART = 1.0  # seconds at least between two of one shot
STEP = APART / 2  # seconds of a shot, of which the best frame is a candidate
LOOKED_AT = 480  # pixels a side at most, in which sharpness and exposure are measured


class Box(NamedTuple):
    """A part of a frame, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A frame that may stand for the video."""

    frame: int  # from 0
    seconds: float
    shot: int  # from 0
    score: float  # the product of the next three
    concentration: float  # of attention, 0 for a flat map to 1 for a single cell
    sharpness: float  # where attention is
    exposure: float  # where attention is: 0 for black and white, 1 for a middle gray
    crop: Box  # the part that holds the most attention


class Thumbnails:
    """Scores frames as they come, and keeps the best of every half second of a shot."""

    def __init__(self, aspect: float):
        self._aspect = aspect
        self._cuts = CutDetector()
        self._shot = 0
        self._best: dict[tuple[int, int], Thumbnail] = {}

    def add(self, frame: Frame, density: Float64[np.ndarray, "H W"]) -> None:
        """Look at the next frame and its map, whose values sum to 1."""
        self._shot += self._cuts.begins_shot(frame)
        found = scored(frame, density, self._shot, self._aspect)
        place = (self._shot, int(frame.seconds // STEP))
        if place not in self._best or found.score > self._best[place].score:
            self._best[place] = found

    def chosen(self, count: int) -> tuple[Thumbnail, ...]:
        """The best `count`, as `choose` says."""
        return choose(list(self._best.values()), count)


def choose(candidates: Sequence[Thumbnail], count: int) -> tuple[Thumbnail, ...]:
    """The best of every shot; if there are fewer shots than asked for, the second best of each, and so on.

    Of one shot two are at least `APART` seconds from each other, so there may be fewer than `count`. The best
    come first; of equal ones the earlier.
    """
    ranked = sorted(candidates, key=lambda c: (-c.score, c.seconds))
    taken: list[Thumbnail] = []
    for most in range(1, count + 1):  # of a shot
        for candidate in ranked:
            same = [t for t in taken if t.shot == candidate.shot]
            free = all(abs(t.seconds - candidate.seconds) >= APART for t in same)
            if len(taken) < count and len(same) < most and free:
                taken.append(candidate)
    return tuple(sorted(taken, key=lambda c: (-c.score, c.seconds)))


def scored(frame: Frame, density: Float64[np.ndarray, "H W"], shot: int, aspect: float) -> Thumbnail:
    """Rate a frame by its map, whose values sum to 1.

    concentration   1 - entropy / the entropy of a flat map
    sharpness       standard deviation of the Laplacian of brightness (0..1), weighted by attention, of the
                    frame at 480 pixels (its variance focuses the microscopes of Pech-Pacheco et al., ICPR
                    2000)
    exposure        4 b (1 - b) of the brightness b (0..1), weighted by attention
    """
    gray = Image.fromarray(frame.pixels).convert("L")
    gray.thumbnail((LOOKED_AT, LOOKED_AT))
    brightness = np.asarray(gray, np.float64) / 255
    weight = as_density(resized(density.astype(np.float32), *brightness.shape).clip(0).astype(np.float64))
    edges = ndimage.laplace(brightness, mode="nearest")
    sharpness = float(np.sqrt(max(0.0, (weight * edges**2).sum() - (weight * edges).sum() ** 2)))
    bright = float((weight * brightness).sum())
    exposure = max(0.0, 4 * bright * (1 - bright))
    concentration = max(0.0, 1 - float(entr(density).sum() / np.log(max(2, density.size))))
    return Thumbnail(
        frame=frame.index,
        seconds=frame.seconds,
        shot=shot,
        score=concentration * sharpness * exposure,
        concentration=concentration,
        sharpness=sharpness,
        exposure=exposure,
        crop=best_crop(density, frame.pixels.shape[0], frame.pixels.shape[1], aspect),
    )


def best_crop(density: Float64[np.ndarray, "H W"], rows: int, columns: int, aspect: float) -> Box:
    """The largest part of a frame with an aspect (width / height), where it holds the most attention.

    It is as high or as wide as the frame. Of places that hold as much, the one nearest to the middle.
    """
    width = min(columns, max(1, round(rows * aspect)))
    height = min(rows, max(1, round(columns / aspect)))
    left = _best_start(density.sum(0), columns, width)
    top = _best_start(density.sum(1), rows, height)
    return Box(left, top, left + width, top + height)


def _best_start(shares: Float64[np.ndarray, " N"], length: int, part: int) -> int:
    """Where `part` of `length` pixels hold the most, if N equal cells along them hold `shares`."""
    starts = np.arange(length - part + 1)
    below = np.interp(np.arange(length + 1), np.linspace(0, length, shares.size + 1), [0, *shares.cumsum()])
    held = below[starts + part] - below[starts]
    best = starts[held >= held.max() - 1e-9]
    return int(best[np.abs(best - (length - part) / 2).argmin()])


def write_thumbnails(folder: Path, video: Video, chosen: Sequence[Thumbnail]) -> None:
    """Read a video once more and write its thumbnails: 1.jpg, 1-crop.jpg, 2.jpg, ... in their order."""
    wanted = {thumbnail.frame: place for place, thumbnail in enumerate(chosen)}
    with ColourPictures(folder) as pictures:
        for frame in islice(video, max(wanted) + 1):
            if frame.index in wanted:
                place = wanted[frame.index]
                left, top, right, bottom = chosen[place].crop
                pictures.write(frame.pixels, str(place + 1))
                pictures.write(frame.pixels[top:bottom, left:right], f"{place + 1}-crop")
