"""A video file, decoded by FFmpeg through PyAV."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from tased.errors import TruncatedVideoError, UsageError, VideoError
from tased.video.deinterlace import deinterlaced
from tased.video.frame import Frame
from tased.video.missing import missing_bytes
from tased.video.pixels import Turn, to_rgb, turn_of, turned

log = logging.getLogger(__name__)

_DEFAULT_RATE = Fraction(25)
_PICTURES_OF_THE_FILE = Disposition.attached_pic | Disposition.timed_thumbnails


@dataclass(frozen=True, slots=True)
class VideoFile:
    """One video stream of a file; each iteration opens the file anew and decodes it frame by frame.

    Pixels are as stored: a stream of non-square pixels keeps its own width and height. Frames whose
    size changes on the way are scaled to the first one's. Damaged packets are skipped, counted and
    logged.
    """

    path: Path
    name: str  # of the file, without its suffix
    stream: int | None  # which of the file's videos, from 0; None is the one FFmpeg takes for the best
    width: int  # pixels, as displayed
    height: int
    rate: Fraction  # frames per second on average
    frames: int | None  # as the header says: an estimate
    duration: float | None  # seconds, as the header says
    turn: Turn  # from the stored picture to the displayed one
    picture_names: None = None

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order of presentation.

        `seconds` counts from the start of the file's playback, so what the video lags behind its sound
        is kept; a frame without a time follows the one before by 1 / rate, and time never runs backwards.

        Raises
        ------
        TruncatedVideoError
            After the last readable frame of a file that has lost its end.

        """
        width, height = (self.width, self.height) if self.turn[0] else (self.height, self.width)
        reformatter = VideoReformatter()
        with closing(Decoder(self.path, self.stream)) as decoder:
            index, now, following = 0, Fraction(0), Fraction(0)
            for picture in deinterlaced(decoder.frames()):
                pixels = turned(to_rgb(picture, reformatter, width=width, height=height), self.turn)
                time = decoder.time(picture)
                now = following if time is None else max(now, time)
                yield Frame(pixels, index, float(now))
                index, following = index + 1, now + 1 / self.rate
            decoder.report_damage()
            self._check_whole(index, decoder)

    def _check_whole(self, count: int, decoder: "Decoder") -> None:
        """Raise when bytes are missing and frames too; a header's count alone is not to be trusted."""
        missing = missing_bytes(self.path)
        if not (missing or decoder.cut):
            return
        promised, exact = decoder.promised
        if promised is not None and count >= promised - (0 if exact else 1):
            return
        of = "frames" if promised is None else f"of {'' if exact else 'about '}{promised} frames"
        lost = f"{missing} bytes of the file are missing" if missing else "its last frame is cut"
        raise TruncatedVideoError(
            f"{self.path.name}: ends after {count} {of}; {lost}, so copy or download it again"
        )


def open_file(path: Path, *, stream: int | None = None) -> VideoFile:
    """Decode the first frame, to know that there is one and what it looks like.

    Raises
    ------
    VideoError
        For a file that is empty, holds no video, or none that FFmpeg can decode.
    UsageError
        When the file has no video numbered `stream`.

    """
    with closing(Decoder(path, stream)) as decoder:
        first = next(decoder.frames(), None)
        if first is None:
            codec = decoder.stream.codec_context.name
            raise VideoError(f"{path}: no frame of its {codec} video can be decoded; is the file damaged?")
        rate = decoder.stream.average_rate or decoder.stream.guessed_rate or _DEFAULT_RATE
        duration = decoder.duration
        frames = decoder.stream.frames or (None if duration is None else round(duration * rate))
        turn = turn_of(first)
        width, height = (first.width, first.height) if turn[0] else (first.height, first.width)
        return VideoFile(
            path=path,
            name=path.stem,
            stream=stream,
            width=width,
            height=height,
            rate=rate,
            frames=frames,
            duration=duration,
            turn=turn,
        )


class Decoder:
    """An open file and the state of one pass through it; `threads` decode ahead, for long passes."""

    def __init__(self, path: Path, number: int | None, *, threads: bool = True) -> None:
        self.path = path
        self.damaged = 0  # packets that could not be decoded
        self.cut = False  # the last packet is not all there
        self.container = _open(path)
        try:
            self.stream = _video_stream(self.container, path, number)
        except BaseException:
            self.container.close()
            raise
        if threads:
            self.stream.thread_type = "AUTO"
        else:
            self.stream.codec_context.thread_count = 1
        self.start = Fraction(self.container.start_time or 0, av.time_base)  # seconds

    def close(self) -> None:
        self.container.close()

    @property
    def duration(self) -> float | None:
        """Seconds of the stream, else of the container; None when neither says."""
        if self.stream.duration is not None and self.stream.time_base is not None:
            return float(self.stream.duration * self.stream.time_base)
        return None if self.container.duration is None else self.container.duration / av.time_base

    @property
    def promised(self) -> tuple[int | None, bool]:
        """How many frames the header promises, and whether that is a count or made from a duration."""
        if self.stream.frames:
            return self.stream.frames, True
        # The duration of a fragmented MP4 is that of the fragments that are there.
        if self.duration is None or self.stream.average_rate is None or "mp4" in self.container.format.name:
            return None, False
        return round(self.duration * self.stream.average_rate), False

    def time(self, frame: av.VideoFrame) -> Fraction | None:
        """Seconds from the start of playback; None when the file does not say."""
        if frame.pts is None or self.stream.time_base is None:
            return None
        return (
            frame.pts * self.stream.time_base - self.start
        )  # the last frames have no time base of their own

    def frames(self) -> Iterator[av.VideoFrame]:
        """In order of presentation, as they are stored."""
        for packet in self._packets():
            try:
                yield from packet.decode()
            except av.error.FFmpegError as error:
                self._skip(str(error))
        try:
            yield from self.stream.decode(None)
        except av.error.FFmpegError as error:
            self._skip(str(error))

    def _packets(self) -> "Iterator[av.Packet[VideoStream]]":
        """Packets with content, but for a last one that is not all there.

        A packet is held until the next one is read: FFmpeg hands out the half packet at the end of a cut
        file, and the decoder's complaint about it would cost the whole frames still in its threads.
        """
        held: av.Packet[VideoStream] | None = None
        try:
            for packet in self.container.demux(self.stream):
                if packet.size == 0:  # a repeated frame in AVI, or PyAV's flush, which `frames` does itself
                    continue
                if held is not None:
                    yield held
                held = packet
        except av.error.FFmpegError as error:
            self._skip(f"reading stopped: {error}")
        if held is not None:
            self.cut = (
                held.is_corrupt and self.container.format.name != "mpegts"
            )  # there it means a lost packet
            if not self.cut:
                yield held

    def _skip(self, reason: str) -> None:
        self.damaged += 1
        log.debug("%s: damaged packet skipped (%s)", self.path, reason)

    def report_damage(self) -> None:
        if self.damaged:
            log.warning("%s: skipped %d damaged packets of the video", self.path, self.damaged)


def _open(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise VideoError(f"{path}: is empty (0 bytes); copy or download it again")
        # An absolute path: FFmpeg would take the "12" of "12:30.mp4" for a protocol.
        container = av.open(str(path.absolute()), metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    if container.format.name == "tty":  # FFmpeg draws a text as a terminal would
        container.close()
        raise VideoError(f"{path}: is a text, not a video; is it the right file?")
    return container


def _unreadable(path: Path, error: av.error.FFmpegError | OSError) -> VideoError:
    if isinstance(error, PermissionError):
        return VideoError(f"{path}: no permission to read it; check its permissions")
    if isinstance(error, av.error.FFmpegError) and (missing := missing_bytes(path)):
        return VideoError(
            f"{path}: incomplete, {missing} bytes that FFmpeg needs are missing; copy or download it again"
        )
    return VideoError(f"{path}: not a video that FFmpeg can read ({error.strerror}); is it the right file?")


def _video_stream(container: InputContainer, path: Path, number: int | None) -> VideoStream:
    videos = [stream for stream in container.streams.video if not stream.disposition & _PICTURES_OF_THE_FILE]
    if not videos:
        kinds = sorted(
            {f"{stream.type}" for stream in container.streams if stream not in container.streams.video}
        )
        raise VideoError(
            f"{path}: holds no video, only {' and '.join(kinds) or 'a picture'}; give a video file"
        )
    if number is None:
        best = container.streams.best("video")
        return best if isinstance(best, VideoStream) and best in videos else videos[0]
    if not 0 <= number < len(videos):
        raise UsageError(f"{path}: has {len(videos)} videos, numbered from 0; there is no stream {number}")
    return videos[number]
