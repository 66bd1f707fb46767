"""A crop's track as files: for people and programs, for FFmpeg, and for editors."""

import importlib.util
import json
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import numpy as np

from tased.apps.crop_track import Track
from tased.atomic import WholeFile, check_suffix
from tased.errors import UsageError
from tased.video.read import Video
from tased.video.write_table import TableFile

COLUMNS = ("frame", "seconds", "shot", "x", "y", "width", "height", "whole", "kept", "centre", "best")


class TrackFiles:
    """The files that are asked for; all are made at once, whole or not at all.

    table     .csv or .json: a row of COLUMNS for every frame
    sendcmd   for FFmpeg's filter of that name, which moves a `crop` filter
    otio      OpenTimelineIO: a clip a shot, each with the crop as an effect

    Raises
    ------
    UsageError
        By the constructor, for other suffixes, and for `otio` without the opentimelineio package.
    OutputError
        When a file cannot be written.

    """

    def __init__(self, *, table: Path | None = None, sendcmd: Path | None = None, otio: Path | None = None):
        self._table: TableFile | None = None
        self._json: WholeFile | None = None
        if table is not None and check_suffix(table, (".csv", ".json"), "a track") == ".csv":
            self._table = TableFile(table, columns=COLUMNS)
        elif table is not None:
            self._json = WholeFile(table)
        self._sendcmd = WholeFile(sendcmd) if sendcmd else None
        if otio is not None:
            check_suffix(otio, (".otio",), "a timeline")
            if importlib.util.find_spec("opentimelineio") is None:
                raise UsageError(f'{otio}: timelines need one more package: pip install "tased[otio]"')
        self._otio = WholeFile(otio) if otio else None

    def write(self, track: Track, video: Video) -> None:
        """Write them all."""
        with ExitStack() as stack:
            if self._table:
                table = stack.enter_context(self._table)
                for row in rows(track):
                    table.write(row)
            if self._json:
                stack.enter_context(self._json).write(_described(track, video).encode())
            if self._sendcmd:
                stack.enter_context(self._sendcmd).write(sendcmd(track).encode())
            if self._otio:
                stack.enter_context(self._otio).write(timeline(track, video).encode())


def rows(track: Track) -> Iterator[dict[str, int | float | bool]]:
    """A row of COLUMNS for every frame.

    x, y, width, height      the crop, in pixels of the frame; also where the frame is shown whole
    kept, centre, best       attention within it, within one that stays in the middle, and within the best of
                             this frame alone, as shares of the frame's
    """
    for frame, moved in enumerate(track.moved.tolist()):
        x, y = track.crop.place(moved)
        yield {
            "frame": frame,
            "seconds": float(track.seconds[frame]),
            "shot": int(track.shot[frame]),
            "x": x,
            "y": y,
            "width": track.crop.width,
            "height": track.crop.height,
            "whole": bool(track.whole[frame]),
            "kept": float(track.kept[frame]),
            "centre": float(track.centre[frame]),
            "best": float(track.best[frame]),
        }


def _described(track: Track, video: Video) -> str:
    crop = track.crop
    facts = {
        "source": str(video.path),
        "frame": {"width": crop.frame_width, "height": crop.frame_height},
        "crop": {"width": crop.width, "height": crop.height},
        "frames": list(rows(track)),
    }
    return json.dumps(facts, indent=1) + "\n"


def turns(track: Track, shot: slice) -> list[int]:
    """The frames of a shot at which the crop moves, and its first: until the next it stays where it is."""
    return [shot.start + int(i) for i in np.flatnonzero(np.diff(track.moved[shot], prepend=-1))]


def sendcmd(track: Track) -> str:
    """Commands that move FFmpeg's `crop`, each sent midway between two frames, before the later one.

    The first line tells the filters. `exact` keeps the crop from moving in steps of two pixels where colour
    has half the resolution.
    """
    crop = track.crop
    x, y = crop.place(int(track.moved[0]))
    axis = "x" if crop.moves_across else "y"
    lines = [f"# -vf sendcmd=f=THIS_FILE,crop=w={crop.width}:h={crop.height}:x={x}:y={y}:exact=1"]
    before = np.concatenate([[0.0], track.seconds[:-1]])
    middle = (before + track.seconds) / 2
    for shot in track.shots:
        lines += [f"{middle[frame]:.6f} crop {axis} {track.moved[frame]};" for frame in turns(track, shot)]
    return "\n".join(lines) + "\n"


def timeline(track: Track, video: Video) -> str:
    """An OpenTimelineIO timeline, as JSON: a clip for each shot, with its range of the source.

    Times are frames at the video's average rate. Each clip has an effect named Crop, with the crop in its
    metadata under "tased": `width`, `height`, `whole`, and `places`, a list of [frame of the source, x, y]
    that each hold until the next.
    """
    import opentimelineio as otio  # type: ignore[import-untyped]

    rate = float(Fraction(video.rate))
    crop = track.crop

    def time(frames: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, rate)

    whole = otio.opentime.TimeRange(time(0), time(len(track.moved)))
    clips = []
    for number, shot in enumerate(track.shots):
        facts = {
            "frame": [crop.frame_width, crop.frame_height],
            "width": crop.width,
            "height": crop.height,
            "whole": bool(track.whole[shot.start]),
            "kept": float(track.kept[shot].mean()),
            "places": [[frame, *crop.place(int(track.moved[frame]))] for frame in turns(track, shot)],
        }
        clips.append(
            otio.schema.Clip(
                name=f"{video.name} shot {number + 1}",
                media_reference=otio.schema.ExternalReference(video.path.resolve().as_uri(), whole),
                source_range=otio.opentime.TimeRange(time(shot.start), time(shot.stop - shot.start)),
                effects=[otio.schema.Effect("reframe", "Crop", {"tased": facts})],
            )
        )
    made = otio.schema.Timeline(video.name)
    made.tracks.append(otio.schema.Track("reframed", clips, kind=otio.schema.TrackKind.Video))
    return made.to_json_string() + "\n"
