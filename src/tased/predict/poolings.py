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
    """3x3 maxima at every row and column, or every second one."""
    pooled = F.max_pool2d(pictures(x), 3, stride, 1).permute(0, 2, 3, 1)
    return pooled.unflatten(0, x.shape[:2])


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

    Instead of writing to scattered places, each place of the result looks at the poolings that may have
    found it: an even row belongs to one of them; an odd one to the pooling above it (of kernel 2 or 3) and
    to that below (kernel 3 only). Where two poolings found the same place the later value stays, as in
    tased.network.prediction.unpool.
    """
    result = x.new_zeros(*x.shape[:2], rows, columns, x.shape[-1])
    place = torch.arange(rows * columns, device=x.device).view(rows, columns, 1)
    for r, below in ((0, 0), (1, 0), (1, 1)):
        for c, right in ((0, 0), (1, 0), (1, 1)):
            here = (Ellipsis, slice(r, None, 2), slice(c, None, 2), slice(None))
            there = (Ellipsis, slice(below, None), slice(right, None), slice(None))
            h = min(result[here].shape[2], x.shape[2] - below)
            w = min(result[here].shape[3], x.shape[3] - right)
            near = (Ellipsis, slice(0, h), slice(0, w), slice(None))
            target = result[here][near]
            is_here = found[there][near] == place[here][near]
            torch.where(is_here, x[there][near], target, out=target)
    return result
