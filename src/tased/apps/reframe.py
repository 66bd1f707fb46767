"""A video in another aspect: a crop that follows attention."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from tased.apps.crop import Crop, aspect_of, largest_crop, nearest_even
from tased.apps.crop_path import CALM, Limits
from tased.apps.crop_track import Fallback, Track, crop_track
from tased.apps.fitted import Bars, fitted
from tased.apps.gather import Progress, gathered
from tased.apps.outputs import check_places
from tased.apps.track_files import TrackFiles
from tased.errors import UsageError
from tased.predict.cuts import CutDetector
from tased.predict.predictor import Predictor
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.write_colour_movie import ColourMovie

LARGEST = 8192  # rows of the movie: 8K


@dataclass(frozen=True, slots=True)
class Reframed:
    """What was done; all attention is as predicted, the mean over all frames of their shares."""

    track: Track
    width: int  # of the movie, in pixels
    height: int
    shots: int
    whole: int  # of the shots: shown whole
    kept: float  # attention within the crop, also in the shots that are shown whole
    centre: float  # within a crop that stays in the middle
    elapsed: float  # seconds of work


def reframe(
    source: str | Path,
    out: Path,
    *,
    predictor: Predictor,
    aspect: str | None = None,
    height: int | None = None,
    size: tuple[int, int] | None = None,
    limits: Limits = CALM,
    fallback: Fallback = "auto",
    bars: Bars = "blurred",
    track: Path | None = None,
    sendcmd: Path | None = None,
    otio: Path | None = None,
    every: int = 1,
    report: Callable[[str, Progress], None] = lambda _, __: None,
) -> Reframed:
    """Write a video in another aspect, with its sound: the largest crop of it, following attention.

    The path is planned for each shot (tased.apps.crop_path), within `limits`; which shots are shown whole,
    between `bars`, is up to `fallback` (tased.apps.crop_track). The movie has the crop's size, or is scaled
    to `height`; `aspect` is 9:16 unless it is given. Or its `size` (rows, columns) says both. `track`,
    `sendcmd` and `otio` are further files (tased.apps.track_files); `every` as for Predictor.predict.
    `report` is told what is done, predicting or writing, and how far.

    A truncated video is written as far as it can be read, then TruncatedVideoError is raised. Raises
    VideoError, OutputError and UsageError as the readers and writers do; UsageError also for an aspect that
    the video has already, an output over the source, and `sendcmd` with `fallback` auto, because a `crop`
    filter can show no frame whole.
    """
    began = time.monotonic()
    if sendcmd is not None and fallback != "never":
        raise UsageError("--sendcmd moves a crop, which shows no shot whole; give --fallback never with it")
    asked, scaled = _asked(aspect, height, size)
    video = open_video(source)
    named = {"--out": out, "--track": track, "--sendcmd": sendcmd, "--otio": otio}
    check_places([video.path], [(option, path) for option, path in named.items() if path is not None])
    crop = largest_crop(video.width, video.height, asked)
    rows, columns = scaled or (crop.height, crop.width)
    sound = None if video.picture_names else video.path
    files = TrackFiles(table=track, sendcmd=sendcmd, otio=otio)
    movie = ColourMovie(out, width=columns, height=rows, rate=video.rate, audio_from=sound)

    with gathered(
        video, predictor=predictor, every=every, cuts=True, report=lambda at: report("predicting", at)
    ) as found:
        detector = CutDetector()
        cuts = (detector.begins_shot(frame) for frame in video)
        planned = crop_track(found.maps, cuts, crop, limits=limits, fallback=fallback)
    count = len(planned.moved)
    with movie:
        for index, frame in zip(
            range(count), video, strict=False
        ):  # not beyond, where a truncated one raises
            pixels = _shown(frame, planned, columns, rows, bars)
            movie.write(Frame(pixels, index, frame.seconds))
            report("writing", Progress(index + 1, count, frame.seconds))
        files.write(planned, video)
    if found.truncated is not None:
        raise found.truncated
    return Reframed(
        track=planned,
        width=columns,
        height=rows,
        shots=len(planned.shots),
        whole=sum(bool(planned.whole[shot.start]) for shot in planned.shots),
        kept=float(planned.kept.mean()),
        centre=float(planned.centre.mean()),
        elapsed=time.monotonic() - began,
    )


def _asked(
    aspect: str | None, height: int | None, size: tuple[int, int] | None
) -> tuple[Fraction, tuple[int, int] | None]:
    """The movie's aspect, and its rows and columns; None when it is as large as the crop."""
    if size is not None:
        rows, columns = size
        if aspect is not None or height is not None:
            raise UsageError("--size says the aspect and the height; leave out --aspect and --height")
        if any(side % 2 or not 2 <= side <= LARGEST for side in size):
            raise UsageError(
                f"--size {columns}x{rows} was asked for; both must be even and from 2 to {LARGEST} pixels"
            )
        return Fraction(columns, rows), size
    if height is not None and not 2 <= height <= LARGEST:
        raise UsageError(f"--height {height} was asked for; it must be from 2 to {LARGEST} pixels")
    asked = aspect_of("9:16" if aspect is None else aspect)
    if height is None:
        return asked, None
    rows = nearest_even(height)
    columns = nearest_even(rows * asked)
    if columns > LARGEST:
        raise UsageError(
            f"--height {height} makes {columns}x{rows}; the width may be {LARGEST} pixels at most"
        )
    return asked, (rows, columns)


def _shown(
    frame: Frame, track: Track, width: int, height: int, bars: Bars
) -> UInt8[np.ndarray, "height width 3"]:
    """What the movie shows of a frame."""
    if track.whole[frame.index]:
        return fitted(frame.pixels, width, height, bars)
    crop: Crop = track.crop
    x, y = crop.place(int(track.moved[frame.index]))
    cut = np.ascontiguousarray(frame.pixels[y : y + crop.height, x : x + crop.width])
    if (width, height) == (crop.width, crop.height):
        return cut
    return np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.LANCZOS))
