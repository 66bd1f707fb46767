"""Clips of things that move, pasted from one picture onto another: where people look is known.

Of two cut-outs of one kind one moves and the other is fixed to its background, over which the camera wanders.
What is cut out is what people looked at most in its own picture. Saliency is a teacher's of the clip, raised
on the one that moves. So a network without videos to learn from learns what motion is worth.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Tensor

from tased.data.clip import Clip
from tased.predict.resize import resize
from tased.train.samples import View
from tased.video.coding import Coding
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.write_colour_movie import ColourMovie

RATE = 25  # frames a second
# Each frame by itself: single ones are learnt from too.
CODING = Coding("libx264", {"crf": "18", "preset": "fast", "g": "1", "x264-params": "mbtree=0"})
RAISED = 0.5  # of the density: on what moves
EDGE = 0.25  # of a cut-out's radius, over which it fades
SPREAD = 0.6  # sigma of the density on a cut-out, in radii


@dataclass(frozen=True, slots=True)
class CutOut:
    """A round part of a picture, and where it is pasted."""

    picture: Path
    centre: tuple[float, float]  # of the part: down and across, shares of the picture
    radius: float  # share of the clip's height, and of the picture's
    start: tuple[float, float]  # down and across, shares of the clip
    velocity: tuple[float, float]  # shares a second

    def place(self, seconds: float) -> tuple[float, float]:
        """Its centre, down and across: it turns round at the borders."""
        down, across = (
            1 - abs((s + v * seconds) % 2 - 1) for s, v in zip(self.start, self.velocity, strict=True)
        )
        return down, across


@dataclass(frozen=True, slots=True)
class Mover:
    """A clip: a picture that the camera wanders over, one cut-out that moves and one that does not."""

    background: Path
    views: tuple[View, View]  # in the first and in the last frame
    moving: CutOut
    still: CutOut
    frames: int
    rows: int
    columns: int

    def __iter__(self) -> Iterator[Frame]:
        pixels = _picture(self.background)
        for index in range(self.frames):
            seen = np.ascontiguousarray(pixels[self.view(index).pixels(*pixels.shape[:2])])
            canvas = resize(seen, self.rows, self.columns).float()
            canvas = _pasted(canvas, self.still, self.pinned(index))
            canvas = _pasted(canvas, self.moving, self.moving.place(index / RATE))
            shown = canvas.permute(1, 2, 0).round().to(torch.uint8).numpy()
            yield Frame(np.ascontiguousarray(shown), index, index / RATE)

    def view(self, index: int) -> View:
        """What the camera sees of the background."""
        way = index / max(1, self.frames - 1)
        first, last = self.views
        return View(
            (1 - way) * first.top + way * last.top,
            (1 - way) * first.left + way * last.left,
            first.height,
            first.width,
        )

    def pinned(self, index: int) -> tuple[float, float]:
        """Where the still cut-out is, down and across: always at the same place of the background."""
        first, now, start = self.views[0], self.view(index), self.still.start
        return (
            start[0] + (first.top - now.top) / now.height,
            start[1] + (first.left - now.left) / now.width,
        )

    def raised(self, density: Float32[np.ndarray, "H W"], index: int) -> Float32[np.ndarray, "H W"]:
        """A density of frame `index` that sums to 1, raised on what moves."""
        rows, columns = density.shape
        down, across = self.moving.place(index / RATE)
        y, x = np.mgrid[:rows, :columns] + 0.5
        sigma = SPREAD * self.moving.radius * rows
        scale = (self.columns / self.rows) / (columns / rows)  # cells need not be square
        squares = (y - down * rows) ** 2 + ((x - across * columns) * scale) ** 2
        bump = np.exp(-squares / (2 * sigma**2))
        return ((1 - RAISED) * density + RAISED * bump / bump.sum()).astype(np.float32)


def plan(pictures: Sequence[Clip], number: int, *, frames: int, rows: int, columns: int) -> Mover:
    """Clip `number` of as many as one likes: the same for the same pictures."""
    draw = np.random.default_rng([5, number])
    background, first, second = (pictures[i] for i in draw.choice(len(pictures), 3))
    seen = float(draw.uniform(0.65, 0.95))
    tops, lefts = draw.uniform(0, 1 - seen, (2, 2)).tolist()
    radius = float(draw.uniform(0.1, 0.22))
    speed, heading = float(draw.uniform(0.15, 0.8)), float(draw.uniform(0, 2 * np.pi))
    velocity = (speed * float(np.sin(heading)), speed * float(np.cos(heading)) * rows / columns)
    where = draw.uniform(0.15, 0.85, (2, 2)).tolist()
    moving, still = (
        CutOut(picture.video_path, _most_looked_at(picture), radius, (place[0], place[1]), moves)
        for picture, place, moves in ((first, where[0], velocity), (second, where[1], (0.0, 0.0)))
    )
    views = (View(tops[0], lefts[0], seen, seen), View(tops[1], lefts[1], seen, seen))
    return Mover(background.video_path, views, moving, still, frames, rows, columns)


def write(frames: Iterable[Frame], path: Path, rows: int, columns: int) -> None:
    """As a movie."""
    with ColourMovie(path, width=columns, height=rows, rate=Fraction(RATE), coding=CODING) as movie:
        for frame in frames:
            movie.write(frame)


def _pasted(
    canvas: Float[Tensor, "3 H W"], cut_out: CutOut, place: tuple[float, float]
) -> Float[Tensor, "3 H W"]:
    """Bilinear, so that it moves by parts of a pixel."""
    rows, columns = canvas.shape[1:]
    pixels = torch.from_numpy(_picture(cut_out.picture)).permute(2, 0, 1).float()
    height, width = pixels.shape[1:]
    down, across = place
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    # In radii, which are a share of the height both ways.
    v = (y - down * rows) / (cut_out.radius * rows)
    u = (x - across * columns) / (cut_out.radius * rows)
    there_y = cut_out.centre[0] * height + v * cut_out.radius * height
    there_x = cut_out.centre[1] * width + u * cut_out.radius * height
    grid = torch.stack([2 * there_x / width - 1, 2 * there_y / height - 1], -1)[None]
    part = F.grid_sample(pixels[None], grid, padding_mode="reflection", align_corners=False)[0]
    cover = ((1 - torch.hypot(u, v)) / EDGE).clamp(0, 1)
    return canvas * (1 - cover) + part * cover


def _most_looked_at(picture: Clip) -> tuple[float, float]:
    density = picture.density(0)
    if density is None or not density.any():
        return 0.5, 0.5
    row, column = np.unravel_index(int(density.argmax()), density.shape)
    return (float(row) + 0.5) / density.shape[0], (float(column) + 0.5) / density.shape[1]


@lru_cache(maxsize=8)
def _picture(path: Path) -> np.ndarray:
    return next(iter(open_video(path))).pixels
