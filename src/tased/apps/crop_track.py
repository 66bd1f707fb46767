"""Where the crop is in every frame of a video, shot by shot, and which shots are shown whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from tased.apps.crop import Crop, kept_along
from tased.apps.crop_path import CALM, POSITIONS, Limits, smooth_path
from tased.predict.maps import SaliencyMap
from tased.predict.scale import density

Fallback = Literal["auto", "never"]
WHOLE_BELOW = 0.5  # of the attention in the moving crop, on average: less, and a shot is shown whole
CROP_ABOVE = 0.6  # more, and the next shot after a whole one is cropped again

FRAMING = 0.1  # what attention in the very middle of the crop counts more than at its edge
_INNER = (0.2, 0.4, 0.6, 0.8, 1.0)  # parts of the crop whose mean falls evenly from its middle to its edge


@dataclass(frozen=True, slots=True)
class Track:
    """The crop of every frame; all attention is as predicted, as a share of the frame's."""

    crop: Crop
    seconds: Float64[np.ndarray, " frames"]  # presentation times
    shot: Int[np.ndarray, " frames"]  # which one, from 0
    path: Float64[np.ndarray, " frames"]  # pixels from the left, or from the top, to the crop
    moved: Int[np.ndarray, " frames"]  # the same in whole pixels, as it is cropped
    whole: Bool[np.ndarray, " frames"]  # the frame is shown whole, not the crop
    kept: Float64[np.ndarray, " frames"]  # attention within the crop
    centre: Float64[np.ndarray, " frames"]  # within one that stays in the middle
    best: Float64[np.ndarray, " frames"]  # within the best one of this frame alone

    @property
    def shots(self) -> list[slice]:
        """The frames of each shot."""
        begins = np.flatnonzero(np.diff(self.shot, prepend=-1))
        return [slice(int(a), int(b)) for a, b in zip(begins, [*begins[1:], len(self.shot)], strict=True)]


def crop_track(
    maps: Iterable[SaliencyMap],
    cuts: Iterable[bool],
    crop: Crop,
    *,
    limits: Limits = CALM,
    fallback: Fallback = "auto",
) -> Track:
    """Plan the crop of a video.

    `cuts` tells of every frame whether it begins a new shot. With `fallback` auto a shot whose crop would
    keep less than WHOLE_BELOW of the attention is shown whole, and so are those after it until one would keep
    CROP_ABOVE: two values, so that shots of one scene do not alternate.

    Memory: about 5 kB a frame of the longest shot.
    """
    whole, parts = False, []
    numbers = accumulate(map(int, cuts))
    for shot, group in groupby(zip(maps, numbers, strict=False), key=itemgetter(1)):  # maps end first
        times, held, framed = [], [], []
        for m, _ in group:
            p = density(m.values.numpy())
            times.append(m.seconds)
            held.append(kept_along(p, crop, POSITIONS).astype(np.float32))
            framed.append(kept_along(p, crop, POSITIONS, _INNER).astype(np.float32))
        seconds, curves = np.array(times), np.array(held)
        worth = curves + FRAMING * np.array(framed)
        # A path that is still at half a pixel stays so, whatever the solver's last digits are.
        path = np.round(smooth_path(seconds, worth, crop.room / crop.side, limits) * crop.side, 6)
        moved = np.rint(path).astype(np.int64).clip(0, crop.room)
        kept = kept_at(curves, moved / crop.room)
        whole = fallback == "auto" and kept.mean() < (CROP_ABOVE if whole else WHOLE_BELOW)
        shown, number = np.full(len(times), whole), np.full(len(times), shot)
        centre, best = curves[:, POSITIONS // 2], curves.max(axis=1)
        parts.append((seconds, number, path, moved, shown, kept, centre, best))
    return Track(crop, *map(np.concatenate, zip(*parts, strict=True)))


def kept_at(
    curves: Float[np.ndarray, "frames positions"], share: Float64[np.ndarray, " frames"]
) -> Float64[np.ndarray, " frames"]:
    """The attention kept at a share of the room, between two positions in proportion."""
    place = share * (curves.shape[1] - 1)
    left = np.minimum(place.astype(np.int64), curves.shape[1] - 2)
    frame = np.arange(len(curves))
    part = place - left
    return (1 - part) * curves[frame, left] + part * curves[frame, left + 1]
