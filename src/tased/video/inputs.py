"""What a path holds: a video, pictures, or several videos."""

import re
from pathlib import Path

from tased.errors import VideoError

_PICTURES = ".png .jpg .jpeg .jpe .bmp .tif .tiff .webp .ppm .pgm .pbm .pnm .jp2 .tga .avif"
_VIDEOS = (
    ".mp4 .m4v .mov .qt .mkv .webm .avi .mpg .mpeg .mpe .m2v .vob .ts .mts .m2ts .wmv .asf .flv .f4v .3gp "
    ".3g2 .ogv .ogm .gif .mxf .dv .y4m .rm .rmvb .divx .nut .h264 .264 .h265 .hevc .265 .ivf"
)
PICTURE_SUFFIXES = frozenset(_PICTURES.split())
VIDEO_SUFFIXES = frozenset(_VIDEOS.split())


def is_picture(path: str | Path) -> bool:
    """Whether the name is a picture's; the file itself is not read."""
    return Path(path).suffix.lower() in PICTURE_SUFFIXES


def is_video_name(path: str | Path) -> bool:
    """Whether the name is a video's (an animated GIF is one); the file itself is not read."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts 2 before 10 and ignores case: `frame2.png`, `Frame10.png`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return (
        *((0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts),
        (2, 0, name),  # names that differ in case or leading zeros alone still have one order
    )


def list_inputs(path: str | Path) -> list[Path]:
    """The videos that `path` stands for, each fit for `open_video`.

    A file is itself, and so is a folder of pictures; a folder of videos is each of them, in natural
    order. Hidden files, other files and folders inside are ignored.

    Raises
    ------
    VideoError
        When there is nothing at `path`, or the folder holds neither, or both.

    """
    path = Path(path)
    if not path.is_dir():
        check_exists(path)
        return [path]
    files = visible_files(path)
    pictures = [file for file in files if is_picture(file)]
    videos = [file for file in files if is_video_name(file)]
    if pictures and videos:
        raise VideoError(
            f"{path}: holds {len(pictures)} pictures and {len(videos)} videos; a folder is either the frames "
            f"of one video or several videos, so move one kind elsewhere or name the files one by one"
        )
    if not pictures and not videos:
        raise nothing_to_read(path, len(files))
    return videos or [path]


def visible_files(folder: Path) -> list[Path]:
    """The files of a folder that are not hidden, in natural order; VideoError when it cannot be listed."""
    try:
        files = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_file()]
    except OSError as error:
        raise VideoError(
            f"{folder}: the folder cannot be read ({error.strerror}); check its permissions"
        ) from error
    return sorted(files, key=lambda file: natural_key(file.name))


def nothing_to_read(folder: Path, files: int) -> VideoError:
    """The error for a folder of neither pictures nor videos."""
    found = f"none of its {files} files is a picture or video" if files else "the folder is empty"
    return VideoError(
        f"{folder}: {found}; give a video, a folder of videos, or a folder of numbered pictures"
    )


def check_exists(path: Path) -> None:
    """Raise VideoError when nothing is at `path`."""
    try:
        path.stat()
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such file or folder; check the spelling") from error
    except OSError as error:
        raise VideoError(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
