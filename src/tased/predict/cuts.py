"""Where one shot ends and the next begins."""

from collections import deque
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor

from tased.video.frame import Frame


class CutDetector:
    """A simple detector of hard cuts, frame by frame, with no look ahead.

    Every frame is reduced to 16 x 9 colours. A frame begins a new shot if these differ from those of
    the frame before by more than `threshold` on average (0..1), and by more than `ratio` times the
    median difference of the last frames of the shot: camera motion, noise and flicker change every
    frame, a cut changes one. Shots are at least `least` frames long, so that a flash is one cut at most.

    Fades and dissolves are not cuts to it.
    """

    def __init__(self, *, threshold: float = 0.08, ratio: float = 4.0, least: int = 8):
        self._threshold = threshold
        self._ratio = ratio
        self._least = least
        self._before: Tensor | None = None
        self._changes: deque[float] = deque(maxlen=12)
        self._length = 0  # of the shot so far, frames

    def begins_shot(self, frame: Frame) -> bool:
        """Whether a cut lies between the frame before and this one; the first frame is no cut."""
        pixels = torch.from_numpy(frame.pixels).permute(2, 0, 1)[None].float() / 255
        now = F.adaptive_avg_pool2d(pixels, (9, 16))
        change = 0.0 if self._before is None else float((now - self._before).abs().mean())
        usual = median(self._changes) if self._changes else 0.0
        cut = self._length >= self._least and change > max(self._threshold, self._ratio * usual)
        self._before = now
        if cut:
            self._changes.clear()
            self._length = 0
        elif self._length:
            self._changes.append(change)
        self._length += 1
        return cut
