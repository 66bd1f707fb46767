"""A whole picture in a frame of another aspect."""

from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from tased.apps.blur import blurred

Bars = Literal["blurred", "black"]
_SIGMA = 0.04  # of the bars' blur, share of the frame's longer side
_BRIGHTNESS = 0.6  # of the bars, so that the picture stands out


def fitted(
    pixels: UInt8[np.ndarray, "H W 3"], width: int, height: int, bars: Bars
) -> UInt8[np.ndarray, "height width 3"]:
    """All of a picture, as large as it can be, in the middle of a frame of `width` x `height`.

    What is left of the frame is black, or shows the picture's own middle, blurred and darker.
    """
    picture, size = Image.fromarray(pixels), (width, height)
    if bars == "black":
        frame = Image.new("RGB", size)
    else:
        cover = blurred(ImageOps.fit(picture, size, Image.Resampling.BILINEAR), _SIGMA * max(size))
        frame = cover.point([round(level * _BRIGHTNESS) for level in range(256)] * 3)
    whole = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    frame.paste(whole, ((width - whole.width) // 2, (height - whole.height) // 2))
    return np.asarray(frame)
