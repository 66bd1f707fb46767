"""Predicting some frames of a shot and interpolating between them."""

from collections import deque

from tased.predict.maps import SaliencyMap
from tased.predict.shot import Shot
from tased.video.frame import Frame


class SparseShot:
    """Predicts the first, every Nth and the last frame of a shot; the others are interpolated in time.

    Which frame is the last shows with the next one, so every frame is held until then.
    """

    def __init__(self, shot: Shot, every: int):
        self._shot = shot
        self._every = every
        self._held: Frame | None = None
        self._position = 0  # of the held frame
        self._before: list[SaliencyMap] = []  # the latest map given, at most one
        self._between: deque[tuple[int, float]] = deque()  # index and time of frames to interpolate

    def push(self, frame: Frame, *, wanted: bool = True) -> list[SaliencyMap]:
        """Take the next frame; return the maps that became ready."""
        del wanted  # this is what decides it
        maps = [] if self._held is None else self._pass(self._held, self._position % self._every == 0)
        self._position += self._held is not None
        self._held = frame
        return maps

    def drain(self) -> list[SaliencyMap]:
        """End the shot; return the maps that are still due."""
        maps = [] if self._held is None else self._pass(self._held, True)
        self._held = None
        return maps + self._with_between(self._shot.drain())

    def _pass(self, frame: Frame, wanted: bool) -> list[SaliencyMap]:
        if not wanted:
            self._between.append((frame.index, frame.seconds))
        return self._with_between(self._shot.push(frame, wanted=wanted))

    def _with_between(self, predicted: list[SaliencyMap]) -> list[SaliencyMap]:
        maps = []
        for after in predicted:
            for before in self._before:
                while self._between and self._between[0][0] < after.index:
                    index, seconds = self._between.popleft()
                    share = (index - before.index) / (after.index - before.index)
                    maps.append(before.mixed(after, share, index, seconds))
            maps.append(after)
            self._before = [after]
        return maps
