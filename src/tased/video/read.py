"""Any video as an iterable of frames: a file, a folder of pictures, one picture."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from tased.errors import UsageError, VideoError
from tased.video.frame import Frame
from tased.video.inputs import check_exists, is_picture, is_video_name, nothing_to_read, visible_files
from tased.video.read_file import open_file
from tased.video.read_pictures import open_pictures


class Video(Protocol):
    """Frames that can be gone through again and again, at a constant use of memory."""

    @property
    def path(self) -> Path:
        """As it was given."""

    @property
    def name(self) -> str:
        """To name results after: a file's name without suffix, or a folder's name."""

    @property
    def width(self) -> int:
        """Of every frame, in pixels, as displayed."""

    @property
    def height(self) -> int:
        """Of every frame, in pixels, as displayed."""

    @property
    def rate(self) -> Fraction:
        """Frames per second on average; 25 for pictures."""

    @property
    def frames(self) -> int | None:
        """How many to expect: exact for pictures, the header's word for a file, None if it has none."""

    @property
    def duration(self) -> float | None:
        """Seconds to expect; None when unknown."""

    @property
    def picture_names(self) -> tuple[str, ...] | None:
        """The file names of a folder's pictures, in order; None for a video file."""

    def __iter__(self) -> Iterator[Frame]:
        """From the first frame to the last; opens what it reads anew."""


def open_video(path: str | Path, *, stream: int | None = None) -> Video:
    """Open any file that FFmpeg reads, a folder of pictures (2 before 10) or one picture.

    `stream` numbers the videos of a file that holds several, from 0; None takes the default one. A cover
    picture is not a video.

    Raises
    ------
    VideoError
        When there is nothing to see at `path`; the message says why.
    UsageError
        For a `stream` that the file does not have.

    """
    path = Path(path)
    check_exists(path)
    if path.is_dir():
        pictures = _pictures_of(path)
    elif is_picture(path):
        pictures = [path]
    else:
        return open_file(path, stream=stream)
    if stream is not None:
        raise UsageError(f"{path}: pictures have no numbered streams; leave out stream {stream}")
    return open_pictures(path, pictures)


def _pictures_of(folder: Path) -> list[Path]:
    files = visible_files(folder)
    pictures = [file for file in files if is_picture(file)]
    if pictures:
        return pictures
    videos = sum(is_video_name(file) for file in files)
    if videos:
        raise VideoError(f"{folder}: is a folder of {videos} videos, not of pictures; open them one by one")
    raise nothing_to_read(folder, len(files))
