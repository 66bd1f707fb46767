"""The encoder down to block 4 as a row of stages, each of which looks along time once.

Axes: B batch, T time, H rows, W columns, C channels; every tensor is contiguous as (B, T, H, W, C).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tased.network.encoder import Encoder, Inception
from tased.predict.film import Film, FirstConvolution
from tased.predict.fused import Spatial, Temporal
from tased.predict.poolings import pool_space, pool_time
from tased.predict.reuse import Parts, Stage

X4_AFTER, X8_AFTER = 0, 2  # the stages whose last part is x4 and x8, for the decoder


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


class Stem:
    """The encoder's first layers, up to the second convolution along time."""

    def __init__(self, encoder: Encoder, dtype: torch.dtype):
        convs = dict(encoder.stem.named_modules())
        self._dtype = dtype
        self._frame = Spatial(convs["0.spatial"], dtype)
        self._first = FirstConvolution(convs["0.temporal"], dtype)
        self._pointwise, self._spatial = Spatial(convs["2"], dtype), Spatial(convs["3.spatial"], dtype)

    def frame(self, x: Tensor) -> Tensor:
        """What the very first convolution makes of a frame: (1, 3, 1, H, W) -> (H/2, W/2, 64)."""
        return self._frame(x.to(self._dtype).permute(0, 2, 3, 4, 1).contiguous())[0, 0]

    def after(self, clip: range) -> tuple[range, range]:
        """Inner positions and centres of the row that a window becomes."""
        return self._first.after(clip)

    def some(self, film: Film, clip: range, positions: Sequence[int]) -> Parts:
        """These positions of the window that shows the frames of `clip`."""
        pooled = [pool_space(self._first(film, clip, i), 2) for i in positions]
        return (self._spatial(self._pointwise(torch.cat(pooled, dim=1))),)


def stages(encoder: Encoder, stride4: int, dtype: torch.dtype, first: torch.dtype) -> list[Stage]:
    """From the stem to the end of block 4 (832, H/16); what gives x4 and x8 computes in the type `first`.

    All maxima are of values that ReLU has been through, so that zeros outside of a window count for nothing
    in them either. The last part of some stages is for the decoder: see X4_AFTER and X8_AFTER.
    """
    block3, *others3 = blocks(encoder.mixed3, first)
    block4, *others4 = blocks(encoder.mixed4, dtype)
    temporal = Temporal(dict(encoder.stem.named_modules())["3.temporal"], first)

    def convolved(parts: Parts, pad: bool) -> Tensor:
        return temporal(parts[0], pad=pad)

    def x4(x: Tensor) -> Parts:
        return (*block3.within(pool_space(x, 2)), x)

    def x8(x: Tensor) -> Parts:
        return (pool_space(x, 2).to(dtype), x)

    def pooled(parts: Parts, pad: bool) -> Tensor:
        return pool_time(parts[0], stride4, pad=pad)

    def alone(x: Tensor) -> Parts:
        return (x,)

    result = [Stage(convolved, x4)]
    for before, within in zip([block3, *others3], [*(block.within for block in others3), x8], strict=True):
        result.append(Stage(before.along, within, reads=4))
    result.append(Stage(pooled, block4.within, stride=stride4))
    for before, within in zip([block4, *others4], [*(block.within for block in others4), alone], strict=True):
        result.append(Stage(before.along, within, reads=4))
    return result
