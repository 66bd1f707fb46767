"""Frames at the network's size, written once: what training reads where decoding the videos takes too long.

A cache is a folder of NAME.mkv, motion JPEG in which every frame is a key frame, and cache.json.
"""

import io
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tased.atomic import AtomicWriter, WholeFile
from tased.data.borrowed import BorrowingClip
from tased.data.clip import Clip, DataSet
from tased.errors import DataError, OutputError, TasedError, UsageError, VideoError
from tased.predict.resize import resize
from tased.train.pool import each
from tased.video.frame import Frame
from tased.video.read import Video, open_video
from tased.video.window import read_window

log = logging.getLogger(__name__)

_SUFFIX = ".mkv"
_FACTS = "cache.json"
_RATE = Fraction(25)  # frames a second, of no meaning here
_MEASURED = 3  # frames a video, for what the cache will take
_SPARE = 1.05  # of the expected size: containers, and frames that are richer than the measured ones


@dataclass(frozen=True)
class CacheFacts:
    """What cache.json says."""

    rows: int
    columns: int
    quality: int  # of the JPEGs, 1 to 95
    fingerprints: Mapping[str, str]  # of the data set's splits


@dataclass(frozen=True)
class CachePlan:
    """What is to be written."""

    out: Path
    facts: CacheFacts
    clips: Sequence[Clip]  # those that are not there yet
    there: int  # clips that are
    expected_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class CachedClip(BorrowingClip):
    """A clip whose frames come from a cache, and its ground truth from the data set."""

    cached: Path

    @property
    def video_path(self) -> Path:
        """In the cache."""
        return self.cached

    def video(self) -> Video:
        """The cached frames."""
        return open_video(self.cached)


def cached_clips(data: DataSet, split: str | None, cache: Path) -> list[CachedClip]:
    """The clips of a split with frames from a cache.

    Raises
    ------
    DataError
        For a cache that lacks a clip, or was made of other data.

    """
    facts, split = read_facts(cache), split or data.splits[0]
    if facts.fingerprints.get(split) != data.fingerprint(split):
        what = "other data" if split in facts.fingerprints else f"the splits {', '.join(facts.fingerprints)}"
        raise DataError(
            f"{cache}: was made of {what}, not of {data.path}, {split!r} as it is now; make one of it with "
            f"`tased data cache`"
        )
    found = [CachedClip(clip, _file(cache, clip)) for clip in data.clips(split)]
    lacking = [clip.name for clip in found if not clip.video_path.is_file()]
    if lacking:
        raise DataError(
            f"{cache}: lacks {len(lacking)} of {len(found)} clips, first {lacking[0]!r}; run "
            f"`tased data cache` again to finish it"
        )
    return found


def read_facts(cache: Path) -> CacheFacts:
    """What a cache says of itself; DataError for a folder that is none."""
    path = cache / _FACTS
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        facts = CacheFacts(**values)
        if not all(isinstance(number, int) for number in (facts.rows, facts.columns, facts.quality)):
            raise TypeError("sizes are whole numbers")
        return CacheFacts(facts.rows, facts.columns, facts.quality, dict(facts.fingerprints))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{cache}: is no cache of frames ({path.name}: {error}); `tased data cache` makes one"
        ) from error


def plan_cache(
    data: DataSet, out: Path, *, rows: int, columns: int, split: str | None = None, quality: int = 90
) -> CachePlan:
    """Find what is missing in a cache at `out`, new or begun, and measure on a few frames what it will take.

    `split` None takes every clip of the data set with a ground truth, of any split.

    Raises
    ------
    UsageError
        For a quality or size that cannot be.
    DataError
        For something else at `out`: a cache of other data, or of another size or quality.
    VideoError
        When none of the videos can be read.

    """
    if not 1 <= quality <= 95 or min(rows, columns) < 1:
        raise UsageError(f"quality {quality} at {columns}x{rows} was asked for; quality goes from 1 to 95")
    clips, fingerprints = _of_splits(data, split)
    facts = CacheFacts(rows, columns, quality, fingerprints)
    if (out / _FACTS).exists():
        facts = _merged(out, read_facts(out), facts)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: there is something else here already; choose a new folder")
    missing = [clip for clip in clips if not _file(out, clip).is_file()]
    existing = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.is_dir())
    return CachePlan(
        out=out,
        facts=facts,
        clips=missing,
        there=len(clips) - len(missing),
        expected_bytes=_expected(missing, facts),
        free_bytes=shutil.disk_usage(existing).free,
    )


def write_cache(
    plan: CachePlan, *, workers: int = 1, report: Callable[[str, int, int], None] | None = None
) -> None:
    """Write what is missing, each clip whole or not at all, so that it can be interrupted and run again.

    `report` is told a clip's name, how many frames are done, and of how many.

    Raises
    ------
    OutputError
        Before anything is written when the disk has too little space; later when it fills up.
    DataError
        At the end, naming the clips that cannot be cached because they are broken.

    """
    if plan.expected_bytes > plan.free_bytes:
        raise OutputError(
            f"{plan.out}: about {plan.expected_bytes / 1e9:.1f} GB are needed and "
            f"{plan.free_bytes / 1e9:.1f} GB are free; make space, choose another disk or a lower quality"
        )
    with WholeFile(plan.out / _FACTS) as file:
        file.write((json.dumps(asdict(plan.facts), indent=2) + "\n").encode())
    done, total = 0, sum(clip.frames for clip in plan.clips)
    failures = []
    cached = partial(_cache_clip, out=plan.out, facts=plan.facts)
    for clip, failure in each(cached, plan.clips, workers if workers > 1 else 0):
        done += clip.frames
        if failure is not None:
            failures.append(failure)
        if report is not None:
            report(clip.name, done, total)
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        raise DataError(
            f"{len(failures)} of {len(plan.clips)} clips are not in the cache: {failures[0]}{more}; "
            f"`tased data check` tells all that is broken"
        )


def _cache_clip(clip: Clip, out: Path, facts: CacheFacts) -> str | None:
    """Write one clip; what is wrong with it, if anything."""
    try:
        video = clip.video()
        with JpegMovie(_file(out, clip), rows=facts.rows, columns=facts.columns) as movie:
            for frame in video:
                movie.write(_jpeg(frame, facts))
            if movie.frames < clip.frames:
                raise DataError(
                    f"{clip.video_path}: has {movie.frames} frames, and the ground truth of {clip.name} "
                    f"{clip.frames}"
                )
    except (VideoError, DataError) as error:
        return str(error)
    return None


class JpegMovie(AtomicWriter):
    """JPEGs in a Matroska file, which appears when it is whole."""

    _failures = (OSError, av.error.FFmpegError)

    def __init__(self, path: Path, *, rows: int, columns: int) -> None:
        super().__init__(path)
        self.rows, self.columns = rows, columns
        self.frames = 0

    def write(self, jpeg: bytes) -> None:
        """The next frame."""
        packet = av.Packet(jpeg)
        packet.stream, packet.time_base, packet.is_keyframe = self._stream, 1 / _RATE, True
        packet.pts = packet.dts = self.frames
        packet.duration = 1
        with self._failing_clearly():
            self._container.mux(packet)
        self.frames += 1

    def _begin(self, partial: Path) -> None:
        self._container = av.open(str(partial.absolute()), "w", format="matroska")
        self._open.callback(self._container.close)
        self._stream = self._container.add_mux_stream(
            "mjpeg", rate=_RATE, width=self.columns, height=self.rows
        )

    def _finish(self, partial: Path) -> None:
        """Closing the container writes its end."""


def _jpeg(frame: Frame, facts: CacheFacts) -> bytes:
    """As `resize` makes it, with colours at half the size, as nearly all videos have them."""
    pixels = resize(frame.pixels, facts.rows, facts.columns).permute(1, 2, 0).contiguous().numpy()
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=facts.quality, subsampling="4:2:0")
    return out.getvalue()


def _expected(clips: Sequence[Clip], facts: CacheFacts) -> int:
    """Bytes, by a few frames of each video; those of a video that cannot be read are as others'."""
    sizes: list[float] = []
    frames = 0
    failure: TasedError | None = None
    for clip in clips:
        try:
            video = clip.video()
            some = read_window(video, clip.frames // 2, min(_MEASURED, clip.frames - clip.frames // 2))
            sizes.append(clip.frames * float(np.mean([len(_jpeg(frame, facts)) for frame in some])))
            frames += clip.frames
        except (VideoError, DataError) as error:
            failure = error
    if clips and not frames:
        raise VideoError(f"no video of {len(clips)} can be read, first: {failure}")
    total = sum(clip.frames for clip in clips)
    return round(_SPARE * sum(sizes) * total / frames) if frames else 0


def _of_splits(data: DataSet, split: str | None) -> tuple[list[Clip], dict[str, str]]:
    """The clips of some splits, each once, and the splits' fingerprints."""
    clips: dict[str, Clip] = {}
    fingerprints = {}
    failure: DataError | None = None
    for name in [split] if split is not None else data.splits:
        try:
            found = data.clips(name)
        except DataError as error:  # people have one split and not the other
            failure = error
            continue
        fingerprints[name] = data.fingerprint(name)
        for clip in found:
            if clips.setdefault(clip.name, clip).video_path != clip.video_path:
                raise DataError(
                    f"{data.path}: two clips are called {clip.name!r}; cache the splits one by one"
                )
    if failure is not None and not clips:
        raise failure
    return list(clips.values()), fingerprints


def _merged(out: Path, there: CacheFacts, wanted: CacheFacts) -> CacheFacts:
    """A cache goes on where it ended, with further splits of the same data too."""
    if (there.rows, there.columns, there.quality) != (wanted.rows, wanted.columns, wanted.quality):
        raise DataError(
            f"{out}: is a cache of {there.columns}x{there.rows} at quality {there.quality}, and "
            f"{wanted.columns}x{wanted.rows} at quality {wanted.quality} is asked for; choose a new folder"
        )
    other = [
        split for split, mark in wanted.fingerprints.items() if there.fingerprints.get(split, mark) != mark
    ]
    if other:
        raise DataError(f"{out}: is a cache of other data, by its split {other[0]!r}; choose a new folder")
    both = {**there.fingerprints, **wanted.fingerprints}
    return CacheFacts(there.rows, there.columns, there.quality, both)


def _file(cache: Path, clip: Clip) -> Path:
    """Where a clip is; the name is the data set's, and may have folders."""
    path = cache / f"{clip.name}{_SUFFIX}"
    if not os.path.normpath(path).startswith(os.path.normpath(cache) + os.sep):
        raise DataError(f"{clip.name!r} leads out of the cache; rename the clip")
    return path
