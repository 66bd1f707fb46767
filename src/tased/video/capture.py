"""Frames as they happen: from a camera, a screen or the network, and from files at their own rate."""

import errno
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

from tased.errors import VideoError
from tased.video.frame import Frame
from tased.video.live_source import LiveSource, cameras
from tased.video.pixels import to_rgb, turn_of, turned
from tased.video.read import Video, open_video

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds without an answer, or without a frame, after which a source is lost
WAITS = (1, 2, 4, 8, 8)  # seconds before a lost source is opened again, time and again


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame and when it came."""

    frame: Frame  # `index` counts all frames of the source; `seconds` from its first one
    at: float  # seconds of time.monotonic()


class _LostError(VideoError):
    """A source that may come back."""


def capture(source: LiveSource, stop: Event, *, loop: bool = False) -> Iterator[Captured]:
    """Frames when they are due, until the source ends or `stop` is set.

    A camera, a screen or a stream without an end that is lost is opened again, up to `len(WAITS)` times in a
    row; every time is logged as a warning. A file, and a stream that knows its length, is played at its own
    rate, a file with `loop` again and again.

    Raises
    ------
    VideoError
        When the source cannot be opened, or is lost for good.

    """
    if source.kind == "file":
        yield from _played(open_video(source.url), stop, loop=loop)
        return
    began, index, failures = time.monotonic(), 0, 0
    while True:
        try:
            for pixels in _decoded(source, stop):
                now = time.monotonic()
                yield Captured(Frame(pixels, index, now - began), now)
                index, failures = index + 1, 0
            if index == 0 and not stop.is_set():
                raise VideoError(
                    f"{source.name}: no frame of its video came; is the file damaged, or not made for "
                    "streaming (FFmpeg's -movflags +faststart)?"
                )
            return
        except _LostError as error:
            if index == 0 or failures == len(WAITS):
                raise
            log.warning("%s; trying again in %d s", error, WAITS[failures])
            if stop.wait(WAITS[failures]):
                return
            failures += 1


def _played(video: Video, stop: Event, *, loop: bool) -> Iterator[Captured]:
    began, index, ended = time.monotonic(), 0, 0.0
    while True:
        start = ended
        for frame in video:
            seconds = start + frame.seconds
            if stop.wait(max(0.0, began + seconds - time.monotonic())):
                return
            yield Captured(replace(frame, index=index, seconds=seconds), time.monotonic())
            index, ended = index + 1, seconds + float(1 / video.rate)
        if not loop:
            return


def _decoded(source: LiveSource, stop: Event) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """RGB pictures, upright, as they come; _LostError where an endless source ends, or none is there."""
    reformatter = VideoReformatter()
    endless, first = True, None
    try:
        with _opened(source) as container:
            if not container.streams.video:
                raise VideoError(f"{source.name}: there is no video in it; check what is sent")
            stream = container.streams.video[0]
            endless = source.kind != "stream" or container.duration is None
            began = time.monotonic()
            for picture in container.decode(stream):
                seconds = picture.time
                if not endless and seconds is not None:
                    first = seconds if first is None else first
                    stop.wait(max(0.0, began + seconds - first - time.monotonic()))
                if stop.is_set():
                    return
                pixels = to_rgb(picture, reformatter, width=picture.width, height=picture.height)
                yield turned(pixels, turn_of(picture))
    except (av.error.FFmpegError, OSError) as error:
        if not endless and first is not None:
            reason = error.strerror or str(error)
            raise VideoError(
                f"{source.name}: broke off ({reason}); check the network, or download the file and play that"
            ) from error
        raise _lost(source, error) from error
    if endless:
        raise _LostError(f"{source.name}: it ended")


def _opened(source: LiveSource) -> InputContainer:
    if source.form is not None and not any(source.form in name.split(",") for name in av.formats_available):
        raise VideoError(
            f"{source.name}: this PyAV was built without {source.form}; install the wheel of PyPI"
        )
    return av.open(
        source.url, format=source.form, options=source.options, timeout=TIMEOUT, metadata_errors="replace"
    )


def _lost(source: LiveSource, error: av.error.FFmpegError | OSError) -> _LostError:
    reason = error.strerror or str(error)
    match source.kind, error.errno:
        case "camera", errno.ENOENT | errno.ENODEV | errno.ENXIO:
            known = ", ".join(cameras(source.form or "")) or "none"
            advice = f"there is no such camera ({source.url}); those found: {known}"
        case "camera", errno.EBUSY:
            advice = "the camera is used by another program; close that one"
        case "camera", errno.EACCES | errno.EPERM:
            advice = f"no permission to use {source.url}; on Linux the group 'video' has it"
        case "screen", _:
            advice = f"{source.url} cannot be captured ({reason}); is it a display that you may see?"
        case "stream", errno.ECONNREFUSED:
            advice = "connection refused; is the sender running, and is the port right?"
        case "stream", _:
            advice = f"no video comes ({reason}); check the address and the network"
        case _:
            advice = f"cannot be read ({reason}); is it a camera?"
    return _LostError(f"{source.name}: {advice}")
