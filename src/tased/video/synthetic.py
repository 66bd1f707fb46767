"""A short clip made by code: a summer landscape under a panning camera, with things that move in it.

For examples, demonstrations and tests: it ships no one's pictures, is the same on every machine for one seed (to
rounding), and where its objects are is known. Far layers pan slower than near ones; the meadow is a plane in
perspective; all textures are 1/f noise, as natural scenes' are (Field, J. Opt. Soc. Am. A 1987).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float32
from scipy import fft, ndimage

from tased.errors import UsageError
from tased.video.frame import Frame

SMALLEST = 32  # pixels a side
HORIZON = 0.62  # of the meadow, share of the height from the top
PAN = 0.16  # heights a second, of the meadow's middle
LIGHT = np.array([-0.45, -0.65, 0.61], dtype=np.float32)  # towards the sun: x right, y down, z to the viewer

Name = Literal["balloon", "ball", "kite", "pinwheel"]
Plane = Float32[np.ndarray, "rows columns"]
Picture = Float32[np.ndarray, "rows columns 3"]  # RGB in [0, 1]


@dataclass(frozen=True, slots=True)
class Body:
    """One object at one moment."""

    name: Name
    x: float  # of its centre, share of the frame's width from the left
    y: float  # of its centre, share of the frame's height from the top
    radius: float  # share of the frame's height
    turn: float  # radians


def clip(
    seed: int = 0, *, frames: int = 120, height: int = 360, width: int = 640, rate: float = 25.0
) -> Iterator[Frame]:
    """The frames of `Scene`, in order; memory does not grow with their number."""
    scene = Scene(seed=seed, frames=frames, height=height, width=width, rate=rate)
    return (scene.frame(index) for index in range(frames))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The landscape, its objects, and every frame of it, in any order."""

    seed: int = 0
    frames: int = 120  # of the whole clip; sets when the pinwheel appears
    height: int = 360  # pixels
    width: int = 640  # pixels
    rate: float = 25.0  # frames a second

    def __post_init__(self) -> None:
        if min(self.height, self.width) < SMALLEST:
            raise UsageError(
                f"a synthetic clip of {self.width}x{self.height} pixels was asked for; "
                f"its objects need at least {SMALLEST}x{SMALLEST}"
            )
        if self.frames < 1 or not self.rate > 0:
            raise UsageError(
                f"a synthetic clip of {self.frames} frames at {self.rate} a second was asked for; "
                "both must be greater than 0"
            )

    @property
    def appearance(self) -> int:
        """The index of the first frame that shows the pinwheel; nothing announces it."""
        return self.frames // 2

    def bodies(self, index: int) -> tuple[Body, ...]:
        """What there is to see in a frame besides the landscape, from the farthest to the nearest."""
        t = index / self.rate
        a, b, c, d = np.random.default_rng([self.seed, 1]).uniform(size=4).tolist()
        sway = 0.5 + 0.3 * math.sin(0.21 * t + math.tau * a)
        rise = 0.3 + 0.07 * math.sin(0.37 * t + math.tau * b)
        loop = 1.1 * t + math.tau * c
        kite_x, kite_y = 0.5 + 0.36 * math.sin(loop), 0.2 + 0.1 * math.sin(2 * loop + 0.6)
        heading = math.atan2(0.2 * math.cos(2 * loop + 0.6), 0.36 * math.cos(loop))
        swing = 0.55 * t + math.tau * d
        ball_x = 0.5 - 0.38 * math.cos(swing)
        hop = 0.16 * abs(math.sin(3.4 * t))
        rolled = (ball_x * self.width / self.height + PAN * t) / 0.085
        seen = (
            Body("balloon", sway, rise, 0.15, 0.3 * t),
            Body("kite", kite_x, kite_y, 0.07, 0.5 * math.sin(heading)),
            Body("ball", ball_x, 0.84 - hop, 0.085, rolled),
        )
        if index < self.appearance:
            return seen
        return (*seen, Body("pinwheel", 0.25 + 0.5 * abs(2 * b - 1), 0.66, 0.1, 4.0 * t))

    def frame(self, index: int) -> Frame:
        """The picture, made anew."""
        seconds = index / self.rate
        picture = self._landscape(PAN * seconds * self.height)
        for body in self.bodies(index):
            _paint(picture, body)
        pixels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
        return Frame(pixels, index, seconds)

    def _landscape(self, pan: float) -> Picture:
        """Sky, two ridges and the meadow, the camera moved `pan` pixels to the right."""
        picture = _slid(self._sky, 0.06 * pan, self.width)
        for ridge, speed in zip(self._ridges, (0.16, 0.36), strict=True):
            layer = _slid(ridge, speed * pan, self.width)
            cover = layer[..., 3:]
            picture = picture * (1 - cover) + layer[..., :3] * cover
        top = round(HORIZON * self.height)
        picture[top:] = self._meadow(top, pan)
        return picture

    @cached_property
    def _sky(self) -> Picture:
        rows, columns = self.height, 2 * self.width
        down = np.linspace(0, 1 / HORIZON, rows, dtype=np.float32)[:, None].clip(0, 1)
        blue = _blend(_rgb(0.16, 0.42, 0.78), _rgb(0.93, 0.90, 0.82), down**1.3)
        noise = _fractal(rows, columns, 1.5, [self.seed, 2], squash=2.4)
        cover = _smooth(noise + 0.5 * (down - 0.4), 0.1, 1.5)
        lit = np.roll(noise, (-max(1, rows // 60), -max(1, rows // 45)), axis=(0, 1))
        white = _blend(_rgb(0.74, 0.77, 0.84), _rgb(1.0, 0.99, 0.96), _smooth(noise - lit, -0.35, 0.25))
        return _blend(blue, white, 0.9 * cover)

    @cached_property
    def _ridges(self) -> tuple[Float32[np.ndarray, "rows columns 4"], ...]:
        """Far mountains and near wooded hills: RGB and cover."""
        haze = _rgb(0.78, 0.83, 0.88)
        far = self._ridge(0.47, 0.055, 1.25, _rgb(0.40, 0.47, 0.56), _rgb(0.66, 0.70, 0.74), haze, 3)
        near = self._ridge(0.575, 0.03, 1.0, _rgb(0.13, 0.26, 0.17), _rgb(0.42, 0.53, 0.26), haze, 5)
        return far, near

    def _ridge(
        self, level: float, relief: float, slope: float, dark: Picture, bright: Picture, haze: Picture, key: int
    ) -> Float32[np.ndarray, "rows columns 4"]:
        rows, columns = self.height, 2 * self.width
        crest = (level + relief * _fractal(1, columns, slope, [self.seed, key])[0]) * rows
        y = np.arange(rows, dtype=np.float32)[:, None]
        cover = (y - crest + 0.5).clip(0, 1)
        bumps = _fractal(rows, columns, 1.1, [self.seed, key + 1], squash=1.5)
        sunny = bumps - np.roll(bumps, (-max(1, rows // 120), -max(1, rows // 90)), axis=(0, 1))
        colour = _blend(dark, bright, _smooth(sunny + 0.25 * bumps, -0.7, 0.9))
        colour = _blend(colour, haze, 0.85 * ((y - crest) / (0.16 * rows)).clip(0, 1))
        return np.concatenate([colour, cover[..., None]], axis=-1).astype(np.float32)

    @cached_property
    def _grass(self) -> Float32[np.ndarray, "2 512 512"]:
        """Tiles seen from above: height of the grass at two scales."""
        return np.stack([_fractal(512, 512, slope, [self.seed, key]) for slope, key in ((0.75, 7), (1.4, 8))])

    def _meadow(self, top: int, pan: float) -> Picture:
        """A plane in perspective: a place twice as far below the horizon is half as far away."""
        y = np.arange(top, self.height, dtype=np.float32)[:, None]
        below = (y - top + 0.02 * self.height) / self.height
        middle = (1 - HORIZON) / 2
        scale = middle / below
        across = ((np.arange(self.width, dtype=np.float32) - self.width / 2) / self.height) * scale
        across = across + pan / self.height
        away = np.broadcast_to(scale * 1.2, across.shape)
        fine, broad = (
            ndimage.map_coordinates(tile, [away * size, across * size], order=1, mode="grid-wrap")
            for tile, size in zip(self._grass, (330.0, 90.0), strict=True)
        )
        near = (below / (1 - HORIZON)).clip(0, 1)
        mown = 0.16 * np.tanh(5 * np.sin(math.tau * 1.1 * (across - 0.4 * away)))
        light = 0.52 + 0.12 * broad + (0.04 + 0.1 * near) * fine * near + mown * (1 - 0.4 * near)
        green = _blend(_rgb(0.16, 0.30, 0.08), _rgb(0.62, 0.72, 0.25), light.clip(0, 1))
        flowers = 0.9 * _smooth(fine, 2.3, 2.7) * _smooth(near, 0.1, 0.5)
        green = _blend(green, _rgb(0.98, 0.95, 0.72), flowers)
        return _blend(green, _rgb(0.72, 0.78, 0.62), 0.75 * (1 - near) ** 3)


def _paint(picture: Picture, body: Body) -> None:
    """Draw a body in place; edges are anti-aliased over one pixel."""
    height, width = picture.shape[:2]
    radius = body.radius * height
    if body.name == "ball":
        _cast_shadow(picture, body)
    reach = 2.2 if body.name in ("balloon", "pinwheel") else 1.1
    left, right = (int(body.x * width + side * 1.1 * radius) for side in (-1, 1))
    above, under = int(body.y * height - 1.1 * radius), int(body.y * height + reach * radius)
    rows = slice(max(0, above), max(0, min(height, under + 2)))
    columns = slice(max(0, left), max(0, min(width, right + 2)))
    y, x = np.mgrid[rows, columns].astype(np.float32) + 0.5
    u, v = (x - body.x * width) / radius, (y - body.y * height) / radius
    draw = {"balloon": _balloon, "ball": _ball, "kite": _kite, "pinwheel": _pinwheel}[body.name]
    colour, cover = draw(u, v, body.turn, 1 / radius)
    picture[rows, columns] = _blend(picture[rows, columns], colour, cover)
