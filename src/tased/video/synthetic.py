"""A short clip made by code: a summer landscape under a panning camera, with things that move in it.

For examples, demonstrations and tests: it ships no one's pictures, one seed gives one clip, and where its
objects are is known. Far layers pan slower than near ones; the meadow is a plane in perspective; all textures
are 1/f noise, as natural scenes' are (Field, J. Opt. Soc. Am. A 1987).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32
from scipy import ndimage

from tased.errors import UsageError
from tased.video.drawing import Body, Colour, Layer, Picture, blend, fractal, paint, rgb, slid, smooth
from tased.video.frame import Frame

SMALLEST = 32  # pixels a side
HORIZON = 0.62  # of the meadow, share of the height from the top
GROUND = 0.84  # of the ball when it touches the grass: its centre, share of the height from the top
PAN = 0.16  # heights a second, of the meadow's middle


@dataclass(frozen=True, slots=True)
class Ridge:
    """A line of hills."""

    level: float  # of its crest, share of the height from the top
    relief: float  # deviation of its crest, share of the height
    jags: float  # spectral slope of its crest: smaller is rougher
    bumps: float  # spectral slope of its surface
    shadow: Colour
    sunlit: Colour
    speed: float  # against the pan, share of the meadow's middle
    key: int  # of its noise


RIDGES = (
    Ridge(0.47, 0.055, 1.25, 1.45, rgb(0.38, 0.46, 0.57), rgb(0.70, 0.73, 0.76), 0.16, 3),
    Ridge(0.575, 0.03, 1.0, 1.15, rgb(0.13, 0.26, 0.17), rgb(0.42, 0.53, 0.26), 0.36, 5),
)
HAZE = rgb(0.78, 0.83, 0.88)


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
            Body("ball", ball_x, GROUND - hop, 0.085, rolled),
        )
        if index < self.appearance:
            return seen
        return (*seen, Body("pinwheel", 0.25 + 0.5 * abs(2 * b - 1), 0.66, 0.1, 4.0 * t))

    def frame(self, index: int) -> Frame:
        """The picture, made anew."""
        seconds = index / self.rate
        picture = self._landscape(PAN * seconds * self.height)
        for body in self.bodies(index):
            paint(picture, body, ground=GROUND)
        pixels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
        return Frame(pixels, index, seconds)

    def _landscape(self, pan: float) -> Picture:
        """Sky, two ridges and the meadow, the camera moved `pan` pixels to the right."""
        picture = slid(self._sky, 0.06 * pan, self.width)
        for ridge, strip in zip(RIDGES, self._ridges, strict=True):
            layer = slid(strip, ridge.speed * pan, self.width)
            cover = layer[..., 3:]
            picture = picture * (1 - cover) + layer[..., :3] * cover
        top = round(HORIZON * self.height)
        picture[top:] = self._meadow(top, pan)
        return picture

    @cached_property
    def _sky(self) -> Picture:
        rows, columns = self.height, 2 * self.width
        down = np.linspace(0, 1 / HORIZON, rows, dtype=np.float32)[:, None].clip(0, 1)
        blue = blend(rgb(0.16, 0.42, 0.78), rgb(0.93, 0.90, 0.82), down**1.3)
        noise = fractal(rows, columns, 1.5, [self.seed, 2], squash=2.4)
        cover = smooth(noise + 0.5 * (down - 0.4), 0.1, 1.5)
        lit = np.roll(noise, (-max(1, rows // 60), -max(1, rows // 45)), axis=(0, 1))
        white = blend(rgb(0.74, 0.77, 0.84), rgb(1.0, 0.99, 0.96), smooth(noise - lit, -0.35, 0.25))
        return blend(blue, white, 0.9 * cover)

    @cached_property
    def _ridges(self) -> list[Layer]:
        return [self._ridge(ridge) for ridge in RIDGES]

    def _ridge(self, ridge: Ridge) -> Layer:
        """RGB and cover: sunlit bumps under a jagged crest, fading into haze towards the foot."""
        rows, columns = self.height, 2 * self.width
        crest = (
            ridge.level + ridge.relief * fractal(1, columns, ridge.jags, [self.seed, ridge.key])[0]
        ) * rows
        below = np.arange(rows, dtype=np.float32)[:, None] - crest
        bumps = fractal(rows, columns, ridge.bumps, [self.seed, ridge.key + 1], squash=1.5)
        towards_sun = (-max(1, rows // 120), -max(1, rows // 90))
        sunny = bumps - np.roll(bumps, towards_sun, axis=(0, 1))
        colour = blend(ridge.shadow, ridge.sunlit, smooth(sunny / sunny.std() + 0.25 * bumps, -1.8, 2.2))
        colour = blend(colour, HAZE, 0.85 * (below / (0.16 * rows)).clip(0, 1))
        cover = (below + 0.5).clip(0, 1)[..., None]
        return np.concatenate([colour, cover], axis=-1).astype(np.float32)

    @cached_property
    def _grass(self) -> Float32[np.ndarray, "2 512 512"]:
        """Tiles seen from above: height of the grass at two scales."""
        return np.stack([fractal(512, 512, slope, [self.seed, key]) for slope, key in ((0.75, 7), (1.4, 8))])

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
        green = blend(rgb(0.16, 0.30, 0.08), rgb(0.62, 0.72, 0.25), light.clip(0, 1))
        flowers = 0.9 * smooth(fine, 2.3, 2.7) * smooth(near, 0.1, 0.5)
        green = blend(green, rgb(0.98, 0.95, 0.72), flowers)
        return blend(green, rgb(0.72, 0.78, 0.62), 0.75 * (1 - near) ** 3)
