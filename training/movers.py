"""Clips of things that move, pasted from pictures onto another one: a crowd of small ones, or few large ones.

What is cut out is what people looked at most in its own picture. Some cut-outs move, slowly or fast, and some
stand on the background, over which the camera wanders, or not; one that rests in its picture while the camera
wanders is followed. Where people look is left to a teacher that sees motion. So a network without videos to
learn from learns what motion is worth, and that the camera's is worth nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8
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
EDGE = 0.25  # of a cut-out's radius, over which it fades
STATIC = 0.4  # of the cameras
LARGEST = (0.08, 0.48)  # radius of a clip's largest cut-out, share of the height
MOST = 8  # cut-outs
COVERED = 0.8  # so many times the largest radius of them, at most
ZOOM = 0.15  # a camera that wanders may go nearer, or away, by this share
STANDING = 0.4  # of them: on the background
RESTING = 0.15  # of the others: in the frame


@dataclass(frozen=True, slots=True)
class CutOut:
    """A round part of a picture, and where it is pasted."""

    picture: Path
    centre: tuple[float, float]  # of the part: down and across, shares of the picture
    part: float  # its radius there, share of the picture's height
    radius: float  # share of the clip's height
    start: tuple[float, float]  # down and across, shares of the clip
    velocity: tuple[float, float] | None  # shares a second; None: it stands on the background

    def place(self, seconds: float) -> tuple[float, float]:
        """Its centre where it moves in the frame, down and across: it turns round at the borders."""
        down, across = (
            1 - abs((s + v * seconds) % 2 - 1)
            for s, v in zip(self.start, self.velocity or (0.0, 0.0), strict=True)
        )
        return down, across


@dataclass(frozen=True, slots=True)
class Mover:
    """A clip: a picture that the camera wanders over, and cut-outs, the later ones in front."""

    background: Path
    views: tuple[View, View]  # in the first and in the last frame
    cut_outs: tuple[CutOut, ...]
    frames: int
    rows: int
    columns: int

    def __iter__(self) -> Iterator[Frame]:
        picture = sized(self.background, round(self.rows / self.views[0].height))
        for index in range(self.frames):
            canvas = seen(picture, places(self.view(index), self.rows, self.columns))
            for cut_out in self.cut_outs:
                _paste(canvas, cut_out, self.place(cut_out, index))
            yield Frame(shown(canvas), index, index / RATE)

    def view(self, index: int) -> View:
        """What the camera sees of the background."""
        return self.views[0].towards(self.views[1], index / max(1, self.frames - 1))

    def place(self, cut_out: CutOut, index: int) -> tuple[float, float]:
        """Where a cut-out is, down and across: one that stands is at one place of the background."""
        if cut_out.velocity is not None:
            return cut_out.place(index / RATE)
        first, now, start = self.views[0], self.view(index), cut_out.start
        return (
            start[0] + (first.top - now.top) / now.height,
            start[1] + (first.left - now.left) / now.width,
        )


def plan(pictures: Sequence[Clip], number: int, *, frames: int, rows: int, columns: int) -> Mover:
    """Clip `number` of as many as one likes: the same for the same pictures."""
    draw = np.random.default_rng([5, number])
    few = len(pictures) <= MOST
    background, *others = (pictures[i] for i in draw.choice(len(pictures), 1 + MOST, replace=few))
    largest = LARGEST[0] * (LARGEST[1] / LARGEST[0]) ** float(draw.uniform())
    most = min(MOST, max(2, round(COVERED / largest)))
    cut_outs = []
    for picture in others[: int(draw.integers(2, most + 1))]:
        part = float(draw.uniform(0.1, 0.25))
        radius = largest * float(draw.uniform(0.6, 1))
        start = draw.uniform(0.05, 0.95, 2).tolist()
        speed, heading = float(0.02 * 40 ** draw.uniform()), float(draw.uniform(0, 2 * np.pi))
        kind = draw.random()
        velocity = None
        if kind > STANDING:
            speed *= kind > STANDING + RESTING * (1 - STANDING)
            velocity = (speed * float(np.sin(heading)), speed * float(np.cos(heading)) * rows / columns)
        centre = most_looked_at(picture)
        cut_outs.append(CutOut(picture.video_path, centre, part, radius, (start[0], start[1]), velocity))
    return Mover(background.video_path, camera(draw), tuple(cut_outs), frames, rows, columns)


def camera(draw: np.random.Generator) -> tuple[View, View]:
    """What it sees of a picture in the first frame and in the last: it rests, or wanders straight."""
    size = float(draw.uniform(0.65, 0.95))
    top, left = draw.uniform(0, 1 - size, 2).tolist()
    first = View(top, left, size, size)
    size = min(1.0, size * float(draw.uniform(1 - ZOOM, 1 + ZOOM)))
    top, left = draw.uniform(0, 1 - size, 2).tolist()
    last = View(top, left, size, size)
    return first, first if draw.random() < STATIC else last


def places(view: View, rows: int, columns: int) -> Float[Tensor, "H W 2"]:
    """Where in a picture each pixel of a view is from, down and across, from 0 to 1."""
    y = view.top + view.height * (torch.arange(rows) + 0.5) / rows
    x = view.left + view.width * (torch.arange(columns) + 0.5) / columns
    return torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)


def seen(picture: Float32[Tensor, "1 3 h w"], where: Float[Tensor, "H W 2"]) -> Float[Tensor, "3 H W"]:
    """A picture at these places, bilinear: things move by parts of a pixel."""
    grid = 2 * where.flip(-1)[None] - 1
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)[0]


def shown(canvas: Float[Tensor, "3 H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """As a frame's pixels."""
    pixels = canvas.permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
    return np.ascontiguousarray(pixels)


def write(frames: Iterable[Frame], path: Path, rows: int, columns: int) -> None:
    """As a movie."""
    with ColourMovie(path, width=columns, height=rows, rate=Fraction(RATE), coding=CODING) as movie:
        for frame in frames:
            movie.write(frame)


def _paste(canvas: Float[Tensor, "3 H W"], cut_out: CutOut, place: tuple[float, float]) -> None:
    """Into the canvas, where it is in sight."""
    rows, columns = canvas.shape[1:]
    radius = cut_out.radius * rows  # pixels
    (top, bottom), (left, right) = (
        (max(0, int(share * size - radius)), min(size, int(share * size + radius) + 2))
        for share, size in zip(place, (rows, columns), strict=True)
    )
    if top >= bottom or left >= right:
        return
    picture = sized(cut_out.picture, round(radius / cut_out.part))
    v = (torch.arange(top, bottom) + 0.5 - place[0] * rows) / radius
    u = (torch.arange(left, right) + 0.5 - place[1] * columns) / radius
    away = torch.stack(torch.meshgrid(v, u, indexing="ij"), -1)  # from its centre, in radii
    aspect = picture.shape[3] / picture.shape[2]
    part = seen(picture, torch.tensor(cut_out.centre) + away * cut_out.part / torch.tensor([1.0, aspect]))
    cover = ((1 - away.norm(dim=-1)) / EDGE).clamp(0, 1)
    canvas[:, top:bottom, left:right].lerp_(part, cover)


def most_looked_at(picture: Clip) -> tuple[float, float]:
    """Where the density of a picture is greatest, down and across, shares of it; without one the middle."""
    density = picture.density(0)
    if density is None or not density.any():
        return 0.5, 0.5
    row, column = np.unravel_index(int(density.argmax()), density.shape)
    return (float(row) + 0.5) / density.shape[0], (float(column) + 0.5) / density.shape[1]


@lru_cache(maxsize=2 * MOST)
def sized(path: Path, rows: int) -> Float32[Tensor, "1 3 H W"]:
    """A picture, about as large as it is shown: it is sampled without aliasing then."""
    pixels = next(iter(open_video(path))).pixels
    return resize(pixels, rows, round(rows * pixels.shape[1] / pixels.shape[0]))[None].float()
