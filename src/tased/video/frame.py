"""One frame of a video."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True, slots=True)
class Frame:
    """What the viewer sees at one moment: upright, square pixels assumed, RGB."""

    pixels: UInt8[np.ndarray, "H W 3"]  # RGB, 0..255
    index: int  # of the frame in its video, from 0
    seconds: float  # presentation time from the start of the video; NaN when unknown
