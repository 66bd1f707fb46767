"""Which frames the network sees for which map (paper, section 3.1). Plans only; nothing is read."""

from collections.abc import Iterator
from typing import NamedTuple


class Window(NamedTuple):
    """What the network sees for one map, in the order in which it sees it."""

    frames: tuple[int, ...]  # indices from 0; the map belongs to the last one

    @property
    def target(self) -> int:
        """Index of the frame whose map this gives."""
        return self.frames[-1]


def windows(num_frames: int, length: int) -> Iterator[Window]:
    """One window for every frame of a video, in the order of the frames.

    A frame with a full past is predicted from its past; the first `length - 1` frames are predicted
    from their future, shown backwards.

        length 4, 7 frames:  3210 4321 5432 | 0123 1234 2345 3456

    A video shorter than `2 * length - 1` is looped until it is as long, as the paper does (section
    4.3); it still gets one map a frame.
    """
    for target in range(num_frames):
        if target < length - 1:
            frames = range(target + length - 1, target - 1, -1)
        else:
            frames = range(target - length + 1, target + 1)
        yield Window(tuple(i % num_frames for i in frames))
