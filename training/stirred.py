"""Pictures in which something stirs: parts that sway like a head, a hand or leaves, under a wandering camera.

Large parts sway slowly, as what is near does before what is far. Nothing is pasted, so all but the motion is
as in the picture; what stirs is often what people looked at most.
Where people look is left to a teacher that sees motion. So a network without videos to learn from learns what
motion by itself, without a border of a cut-out, looks like, and that the camera's is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tased.data.clip import Clip
from tased.train.samples import View
from tased.video.frame import Frame
from training.movers import RATE, camera, most_looked_at, places, seen, shown, sized

LOOKED_AT = 0.6  # of the first stirs: at what people looked at most
MOST = 8  # parts
RADIUS = (0.06, 0.7)  # of a part, share of the picture's height
HERTZ = (0.1, 3.0)
FASTEST = 0.8  # of the picture's height a second, of a swing
FURTHEST = 0.45  # of its radius, that a part sways: further, and the picture would fold over


@dataclass(frozen=True, slots=True)
class Swing:
    """A sine; two make a motion that does not repeat itself soon."""

    reach: tuple[float, float]  # down and across, shares of the picture's height
    hertz: float
    phase: float

    def shift(self, seconds: float) -> tuple[float, float]:
        """Down and across."""
        now = float(np.sin(2 * np.pi * self.hertz * seconds + self.phase))
        return self.reach[0] * now, self.reach[1] * now


@dataclass(frozen=True, slots=True)
class Stir:
    """A round part of a picture that sways, most in its middle and not at its border."""

    centre: tuple[float, float]  # down and across, shares of the picture
    radius: float  # share of the picture's height
    swings: tuple[Swing, Swing]

    def shift(self, seconds: float) -> tuple[float, float]:
        """Of its middle, down and across, shares of the picture's height."""
        downs, acrosses = zip(*(swing.shift(seconds) for swing in self.swings), strict=True)
        return sum(downs), sum(acrosses)


@dataclass(frozen=True, slots=True)
class Stirred:
    """A clip: a picture that the camera wanders over, with parts that stir."""

    picture: Path
    views: tuple[View, View]  # in the first and in the last frame
    stirs: tuple[Stir, ...]
    frames: int
    rows: int
    columns: int

    def __iter__(self) -> Iterator[Frame]:
        picture = sized(self.picture, round(self.rows / self.views[0].height))
        for index in range(self.frames):
            canvas = seen(picture, self._places(index, picture.shape[3] / picture.shape[2]))
            yield Frame(shown(canvas), index, index / RATE)

    def _places(self, index: int, aspect: float) -> Float[Tensor, "H W 2"]:
        """Where in the picture each pixel is from, down and across, from 0 to 1."""
        view = self.views[0].towards(self.views[1], index / max(1, self.frames - 1))
        where = places(view, self.rows, self.columns)
        scale = torch.tensor([1.0, aspect])  # shares of the height, both ways
        pulled = torch.zeros_like(where)
        for stir in self.stirs:
            away = (where - torch.tensor(stir.centre)) * scale / stir.radius
            share = (1 - away.square().sum(-1, keepdim=True)).clamp(min=0) ** 2
            pulled += torch.tensor(stir.shift(index / RATE)) * share
        return where - pulled / scale


def plan(pictures: Sequence[Clip], number: int, *, frames: int, rows: int, columns: int) -> Stirred:
    """Clip `number` of as many as one likes: the same for the same pictures."""
    draw = np.random.default_rng([6, number])
    picture = pictures[int(draw.integers(len(pictures)))]
    views = camera(draw)
    stirs = []
    for place in range(int(draw.integers(1, MOST + 1))):
        centre = tuple(draw.uniform(0.1, 0.9, 2).tolist())
        if place == 0 and draw.random() < LOOKED_AT:
            centre = most_looked_at(picture)
        stirs.append(Stir((centre[0], centre[1]), *_swaying(draw)))
    return Stirred(picture.video_path, views, tuple(stirs), frames, rows, columns)


def _swaying(draw: np.random.Generator) -> tuple[float, tuple[Swing, Swing]]:
    """A radius, and how far and fast: slow nods and quick trembling alike."""
    radius = _between(*RADIUS, draw)
    furthest = radius * FURTHEST * float(0.1 ** draw.uniform())
    swings = []
    for share in (0.7, 0.3):
        heading, phase = draw.uniform(0, 2 * np.pi, 2).tolist()
        reach = share * furthest
        hertz = min(_between(*HERTZ, draw), FASTEST / (2 * np.pi * reach))
        swings.append(Swing((reach * float(np.sin(heading)), reach * float(np.cos(heading))), hertz, phase))
    return radius, (swings[0], swings[1])


def _between(least: float, most: float, draw: np.random.Generator) -> float:
    """All magnitudes are as likely."""
    return least * (most / least) ** float(draw.uniform())
