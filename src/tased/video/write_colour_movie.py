"""Movies to look at: colour, with the sound of the source."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tased.atomic import check_suffix
from tased.video.clock import TICK
from tased.video.coding import Coding
from tased.video.frame import Frame
from tased.video.levels import check_same_size
from tased.video.regions import Region, marked
from tased.video.sound import Sound, open_sound
from tased.video.write_movie import Movie, padded_to_even

# With macroblock trees x264 gives other files for the same frames from time to time (PyAV 18.1, AVX-512).
_H264 = Coding("libx264", {"crf": "18", "preset": "fast", "x264-params": "mbtree=0"})
_VP9 = Coding(
    "libvpx-vp9", {"crf": "28", "b": "0", "row-mt": "1", "cpu-used": "5", "deadline": "good"}, (".webm",)
)


class ColourMovie(Movie):
    """RGB frames as H.264 (VP9 in .webm), BT.709 in limited range, 4:2:0, which plays everywhere.

    Another `coding` replaces these two. An odd width or height gains a column or a row that repeats the
    edge. The sound of `audio_from` is copied where the container takes it, else encoded as AAC (Opus in
    .webm), at its own times, to its end; a source without sound makes a silent movie.

    Raises
    ------
    UsageError
        For a suffix that cannot hold the coding: other than .mp4, .mov, .mkv, and .webm for VP9.
    OutputError
        When the file cannot be written, or for a frame of another size than `width` x `height`.
    VideoError
        When `audio_from` cannot be opened.

    """

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        height: int,
        rate: Fraction,
        audio_from: Path | None = None,
        coding: Coding | None = None,
    ) -> None:
        codings = {suffix: c for c in ((coding,) if coding else (_H264, _VP9)) for suffix in c.suffixes}
        self._suffix = check_suffix(path, tuple(codings), f"a movie of {coding}" if coding else "a movie")
        super().__init__(path, rate=rate)
        self.width, self.height = width, height
        self.audio_from = audio_from
        self._coding = codings[self._suffix]
        self._sound: Sound | None = None
        self._reformatter = VideoReformatter()

    def write(self, frame: Frame, regions: Sequence[Region] = ()) -> None:
        """Show the frame from its own time on; `regions` are for libx264 and libx265, others ignore them."""
        check_same_size(self.path, frame.pixels.shape[:2], (self.height, self.width))
        picture = marked(stored(frame, self._reformatter), regions)
        with self._failing_clearly():
            self._encode(picture, frame.seconds)
            if self._sound is not None:
                self._sound.write_until(self._clock.now * TICK)

    def _begin(self, partial: Path) -> None:
        super()._begin(partial)
        width, height = even_up(self.width), even_up(self.height)
        self._add_stream(
            self._coding.encoder, width, height, "yuv420p", full_range=False, options=self._coding.options
        )
        if self.audio_from is not None:
            self._sound = open_sound(self.audio_from, self._container, self._suffix)
        if self._sound is not None:
            self._open.callback(self._sound.close)

    def _finish_sound(self) -> None:
        if self._sound is not None:
            self._sound.write_rest()


def even_up(length: int) -> int:
    """Of the stored picture, in pixels, for a width or height of the frame."""
    return length + length % 2


def stored(frame: Frame, reformatter: VideoReformatter) -> av.VideoFrame:
    """The frame as every encoder gets it: even sizes, yuv420p, BT.709 in limited range."""
    rgb = av.VideoFrame.from_ndarray(padded_to_even(frame.pixels), "rgb24")
    return reformatter.reformat(
        rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
