"""What the columns of a table of gaze mean, by their names.

A name that could be read in two ways is an error that says which name is clear: nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tased.errors import DataError

Units = Literal["pixels", "shares"]

# The names that a column is found by, in any case; - and spaces are as good as _.
VIDEO = ("video", "clip", "stimulus", "video_name", "file")
PICTURE = ("image", "picture", "image_name", "picture_name")  # looked for where there is no video
OBSERVER = ("observer", "subject", "participant", "viewer")
FRAME = {"frame": 0, "frame_index": 0, "frame_number": 1}  # the number of the first frame
SECONDS = {
    **dict.fromkeys(("seconds", "time_s", "start_seconds", "start_s"), 1.0),
    **dict.fromkeys(("milliseconds", "ms", "time_ms", "timestamp_ms", "start_ms"), 1e-3),
}
DURATION = {
    **dict.fromkeys(("duration_seconds", "duration_s"), 1.0),
    **dict.fromkeys(("duration_ms",), 1e-3),
}
X: dict[str, Units | None] = {"x": None, "x_px": "pixels", "x_pixels": "pixels", "x_share": "shares"}
_UNCLEAR = {
    "time": "seconds or milliseconds",
    "timestamp": "seconds or milliseconds",
    "t": "seconds or milliseconds",
    "start": "start_seconds or start_ms",
    "duration": "duration_seconds or duration_ms",
}


@dataclass(frozen=True, slots=True)
class GazeColumns:
    """Which column is what, by place from 0."""

    names: tuple[str, ...]  # all of them, in lower case

    video: int
    pictures: bool  # `video` names pictures, which have no time
    observer: int | None
    when: int | None  # None for pictures
    first_frame: int | None  # the number of the first frame, where `when` counts frames
    unit: float  # seconds, of `when` otherwise
    duration: int | None
    duration_unit: float  # seconds
    x: int
    y: int
    units: Units | None  # None where the header does not say


def find_columns(path: Path, header: Sequence[str]) -> GazeColumns:
    """The columns of a header; DataError for one that is missing, double or unclear."""
    names = [name.strip().casefold().replace("-", "_").replace(" ", "_") for name in header]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have one name among {', '.join(header)}")
    pictures = not any(name in names for name in VIDEO) and any(name in names for name in PICTURE)
    for name, clear in _UNCLEAR.items():
        if name in names and (name == "duration" or not pictures):  # the time of a picture is not read
            raise DataError(f"{path}: the column {name!r} does not say its unit; rename it to {clear}")
    video = _one(path, names, PICTURE if pictures else VIDEO, "the picture" if pictures else "the video")
    x = _one(path, names, tuple(X), "the place across")
    if "y" + x[1:] not in names:
        raise DataError(f"{path}: has a column {x!r} and no {'y' + x[1:]!r}; it has {', '.join(names)}")
    when = None if pictures else _one(path, names, (*FRAME, *SECONDS), "the time")
    observed = any(name in names for name in OBSERVER)
    lasting = any(name in names for name in DURATION)
    duration = _one(path, names, tuple(DURATION), "the duration") if lasting else None
    if when in FRAME and duration is not None:
        raise DataError(f"{path}: a {duration!r} needs a start in seconds or ms, not the column {when!r}")
    return GazeColumns(
        names=tuple(names),
        video=names.index(video),
        pictures=pictures,
        observer=names.index(_one(path, names, OBSERVER, "the observer")) if observed else None,
        when=None if when is None else names.index(when),
        first_frame=FRAME.get(when or ""),
        unit=SECONDS.get(when or "", 1.0),
        duration=None if duration is None else names.index(duration),
        duration_unit=DURATION.get(duration or "", 1.0),
        x=names.index(x),
        y=names.index("y" + x[1:]),
        units=X[x],
    )


def _one(path: Path, there: list[str], names: Sequence[str], what: str) -> str:
    """The one of these columns that is there."""
    found = [name for name in names if name in there]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(f"{path}: {' and '.join(found)} could each be {what}; keep one of these columns")
    raise DataError(
        f"{path}: no column is {what}: it is called {', '.join(names)}; it has {', '.join(there)}"
    )
