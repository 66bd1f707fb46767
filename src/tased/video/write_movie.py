"""Movies: what every one of them needs, and gray ones that hold maps."""

from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from jaxtyping import Float, UInt8, UInt16

from tased.atomic import AtomicWriter, check_suffix
from tased.errors import OutputError, UsageError
from tased.video.clock import TICK, Clock
from tased.video.levels import check_same_size, levels

_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}


class Movie(AtomicWriter):
    """A container with one video stream, whose frames keep their own times.

    .mkv and .webm store times to a millisecond, .mp4 and .mov to 1/90000 s.
    """

    _failures: ClassVar[tuple[type[Exception], ...]] = (OSError, av.error.FFmpegError)

    def __init__(self, path: str | Path, *, rate: Fraction) -> None:
        super().__init__(path)
        if rate <= 0:
            raise UsageError(f"{path}: a frame rate is more than 0 frames per second, not {rate}")
        self.rate = rate
        self._container: OutputContainer  # from `_begin`
        self._stream: VideoStream  # from `_add_stream`
        self._clock = Clock(rate)

    def _begin(self, partial: Path) -> None:
        form = _FORMATS[self.path.suffix.lower()]
        options = {"movflags": "+faststart"} if form in ("mp4", "mov") else {}
        self._container = av.open(str(partial), "w", format=form, container_options=options)
        self._open.callback(self._container.close)

    def _add_stream(
        self, codec: str, width: int, height: int, pixels: str, full_range: bool, options: dict[str, str]
    ) -> None:
        stream = cast(VideoStream, self._container.add_stream(codec, rate=self.rate, options=options))
        describe(stream.codec_context, width, height, pixels, full_range=full_range)
        stream.time_base = TICK
        if codec == "libx265" and self.path.suffix.lower() in (".mp4", ".mov"):
            stream.codec_context.codec_tag = "hvc1"  # the only one that Apple's players take
        self._stream = stream

    def _encode(self, frame: av.VideoFrame, seconds: float) -> None:
        """Show `frame` from `seconds` on, or after the one before when that is NaN or not later than it."""
        self._clock.stamp(frame, seconds)
        frame.color_range, frame.colorspace = self._stream.codec_context.color_range, Colorspace.ITU709
        self._container.mux(self._stream.encode(frame))

    def _finish(self, partial: Path) -> None:  # noqa: ARG002  FFmpeg has the path
        if self._clock.now < 0:
            raise OutputError(f"{self.path}: no frame was written, and a movie needs one")
        self._container.mux(self._stream.encode(None))
        self._finish_sound()
        self._container.close()

    def _finish_sound(self) -> None:
        """What follows the last picture; a movie is silent unless it says otherwise."""


def describe(context: VideoCodecContext, width: int, height: int, pixels: str, *, full_range: bool) -> None:
    """Tell an encoder what its pictures are: their size and format, BT.709, times in ticks."""
    context.width, context.height, context.pix_fmt = width, height, pixels
    context.time_base = TICK
    context.color_range = ColorRange.JPEG if full_range else ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709


Coding = Literal["h264", "ffv1", "x265"]
_FAITHFUL = "psy=0:aq-mode=0"  # no trading of exact values for looks
# Its B-frames would give a movie of one or two frames a random decoding time.
_LOSSLESS = "lossless=1:bframes=0:log-level=none"
_GRAY: dict[Coding, tuple[str, str, int, tuple[str, ...], dict[str, str]]] = {
    # encoder, pixel format, bits, suffixes that hold it with its times, options
    "h264": (
        "libx264",
        "yuv420p",
        8,
        (".mp4", ".mov", ".mkv"),
        {"qp": "1", "x264-params": _FAITHFUL},
    ),
    "ffv1": ("ffv1", "gray10le", 10, (".mkv",), {"level": "3", "slicecrc": "1"}),
    "x265": ("libx265", "gray10le", 10, (".mkv", ".mp4"), {"x265-params": _LOSSLESS}),
}


class GrayMovie(Movie):
    """Maps as a gray movie in full range, which decodes to round(x * 255) or round(x * 1023).

    - h264 plays everywhere: 8 bits, within one level. Its pictures have even sizes, so an odd width or
      height gains a column or a row that repeats the edge.
    - ffv1 and x265 are lossless at 10 bits and any size, for further computing.

    Raises
    ------
    UsageError
        For a suffix that cannot hold the codec.
    OutputError
        When the file cannot be written, or for a map with NaN or of another size than the first.

    """

    def __init__(self, path: str | Path, *, rate: Fraction, codec: Coding = "h264") -> None:
        self._encoder, self._pixels, self._bits, suffixes, self._options = _GRAY[codec]
        check_suffix(path, suffixes, f"a gray {codec} movie")
        super().__init__(path, rate=rate)
        self._shape: tuple[int, ...] = ()

    def write(self, values: Float[np.ndarray, "H W"], index: int, seconds: float) -> None:  # noqa: ARG002
        """Show the map from `seconds` on; `index` is not stored."""
        first = not self._shape
        self._shape = self._shape or values.shape
        check_same_size(self.path, values.shape, self._shape)
        picture = _picture(levels(values, self._bits, self.path), self._pixels)
        with self._failing_clearly():
            if first:
                size = (picture.width, picture.height)
                self._add_stream(self._encoder, *size, self._pixels, full_range=True, options=self._options)
            self._encode(picture, seconds)


def _picture(whole: UInt16[np.ndarray, "H W"], pixels: str) -> av.VideoFrame:
    if pixels == "gray10le":
        return av.VideoFrame.from_ndarray(whole, "gray10le")
    luma = padded_to_even(whole.astype(np.uint8))
    chroma = np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)  # both planes, without colour
    return av.VideoFrame.from_ndarray(np.concatenate([luma, chroma]), "yuv420p")


def padded_to_even(pixels: UInt8[np.ndarray, "H W *C"]) -> UInt8[np.ndarray, "H2 W2 *C"]:
    """One more row or column where their number is odd, a copy of the last."""
    rows, columns = pixels.shape[0] % 2, pixels.shape[1] % 2
    if not (rows or columns):
        return pixels
    return np.pad(pixels, [(0, rows), (0, columns), (0, 0)][: pixels.ndim], mode="edge")
