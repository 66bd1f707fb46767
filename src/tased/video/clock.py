"""When the frames of a movie are shown."""

import math
from fractions import Fraction

import av

TICK = Fraction(1, 90_000)  # seconds; whole for all usual frame rates


class Clock:
    """Gives every frame of a movie a time of its own, in ticks, later than the one before."""

    def __init__(self, rate: Fraction) -> None:
        self._step = max(1, round(1 / (rate * TICK)))  # ticks a frame
        self.now = -1  # ticks; of the latest frame, -1 before the first
        self._next = 0  # where a frame without a time goes

    def stamp(self, frame: av.VideoFrame, seconds: float) -> None:
        """Show the frame from `seconds` on, or after the one before when that is NaN or not later than it."""
        wanted = self._next if math.isnan(seconds) else round(Fraction(seconds) / TICK)
        self.now = frame.pts = max(wanted, self.now + 1)
        self._next = self.now + self._step
        frame.time_base, frame.duration = TICK, self._step
