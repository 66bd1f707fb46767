"""What overlapping windows share, and computing only the rest.

A window of T frames gives a row of T/2 positions after the stem. A layer that looks along time computes
position i from positions s*i - r to s*i + r of the layer before (stride s, reach r). Where all of these lie
inside the window, the result depends on the frames around its centre alone, and any other window that has a
position there gets the same result: it is kept, under the number of the frame at its centre. Only the
positions near the window's two ends, which zero padding has reached, belong to this window.

    T = 32, 16 positions, window after window (| computed, . kept, of a window two frames earlier):

    temporal convolution of 7, stride 2   ||............||    4 computed: 3 ends and the new one
    temporal convolution of 3             |||..........|||    6
    3b                                    ||||........||||    8
    3c                                    |||||......|||||   10

Windows whose starts differ by one frame have their positions at other frames: with stride 2 in all there are
two sets of results, side by side, and four after the next pooling; the numbers of the frames keep them apart.
Layers that look within a position only follow the positions that they read.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

AT_ONCE = 10  # positions, of those that a stage computes at a shot's beginning: bounds the memory
Parts = tuple[Tensor, ...]  # what is known of positions, each (B, T, H, W, C)


def inner_after(inner: range, reach: int, stride: int) -> range:
    """The positions whose inputs are all inner ones."""
    start = -(-(inner.start + reach) // stride)
    stop = (inner.stop - 1 - reach) // stride + 1
    return range(start, max(start, stop))


class Row(NamedTuple):
    """The positions of a window after a stage."""

    parts: list[Parts]  # (1, 1, H, W, C) each
    inner: range  # those that the window's ends have not reached
    centres: range  # the frame at the centre of each


class Stage(NamedTuple):
    """A layer that looks along time, and what follows it within each position."""

    along: Callable[[Parts, bool], Tensor]  # T + 2 reach -> T; if told to pad by itself, T -> T
    within: Callable[[Tensor], Parts]
    reach: int = 1
    stride: int = 1
    reads: int = 1  # of the parts before it, how many it needs; the others are for later

    def after(self, inner: range, centres: range) -> tuple[range, range]:
        """Inner positions and centres of a row after this stage."""
        return inner_after(inner, self.reach, self.stride), centres[:: self.stride]

    def whole(self, parts: Parts) -> Parts:
        """All positions of a row."""
        return self.within(self.along(parts[: self.reads], True))

    def some(self, before: Row, positions: Sequence[int]) -> Parts:
        """These positions of a row only; zeros stand for what is outside of the window."""
        zeros = tuple(torch.zeros_like(part) for part in before.parts[0][: self.reads])
        found = runs(positions)
        as_one = len({len(run) for run in found}) == 1  # one batch
        results = []
        for batch in [found] if as_one else [[run] for run in found]:
            steps = []
            for run in batch:
                needed = range(self.stride * run[0] - self.reach, self.stride * run[-1] + self.reach + 1)
                steps += [before.parts[i] if 0 <= i < len(before.parts) else zeros for i in needed]
            inputs = (torch.cat([s[n] for s in steps], dim=1) for n in range(self.reads))
            split = tuple(x[0].unflatten(0, (len(batch), -1)) for x in inputs)
            results.append(self.along(split, False).flatten(0, 1)[None])
        return self.within(torch.cat(results, dim=1) if len(results) > 1 else results[0])


def runs(positions: Sequence[int]) -> list[range]:
    """Those that succeed each other: 0 1 2 5 8 9 -> 0-2, 5, 8-9."""
    groups = groupby(enumerate(positions), lambda pair: pair[1] - pair[0])
    members = ([position for _, position in group] for _, group in groups)
    return [range(m[0], m[-1] + 1) for m in members]


class Memory:
    """What a stage has computed for the windows so far that later ones may ask for again.

    One that does not keep anything computes each row whole.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self._known: dict[int, Parts] = {}  # by the frame at the centre

    def complete(self, inner: range, centres: range, compute: Callable[[list[int]], Parts]) -> Row:
        """A row from what is known; `compute` is asked for the positions that are not."""
        known = {i: self._known[centres[i]] for i in inner if centres[i] in self._known}
        missing = [i for i in range(len(centres)) if i not in known]
        for begin in range(0, len(missing), AT_ONCE):
            asked = missing[begin : begin + AT_ONCE]
            computed = compute(asked)
            for n, i in enumerate(asked):
                known[i] = tuple(part[:, n : n + 1] for part in computed)
                if i in inner and self._keeps:  # a copy, for the memory of the others to be free again
                    known[i] = self._known[centres[i]] = tuple(part.clone() for part in known[i])
        self.forget(min((centres[i] for i in inner), default=0))
        return Row([known[i] for i in range(len(centres))], inner, centres)

    def forget(self, before: int) -> None:
        """Drop what stands at frames before this one."""
        for centre in [c for c in self._known if c < before]:
            del self._known[centre]
