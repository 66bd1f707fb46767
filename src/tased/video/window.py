"""A few frames from the middle of a video."""

from collections.abc import Iterator
from itertools import islice

from tased.errors import VideoError
from tased.video.frame import Frame
from tased.video.read import Video


def read_window(video: Video, start: int, count: int) -> Iterator[Frame]:
    """Frames `start` to `start + count - 1`, exactly those that iterating `video` gives."""
    found = 0
    for frame in islice(video, start, start + count):
        found += 1
        yield frame
    if found < count:
        raise VideoError(
            f"{video.path}: has no frame {start + found}; frames {start} to {start + count - 1} were needed"
        )
