"""Frames in, maps out: a file is a stream that ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from tased.errors import UsageError
from tased.predict.cuts import CutDetector
from tased.predict.maps import SaliencyMap
from tased.predict.shot import Shot
from tased.predict.sparse import SparseShot
from tased.video.frame import Frame

LARGEST = 8192  # rows or columns of a map: 8K
Size = Literal["network", "source"] | tuple[int, int]


def check_size(size: Size) -> None:
    """Raise UsageError for a size that maps cannot have."""
    if isinstance(size, str) and size not in ("network", "source"):
        raise UsageError(f"size is {size!r}; it must be 'network', 'source' or (rows, columns)")
    if isinstance(size, tuple) and not 1 <= min(size) <= max(size) <= LARGEST:
        raise UsageError(
            f"a size of {size[1]}x{size[0]} was asked for; it must be from 1x1 to {LARGEST}x{LARGEST}"
        )


class Stream:
    """Predicts a video frame by frame: `push` every frame, then `drain`.

    Both return the maps that became ready, in the order of their frames, one for every frame. How far
    maps lag behind is the model's business; a network that looks at T frames needs T-1 more before the
    first map and lags no more once 2T-2 frames are in.

    `every` N predicts the first, every Nth and the last frame of a shot and interpolates between them
    in time (one frame of lag more). `cuts` starts a new shot, with no memory of the frames before, at
    every hard cut. `size` is that of the maps: the model's own, the source's, or (rows, columns).
    `rate` gives times to frames that are plain arrays.
    """

    def __init__(
        self,
        begin: Callable[[], Shot],
        *,
        every: int = 1,
        cuts: bool = False,
        size: Size = "source",
        rate: float = 25.0,
    ):
        if every < 1:
            raise UsageError(f"every is {every}; it must be 1 (all frames) or more")
        check_size(size)
        if not 0 < rate < float("inf"):
            raise UsageError(f"rate is {rate}; it is frames a second, above 0")
        self._begin = begin
        self._every = every
        self._cuts = cuts
        self._size = size
        self._rate = rate
        self.reset()

    def reset(self) -> None:
        """Start over, with no memory of the frames so far."""
        self._detector = CutDetector() if self._cuts else None
        self._count = 0  # frames pushed
        self._frame_size: tuple[int, int] = (0, 0)
        self._shot = self._new_shot()

    def push(self, frame: Frame | np.ndarray, *, wanted: bool = True) -> list[SaliencyMap]:
        """Take the next frame: a Frame, or RGB uint8 (H, W, 3); return the maps that became ready.

        A frame that is not `wanted` is seen, as the past of others, but gets no map. Raises UsageError for
        one beside `every`, which has a say in that already, and for what is no frame.
        """
        if not wanted and self._every > 1:
            raise UsageError(
                f"every is {self._every}, which says what is predicted: all frames are wanted then"
            )
        pixels = self._checked(frame.pixels if isinstance(frame, Frame) else frame)
        if not isinstance(frame, Frame):
            frame = Frame(pixels, self._count, self._count / self._rate)
        frame = replace(frame, pixels=pixels)
        self._count += 1
        maps = []
        if self._detector is not None and self._detector.begins_shot(frame):
            maps += self.drain()
        return maps + self._sized(self._shot.push(frame, wanted=wanted))

    def drain(self) -> list[SaliencyMap]:
        """End the stream; return the maps still due. What is pushed afterwards is a new shot."""
        maps = self._sized(self._shot.drain())
        self._shot = self._new_shot()
        return maps

    def _checked(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels as the models take them, or UsageError."""
        if not isinstance(pixels, np.ndarray):
            raise UsageError(
                f"a {type(pixels).__name__} was pushed; needed is a Frame, or RGB uint8 (H, W, 3)"
            )
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise UsageError(
                f"a frame of shape {pixels.shape} and type {pixels.dtype} was given; "
                "needed is RGB, uint8, (H, W, 3)"
            )
        size = (pixels.shape[0], pixels.shape[1])
        if self._count and size != self._frame_size:
            raise UsageError(
                f"a frame of {size[1]}x{size[0]} came after frames of {self._frame_size[1]}x"
                f"{self._frame_size[0]}; a stream has one size: resize the frames, or begin another stream"
            )
        self._frame_size = size
        # PyTorch takes neither views with reversed channels, as people make of OpenCV's BGR, nor read-only.
        return np.require(pixels, requirements=["C", "W"])

    def _new_shot(self) -> Shot:
        shot = self._begin()
        return shot if self._every == 1 else SparseShot(shot, self._every)

    def _sized(self, maps: list[SaliencyMap]) -> list[SaliencyMap]:
        if self._size == "network":
            return maps
        return [m.resized(*(self._frame_size if self._size == "source" else self._size)) for m in maps]
