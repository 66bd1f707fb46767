"""Metrics of the map's values where people looked: NSS and information gain."""

import math

from torch import Tensor

from tased.metrics.densities import log_probability
from tased.metrics.inputs import Fixations, Maps, Protocol, check_protocol, read_beside


def nss(saliency: Tensor, fixations: Tensor, *, protocol: Protocol = "exact") -> Tensor:
    """Normalized scanpath saliency: the mean z-score of the fixated pixels. Higher is better.

    Defined by Peters, Iyer, Itti & Koch (Vision Research 2005). `saliency` and `fixations`, a map of counts,
    are (B, H, W) or (H, W); scores are (B,) or a scalar, float64. 0 is chance, 1 is one standard deviation
    above the mean of the map; there is no upper bound. Unchanged when the map is scaled or shifted.
    Differentiable in `saliency`. A flat map scores 0 (the MATLAB code gives NaN), a frame without fixations
    NaN.

    `exact` divides by the map's own standard deviation (N) and counts a pixel as often as it was hit; `dhf1k`
    by the sample's (N - 1), and counts every fixated pixel once.
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    return maps.score(nss_of(maps, Fixations.read("fixations", fixations, maps), protocol))


def nss_of(maps: Maps, fixations: Fixations, protocol: Protocol) -> Tensor:
    """NSS of maps and fixations that were checked: (B,)."""
    if protocol == "dhf1k":
        fixations = fixations.once()
    freedom = maps.given.shape[1] - (protocol == "dhf1k")
    deviation = maps.length / max(freedom, 1) ** 0.5
    values = maps.centred[fixations.frame, fixations.pixel]
    return fixations.mean(values / deviation[fixations.frame])


def information_gain(saliency: Tensor, fixations: Tensor, baseline: Tensor) -> Tensor:
    """Information gain: by how many bits a fixation the map beats a baseline. Higher is better.

    Defined by Kümmerer, Wallis & Bethge (PNAS 2015): the mean of log2 p - log2 b over the fixations, where
    the map and the baseline are read as probability densities p and b. All three arguments are (B, H, W) or
    (H, W); scores are (B,) or a scalar, float64. Pixels count as often as they were hit. Differentiable in
    `saliency` and `baseline`.

    0 is as good as the baseline, below 0 is worse; against a uniform baseline the most there can be is
    log2(H * W). Saliency and baseline must not be negative; each is divided by its sum, and every pixel keeps
    a probability of at least 2.2e-16: a fixation where the map is 0 counts -52 - log2 b, not minus infinity.
    A flat map, a black one too, is the uniform density; a frame without fixations scores NaN. Maps that were
    not meant as densities may score far below 0, however well they rank pixels.

    The same in both protocols: the DHF1K benchmark has no information gain. (The MIT benchmark's code
    stretches both maps to 0..1 first, which takes away what every pixel has.)
    """
    maps = Maps.read("saliency", saliency)
    points = Fixations.read("fixations", fixations, maps)
    return maps.score(information_gain_of(maps, points, read_beside("baseline", baseline, maps)))


def information_gain_of(maps: Maps, fixations: Fixations, baseline: Maps) -> Tensor:
    """Information gain of what was checked: (B,)."""
    at = (fixations.frame, fixations.pixel)
    pixels = maps.given.shape[1]
    here = log_probability(maps.densities[at], pixels)
    there = log_probability(baseline.densities[at], pixels)
    return fixations.mean(here - there) / math.log(2)
