"""Maps in a gray movie: the luma of each frame, as stored, in any order but fast only forwards."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange
from jaxtyping import Float32

from tased.data.finding import FileError


class GrayMovieReader:
    """A movie of maps, decoded as far as it was asked for; going back begins anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0
        self._frames: Iterator[Float32[np.ndarray, "H W"]] = iter(())
        self._begun = False

    def __getitem__(self, index: int) -> Float32[np.ndarray, "H W"]:
        """The map of a frame, from 0, in 0..1; DataError past the end or where it is damaged."""
        if not self._begun or index < self._next:
            self._begun, self._next, self._frames = True, 0, gray_frames(self.path)
        for values in self._frames:
            self._next += 1
            if self._next == index + 1:
                return values
        message = f"ends after {self._next} maps, and has none for frame {index + 1}"
        raise FileError("mismatched", self.path, message)


def gray_frames(path: Path) -> Iterator[Float32[np.ndarray, "H W"]]:
    """The luma of every frame in 0..1, whatever its bits; a tag of limited range is honoured."""
    try:
        with av.open(str(path.absolute())) as container:
            if not container.streams.video:
                raise FileError("broken", path, "holds no video, and should hold maps")
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                yield _luma(path, frame)
    except (av.error.FFmpegError, OSError) as error:
        raise FileError("broken", path, f"is no movie of maps that can be read ({error.strerror})") from error


def _luma(path: Path, frame: av.VideoFrame) -> Float32[np.ndarray, "H W"]:
    if frame.format.is_rgb or not (frame.format.is_planar or frame.format.name.startswith("gray")):
        raise FileError("broken", path, f"stores {frame.format.name}; maps are gray or planar YUV")
    bits = frame.format.components[0].bits
    plane = frame.planes[0]
    stored = np.frombuffer(memoryview(plane), np.uint8 if bits <= 8 else np.dtype("<u2"))
    rows = stored.reshape(plane.height, -1)[:, : plane.width].astype(np.float32)
    # A movie without a tag is limited too, but for gray formats, which FFmpeg takes for full range.
    gray = frame.format.name.startswith("gray") or frame.format.name.startswith("yuvj")
    full = frame.color_range == ColorRange.JPEG or (gray and frame.color_range != ColorRange.MPEG)
    if full:
        return rows / np.float32(2**bits - 1)
    step = 2 ** (bits - 8)
    return ((rows - 16 * step) / (219 * step)).clip(0, 1)
