"""What follows from the course of a run: how far the rate has dropped, and which validation was best.

Pure functions of the step and of the validations so far, so that a resumed run has nothing else to know.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tased.train.recipe import BestBy, Recipe


@dataclass(frozen=True, slots=True)
class Validation:
    """What a network was worth after a step."""

    step: int
    scores: Mapping[str, float]  # the loss, and the metrics by name; NaN for one without a value


def rate_factors(recipe: Recipe, step: int, validations: Sequence[Validation]) -> tuple[float, float]:
    """What the encoder's and the prediction network's rate are multiplied by in a step, counted from 1.

    By `drops` the encoder's stays (paper, section 4.1). By `cosine` both fall, from 1 towards a hundredth at
    the last step (Loshchilov & Hutter, SGDR, 2017, without restarts). In `warmup` steps both rise.
    """
    rising = min(1.0, step / (recipe.warmup + 1))
    if recipe.schedule == "cosine":
        falling = (1 + math.cos(math.pi * (step - 1) / recipe.steps)) / 2
        return (rising * max(falling, 0.01),) * 2
    return rising, rising * drop_factor(recipe, step, validations)


def drop_factor(recipe: Recipe, step: int, validations: Sequence[Validation]) -> float:
    """What the prediction network's rate has dropped to (paper, section 4.1).

    With `patience` it drops after so many validations in a row whose loss is not below the least so far,
    at most `most_drops` times; else at the end of the steps `drops`.
    """
    if recipe.patience == 0:
        return recipe.drop ** sum(at < step for at in recipe.drops)
    least, waited, drops = math.inf, 0, 0
    for validation in validations:
        loss = validation.scores["loss"]
        waited = 0 if loss < least else waited + 1
        least = min(least, loss)
        if waited == recipe.patience:
            drops, waited = drops + 1, 0
    return recipe.drop ** min(drops, recipe.most_drops)


def best(validations: Sequence[Validation], by: BestBy) -> Validation | None:
    """The best validation so far, the earlier of two equal ones; None while there is none with a value."""
    sign = 1 if by in ("loss", "kld") else -1
    valued = [v for v in validations if not math.isnan(v.scores.get(by, math.nan))]
    return min(valued, key=lambda v: sign * v.scores[by], default=None)
