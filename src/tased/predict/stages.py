"""The encoder down to block 4 as a row of stages, each of which looks along time once.

Axes: B batch, T time, H rows, W columns, C channels; every tensor is contiguous as (B, T, H, W, C).
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from tased.network.encoder import Encoder, Inception
from tased.predict.fused import Spatial, Temporal
from tased.predict.poolings import pool_space, pool_time
from tased.predict.reuse import Parts, Stage

X4_AFTER, X8_AFTER = 1, 3  # the stages whose last part is x4 and x8, for the decoder


class Block:
    """An Inception block in two: what it does within positions, and what along time."""

    def __init__(self, block: Inception, dtype: torch.dtype):
        convs = dict(block.branches.named_modules())
        self._direct, self._pooled = Spatial(convs["0.0"], dtype), Spatial(convs["3.1"], dtype)
        self._reduce = [Spatial(convs[f"{n}.0"], dtype) for n in (1, 2)]
        self._spatial = [Spatial(convs[f"{n}.1.spatial"], dtype) for n in (1, 2)]
        self._temporal = [Temporal(convs[f"{n}.1.temporal"], dtype) for n in (1, 2)]

    def within(self, x: Tensor) -> Parts:
        """A branch each: ready, to be convolved along time (two of them), to be pooled."""
        convolved = (spatial(reduce(x)) for spatial, reduce in zip(self._spatial, self._reduce, strict=True))
        return (self._direct(x), *convolved, pool_space(x, 1))

    def along(self, parts: Parts, pad: bool) -> Tensor:
        """The four branches joined; without `pad` the result is shorter by the two ends."""
        direct, three, five, pooled = parts
        branches = [
            direct if pad else direct[:, 1:-1],
            self._temporal[0](three, pad=pad),
            self._temporal[1](five, pad=pad),
            self._pooled(pool_time(pooled, 1, pad=pad)),
        ]
        return torch.cat(branches, dim=-1)

    def __call__(self, x: Tensor) -> Tensor:
        return self.along(self.within(x), True)


def blocks(row: nn.Sequential, dtype: torch.dtype) -> list[Block]:
    """Inception blocks in a row."""
    return [Block(block, dtype) for block in row if isinstance(block, Inception)]


def stages(encoder: Encoder, stride4: int, dtype: torch.dtype) -> list[Stage]:
    """From a frame's features after the very first convolution (64, H/2) to those of block 4 (832, H/16).

    Whatever frames a row of positions begins with, all maxima are of values that ReLU has been through, so
    that zeros outside of it count for nothing in them too.
    """
    stem = dict(encoder.stem.named_modules())
    pointwise, spatial = Spatial(stem["2"], dtype), Spatial(stem["3.spatial"], dtype)
    block3, *others3 = blocks(encoder.mixed3, dtype)
    block4, *others4 = blocks(encoder.mixed4, dtype)

    def second(x: Tensor) -> Parts:
        return (spatial(pointwise(pool_space(x, 2))),)

    def third(x: Tensor) -> Parts:
        return (*block3.within(pool_space(x, 2)), x)

    def pooled(x: Tensor) -> Parts:
        return (pool_space(x, 2), x)

    result = [
        Stage(convolve(Temporal(stem["0.temporal"], dtype)), second, reach=3, stride=2),
        Stage(convolve(Temporal(stem["3.temporal"], dtype)), third, reach=1),
    ]
    for before, after in zip([block3, *others3], [*(block.within for block in others3), pooled], strict=True):
        result.append(Stage(before.along, after, reach=1, reads=4))
    result.append(Stage(partial(pool, stride4), block4.within, reach=1, stride=stride4))
    for before, after in zip([block4, *others4], [*(block.within for block in others4), alone], strict=True):
        result.append(Stage(before.along, after, reach=1, reads=4))
    return result


def convolve(convolution: Temporal) -> Callable[[Parts, bool], Tensor]:
    """A temporal convolution of a single part."""
    return lambda parts, pad: convolution(parts[0], pad=pad)


def pool(stride: int, parts: Parts, pad: bool) -> Tensor:
    """Maxima along time of a single part."""
    return pool_time(parts[0], stride, pad=pad)


def alone(x: Tensor) -> Parts:
    """Nothing more within a position."""
    return (x,)
