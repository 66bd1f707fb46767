"""What the metrics take: maps and fixations, read and checked once, and shared by all metrics of a frame.

Axes: B frames, H rows, W columns, N = H * W pixels, K fixated pixels of all frames together. Sums are
float64: they run over hundreds of thousands of pixels.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, get_args

import numpy as np
import torch
from torch import Tensor

from tased.errors import DataError, UsageError

Protocol = Literal["exact", "dhf1k"]


@dataclass(frozen=True)
class Maps:
    """Saliency, densities or baselines of B frames."""

    name: str  # of the argument, for messages
    shape: torch.Size  # as given: (H, W) or (B, H, W)
    given: Tensor  # (B, N) float32 or float64, finite
    lowest: Tensor  # (B,) of these, float64, without gradient
    highest: Tensor  # (B,)

    @classmethod
    def read(cls, name: str, values: Tensor) -> Self:
        """Check an argument: real, finite, (H, W) or (B, H, W); raises UsageError, DataError."""
        given = flatten(name, values)
        if given.dtype not in (torch.float32, torch.float64):
            given = given.to(torch.float32 if given.is_floating_point() else torch.float64)
        plain = given.detach()  # amin and amax, because aminmax is slow along rows
        lowest, highest = plain.amin(1).to(torch.float64), plain.amax(1).to(torch.float64)
        if not bool((torch.isfinite(lowest) & torch.isfinite(highest)).all()):
            raise DataError(f"{name} has values that are NaN or infinite; metrics need finite maps")
        return cls(name, values.shape, given, lowest, highest)

    @cached_property
    def values(self) -> Tensor:
        """What was given, in float64: (B, N)."""
        return self.given.to(torch.float64)

    @property
    def flat(self) -> Tensor:
        """Which frames have one value everywhere: (B,) bool."""
        return self.lowest == self.highest

    @property
    def black(self) -> Tensor:
        """Which frames are zero everywhere: (B,) bool."""
        return (self.lowest == 0) & (self.highest == 0)

    @cached_property
    def centred(self) -> Tensor:
        """The values without their mean, and exactly 0 where a map is flat: (B, N)."""
        centred = self.values - self.values.mean(1, keepdim=True)
        return centred.masked_fill(self.flat[:, None], 0) if bool(self.flat.any()) else centred

    @cached_property
    def length(self) -> Tensor:
        """Euclidean norm of the centred values, and 1 where they are all 0: (B,)."""
        squares = dot(self.centred, self.centred)
        return squares.masked_fill(squares == 0, 1).sqrt()

    @cached_property
    def densities(self) -> Tensor:
        """The values divided by their sum, (B, N); a flat map, even black, is uniform. Raises DataError."""
        if bool((self.lowest < 0).any()):
            lowest = float(self.lowest.min())
            raise DataError(f"{self.name} has negative values (down to {lowest:g}); a density has none")
        values = self.values
        if bool(self.black.any()):
            values = values + self.black[:, None]
        return values / values.sum(1, keepdim=True)

    def score(self, scores: Tensor) -> Tensor:
        """Scores (B,) as the caller expects them: without B if none was given."""
        return scores if len(self.shape) == 3 else scores.squeeze(0)


@dataclass(frozen=True, slots=True)
class Fixations:
    """The fixated pixels of B frames, in the order of frames and then of pixels."""

    frame: Tensor  # (K,) int64, from 0
    pixel: Tensor  # (K,) int64, row * W + column
    count: Tensor  # (K,) float64, how often it was hit
    per_frame: tuple[int, ...]  # B numbers that add up to K

    @classmethod
    def read(cls, name: str, counts: Tensor, like: Maps) -> Self:
        """Check a map of counts and take out what is not 0; raises UsageError, DataError."""
        check_shape(name, counts, like)
        flat = flatten(name, counts).detach()
        found = _not_zero(flat)
        frame = torch.div(found, flat.shape[1], rounding_mode="floor")
        pixel = found - frame * flat.shape[1]
        count = flat[frame, pixel].to(torch.float64)
        whole = (count > 0) & (count == count.round()) & (count < math.inf)
        if not bool(whole.all()):
            value = float(count[~whole][0])
            raise DataError(
                f"{name} must be a map of counts (0, 1, 2, ...), but holds {value:g}; is it a density?"
            )
        per_frame = torch.bincount(frame, minlength=len(flat)).tolist()
        return cls(frame, pixel, count, tuple(per_frame))

    def once(self) -> Self:
        """The same pixels, each hit once."""
        return type(self)(self.frame, self.pixel, torch.ones_like(self.count), self.per_frame)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of values (K,) over each frame's fixations: (B,), NaN where there are none."""
        none = values.new_zeros(len(self.per_frame))
        total = none.index_add(0, self.frame, values * self.count)
        return total / none.index_add(0, self.frame, self.count)

    def by_frame(self) -> list[tuple[Tensor, Tensor]]:
        """Pixels and counts of each frame."""
        pixels, counts = self.pixel.split(self.per_frame), self.count.split(self.per_frame)
        return list(zip(pixels, counts, strict=True))


def dot(one: Tensor, other: Tensor) -> Tensor:
    """Inner products row by row, (B, N) and (B, N) to (B,), without a table of the single products."""
    return torch.bmm(one[:, None], other[:, :, None]).flatten()


def flatten(name: str, values: Tensor) -> Tensor:
    """(H, W) or (B, H, W) to (B, N); raises UsageError for anything else."""
    if not isinstance(values, Tensor) or values.is_complex():
        raise UsageError(f"{name} must be a tensor of real numbers, not {type(values).__name__}")
    if values.ndim not in (2, 3) or values.numel() == 0:
        raise UsageError(f"{name} must be (H, W) or (B, H, W) and not empty, not {tuple(values.shape)}")
    return values.reshape(-1, values.shape[-2] * values.shape[-1])


def _not_zero(flat: Tensor) -> Tensor:
    """Where values (B, N) are not 0, in their order: (K,) from 0 to B * N - 1."""
    if flat.is_cuda:
        return flat.flatten().nonzero().squeeze(1)
    values = flat.float() if flat.dtype == torch.bfloat16 else flat
    return torch.from_numpy(np.flatnonzero(values.numpy() != 0))  # 7 times as fast as torch's on a CPU


def check_shape(name: str, values: Tensor, like: Maps) -> None:
    """Raise UsageError unless the values have the saliency's shape."""
    if isinstance(values, Tensor) and values.shape != like.shape:
        raise UsageError(
            f"{name} is {tuple(values.shape)} but saliency is {tuple(like.shape)}; "
            "resize the saliency to the ground truth first"
        )


def read_beside(name: str, values: Tensor, like: Maps) -> Maps:
    """Maps of the saliency's shape; raises UsageError, DataError."""
    check_shape(name, values, like)
    return Maps.read(name, values)


def check_protocol(protocol: str) -> None:
    """Raise UsageError for a protocol that is not known."""
    if protocol not in get_args(Protocol):
        raise UsageError(f"protocol must be one of {', '.join(get_args(Protocol))}, not {protocol!r}")
