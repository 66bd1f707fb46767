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

Size = Literal["network", "source"] | tuple[int, int]


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
        if isinstance(size, tuple) and min(size) < 1:
            raise UsageError(f"a size of {size[1]}x{size[0]} was asked for; it must be 1x1 or more")
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
        self._shot = self._new_shot()

    def push(self, frame: Frame | np.ndarray) -> list[SaliencyMap]:
        """Take the next frame: a Frame, or RGB uint8 (H, W, 3); return the maps that became ready."""
        pixels = frame if isinstance(frame, np.ndarray) else frame.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise UsageError(
                f"a frame of shape {pixels.shape} and type {pixels.dtype} was given; "
                "needed is RGB, uint8, (H, W, 3)"
            )
        # PyTorch takes neither views with reversed channels, as people make of OpenCV's BGR, nor read-only.
        pixels = np.require(pixels, requirements=["C", "W"])
        if isinstance(frame, np.ndarray):
            frame = Frame(pixels, self._count, self._count / self._rate)
        frame = replace(frame, pixels=pixels)
        self._count += 1
        maps = []
        if self._detector is not None and self._detector.begins_shot(frame):
            maps += self.drain()
        self._frame_size = frame.pixels.shape[:2]
        return maps + self._sized(self._shot.push(frame))

    def drain(self) -> list[SaliencyMap]:
        """End the stream; return the maps still due. What is pushed afterwards is a new shot."""
        maps = self._sized(self._shot.drain())
        self._shot = self._new_shot()
        return maps

    def _new_shot(self) -> Shot:
        shot = self._begin()
        return shot if self._every == 1 else SparseShot(shot, self._every)

    def _sized(self, maps: list[SaliencyMap]) -> list[SaliencyMap]:
        if self._size == "network":
            return maps
        return [m.resized(*(self._frame_size if self._size == "source" else self._size)) for m in maps]
