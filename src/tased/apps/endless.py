"""A model at work on a shot without end, one map after the other: what is timed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count

from tased.apps.turns import timed
from tased.predict.maps import SaliencyMap
from tased.predict.network import NetworkModel
from tased.predict.shot import Model, Shot
from tased.video.frame import Frame

RATE = 25.0  # frames a second
TURN = 0.5  # seconds, if one call takes less
# After so many maps an engine has all that it can reuse: the poolings halve time twice, so that every fourth
# window has its positions in common.
WARM = 8


def endless(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames again and again, as those of one shot."""
    numbers = count()
    while True:
        for frame in frames:
            index = next(numbers)
            yield replace(frame, index=index, seconds=index / RATE)


class EndlessShot:
    """Makes the next map whenever it is asked to, of every Nth frame; several, where they are made together.

    A network's first 2T-2 frames, whose maps would come two at a time or late, get none.
    """

    def __init__(self, model: Model, frames: Iterable[Frame], *, every: int = 1):
        self._frames, self._every = endless(frames), every
        self._warmed = WARM
        if isinstance(model, NetworkModel):
            self._shot: Shot = model.shot(live=False)
            self._skip(2 * (model.network.config.clip_length - 1))
            self._warmed = WARM if model.uses_engine else 1
        else:
            self._shot = model.shot()

    def __call__(self) -> list[SaliencyMap]:
        """The next maps; their frames are read, too."""
        ready: list[SaliencyMap] = []
        while not ready:
            self._skip(self._every - 1)
            ready = self._shot.push(next(self._frames))
        return ready

    def warm(self, told: Callable[[], object] = lambda: None) -> int:
        """Be called until no call takes longer than the next; how often it can be in a turn."""
        for _ in range(self._warmed):
            took = timed(self)
            told()
        return max(1, int(TURN / took.seconds))

    def _skip(self, frames: int) -> None:
        for _ in range(frames):
            self._shot.push(next(self._frames), wanted=False)
