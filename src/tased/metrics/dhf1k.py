"""The ROC curves of the MATLAB code of the DHF1K and MIT saliency benchmarks, all splits at once.

What it computes is kept to the last bit that matters: thresholds are those of MATLAB's colon operator, maps
are stretched to 0..1 in float64, fixated pixels count once, and curves are summed by trapezoids between (0,
0) and (1, 1). Its random numbers are another generator's, drawn in the same way. A flat map scores 0.5 here;
MATLAB divides 0 by 0 there, and goes on with NaN.

Axes: S splits, K fixated pixels, M drawn pixels, T thresholds from the lowest.
"""

import torch
from torch import Tensor

from tased.metrics.inputs import Maps

SPLITS = 100
STEP = 0.1  # between thresholds, of a map in 0..1
STEPS = 10  # thresholds above 0
JITTER = 1e-7
EPSILON = torch.finfo(torch.float64).eps


def auc_judd(fixated: Tensor, ascending: Tensor) -> Tensor:
    """AUC-Judd of the fixated pixels' values (K,), given all the frame's in order (N,)."""
    number, total = len(fixated), len(ascending)
    if number in (0, total) or ascending[0] == ascending[-1]:
        return _nothing_to_rank(number, total - number)
    thresholds = fixated.sort(descending=True).values
    above = total - torch.searchsorted(ascending, thresholds)  # or equal
    hits = torch.arange(1, number + 1, device=fixated.device, dtype=torch.float64)
    return _area((above - hits)[None] / (total - number), (hits / number)[None])[0]


def jittered(maps: Maps, seeds: list[int]) -> Maps:
    """Maps with noise in 0..1e-7 on every pixel, so that hardly any are equal; a seed a frame."""
    noise = [
        torch.rand(maps.given.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        for seed in seeds
    ]
    values = maps.values.detach() + JITTER * torch.stack(noise).to(maps.values.device)
    return Maps.read(maps.name, values.view(maps.shape))


def auc_borji(values: Tensor, pixels: Tensor, seed: int) -> Tensor:
    """AUC-Borji of a map (N,) with fixated pixels (K,)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(values), (SPLITS, len(pixels)), generator=generator)
    return auc_of_splits(values, pixels, drawn.to(values.device))


def shuffled_auc(values: Tensor, pixels: Tensor, negatives: Tensor, seed: int) -> Tensor:
    """Shuffled AUC of a map (N,) with fixated pixels (K,) and those that were fixated in other frames."""
    generator = torch.Generator().manual_seed(seed)
    number = min(len(pixels), len(negatives))
    drawn = subsets(number, len(negatives), generator)
    return auc_of_splits(values, pixels, negatives[drawn.to(values.device)])


def subsets(number: int, total: int, generator: torch.Generator) -> Tensor:
    """For each split as many different ones out of 0 .. total - 1, all choices as likely: (S, number).

    All splits draw at once; who draws what is taken draws again. No number is told from another in this, so
    all subsets are as likely as if each split had shuffled everything, as MATLAB's code does. If more than
    half are wanted, those to leave out are drawn.
    """
    fewer = min(number, total - number)
    taken = torch.zeros(SPLITS * total, dtype=torch.bool)
    claims = torch.empty(SPLITS * total, dtype=torch.int32)
    rows = torch.arange(SPLITS).repeat_interleave(fewer)
    while len(rows):
        places = torch.randint(total, (len(rows),), generator=generator).add_(rows, alpha=total)
        everyone = torch.arange(len(rows), dtype=torch.int32)
        claims.scatter_(0, places, everyone)  # one of those who drew the same
        late = (claims.gather(0, places) != everyone) | taken.gather(0, places)
        taken.scatter_(0, places, True)
        rows = rows[late]
    chosen = taken if fewer == number else ~taken
    return chosen.view(SPLITS, total).nonzero()[:, 1].view(SPLITS, number)


def auc_of_splits(values: Tensor, pixels: Tensor, drawn: Tensor) -> Tensor:
    """The mean area of the splits' curves: a map (N,), fixated pixels (K,), drawn ones (S, M)."""
    low, high = torch.stack(values.aminmax()).to(torch.float64)
    if not len(pixels) or not drawn.shape[1] or low == high:
        return _nothing_to_rank(len(pixels), drawn.shape[1])
    fixated = ((values[pixels].to(torch.float64) - low) / (high - low)).sort().values
    others = (values[drawn].to(torch.float64) - low) / (high - low)
    levels = thresholds(torch.maximum(others.amax(1), fixated[-1]))
    true_positives = len(fixated) - torch.searchsorted(fixated, levels)
    false_positives = _at_least(others, levels)
    tp, fp = true_positives.double() / len(fixated), false_positives.double() / drawn.shape[1]
    return _area(fp.flip(1), tp.flip(1)).mean()


def thresholds(highest: Tensor) -> Tensor:
    """MATLAB's 0:0.1:highest for each split, infinity after its end: (S,) to (S, T).

    The colon operator counts from both ends towards the middle, and takes an end that is missed by rounding
    only. In 8-bit maps whole levels lie on a threshold (51 / 255 is 0.2), so the last bit matters.
    """
    tolerance = 2 * EPSILON * highest
    steps = torch.floor(highest / STEP + 0.5)
    steps = steps - (steps * STEP - highest > tolerance).to(steps)
    last = steps * STEP
    last = torch.where(last - highest > -tolerance, highest, last)
    k = torch.arange(STEPS + 1, device=highest.device, dtype=highest.dtype)
    steps, last = steps[:, None], last[:, None]
    levels = torch.where(2 * k < steps, k * STEP, last - (steps - k) * STEP)
    levels = torch.where(2 * k == steps, last / 2, levels)
    return levels.masked_fill(k > steps, torch.inf)


def _at_least(values: Tensor, levels: Tensor) -> Tensor:
    """How many of a split's values (S, M) reach each of its levels: (S, T)."""
    splits, number = levels.shape
    padded = torch.cat([levels, levels.new_full((splits, 1), torch.inf)], dim=1)
    reached = (values / STEP).long()  # the last level that a value reaches, or the one before or after
    reached = reached + (values >= padded.gather(1, reached + 1)).long()
    reached = reached - (values < padded.gather(1, reached)).long()
    rows = torch.arange(splits, device=values.device)[:, None] * number
    counts = torch.bincount((rows + reached).flatten(), minlength=splits * number).view(splits, number)
    return counts.flip(1).cumsum(1).flip(1)


def _area(fp: Tensor, tp: Tensor) -> Tensor:
    """The trapezoids under curves (S, T) that begin at (0, 0) and end at (1, 1)."""
    fp, tp = (
        torch.nn.functional.pad(torch.nn.functional.pad(p, (1, 0)), (0, 1), value=1.0) for p in (fp, tp)
    )
    return torch.trapezoid(tp, fp, dim=1)


def _nothing_to_rank(positives: int, negatives: int) -> Tensor:
    """0.5 for a flat map, NaN if there is nothing to rank."""
    return torch.tensor(0.5 if positives and negatives else torch.nan, dtype=torch.float64)
