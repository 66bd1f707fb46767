"""The decoders of the prediction network, with fused convolutions.

Axes: B batch, T time, H rows, W columns, C channels; tensors are contiguous as (B, T, H, W, C).

Switches say where a maximum was found. Two values that are equal up to rounding can change places when sums
are rounded otherwise, and a value of one channel is then put one or two pixels beside. The engine rounds
about as much as the plain network does (its features are as near to those in float64), so this happens as
it happens to the plain network between float32 and float64, and as rarely. Where no switch differs maps
differ by less than 1e-4; in float64 they are equal. What one switch moves depends on the weights: with random
ones the deepest level's reach far (docs/speed.md has figures).
"""

import copy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tased.network.encoder import Features
from tased.network.prediction import Decoder, SpatialDecoding
from tased.predict.fused import Spatial, fuse, pictures, with_fused
from tased.predict.poolings import switches, unpool


class Levels(NamedTuple):
    """What decoders read: the encoder's features, all of the decoder's length in time."""

    x4: Tensor  # this and the next in float32 at least: their switches move a map most
    x8: Tensor
    x16: Tensor
    x32: Tensor
    switches16: Tensor  # flat over (H, W)


class Block:
    """A spatial decoding block: a transposed convolution (or three), then twice the rows and columns."""

    def __init__(self, block: SpatialDecoding, dtype: torch.dtype):
        self._convs = [fuse(conv, dtype) for conv in block.convs]
        self._up = Spatial(block.up, dtype) if block.upsampling == "transposed" else None

    def __call__(self, x: Tensor, like: Tensor, found: Tensor | None) -> Tensor:
        """To the rows and columns of `like`; `found` are the switches, if there are any."""
        for conv in self._convs:
            x = conv(x)
        size = (like.shape[2], like.shape[3])
        if self._up is not None:
            return self._up(x)[:, :, : size[0], : size[1]].contiguous()
        if found is not None:
            return unpool(x, found, *size)
        y = F.interpolate(pictures(x), size=size, mode="bilinear", align_corners=False)
        return y.permute(0, 2, 3, 1).contiguous().unflatten(0, x.shape[:2])


class OwnDecoder:
    """TASED-Net's own decoder, in all its variants."""

    def __init__(self, decoder: Decoder, dtype: torch.dtype):
        self._redistribute = Spatial(decoder.redistribute, dtype)
        self._blocks = [Block(block, dtype) for block in (decoder.to16, decoder.to8, decoder.to4)]
        self._unpools = decoder.to16.upsampling == "unpool"

    def __call__(self, levels: Levels) -> Tensor:
        x = self._redistribute(levels.x32)
        for block, like in zip(self._blocks, (levels.x16, levels.x8, levels.x4), strict=True):
            found = None
            if self._unpools:
                found = levels.switches16 if like is levels.x16 else switches(like, 3)[1]
            x = block(x, like, found)
        return x


class OtherDecoder:
    """One of the paper's comparison: its own module, with its convolutions fused."""

    def __init__(self, decoder: nn.Module, dtype: torch.dtype):
        self._module = with_fused(copy.deepcopy(decoder), dtype)

    def __call__(self, levels: Levels) -> Tensor:
        levels = levels._replace(x4=levels.x4.to(levels.x16.dtype), x8=levels.x8.to(levels.x16.dtype))
        x: Tensor = self._module(Features(*(x.permute(0, 4, 1, 2, 3) for x in levels)))
        return x.permute(0, 2, 3, 4, 1).contiguous()


def fused_decoder(decoder: nn.Module, dtype: torch.dtype) -> OwnDecoder | OtherDecoder:
    """The fused form of any decoder."""
    return OwnDecoder(decoder, dtype) if isinstance(decoder, Decoder) else OtherDecoder(decoder, dtype)
