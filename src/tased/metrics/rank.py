"""Areas under the ROC curve: AUC-Judd, AUC-Borji and shuffled AUC, by two protocols.

An area under the ROC curve is the probability that a fixated pixel has a higher value than another one, with
ties at one half (Hanley & McNeil, Radiology 1982). `exact` computes just that from ranks, without thresholds
and without chance. `dhf1k` draws the curves that the benchmark's MATLAB code draws; see metrics_dhf1k.py.
None is differentiable.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from tased.errors import UsageError
from tased.metrics import dhf1k as matlab
from tased.metrics.inputs import Fixations, Maps, Protocol, check_protocol


def auc_judd(
    saliency: Tensor,
    fixations: Tensor,
    *,
    protocol: Protocol = "exact",
    jitter: torch.Generator | None = None,
) -> Tensor:
    """Area under the ROC curve of fixated against all other pixels (AUC-J). Higher is better.

    Defined by Judd, Ehinger, Durand & Torralba (ICCV 2009). `saliency` and `fixations`, a map of counts, are
    (B, H, W) or (H, W); scores are (B,) or a scalar, float64, from 0 to 1; 0.5 is chance. Unchanged by any
    increasing function of the map. A map that only knows that people look at the middle gets far above 0.5.
    A flat map scores 0.5, a frame without fixations, or without any other pixel, NaN.

    `exact` is the rank statistic, and a pixel counts as often as it was hit. `dhf1k` takes each fixated
    pixel once and its value as a threshold; its curve starts at (0, 0) and adds up to 1 / (2 * fixations).
    Of a tie, all other pixels come before all but the first fixated ones: 8-bit maps lose. `jitter` is a
    generator for the MATLAB code's remedy, off by default here: noise in 0..1e-7 on every pixel, which
    orders ties at random.
    """
    check_protocol(protocol)
    if jitter is not None and protocol != "dhf1k":
        raise UsageError("jitter belongs to protocol 'dhf1k'; the exact AUC takes ties at one half")
    maps = Maps.read("saliency", saliency)
    points = Fixations.read("fixations", fixations, maps)
    if jitter is not None:
        maps = matlab.jittered(maps, seeds(jitter, len(maps.given)))
    return maps.score(auc_judd_of(maps, points, sorted_frames(maps), protocol))


def auc_judd_of(maps: Maps, fixations: Fixations, ranked: list[Tensor], protocol: Protocol) -> Tensor:
    """AUC-Judd of what was checked, given each frame's values in order: (B,)."""
    scores = []
    for (values, pixels, counts), everything in zip(_frames(maps, fixations), ranked, strict=True):
        fixated = values[pixels]
        if protocol == "dhf1k":
            scores.append(matlab.auc_judd(fixated, everything))
            continue
        wins = counts @ (_rank(fixated, everything) - _rank(fixated, _sorted(fixated)))
        scores.append(wins / (counts.sum() * (len(values) - len(pixels))))
    return _stack(maps, scores)


def auc_borji(
    saliency: Tensor,
    fixations: Tensor,
    *,
    protocol: Protocol = "exact",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Area under the ROC curve of fixated against uniformly drawn pixels (AUC-B). Higher is better.

    Defined by Borji, Tavakoli, Sihite & Itti (ICCV 2013). Arguments, shapes, range, chance and laws are those
    of AUC-Judd, from which it differs by a hair: fixated pixels are among the uniformly drawn ones.
    A flat map scores 0.5, a frame without fixations NaN.

    `exact` compares with all pixels instead of a draw, and a pixel counts as often as it was hit. `dhf1k`
    takes each fixated pixel once, draws as many pixels 100 times, and its curves have no more than 11
    thresholds, 0.1 of the map's range apart: a peaked map, most of whose fixations lie under the first,
    scores far too low. The draws follow from `generator`, one number of which seeds each frame's; without it
    from the seed 0.
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    points = Fixations.read("fixations", fixations, maps)
    if protocol == "dhf1k":
        return maps.score(auc_borji_drawn(maps, points, seeds(generator, len(maps.given))))
    return maps.score(auc_borji_of(maps, points, sorted_frames(maps)))


def auc_borji_of(maps: Maps, fixations: Fixations, ranked: list[Tensor]) -> Tensor:
    """The exact AUC-Borji of what was checked, given each frame's values in order: (B,)."""
    scores = []
    for (values, pixels, counts), everything in zip(_frames(maps, fixations), ranked, strict=True):
        scores.append(counts @ _rank(values[pixels], everything) / (counts.sum() * len(values)))
    return _stack(maps, scores)


def auc_borji_drawn(maps: Maps, fixations: Fixations, draws: list[int]) -> Tensor:
    """MATLAB's AUC-Borji of what was checked, given a seed a frame: (B,)."""
    frames = zip(_frames(maps, fixations), draws, strict=True)
    return _stack(maps, (matlab.auc_borji(values, pixels, seed) for (values, pixels, _), seed in frames))


def shuffled_auc(
    saliency: Tensor,
    fixations: Tensor,
    negatives: Tensor,
    *,
    protocol: Protocol = "exact",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Area under the ROC curve of fixated pixels against other frames' fixations (s-AUC). Higher is better.

    Defined by Zhang, Tong, Marks, Shan & Cottrell (Journal of Vision 2008), after Tatler et al. (2005).
    `negatives` is a map of counts too, of fixations of other frames. Shapes, range and laws are those of
    AUC-Judd; 0.5 is chance for a map that only knows where people look in any video, such as the middle.
    A flat map scores 0.5; a frame without fixations, or without negatives, NaN.

    `exact` is the rank statistic; pixels count as often as they were hit, on both sides, and a negative may
    lie on a fixated pixel. `dhf1k` takes each pixel once, draws as many negatives as there are fixated
    pixels without repetition (all of them if there are fewer) 100 times, and has the thresholds, the bias
    and the `generator` of AUC-Borji. The benchmark's negatives are the fixations of 10 random frames.
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    points = Fixations.read("fixations", fixations, maps)
    others = Fixations.read("negatives", negatives, maps)
    draws = seeds(generator, len(maps.given)) if protocol == "dhf1k" else None
    return maps.score(shuffled_auc_of(maps, points, others, draws))


def shuffled_auc_of(
    maps: Maps, fixations: Fixations, negatives: Fixations, draws: list[int] | None
) -> Tensor:
    """Shuffled AUC of what was checked, exact without seeds, MATLAB's with one a frame: (B,)."""
    scores = []
    for index, ((values, pixels, counts), (other, repeats)) in enumerate(
        zip(_frames(maps, fixations), negatives.by_frame(), strict=True)
    ):
        if draws is not None:
            scores.append(matlab.shuffled_auc(values, pixels, other, draws[index]))
            continue
        against, order = values[other].sort()
        wins = counts @ _rank(values[pixels], against, repeats[order])
        scores.append(wins / (counts.sum() * repeats.sum()))
    return _stack(maps, scores)


def seeds(generator: torch.Generator | None, frames: int) -> list[int]:
    """One number a frame, so that a frame's draws do not depend on the batch it came in."""
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    where = generator.device
    return [int(torch.randint(2**62, (), generator=generator, device=where)) for _ in range(frames)]


def sorted_frames(maps: Maps) -> list[Tensor]:
    """Each frame's values in ascending order: B tensors (N,)."""
    return [_sorted(values) for values in maps.given.detach()]


def _frames(maps: Maps, fixations: Fixations) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Values (N,), fixated pixels and their counts, frame by frame."""
    points = fixations.by_frame()
    return [(v, *point) for v, point in zip(maps.given.detach(), points, strict=True)]


def _rank(values: Tensor, ascending: Tensor, weights: Tensor | None = None) -> Tensor:
    """How many of the ascending numbers are below each value, those equal to it counted half."""
    below = torch.searchsorted(ascending, values)
    up_to = torch.searchsorted(ascending, values, right=True)
    if weights is None:
        return (below + up_to).to(torch.float64) / 2
    total = torch.cat([weights.new_zeros(1), weights.cumsum(0)])
    return (total[below] + total[up_to]) / 2


def _sorted(values: Tensor) -> Tensor:
    """The values (N,) in ascending order."""
    if values.is_cuda:
        return values.sort().values
    return torch.from_numpy(np.sort(values.numpy()))  # 10 times as fast as torch's on a CPU


def _stack(maps: Maps, scores: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(scores)).to(maps.given.device)
