"""A decoded frame as RGB pixels, upright."""

from collections.abc import Mapping
from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter
from jaxtyping import UInt8

Turn = tuple[int, int, int, int]  # signs of a, b, c, d: a point (x, y) is shown at (ax + cy, bx + dy)
UPRIGHT: Turn = (1, 0, 0, 1)
_MATRICES = (1, 4, 5, 6, 7, 9)  # BT.709, FCC, BT.601 twice, SMPTE 240M, BT.2020, numbered as in ITU-T H.273
_BT601 = 5


def turn_of(frame: av.VideoFrame) -> Turn:
    """How the file asks for the frame to be turned or mirrored: one of eight, others are ignored."""
    matrix = cast("Mapping[str, bytes]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d = (int(np.sign(entry)) for entry in np.frombuffer(matrix, np.int32)[:5])
    return (a, b, c, d) if abs(a * d - b * c) == 1 and abs(a) + abs(b) == 1 else UPRIGHT


def turned(pixels: UInt8[np.ndarray, "H W 3"], turn: Turn) -> UInt8[np.ndarray, "H2 W2 3"]:
    """The pixels as displayed; a quarter turn swaps height and width."""
    a, b, c, d = turn
    if a == 0:
        pixels = pixels.transpose(1, 0, 2)
    return np.ascontiguousarray(pixels[:: (b or d), :: (a or c)])


def to_rgb(
    frame: av.VideoFrame, reformatter: VideoReformatter, *, width: int, height: int
) -> UInt8[np.ndarray, "height width 3"]:
    """RGB in 0..255, not yet turned, scaled to (width, height) when the frame has another size.

    The matrix and the range are the ones the frame is tagged with; without tags they are FFmpeg's
    defaults, BT.601 and limited range, which also made the frames of the public data sets. What is
    transparent is shown over black.
    """
    has_alpha = any(component.is_alpha for component in frame.format.components) or frame.format.has_palette
    matrix = int(frame.colorspace) if int(frame.colorspace) in _MATRICES else _BT601
    rgb = reformatter.reformat(
        frame,
        width=width,
        height=height,
        format="rgba" if has_alpha else "rgb24",
        src_colorspace=matrix,
        src_color_range=int(frame.color_range),
    )
    pixels: UInt8[np.ndarray, "height width channels"] = rgb.to_ndarray()
    if has_alpha:
        colour = pixels[..., :3].astype(np.uint16) * pixels[..., 3:]
        pixels = ((colour + 127) // 255).astype(np.uint8)
    if frame.format.name.startswith("gray") and frame.color_range == ColorRange.MPEG:
        # swscale takes every gray format for full range, whatever its tag.
        pixels = _FULL_RANGE[pixels]
    return pixels


_FULL_RANGE = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
