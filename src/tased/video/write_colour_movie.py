"""Movies to look at: colour, with the sound of the source."""

from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tased.atomic import check_suffix
from tased.video.frame import Frame
from tased.video.levels import check_same_size
from tased.video.sound import Sound, open_sound
from tased.video.write_movie import TICK, Movie, padded_to_even

# With macroblock trees x264 gives other files for the same frames from time to time (PyAV 18.1, AVX-512).
_H264 = ("libx264", {"crf": "18", "preset": "fast", "x264-params": "mbtree=0"})
_VP9 = ("libvpx-vp9", {"crf": "28", "b": "0", "row-mt": "1", "cpu-used": "5", "deadline": "good"})
_CODECS = {".mp4": _H264, ".mov": _H264, ".mkv": _H264, ".webm": _VP9}


class ColourMovie(Movie):
    """RGB frames as H.264 (VP9 in .webm), BT.709 in limited range, 4:2:0, which plays everywhere.

    An odd width or height gains a column or a row that repeats the edge. The sound of `audio_from` is
    copied where the container takes it, else encoded as AAC (Opus in .webm), at its own times, to its
    end; a source without sound makes a silent movie.

    Raises
    ------
    UsageError
        For a suffix other than .mp4, .mov, .mkv and .webm.
    OutputError
        When the file cannot be written, or for a frame of another size than `width` x `height`.
    VideoError
        When `audio_from` cannot be opened.

    """

    def __init__(
        self, path: str | Path, *, width: int, height: int, rate: Fraction, audio_from: Path | None = None
    ) -> None:
        self._suffix = check_suffix(path, tuple(_CODECS), "a movie")
        super().__init__(path, rate=rate)
        self.width, self.height = width, height
        self.audio_from = audio_from
        self._sound: Sound | None = None
        self._reformatter = VideoReformatter()

    def write(self, frame: Frame) -> None:
        """Show the frame from its own time on."""
        check_same_size(self.path, frame.pixels.shape[:2], (self.height, self.width))
        rgb = av.VideoFrame.from_ndarray(padded_to_even(frame.pixels), "rgb24")
        picture = self._reformatter.reformat(
            rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        with self._failing_clearly():
            self._encode(picture, frame.seconds)
            if self._sound is not None:
                self._sound.write_until(self._last * TICK)

    def _begin(self, partial: Path) -> None:
        super()._begin(partial)
        encoder, options = _CODECS[self._suffix]
        width, height = self.width + self.width % 2, self.height + self.height % 2
        self._add_stream(encoder, width, height, "yuv420p", full_range=False, options=options)
        if self.audio_from is not None:
            self._sound = open_sound(self.audio_from, self._container, self._suffix)
        if self._sound is not None:
            self._open.callback(self._sound.close)

    def _finish_sound(self) -> None:
        if self._sound is not None:
            self._sound.write_rest()
