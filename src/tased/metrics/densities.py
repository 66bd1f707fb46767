"""Metrics between two maps, the prediction and a density of the fixations: CC, SIM and KLD."""

import math

import torch
from torch import Tensor

from tased.metrics.inputs import Maps, Protocol, check_protocol, dot, read_beside

EPSILON = torch.finfo(torch.float64).eps  # 2.2e-16, MATLAB's eps


def cc(saliency: Tensor, density: Tensor) -> Tensor:
    """Correlation coefficient of the map and the density of the fixations. Higher is better.

    Pearson's, as used by Le Meur, Le Callet & Barba (Vision Research 2007). Both are (B, H, W) or (H, W), of
    any scale and sign; scores are (B,) or a scalar, float64. 1 is the same up to scale and shift, 0 is
    chance, -1 is the negative. Differentiable in both. A flat map scores 0, and so does a flat density
    (MATLAB's gives NaN); a density that is 0 everywhere, a frame without fixations, NaN.

    The same in both protocols.
    """
    maps = Maps.read("saliency", saliency)
    return maps.score(cc_of(maps, read_beside("density", density, maps)))


def cc_of(maps: Maps, truth: Maps) -> Tensor:
    """CC of maps that were checked: (B,)."""
    together = dot(maps.centred, truth.centred)
    return (together / (maps.length * truth.length)).masked_fill(truth.black, torch.nan)


def sim(saliency: Tensor, density: Tensor, *, protocol: Protocol = "exact") -> Tensor:
    """Similarity: what two densities share, the sum of the smaller value at each pixel. Higher is better.

    Histogram intersection (Swain & Ballard, IJCV 1991), for saliency by Judd, Durand & Torralba (MIT 2012).
    Both are (B, H, W) or (H, W); scores are (B,) or a scalar, float64, from 0 (nowhere both) to 1 (the
    same). Chance is no fixed number: it depends on how concentrated the density is. Differentiable in both,
    but where the two are equal. A density that is 0 everywhere, a frame without fixations, scores NaN.

    `exact` divides each map by its sum; none may be negative; a flat map, a black one too, is the uniform
    density. `dhf1k` first stretches both to 0..1 by their least and greatest value, which takes away whatever
    every pixel has: often a much higher score. A flat map then has nothing left and scores 0 (MATLAB gives 0
    for a black map and NaN for any other flat one).
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    return maps.score(sim_of(maps, read_beside("density", density, maps), protocol))


def sim_of(maps: Maps, truth: Maps, protocol: Protocol) -> Tensor:
    """SIM of maps that were checked: (B,)."""
    if protocol == "dhf1k":
        here, there = _stretched(maps), _stretched(truth)
    else:
        here, there = maps.densities, truth.densities
    return torch.minimum(here, there).sum(1).masked_fill(truth.black, torch.nan)


def kld(saliency: Tensor, density: Tensor, *, protocol: Protocol = "exact") -> Tensor:
    """Kullback-Leibler divergence: nats that are lost when the map stands for the density. LOWER is better.

    Kullback & Leibler (1951); for saliency Tatler, Baddeley & Gilchrist (Vision Research 2005). Both are
    (B, H, W) or (H, W), not negative, and divided by their sums; scores are (B,) or a scalar, float64. 0 is
    the same, and there is no fixed chance level. It is not symmetric: the logarithm is of density over map,
    weighted with the density (some code has it the other way round). Differentiable in `saliency`. A density
    that is 0 everywhere, a frame without fixations, scores NaN.

    `exact` gives every pixel of the map a probability of at least 2.2e-16 and divides again, so that the
    score is a divergence of densities: never negative, and finite, though a place that the map rules out
    still costs up to 36 nats. A flat map, a black one too, is the uniform density. `dhf1k` is MATLAB's
    formula, sum(q * log(eps + q / (p + eps))): it differs by less than 1e-9, but for a black map, which
    stays black there and scores above 20.
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    return maps.score(kld_of(maps, read_beside("density", density, maps), protocol))


def kld_of(maps: Maps, truth: Maps, protocol: Protocol) -> Tensor:
    """KLD of maps that were checked: (B,)."""
    here, there = maps.densities, truth.densities
    if protocol == "dhf1k":
        if bool(maps.black.any()):
            here = here.masked_fill(maps.black[:, None], 0)
        ratio = torch.addcdiv(there.new_tensor(EPSILON), there, here + EPSILON)
        score = dot(there, torch.log(ratio))
    else:
        some = there.clamp(min=torch.finfo(there.dtype).tiny)  # 0 * log 0 is 0
        score = dot(there, torch.log(some))
        score = score - dot(there, log_probability(here, here.shape[1]))
    return score.masked_fill(truth.black, torch.nan)


def log_probability(densities: Tensor, pixels: int) -> Tensor:
    """Logarithm of what maps of so many pixels give some of them, if none is impossible.

    2.2e-16 is added to every pixel, and the map divided by its new sum.
    """
    return torch.log(densities + EPSILON) - math.log1p(EPSILON * pixels)


def _stretched(maps: Maps) -> Tensor:
    """Each map from 0 to its greatest value, and divided by its sum; 0 where it is flat: (B, N)."""
    above = maps.values - maps.values.amin(1, keepdim=True)
    total = above.sum(1, keepdim=True)
    return above / total.masked_fill(maps.flat[:, None], 1)
