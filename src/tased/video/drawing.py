"""What the synthetic clip is drawn with: noise, blends, and four shaded objects.

Axes: pictures are (rows, columns, 3), RGB in [0, 1]. An object is drawn in its own coordinates: u to
the right and v down, 0 at its centre, 1 at its radius; `pixel` is one sample's size in them.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32
from scipy import fft

SUN = np.array([-0.45, -0.65, 0.61])  # direction towards it: right, down, to the viewer

SAMPLES = 2  # a side, in each pixel of an object

Name = Literal["balloon", "kite", "ball", "pinwheel"]
Plane = Float[np.ndarray, "rows columns"]
Picture = Float[np.ndarray, "rows columns 3"]
Layer = Float[np.ndarray, "rows columns channels"]
Colour = Float32[np.ndarray, "3"]


@dataclass(frozen=True, slots=True)
class Body:
    """One object at one moment."""

    name: Name
    x: float  # of its centre, share of the frame's width from the left
    y: float  # of its centre, share of the frame's height from the top
    radius: float  # share of the frame's height
    turn: float  # radians


def rgb(red: float, green: float, blue: float) -> Colour:
    """A colour, each channel in [0, 1]."""
    return np.array([red, green, blue], dtype=np.float32)


def blend(
    under: Float[np.ndarray, "*#shape 3"],
    over: Float[np.ndarray, "*#shape 3"],
    share: Float[np.ndarray, "*#shape"],
) -> Picture:
    """`share` (rows, columns) of `over`, the rest of `under`."""
    mixed: Picture = (under + (over - under) * np.asarray(share)[..., None]).astype(np.float32)
    return mixed


def smooth(value: Float[np.ndarray, "..."], low: float, high: float) -> Float[np.ndarray, "..."]:
    """0 up to `low`, 1 from `high`, a smooth step between."""
    t = ((value - low) / (high - low)).clip(0, 1)
    step: Float[np.ndarray, ...] = t * t * (3 - 2 * t)
    return step


def fractal(rows: int, columns: int, slope: float, key: list[int], *, squash: float = 1.0) -> Plane:
    """Noise whose amplitude falls as 1 / frequency^slope; mean 0, deviation 1, seamless at its borders.

    `squash` is how much wider than high its features are.
    """
    white = np.random.default_rng(key).standard_normal((rows, columns))
    down = fft.fftfreq(rows)[:, None] * rows
    across = fft.rfftfreq(columns) * columns
    frequency = np.hypot(down / squash * columns / rows, across)
    frequency[0, 0] = 1
    spectrum = fft.rfft2(white) / frequency**slope
    spectrum[0, 0] = 0
    noise = fft.irfft2(spectrum, s=(rows, columns))
    deviation: Plane = (noise / noise.std()).astype(np.float32)
    return deviation


def slid(layer: Layer, pan: float, width: int) -> Float[np.ndarray, "rows width channels"]:
    """`width` columns of an endless layer, from column `pan` on; parts of a pixel are interpolated."""
    first = math.floor(pan)
    columns = (first + np.arange(width + 1)) % layer.shape[1]
    window = layer[:, columns]
    share = np.float32(pan - first)
    moved: Float[np.ndarray, "rows width channels"] = window[:, :-1] * (1 - share) + window[:, 1:] * share
    return moved


def paint(picture: Picture, body: Body, *, ground: float) -> None:
    """Draw a body in place; its edges are anti-aliased.

    `ground` is where its shadow falls, a share of the height.
    """
    height, width = picture.shape[:2]
    radius = body.radius * height
    if body.name == "ball":
        _cast_shadow(picture, body, ground)
    top, bottom = (int(body.y * height + side * radius) for side in (-1.2, 2.6))
    left, right = (int(body.x * width + side * radius) for side in (-1.4, 1.4))
    rows = slice(max(0, top), max(0, min(height, bottom + 1)))
    columns = slice(max(0, left), max(0, min(width, right + 1)))
    y, x = (_supersampled(span) for span in (rows, columns))
    v, u = np.meshgrid((y - body.y * height) / radius, (x - body.x * width) / radius, indexing="ij")
    draw = {"balloon": _balloon, "kite": _kite, "ball": _ball, "pinwheel": _pinwheel}[body.name]
    colour, cover = draw(u, v, body.turn, 1 / (SAMPLES * radius))
    seen_through, painted = _averaged(1 - cover[..., None]), _averaged(colour * cover[..., None])
    picture[rows, columns] = picture[rows, columns] * seen_through + painted


def _supersampled(pixels: slice) -> Float[np.ndarray, " samples"]:
    """Where the samples of these pixels lie."""
    return (np.arange(pixels.start * SAMPLES, pixels.stop * SAMPLES) + 0.5) / SAMPLES


def _averaged(samples: Layer) -> Float32[np.ndarray, "fewer_rows fewer_columns channels"]:
    """A pixel is the mean of its samples."""
    rows, columns, channels = samples.shape
    blocks = samples.reshape(rows // SAMPLES, SAMPLES, columns // SAMPLES, SAMPLES, channels)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def _cast_shadow(picture: Picture, ball: Body, ground: float) -> None:
    """A soft ellipse on the grass, fainter, wider and farther from the sun the higher the ball is."""
    height, width = picture.shape[:2]
    lift = (ground - ball.y) / ball.radius
    top = max(0, int((ground + 0.3 * ball.radius) * height))
    y, x = np.mgrid[top:height, :width].astype(np.float32) + 0.5
    u = (x - ball.x * width) / (ball.radius * height) - 0.3 * lift
    v = (y / height - ground) / ball.radius - 0.95
    dark = 0.55 * np.exp(-(((u / (1 + 0.3 * lift)) ** 2 + (v / 0.28) ** 2) ** 2)) / (1 + lift)
    picture[top:] *= (1 - dark)[..., None]


def _lit(colour: Picture, normal_x: Plane, normal_y: Plane, *, shine: float) -> Picture:
    """Lambert's law with sky light from above, and a highlight."""
    normal_z = np.sqrt((1 - normal_x**2 - normal_y**2).clip(0, 1))
    facing = normal_x * SUN[0] + normal_y * SUN[1] + normal_z * SUN[2]
    light = 0.42 - 0.12 * normal_y + 0.68 * facing.clip(0, 1)
    mirrored = (2 * facing * normal_z - SUN[2]).clip(0, 1)
    lit: Picture = colour * light[..., None] + shine * (mirrored**24)[..., None]
    return lit


def _striped(first: Colour, second: Colour, wave: Plane, softness: Plane | float) -> Picture:
    """Two colours in turn, as `wave` changes its sign."""
    return blend(first, second, (0.5 + wave / softness).clip(0, 1))


def _balloon(u: Plane, v: Plane, turn: float, pixel: float) -> tuple[Picture, Plane]:
    """A hot-air balloon: red and cream gores, a skirt, ropes and a basket."""
    join = 0.45  # from here the round envelope runs straight to its mouth
    slope = -join / math.sqrt(1 - join**2)
    half = np.where(v < join, np.sqrt((1 - v**2).clip(0, 1)), math.sqrt(1 - join**2) + slope * (v - join))
    mouth = v < 1.42
    envelope = ((half - np.abs(u)) / pixel * 0.8 + 0.5).clip(0, 1) * mouth * (v > -1)
    share = (u / np.maximum(half, 1e-3)).clip(-1, 1)
    wave = np.cos(6 * np.arcsin(share) + turn)
    colour = _striped(rgb(0.83, 0.13, 0.10), rgb(0.98, 0.90, 0.74), wave, 0.35 + 4 * pixel)
    band = np.exp(-(((v - 0.12) / 0.16) ** 8))
    colour = blend(colour, rgb(0.95, 0.62, 0.12), 0.9 * band * (np.cos(12 * np.arcsin(share) + 2 * turn) > 0))
    colour = _lit(colour, 0.97 * share, 0.75 * v.clip(-1, 1), shine=0.1)
    ropes = (1 - np.abs(np.abs(u) - 0.17) / max(pixel, 0.02)).clip(0, 1) * (v >= 1.4) * (v < 1.75) * 0.8
    basket = smooth(0.2 - np.abs(u), 0.0, pixel) * smooth(0.16 - np.abs(v - 1.87), 0.0, pixel)
    wicker = rgb(0.40, 0.25, 0.12) * (0.85 + 0.25 * np.cos(40 * v) - 0.5 * u)[..., None]
    colour = np.where((v > 1.42)[..., None], wicker, colour)
    return colour.astype(np.float32), np.maximum(envelope, np.maximum(ropes, basket))


def _ball(u: Plane, v: Plane, turn: float, pixel: float) -> tuple[Picture, Plane]:
    """A beach ball of blue and white wedges that rolls; its pole leans towards the viewer."""
    distance = np.hypot(u, v)
    cover = ((1 - distance) / pixel + 0.5).clip(0, 1)
    depth = np.sqrt((1 - distance**2).clip(0, 1))
    lean = 0.5
    across = u * math.cos(turn) + v * math.sin(turn)
    along = -u * math.sin(turn) + v * math.cos(turn)
    pole = depth * math.cos(lean) + along * math.sin(lean)
    beside = along * math.cos(lean) - depth * math.sin(lean)
    wave = np.sin(3 * np.arctan2(beside, across))
    colour = _striped(rgb(0.96, 0.96, 0.95), rgb(0.08, 0.26, 0.78), wave, 0.12 + 4 * pixel)
    colour = blend(colour, rgb(0.96, 0.96, 0.95), smooth(np.abs(pole), 0.93 - pixel, 0.95 + pixel))
    return _lit(colour, u, v, shine=0.5), cover


def _kite(u: Plane, v: Plane, turn: float, pixel: float) -> tuple[Picture, Plane]:
    """A kite of magenta and yellow quarters, with bows on a waving tail."""
    across = u * math.cos(turn) + v * math.sin(turn)
    along = -u * math.sin(turn) + v * math.cos(turn)
    tall = np.where(along < -0.1, (along + 0.1) / -0.9, (along + 0.1) / 1.1)
    edge = 1 - np.abs(across) / 0.8 - tall
    cover = (edge * 0.6 / pixel + 0.5).clip(0, 1)
    quarter = np.sign(across) * np.sign(along + 0.1)
    colour = np.where((quarter > 0)[..., None], rgb(0.80, 0.06, 0.50), rgb(0.99, 0.80, 0.10))
    crease = np.minimum(np.abs(across), np.abs(along + 0.1))
    bulge = (
        0.86 + 0.22 * np.sign(-across) * (1 - np.abs(across)) - 0.35 * np.exp(-crease / (0.02 + 0.5 * pixel))
    )
    colour = colour * bulge[..., None]
    hang = (v - 0.95).clip(0, 1.6)
    middle = -math.sin(turn) + 0.22 * np.sin(4.2 * hang - 6 * turn) * hang
    cord = (1 - np.abs(u - middle) / max(0.7 * pixel, 0.025)).clip(0, 1) * (v > 0.9) * (v < 2.5)
    bows = smooth(0.16 - np.abs(u - middle), 0.0, pixel) * smooth(np.cos(hang * math.tau / 0.5), 0.55, 0.9)
    tail = np.maximum(0.8 * cord, bows * (v > 1.1) * (v < 2.5))
    colour = blend(colour, rgb(0.80, 0.06, 0.50), smooth(tail - cover, -0.01, 0.01))
    return colour, np.maximum(cover, tail)


def _pinwheel(u: Plane, v: Plane, turn: float, pixel: float) -> tuple[Picture, Plane]:
    """A spinning paper pinwheel, orange and teal, on a stick."""
    distance = np.hypot(u, v)
    vane = ((np.arctan2(v, u) + 0.9 * distance - turn) / math.tau * 8) % 1
    rim = 1 - 0.28 * vane
    sails = ((rim - distance) / pixel + 0.5).clip(0, 1)
    other = ((np.arctan2(v, u) + 0.9 * distance - turn) / math.tau * 4) % 1 < 0.5
    colour = np.where(other[..., None], rgb(1.0, 0.48, 0.05), rgb(1.0, 0.86, 0.16))
    colour = colour * (1.05 - 0.5 * vane**2)[..., None]
    hub = smooth(0.13 - distance, -pixel, pixel)
    colour = blend(colour, rgb(0.97, 0.97, 0.95), hub)
    stick = smooth(0.06 - np.abs(u), -0.5 * pixel, pixel) * (v > 0) * (v < 2.4)
    wood = rgb(0.45, 0.30, 0.17) * (1.1 - 6 * u)[..., None]
    colour = np.where((sails > 0)[..., None], colour, wood)
    return colour.astype(np.float32), np.maximum(sails, stick)
