"""What a data set holds and what is wrong with it, by reading all of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tased.data.clip import Clip, DataSet
from tased.data.finding import FileError, Finding, Kind
from tased.data.table import Table
from tased.errors import DataError, VideoError

UNEVEN = 1.0  # frames that a time may be off an even rate before gaze in seconds lands elsewhere


@dataclass(frozen=True, slots=True)
class ClipReport:
    """One clip, read from its first frame to its last."""

    name: str
    split: str
    frames: int  # of the video, as decoded; 0 when it cannot be read
    expected: int  # frames of ground truth that there should be
    gazed: int  # frames of which the fixations could be read
    maps: int | None  # that could be read; None where they are made of the fixations
    fixations: int  # within the frame
    outside: int  # fixations beyond it
    findings: tuple[Finding, ...]


def check(data: DataSet, report: Callable[[str, int, int], None] | None = None) -> Iterator[ClipReport]:
    """Read every frame, picture of fixations and map of every clip; nothing that is wrong stops it.

    `report` is told a clip's name, how many of its frames are done, and of how many. What belongs to no clip
    is in `data.strays()`.

    Raises
    ------
    DataError
        When there is no clip at all.

    """
    for split, clip in _all_clips(data):
        yield _checked(data, split, clip, report)


def _all_clips(data: DataSet) -> list[tuple[str, Clip]]:
    splits = ("all",) if "all" in data.splits else data.splits
    found: list[tuple[str, Clip]] = []
    failures = []
    for split in splits:
        try:
            found += [(split, clip) for clip in data.clips(split)]
        except DataError as error:  # people have one split and not the other
            failures.append(error)
    if not found:
        raise failures[0]
    return found


def _checked(
    data: DataSet, split: str, clip: Clip, report: Callable[[str, int, int], None] | None
) -> ClipReport:
    try:
        expected = clip.frames
    except DataError as error:
        maps_read = 0 if clip.maps_given else None
        return ClipReport(clip.name, split, 0, 0, 0, maps_read, 0, 0, (_finding(data, error),))
    frames, findings = _check_video(data, clip)
    gazed = maps = fixations = outside = 0
    rise = 0.0  # of the maps at fixations, above their means
    for index in range(expected):
        gaze = density = None
        try:
            gaze = clip.gaze(index)
            gazed, fixations, outside = gazed + 1, fixations + len(gaze.fixations), outside + gaze.outside
        except DataError as error:
            findings.append(_finding(data, error))
        try:
            density = clip.density(index) if clip.maps_given else None
            maps += density is not None
        except DataError as error:
            findings.append(_finding(data, error))
        if gaze is not None and density is not None and len(gaze.fixations):
            peak = float(density.max())
            if peak == 0:
                frame = f"frame {clip.frame_names[index]} of {clip.name}"
                message = f"the map of {frame} is black, but it has fixations"
                findings.append(Finding("mismatched", data.path, message))
            else:
                there = density[gaze.fixations[:, 0], gaze.fixations[:, 1]]
                rise += float(there.mean() - density.mean()) / peak
        if report is not None:
            report(clip.name, index + 1, expected)
    if maps and fixations and rise < 0:
        message = (
            f"the maps of {clip.name} are lower where it was fixated than elsewhere: are they of this clip?"
        )
        findings.append(Finding("mismatched", data.path, message))
    if outside:
        message = f"{outside} of {fixations + outside} fixations of {clip.name} lie outside the frame"
        findings.append(Finding("outside", data.path, message))
    return ClipReport(
        clip.name,
        split,
        frames,
        clip.frames,
        gazed,
        maps if clip.maps_given else None,
        fixations,
        outside,
        tuple(findings),
    )


def _check_video(data: DataSet, clip: Clip) -> tuple[int, list[Finding]]:
    """The number of frames that can be decoded, and what does not fit the ground truth."""
    frames, findings = 0, []
    in_seconds = isinstance(data, Table) and data.gaze.start is not None
    drift, size = 0.0, (0, 0)
    path = clip.video_path
    try:
        video = clip.video()
        size = (video.height, video.width)
        for frame in video:
            frames += 1
            if in_seconds:
                drift = max(drift, abs(frame.seconds * float(video.rate) - frame.index))
    except VideoError as error:
        if isinstance(error.__cause__, FileError):  # one picture of a folder
            return frames, [error.__cause__.finding]
        kind: Kind = "broken" if path.exists() else "missing"
        return frames, [Finding(kind, path, str(error).removeprefix(f"{path}: "))]
    if frames != clip.frames:
        message = f"has {frames} frames, and the ground truth of {clip.name} {clip.frames}"
        findings.append(Finding("mismatched", path, message))
    try:
        truth_size = (clip.rows, clip.columns)
    except DataError:  # told where the file itself is read
        return frames, findings
    if size != truth_size:
        message = (
            f"is {size[1]}x{size[0]}, and the ground truth of {clip.name} {truth_size[1]}x{truth_size[0]}"
        )
        findings.append(Finding("mismatched", path, message))
    if drift > UNEVEN:
        message = f"shows its frames at uneven times, up to {drift:.1f} frames off: give gaze by frame"
        findings.append(Finding("mismatched", path, message))
    return frames, findings


def _finding(data: DataSet, error: DataError) -> Finding:
    return error.finding if isinstance(error, FileError) else Finding("broken", data.path, str(error))
