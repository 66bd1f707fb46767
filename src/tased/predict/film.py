"""The frames of a shot that its windows still need, as the first convolution sees them.

Axes: T time, H rows, W columns, C channels.
"""

import torch
from torch import Tensor, nn

from tased.predict.fused import Planar, folded
from tased.predict.reuse import inner_after


class Film:
    """The latest frames' features, side by side in memory: any span of them is a view, nothing is copied.

    Frames come in the order of their positions in the shot. When the memory ends, those that are still needed
    move to its beginning.
    """

    def __init__(self, length: int):
        self._room = length + 4
        self._memory = torch.empty(0)  # room, H, W, C
        self._offset = 0  # position of the frame at the memory's beginning
        self._kept = range(0)  # positions

    @property
    def stop(self) -> int:
        """Position of the frame that comes next."""
        return self._kept.stop

    def begin(self, position: int) -> None:
        """Forget frames before `position`; all of them, if it lies ahead of the film."""
        if position > self._kept.stop or not self._kept:
            self._kept, self._offset = range(position, position), position
        self._kept = range(max(position, self._kept.start), self._kept.stop)

    def add(self, features: Tensor) -> None:
        """Add the next frame's features, (H, W, C)."""
        if not self._memory.numel():
            self._memory = features.new_empty(self._room, *features.shape)
        if self.stop - self._offset == self._room:
            shift = self._kept.start - self._offset
            for begin in range(0, len(self._kept), shift):  # in pieces that do not overlap
                end = min(begin + shift, len(self._kept))
                self._memory[begin:end] = self._memory[begin + shift : end + shift]
            self._offset = self._kept.start
        self._memory[self.stop - self._offset] = features
        self._kept = range(self._kept.start, self.stop + 1)

    def span(self, positions: range) -> Tensor:
        """Successive frames, (1, T, H, W, C)."""
        return self._memory[None, positions[0] - self._offset : positions[-1] + 1 - self._offset]


class FirstConvolution:
    """The first convolution along time, of 7 frames with stride 2, for single positions of a window.

    At a window's ends the kernel is cut off, instead of being given zeros. A window shown backwards reads the
    film forwards, with the kernel turned around.
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype):
        conv, weight, bias = folded(module)
        self._weight, self._bias, self._dtype = weight.squeeze(4), bias, dtype
        self._size, self._stride, self._reach = conv.kernel_size[0], conv.stride[0], int(conv.padding[0])
        self._cut: dict[tuple[int, int, int], Planar] = {}

    def after(self, clip: range) -> tuple[range, range]:
        """The positions that the ends of a window do not reach, and the frames at the centres of all."""
        return inner_after(range(len(clip)), self._reach, self._stride), clip[:: self._stride]

    def __call__(self, film: Film, clip: range, position: int) -> Tensor:
        """One position of the window that shows the frames of `clip`: (1, 1, H, W, C)."""
        begin = self._stride * position - self._reach
        taps = max(0, -begin), min(self._size, len(clip) - begin)
        frames = clip[begin + taps[0] : begin + taps[1]]
        x = film.span(frames if clip.step > 0 else frames[::-1])
        y = self._planar(*taps, clip.step)(x.flatten(2, 3).permute(0, 3, 1, 2), 1, (0, 0))
        return y.permute(0, 2, 3, 1).unflatten(2, x.shape[2:4])

    def _planar(self, begin: int, end: int, step: int) -> Planar:
        if (begin, end, step) not in self._cut:
            weight = self._weight[:, :, begin:end]
            weight = weight if step > 0 else weight.flip(2)
            self._cut[begin, end, step] = Planar(weight, self._bias, relu=True, dtype=self._dtype)
        return self._cut[begin, end, step]
