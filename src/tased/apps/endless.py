"""A model at work on a shot without end, one map after the other: what is timed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from tased.predict.maps import SaliencyMap
from tased.predict.network import NetworkModel
from tased.predict.shot import Model
from tased.video.frame import Frame

RATE = 25.0  # frames a second


def endless(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames again and again, as those of one shot."""
    numbers = count()
    while True:
        for frame in frames:
            index = next(numbers)
            yield replace(frame, index=index, seconds=index / RATE)


class EndlessShot:
    """Makes the next map whenever it is asked to, of every Nth frame.

    A network's first 2T-2 frames, whose maps would come two at a time or late, get none. The first maps of an
    engine take longer than others, for there is nothing to reuse: after `WARM` all that can be is there.
    """

    WARM = 8  # the poolings in time halve it twice, so that every fourth window has its positions in common

    def __init__(self, model: Model, frames: Iterable[Frame], *, every: int = 1):
        self._shot, self._frames, self._every = model.shot(), endless(frames), every
        lead = 2 * (model.network.config.clip_length - 1) if isinstance(model, NetworkModel) else 0
        self._skip(lead)

    def __call__(self) -> SaliencyMap:
        """The next map; its frames are read, too."""
        self._skip(self._every - 1)
        (ready,) = self._shot.push(next(self._frames))
        return ready

    def _skip(self, frames: int) -> None:
        for _ in range(frames):
            self._shot.push(next(self._frames), wanted=False)
