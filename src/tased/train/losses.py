"""What training makes small: KL divergence, and the metrics CC and NSS as losses.

Each loss is a pure function of maps (..., H, W) that gives one value a map (...), as `tased.metrics` defines
the score. It differs from the metric in what a loss needs: it computes in float32 whatever the network's
precision (float64 stays), and its gradient is finite for every prediction, also one that has underflowed.
"""

import sys
from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from tased.errors import DataError
from tased.train.recipe import Recipe

EPSILON = sys.float_info.epsilon  # 2.22e-16, of the published code: the least probability of a pixel
LEAST = 1e-30  # added to every pixel of a prediction: its gradient is at most 1 / LEAST, within float32
PLANE = (-2, -1)


def kld(prediction: Tensor, density: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the prediction from the density, in nats; 0 if they are the same.

    Both are (..., H, W), not negative, and divided by their sums; losses are (...). A prediction that is 0
    everywhere stands for the uniform one. A density that is 0 everywhere gives NaN: `clip_losses` refuses it.
    """
    p, q = _divided(_full(prediction) + LEAST, PLANE), _divided(_full(density), PLANE)
    return (q * (torch.log(q + EPSILON) - torch.log(p + EPSILON))).sum(PLANE)


def kld_over_batch(prediction: Tensor, density: Tensor) -> Tensor:
    """What each map adds to the published code's loss: (..., H, W) to (...); their sum is that loss.

    The published code divides prediction and density by their sums over the whole batch, not each map by its
    own. So a batch is one distribution over all of its pixels: what is learnt also is how much each clip has
    of it, and a map's weight is the density's sum in it.
    """
    p = _divided(_full(prediction) + LEAST, None)
    q = _divided(_full(density), None)
    return (q * torch.log(EPSILON + q / (p + EPSILON))).sum(PLANE)


def cc_loss(prediction: Tensor, density: Tensor) -> Tensor:
    """One minus the correlation coefficient: (..., H, W) to (...).

    0 is the same up to scale and shift, 1 is chance, 2 the negative. A constant prediction, or a constant
    density, gives 1 and no gradient.
    """
    p, q = _centred(prediction), _centred(density)
    return 1 - (p * q).sum(PLANE) / (_length(p) * _length(q)).squeeze(PLANE)


def nss_loss(prediction: Tensor, fixations: Tensor) -> Tensor:
    """The negative mean z-score of the prediction where people looked: (..., H, W) to (...).

    `fixations` are counts: a pixel weighs as often as it was hit. A constant prediction gives 0 and no
    gradient, and so does a map without fixations: it adds nothing to a mean, and still counts in it.
    """
    p, counts = _centred(prediction), _full(fixations)
    z = p / _length(p) * (p.shape[-2] * p.shape[-1]) ** 0.5
    return -(z * counts).sum(PLANE) / counts.sum(PLANE).clamp(min=1)


def clip_losses(
    recipe: Recipe,
    prediction: Float[Tensor, "B K H W"],
    density: Shaped[Tensor, "B K H W"],
    fixations: Shaped[Tensor, "B K H W"],
    *,
    names: Sequence[str] = (),
) -> Float[Tensor, " B"]:
    """The recipe's loss of each clip, the mean over its K maps; the loss of a batch is the mean of these.

    With `kld_over="batch"` that still holds: what a clip adds to the batch's divergence is given times B.
    `names` say of each clip where it is from, for messages.

    Raises
    ------
    DataError
        If a density that the loss needs is 0 everywhere: nothing could be learnt from it.

    """
    total = torch.zeros(len(prediction), device=prediction.device)
    if recipe.kld or recipe.cc:
        _refuse_empty(density, names)
    if recipe.kld and recipe.kld_over == "batch":
        total = total + recipe.kld * len(density) * kld_over_batch(prediction, density).sum(1)
    elif recipe.kld:
        total = total + recipe.kld * kld(prediction, density).mean(1)
    if recipe.cc:
        total = total + recipe.cc * cc_loss(prediction, density).mean(1)
    if recipe.nss:
        total = total + recipe.nss * nss_loss(prediction, fixations).mean(1)
    return total


def _refuse_empty(density: Tensor, names: Sequence[str]) -> None:
    """Raise DataError if a map (B, K, H, W) is 0 everywhere. One wait for the device a batch."""
    empty = (_full(density).sum(PLANE) == 0).any(1)
    if not bool(empty.any()):
        return
    clips = [index for index, none in enumerate(empty.tolist()) if none]
    where = [names[index] if index < len(names) else f"clip {index + 1} of the batch" for index in clips]
    raise DataError(
        f"{', '.join(where[:3])}{', ...' if len(where) > 3 else ''}: {len(clips)} of {len(density)} clips "
        "have a density that is 0 everywhere, from which nothing can be learnt; leave such frames out "
        "(`tased data check` finds those that have fixations)"
    )


def _full(values: Tensor) -> Tensor:
    """In float32, or float64 if given so; autocast lowers nothing that follows here."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _divided(values: Tensor, dims: tuple[int, int] | None) -> Tensor:
    """By their sum over some dimensions, or all."""
    return values / values.sum(dims, keepdim=True)


def _centred(values: Tensor) -> Tensor:
    """Values stretched to a range of 1, and without their mean; exactly 0 where a map is constant.

    CC and NSS do not change when a map is shifted and scaled, so that both are constants to the gradient.
    Stretched, a map's length is 0 or at least 0.7: dividing by it is safe.
    """
    values = _full(values)
    plain = values.detach()
    lowest, highest = plain.amin(PLANE, keepdim=True), plain.amax(PLANE, keepdim=True)
    some = highest - lowest > LEAST
    scale = some / (highest - lowest).masked_fill(~some, 1)
    stretched = (values - lowest) * scale
    return stretched - stretched.mean(PLANE, keepdim=True)


def _length(centred: Tensor) -> Tensor:
    """Euclidean norm of each map, 1 if it is 0: (..., 1, 1)."""
    squares = (centred * centred).sum(PLANE, keepdim=True)
    return squares.masked_fill(squares == 0, 1).sqrt()
