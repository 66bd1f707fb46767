"""The sliding window over one shot, as its frames come (paper, section 3.1)."""

from collections import deque
from collections.abc import Callable

from jaxtyping import Float, UInt8
from torch import Tensor

from tased.predict.clip import Clip
from tased.predict.maps import SaliencyMap
from tased.video.frame import Frame

Prepare = Callable[[Frame], UInt8[Tensor, "3 H W"]]
Predict = Callable[[list[Clip]], list[Float[Tensor, "H W"]]]


class SlidingShot:
    """Gives every frame the map of its window in `windows`, as soon as that window is complete.

    Of a window of T frames two things can be asked: read forwards it predicts its last frame, and as
    long as its first frame is among the first T-1 of the shot, read backwards, it predicts that one.
    Maps are given in the order of the frames, so the first T-1 forward maps wait for the backward ones.
    At most 2T-1 frames and T maps are held, whatever the length of the shot.
    """

    def __init__(self, length: int, prepare: Prepare, predict: Predict):
        self._length = length
        self._prepare = prepare
        self._predict = predict
        self._clip: deque[Tensor] = deque(maxlen=2 * length - 1)
        self._waiting: deque[tuple[int, float, bool]] = deque()  # frames without a map: index, time, wanted
        self._maps: dict[int, Tensor] = {}  # by position in the shot
        self._count = 0  # frames pushed
        self._given = 0  # frames that are through, with a map or unwanted

    def push(self, frame: Frame, *, wanted: bool = True) -> list[SaliencyMap]:
        """Take the next frame; return the maps that became ready."""
        self._clip.append(self._prepare(frame))
        self._waiting.append((frame.index, frame.seconds, wanted))
        self._count += 1
        return self._look(self._count - 1)

    def drain(self) -> list[SaliencyMap]:
        """End the shot; a short one is looped until the maps of its first frames can be made."""
        frames = list(self._clip)
        maps = []
        for position in range(self._count, 2 * self._length - 1 if frames else 0):
            self._clip.append(frames[position % self._count])
            maps += self._look(position)
        return maps

    def _look(self, position: int) -> list[SaliencyMap]:
        """Predict what the window that ends at `position` can; return what is ready, in order."""
        first = position - self._length + 1
        if first < 0:
            return []
        window = tuple(self._clip)[-self._length :]
        clips = {}  # by the position that they predict
        if first < self._length - 1 and self._wants(first):
            clips[first] = Clip(window[::-1], position, -1)
        if self._wants(position):
            clips[position] = Clip(window, first, 1)
        if clips:
            self._maps.update(zip(clips, self._predict(list(clips.values())), strict=True))
        return self._ready(position)

    def _wants(self, position: int) -> bool:
        """Whether this frame exists, is wanted, and has no map yet."""
        return position < self._count and self._waiting[position - self._given][2]

    def _ready(self, position: int) -> list[SaliencyMap]:
        """Give the maps up to the last frame that all frames before it are done with."""
        done = position - self._length + 1  # backwards, up to here
        if done >= self._length - 2:
            done = min(position, self._count - 1)  # and from here on forwards
        ready = []
        while self._waiting and self._given <= done:
            index, seconds, wanted = self._waiting.popleft()
            if wanted:
                ready.append(SaliencyMap(self._maps.pop(self._given), index, seconds))
            self._given += 1
        return ready
