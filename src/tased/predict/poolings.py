"""Poolings and unpoolings of the network, one axis after the other.

Axes: B batch, T time, H rows, W columns, C channels; every tensor is contiguous as (B, T, H, W, C).
A maximum over a box is the maximum over time of maxima over space, whatever the order: these are exact.
"""

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from tased.predict.fused import pictures


def pool_space(x: Tensor, stride: int) -> Tensor:
    """3x3 maxima at every row and column, or every second one.

    At every row and column it is done along columns, then along rows, which is faster than PyTorch's pooling.
    """
    if stride == 1:
        return pool_axis(pool_axis(x, 3), 2)
    pooled = F.max_pool2d(pictures(x), 3, stride, 1).permute(0, 2, 3, 1)
    return pooled.unflatten(0, x.shape[:2])


def pool_axis(x: Tensor, axis: int) -> Tensor:
    """Maxima of three neighbours along an axis, at every place."""
    last = x.shape[axis] - 1
    if last < 2:
        return x.amax(axis, keepdim=True).expand_as(x).contiguous()
    pairs = torch.maximum(x.narrow(axis, 0, last), x.narrow(axis, 1, last))
    y = torch.empty_like(x)
    inside = y.narrow(axis, 1, last - 1)
    torch.maximum(pairs.narrow(axis, 0, last - 1), pairs.narrow(axis, 1, last - 1), out=inside)
    y.select(axis, 0).copy_(pairs.select(axis, 0))
    y.select(axis, last).copy_(pairs.select(axis, last - 1))
    return y


def pool_time(x: Tensor, stride: int, *, pad: bool = True) -> Tensor:
    """Maxima of three successive steps, at every step or every second one.

    With `pad` the first and the last step are compared with what they have beside them. Without it the
    result is shorter by the two ends.
    """
    if pad:
        x = torch.cat([x[:, :1], x, x[:, -1:]], dim=1)
    steps = x.shape[1] - 2
    return reduce(torch.maximum, (x[:, i : i + steps : stride] for i in range(3)))


def pool_spans(steps: Sequence[Tensor], spans: int) -> Tensor:
    """The first auxiliary pooling, P1, of single steps (B, 1, H, W, C): maxima over `spans` equal spans."""
    each = len(steps) // spans
    return torch.cat(
        [reduce(torch.maximum, steps[i : i + each]) for i in range(0, each * spans, each)], dim=1
    )


def switches(x: Tensor, kernel: int) -> tuple[Tensor, Tensor]:
    """Maxima at every second row and column, and where they were found, flat over (H, W).

    `kernel` is 2, for the pooling before block 5, or 3, for auxiliary pooling, P2. Both results are
    (B, T, h, w, C).
    """
    pooled, found = F.max_pool2d(pictures(x), kernel, 2, kernel // 3, return_indices=True)
    time = x.shape[:2]
    return pooled.permute(0, 2, 3, 1).unflatten(0, time), found.permute(0, 2, 3, 1).unflatten(0, time)


def unpool(x: Tensor, found: Tensor, rows: int, columns: int) -> Tensor:
    """Put every value where its switch says, zeros elsewhere: (B, T, h, w, C) -> (B, T, rows, columns, C).

    Where two poolings found the same place the later value stays, as in tased.network.prediction.unpool: on a
    CPU values are written one after the other.
    """
    channels = x.shape[-1]
    result = x.new_zeros(*x.shape[:2], rows * columns * channels)
    places = torch.add(torch.arange(channels, device=x.device), found, alpha=channels)
    values, target = x.flatten(2), result
    if x.dtype == torch.bfloat16:  # as plain bits: four times as fast
        values, target = values.view(torch.int16), target.view(torch.int16)
    target.scatter_(2, places.flatten(2), values)
    return result.unflatten(2, (rows, columns, channels))
