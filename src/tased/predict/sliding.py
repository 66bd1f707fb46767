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
    `together` is how many windows wait until they are predicted in one go; at the beginning, where a window
    is read in both directions, it may be one more.

    At most 2T-1 frames, the windows that wait and T maps are held, whatever the length of the shot.
    """

    def __init__(self, length: int, prepare: Prepare, predict: Predict, together: int = 1):
        self._length = length
        self._together = together
        self._prepare = prepare
        self._predict = predict
        self._clip: deque[Tensor] = deque(maxlen=2 * length - 1)
        self._waiting: deque[tuple[int, float, bool]] = deque()  # frames without a map: index, time, wanted
        self._due: dict[int, Clip] = {}  # complete windows, by the position in the shot that they predict
        self._maps: dict[int, Tensor] = {}  # by position
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
        stop = max(self._count, 2 * self._length - 1)
        for position in range(self._count, stop if frames else 0):
            self._clip.append(frames[position % self._count])
            maps += self._look(position)
        self._predict_due()
        return maps + self._ready(stop - 1)

    def _look(self, position: int) -> list[SaliencyMap]:
        """Note what the window that ends at `position` predicts; return what is ready, in order."""
        first = position - self._length + 1
        if first < 0:
            return []
        window = tuple(self._clip)[-self._length :]
        if first < self._length - 1 and self._wants(first):
            self._due[first] = Clip(window[::-1], position, -1)
        if self._wants(position):
            self._due[position] = Clip(window, first, 1)
        if 0 < len(self._due) < self._together:
            return []
        self._predict_due()
        return self._ready(position)

    def _predict_due(self) -> None:
        if self._due:
            self._maps.update(zip(self._due, self._predict(list(self._due.values())), strict=True))
            self._due.clear()

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
