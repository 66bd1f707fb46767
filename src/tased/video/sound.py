"""The sound of one file carried into another, in step with the picture and never all at once."""

import logging
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from tased.errors import VideoError

log = logging.getLogger(__name__)

# Sound that players of each container understand; the rest is encoded anew.
_COPIED = {
    ".mp4": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "flac", "opus")),
    ".mov": frozenset(("aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le")),
    ".mkv": frozenset(
        ("aac", "mp3", "mp2", "ac3", "eac3", "alac", "flac", "opus", "vorbis", "dts", "truehd", "pcm_s16le")
    ),
    ".webm": frozenset(("opus", "vorbis")),
}
_ENCODERS = {".webm": "libopus"}
_AAC = "aac"

# Seconds from the start of playback, and what to write then.
Packets = tuple[Fraction, "list[av.Packet[AudioStream]]"]


class Sound:
    """The best sound track of `source`, added to `output`, whose suffix decides what is copied as it is."""

    def __init__(
        self, source: InputContainer, track: AudioStream, output: OutputContainer, suffix: str
    ) -> None:
        self._source, self._track, self._output = source, track, output
        self._start = Fraction(source.start_time or 0, av.time_base)
        if track.codec_context.codec.canonical_name in _COPIED[suffix]:
            self._target = output.add_stream_from_template(track)
            self._waiting = self._copied()
        else:
            self._target = _added(output, _ENCODERS.get(suffix, _AAC), track)
            self._waiting = self._encoded()
        self._next: Packets | None = None

    def write_until(self, seconds: float | Fraction) -> None:
        """Write all that is heard up to `seconds` and has not been written."""
        while (following := self._next or next(self._waiting, None)) is not None:
            if following[0] > seconds:
                self._next = following
                return
            self._next = None
            self._output.mux(following[1])

    def write_rest(self) -> None:
        """Write the sound to its end, which may be after the last picture."""
        self.write_until(math.inf)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _packets(self) -> "Iterator[av.Packet[AudioStream]]":
        try:
            yield from (packet for packet in self._source.demux(self._track) if packet.size)
        except av.error.FFmpegError as error:
            log.warning("%s: its sound ends early (%s)", self._source.name, error.strerror)

    def _copied(self) -> Iterator[Packets]:
        time_base = self._track.time_base or Fraction(1, av.time_base)
        shift = round(self._start / time_base)
        seconds = Fraction(0)
        for packet in self._packets():
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = self._target
            time = packet.dts if packet.dts is not None else packet.pts
            seconds = seconds if time is None else time * time_base
            yield seconds, [packet]

    def _encoded(self) -> Iterator[Packets]:
        time_base = self._track.time_base or Fraction(1, av.time_base)
        shift = round(self._start / time_base)
        seconds = Fraction(0)
        for frame in self._decoded():
            if frame.pts is not None:
                frame.time_base, frame.pts = time_base, frame.pts - shift
                seconds = frame.pts * time_base
            yield seconds, self._target.encode(frame)
        yield seconds, self._target.encode(None)

    def _decoded(self) -> Iterator[av.AudioFrame]:
        for packet in chain(self._packets(), [None]):  # None asks for what the decoder still holds
            try:
                yield from self._track.decode(packet)
            except av.error.FFmpegError as error:
                log.debug("%s: damaged packet of sound skipped (%s)", self._source.name, error.strerror)


def open_sound(path: Path, output: OutputContainer, suffix: str) -> Sound | None:
    """The sound of a file, or None when it has none, as a folder of pictures.

    Raises
    ------
    VideoError
        When the file cannot be opened.

    """
    if path.is_dir():
        return None
    try:
        source = av.open(str(path.absolute()), metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"{path}: its sound cannot be read ({error.strerror}); check the file") from error
    track = source.streams.best("audio")
    if not isinstance(track, AudioStream):
        source.close()
        return None
    return Sound(source, track, output, suffix)


def _added(output: OutputContainer, encoder: str, track: AudioStream) -> AudioStream:
    rates = av.Codec(encoder, "w").audio_rates or [track.rate]
    rate = min(rates, key=lambda known: (known < track.rate, abs(known - track.rate)))
    layout = "mono" if track.channels == 1 else "stereo"
    return cast(AudioStream, output.add_stream(encoder, rate=rate, layout=layout))
