"""A few frames from the middle of a video, without decoding all that is before them where that is safe."""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice

from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from tased.errors import TruncatedVideoError, UsageError, VideoError
from tased.video.frame import Frame
from tased.video.pixels import to_rgb, turned
from tased.video.read import Video
from tased.video.read_file import Decoder, VideoFile
from tased.video.read_pictures import Pictures, check_size, read_picture
from tased.video.seek_index import SeekIndex, seek_index


def read_window(video: Video, start: int, count: int) -> Iterator[Frame]:
    """Frames `start` to `start + count - 1`, exactly those that iterating `video` gives, one by one.

    Of a folder only these pictures are read. A file is decoded from the key frame before them if its
    packets leave no doubt which frame is which, and else from its start (an AVI with B-frames, HEVC, a stream
    without container, interlaced pictures).

    Raises
    ------
    VideoError
        When the video ends before. Also for a damaged frame, or one that is needed to decode these: iterating
        goes on after it and numbers those behind it one less; here they keep their numbers, so that a ground
        truth stays with its frame.
    UsageError
        For numbers below 0, or none.

    """
    last = start + count - 1
    following = start
    for frame in _frames(video, start, last):
        following = frame.index + 1
        yield frame
    if following <= last:
        raise VideoError(f"{video.path}: has no frame {following}; frames {start} to {last} were asked for")


def _frames(video: Video, start: int, last: int) -> Iterator[Frame]:
    """As many of them as there are."""
    if start < 0 or last < start:
        raise UsageError(f"{video.path}: frames {start} to {last} were asked for; they count from 0 upwards")
    following = start
    if isinstance(video, Pictures):
        yield from _pictures(video, start, last)
        return
    if isinstance(video, VideoFile) and (index := seek_index(video)) is not None and index.trusted:
        for frame in _sought(video, index, start, last):
            following = frame.index + 1
            yield frame
        if following > last or index.trusted:
            return
    try:
        yield from islice(video, following, last + 1)
    except TruncatedVideoError:  # comes after the last readable frame; what is missing is told by the caller
        return


def _pictures(video: Pictures, start: int, last: int) -> Iterator[Frame]:
    folder = video.path if video.path.is_dir() else video.path.parent
    for index in range(start, min(last + 1, video.frames)):
        path = folder / video.picture_names[index]
        pixels = read_picture(path)
        check_size(path, pixels.shape[1::-1], (video.width, video.height))
        yield Frame(pixels, index, float(index / video.rate))


def _sought(video: VideoFile, index: SeekIndex, start: int, last: int) -> Iterator[Frame]:
    """The frames from the key frame before `start`, as far as they come in the order of the index.

    One that does not ends them, and the trust in the index. Pixels are made of the wanted ones alone.
    """
    if start >= len(index.times):
        return
    width, height = (video.width, video.height) if video.turn[0] else (video.height, video.width)
    reformatter = VideoReformatter()
    place = index.key_before(start)
    with closing(Decoder(video.path, video.stream, threads=False)) as decoder:
        if place:
            decoder.container.seek(index.seeks[place], stream=decoder.stream, backward=True)
        expected: int | None = None
        for picture in decoder.frames():
            number = index.number(picture.pts)
            if expected is None and number is not None and number in index.keys:
                if number > start or picture.pict_type in (PictureType.P, PictureType.B):
                    break
                expected = number
            if expected is None:  # leads a key frame that it does not belong to
                continue
            if number != expected or (picture.interlaced_frame and number >= start):
                break
            expected += 1
            if number < start:
                continue
            pixels = turned(to_rgb(picture, reformatter, width=width, height=height), video.turn)
            yield Frame(pixels, number, float(max(Fraction(0), decoder.time(picture) or 0)))
            if number == last:
                return
        else:
            if expected == len(index.times):
                return
        if decoder.damaged:
            raise VideoError(
                f"{video.path}: frame {expected or start} cannot be decoded; is the file damaged?"
            )
        index.trusted = False
