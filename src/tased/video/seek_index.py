"""Where the frames of a video file are, known without decoding it, where that is certain."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av

from tased.video.missing import missing_bytes
from tased.video.read_file import Decoder, VideoFile

_CONTAINERS = ("mov", "matroska", "avi")  # FFmpeg's names begin so; others have no index, or none to trust
# Of these a decoder gives one frame a packet, from any key frame on all that follow in order of presentation.
# HEVC and AV1 may leave frames out at key frames in the middle.
_CODECS = ("h264", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "ffv1", "png")
_HEAD = 32  # frames that are decoded to see whether they come as the packets say
_NOT_CODED = 20  # bytes: an MPEG-4 packet up to this may be a frame that is left out


@dataclass(slots=True)
class SeekIndex:
    """The frames of a video file in order of presentation, by the numbers that `VideoFile` gives them."""

    times: Sequence[int]  # when each is shown, in the stream's units; rising
    keys: Sequence[int]  # numbers of the key frames, rising
    seeks: Sequence[int]  # the time to seek to for each key frame, in the stream's units
    trusted: bool = True  # False once a frame came that should not have

    def key_before(self, number: int) -> int:
        """Place in `keys` of the last key frame up to frame `number`."""
        return bisect_right(self.keys, number) - 1

    def number(self, time: int | None) -> int | None:
        """The frame that is shown from this time on; None when there is none."""
        place = len(self.times) if time is None else bisect_left(self.times, time)
        return place if place < len(self.times) and self.times[place] == time else None


def seek_index(video: VideoFile) -> SeekIndex | None:
    """The index, made once in a process as long as the file stays as it is.

    None for a file that has to be decoded from its start to know which frame is which.
    """
    state = video.path.stat()
    return _made(video.path, video.stream, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _made(path: Path, number: int | None, size: int, changed: int) -> SeekIndex | None:  # noqa: ARG001
    with closing(Decoder(path, number, threads=False)) as decoder:
        stream, container = decoder.stream, decoder.container
        codec = stream.codec_context.codec
        if not container.format.name.startswith(_CONTAINERS) or not (
            codec.intra_only or codec.name in _CODECS
        ):
            return None
        by_presentation = container.format.name.startswith("matroska")  # what seeking goes by
        packets = _packets(decoder, codec.name, by_presentation)
    if packets is None or missing_bytes(path):
        return None
    times = array("q", sorted(packet.shown for packet in packets))
    place = {time: number for number, time in enumerate(times)}
    keys = sorted((place[packet.shown], packet.seek) for packet in packets if packet.key)
    if len(place) < len(times) or not packets[0].key or not keys or keys[0][0] != 0:
        return None
    with closing(Decoder(path, number, threads=False)) as decoder:
        head = [frame.pts for frame in islice(decoder.frames(), _HEAD)]
        if not decoder.damaged and head != times[:_HEAD].tolist():
            return None
    return SeekIndex(times, array("q", [key for key, _ in keys]), array("q", [seek for _, seek in keys]))


class _Packet(NamedTuple):
    shown: int  # time of presentation
    seek: int  # time by which the container finds it
    key: bool


def _packets(decoder: Decoder, codec: str, by_presentation: bool) -> list[_Packet] | None:
    """Every packet as stored; None when there is one that leaves a doubt."""
    found = []
    try:
        for packet in decoder.container.demux(decoder.stream):
            if packet.size == 0:  # as in `Decoder`
                continue
            seek = packet.pts if by_presentation else packet.dts
            if packet.pts is None or seek is None or packet.is_corrupt or packet.is_discard:
                return None
            if not _gives_one_frame(memoryview(packet), codec):
                return None
            found.append(_Packet(packet.pts, seek, packet.is_keyframe))
    except av.error.FFmpegError:
        return None
    return found or None


def _gives_one_frame(packet: memoryview, codec: str) -> bool:
    """Whether a packet of a codec that knows hidden frames, or none, holds exactly one to be seen."""
    if codec == "mpeg4":
        return len(packet) > _NOT_CODED
    if codec == "vp8":
        return bool(packet[0] & 0x10)  # show_frame (RFC 6386, section 9.1)
    if codec == "vp9":
        return sum(_vp9_shows(frame) for frame in _vp9_frames(packet)) == 1
    return True


def _vp9_frames(packet: memoryview) -> list[memoryview]:
    """The frames of a superframe, or the one of a packet (VP9 bitstream specification, annex B)."""
    marker = packet[-1]
    count, size = (marker & 7) + 1, (marker >> 3 & 3) + 1
    begins = len(packet) - 2 - count * size
    if marker & 0xE0 != 0xC0 or begins < 0 or packet[begins] != marker:
        return [packet]
    frames, at = [], 0
    for place in range(count):
        first = begins + 1 + place * size
        length = int.from_bytes(packet[first : first + size], "little")
        frames.append(packet[at : at + length])
        at += length
    return [frame for frame in frames if len(frame)]


def _vp9_shows(frame: memoryview) -> bool:
    """The bits show_existing_frame and show_frame of its header (section 6.2)."""
    bits = frame[0] << (1 if frame[0] & 0x30 == 0x30 else 0)  # profile 3 has one bit more before them
    return bool(bits & 0x08 or bits & 0x02)
