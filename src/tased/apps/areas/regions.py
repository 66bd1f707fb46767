"""The regions of a video that draw the most attention, found by code."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64
from scipy import ndimage

from tased.apps.areas.area import Area
from tased.predict.maps import SaliencyMap
from tased.predict.scale import density

HEIGHT = 0.5  # of a peak, at which its region ends: the full width at half maximum
SMALLEST = 0.02  # share of the attention that a region holds
MOST = 8


def mean_density(maps: Iterable[SaliencyMap]) -> Float64[np.ndarray, "H W"]:
    """Where people look over all frames, which count alike: values that sum to 1. There must be a map."""
    total, count = np.zeros(()), 0
    for m in maps:
        total = total + density(m.values.numpy().astype(np.float64))
        count += 1
    return total / count


def regions(mean: Float64[np.ndarray, "H W"]) -> tuple[Area, ...]:
    """The regions around the peaks of a density as rectangles A, B, ..., from the one that holds the most.

    A region is where the density is at least half of its peak, as far as that is connected to it. One that
    holds a higher peak is none; so regions never meet, though their rectangles may. At most 8 are given, of
    those that hold 2 % of the attention, or else the first; of a flat density it is the whole picture.
    """
    rows, columns = mean.shape
    # Rounding must not make peaks of a plateau.
    peaks = np.argwhere(mean >= ndimage.maximum_filter(mean, size=3) * (1 - 1e-9))
    found: list[tuple[float, tuple[slice, slice]]] = []
    taken = np.zeros(mean.shape, bool)
    for row, column in sorted(peaks.tolist(), key=lambda at: -mean[*at]):
        if mean[row, column] < 1 / mean.size * (1 - 1e-9) or taken[row, column]:
            continue
        parts, _ = ndimage.label(mean >= HEIGHT * mean[row, column])
        region = parts == parts[row, column]
        if mean[region].max() <= mean[row, column]:
            taken |= region
            [(down, across)] = ndimage.find_objects(region.astype(int))
            found.append((float(mean[region].sum()), (down, across)))
    found.sort(key=lambda one: -one[0])
    kept = [one for one in found[:MOST] if one[0] >= SMALLEST] or found[:1]
    return tuple(
        Area.rectangle(
            chr(ord("A") + place),
            across.start / columns,
            down.start / rows,
            (across.stop - across.start) / columns,
            (down.stop - down.start) / rows,
        )
        for place, (_, (down, across)) in enumerate(kept)
    )
