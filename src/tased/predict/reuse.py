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

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

Parts = tuple[Tensor, ...]  # what is known of a position, each (1, 1, H, W, C)


class Stage(NamedTuple):
    """A layer that looks along time, and what follows it within each position."""

    along: Callable[[Parts, bool], Tensor]  # (B, T + 2 reach, ...) -> (B, T, ...); true: pads by itself
    within: Callable[[Tensor], Parts]
    reach: int
    stride: int = 1
    reads: int = 1  # of the parts before it, how many it needs; the others are for later

    def whole(self, parts: Parts) -> Parts:
        """All positions of a row, each part (B, T, H, W, C)."""
        return self.within(self.along(parts[: self.reads], True))


class Row(NamedTuple):
    """The positions of a window after a stage."""

    parts: list[Parts]
    inner: range  # those that the window's ends have not reached
    first: int  # frame of position 0
    step: int  # frames from one position to the next, negative in a window read backwards

    def centre(self, position: int) -> int:
        """The frame that a position stands at."""
        return self.first + self.step * position

    def after(self, stage: Stage) -> tuple[int, range, int]:
        """Number of positions after a stage, those among them that are inner, and the frames between."""
        count = (len(self.parts) - 1) // stage.stride + 1
        start = -(-(self.inner.start + stage.reach) // stage.stride)
        stop = (self.inner.stop - 1 - stage.reach) // stage.stride + 1
        return count, range(start, max(start, min(stop, count))), self.step * stage.stride


class Memory:
    """What one stage has computed for the windows so far that later ones may ask for again."""

    def __init__(self, stage: Stage):
        self._stage = stage
        self._known: dict[int, Parts] = {}  # by the frame at the centre

    def advance(self, row: Row) -> Row:
        """Compute the row after the stage, as far as it is not known yet."""
        count, inner, step = row.after(self._stage)
        after = Row([()] * count, inner, row.first, step)
        missing = []
        for i in range(count):
            known = self._known.get(after.centre(i)) if i in inner else None
            if known is None:
                missing.append(i)
            else:
                after.parts[i] = known
        for runs in equal_runs(missing):
            for run, parts in zip(runs, self._compute(row, runs), strict=True):
                for n, i in enumerate(run):
                    after.parts[i] = tuple(part[:, n : n + 1] for part in parts)
                    if i in inner:  # a copy, for the run's own memory to be free again
                        self._known[after.centre(i)] = tuple(part.clone() for part in after.parts[i])
        self.forget(min((after.centre(i) for i in inner), default=0))
        return after

    def forget(self, before: int) -> None:
        """Drop what stands at frames before this one."""
        for centre in [c for c in self._known if c < before]:
            del self._known[centre]

    def _compute(self, row: Row, runs: Sequence[range]) -> Iterator[Parts]:
        """Runs of positions, all of the same length, as one batch; zeros stand for what is outside."""
        stage = self._stage
        zeros = tuple(torch.zeros_like(part) for part in row.parts[0][: stage.reads])
        batch = []
        for run in runs:
            needed = range(stage.stride * run[0] - stage.reach, stage.stride * run[-1] + stage.reach + 1)
            steps = [row.parts[i][: stage.reads] if 0 <= i < len(row.parts) else zeros for i in needed]
            batch.append(steps)
        inputs = tuple(
            torch.cat([step[part] for steps in batch for step in steps], dim=1).unflatten(1, (len(runs), -1))[
                0
            ]
            for part in range(stage.reads)
        )
        outputs = stage.within(stage.along(inputs, False))
        for n in range(len(runs)):
            yield tuple(part[n : n + 1] for part in outputs)


def equal_runs(positions: Sequence[int]) -> Iterator[list[range]]:
    """Successive positions, grouped by how many succeed each other: 0 1 2 5 8 9 10 -> (0-2, 8-10), (5)."""
    runs: list[range] = []
    for _, group in groupby(enumerate(positions), lambda pair: pair[1] - pair[0]):
        members = [position for _, position in group]
        runs.append(range(members[0], members[-1] + 1))
    for _, same in groupby(sorted(runs, key=len), len):
        yield list(same)
