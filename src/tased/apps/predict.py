"""From a video to files of its saliency, in one pass."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tased.apps.ahead import ahead
from tased.apps.gather import Progress, watched
from tased.apps.outputs import Outputs, plan
from tased.apps.overlay import overlay
from tased.errors import TasedError, TruncatedVideoError
from tased.predict.maps import SaliencyMap, Scale
from tased.predict.predictor import Predictor
from tased.predict.scale import scaled, spool
from tased.predict.statistics import COLUMNS, statistics
from tased.predict.stream import Size, check_size
from tased.video.frame import Frame
from tased.video.inputs import list_inputs
from tased.video.read import Video, open_video
from tased.video.write_array import ArrayFile
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_movie import GrayMovie
from tased.video.write_pictures import GrayPictures
from tased.video.write_table import TableFile


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done."""

    frames: int
    elapsed: float  # seconds of work
    truncated: TruncatedVideoError | None = None  # the video ended early; what there was is written


def predict_video(
    source: str | Path,
    outputs: Outputs,
    *,
    predictor: Predictor,
    every: int = 1,
    cuts: bool = False,
    scale: Scale = "frame",
    size: Size | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Predict a video and write what is asked for, each file whole or not at all.

    `every`, `cuts` and `size` as for Predictor.predict; `scale` as for tased.predict.scale.scaled. Maps,
    movie and array have the asked size and scale; the overlay has the size (twice the width for
    side-by-side), rate and sound of the source; the table is of the maps as predicted and does not depend
    on either.

    In pictures and movies a density is shown in multiples of the uniform one: one level of 255 is the
    uniform density, and what is above 255 of it is cut off.

    A truncated video is written as far as it can be read, then TruncatedVideoError is raised. Raises
    VideoError, OutputError and UsageError as the readers and writers do.
    """
    summary = _predict_video(source, outputs, predictor, every, cuts, scale, size, report)
    if summary.truncated is not None:
        raise summary.truncated
    return summary


def _predict_video(
    source: str | Path,
    outputs: Outputs,
    predictor: Predictor,
    every: int,
    cuts: bool,
    scale: Scale,
    size: Size | None,
    report: Callable[[Progress], None],
) -> Summary:
    began = time.monotonic()
    video = open_video(source)
    if size is None:
        size = "network" if predictor.published else "source"
    check_size(size)
    truncated: list[TruncatedVideoError] = []
    frames = 0
    with ExitStack() as stack:
        files = _Files(video, outputs, size, scale, keep_names=not predictor.published, stack=stack)
        maps = ahead(predictor.predict(video, every=every, cuts=cuts, size="network"))
        stack.callback(maps.close)
        for m, maximum in _with_maximum(watched(maps, video, report, truncated), scale):
            files.write(m, maximum)
            frames += 1
    return Summary(frames, time.monotonic() - began, truncated[0] if truncated else None)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one of several videos: a summary, the error that ended it, or, truncated, both."""

    source: Path
    outputs: Outputs
    summary: Summary | None = None
    error: TasedError | None = None


def predict_videos(
    inputs: Sequence[str | Path],
    outputs: Outputs,
    *,
    predictor: Predictor,
    every: int = 1,
    cuts: bool = False,
    scale: Scale = "frame",
    size: Size | None = None,
    report: Callable[[Path, Progress], None] = lambda _, __: None,
) -> Iterator[Result]:
    """Predict several videos, and the videos in folders, one after the other, as predict_video does.

    Gives the result of each as it is ready. One that fails does not stop the others; what is wrong with
    the arguments themselves raises UsageError before anything is done.
    """
    sources: list[Path] = []
    failed: list[Result] = []
    for path in map(Path, inputs):
        try:
            sources += list_inputs(path)
        except TasedError as error:
            failed.append(Result(path, Outputs(), error=error))
    sources = list({source.resolve(): source for source in sources}.values())  # each once
    plans = plan(sources, outputs, several=len(sources) + len(failed) > 1)
    yield from failed
    for source, own in plans:
        try:
            summary = _predict_video(
                source, own, predictor, every, cuts, scale, size, partial(report, source)
            )
        except TasedError as error:
            yield Result(source, own, error=error)
        else:
            yield Result(source, own, summary, summary.truncated)


def _with_maximum(maps: Iterator[SaliencyMap], scale: Scale) -> Iterator[tuple[SaliencyMap, float]]:
    """Every map with the maximum of the video, which is known at its end and asked for by one scale only."""
    if scale != "video":
        for m in maps:
            yield m, 1.0
        return
    with spool() as kept:
        for m in maps:
            kept.add(m)
        for m in kept:
            yield m, kept.maximum


class _Files:
    """The open outputs of one video; they are finished, or discarded, with the stack."""

    def __init__(
        self, video: Video, outputs: Outputs, size: Size, scale: Scale, *, keep_names: bool, stack: ExitStack
    ):
        self._source_size = (video.height, video.width)
        self._size = self._source_size if size == "source" else None if size == "network" else size
        self._scale = scale
        self._style = outputs.style
        o, sound = outputs, None if video.picture_names else video.path
        names = video.picture_names if keep_names else None
        # All are made before any is opened: what cannot be written is told before anything is.
        shown: list[GrayPictures | GrayMovie] = []
        if o.maps:
            shown.append(GrayPictures(o.maps, bits=o.bits, names=names))
        if o.video:
            shown.append(GrayMovie(o.video, rate=video.rate, codec=o.codec))
        array = ArrayFile(o.array, dtype=o.dtype) if o.array else None
        table = TableFile(o.table, columns=COLUMNS) if o.table else None
        width = o.style.width(video.width)
        colour = (
            ColourMovie(o.overlay, width=width, height=video.height, rate=video.rate, audio_from=sound)
            if o.overlay
            else None
        )
        for writer in shown:
            stack.enter_context(writer)
        self._shown = shown
        self._array = stack.enter_context(array) if array else None
        self._table = stack.enter_context(table) if table else None
        self._colour = stack.enter_context(colour) if colour else None
        # The overlay reads the source once more, in step with the maps: keeping the frames that still
        # wait for theirs would take gigabytes for 4K.
        self._frames: Iterator[Frame] = iter(video) if colour else iter(())

    def write(self, m: SaliencyMap, maximum: float) -> None:
        """Write one map everywhere."""
        if self._shown or self._array:
            values = self._values(m, self._size, maximum)
            for shown in self._shown:
                shown.write(self._visible(values), m.index, m.seconds)
            if self._array:
                self._array.write(values, m.index, m.seconds)
        if self._colour:
            values = self._visible(self._values(m, self._source_size, maximum))
            frame = next(self._frames)
            self._colour.write(replace(frame, pixels=overlay(frame.pixels, values, self._style)))
        if self._table:
            self._table.write(statistics(m, *self._source_size))

    def _values(self, m: SaliencyMap, size: tuple[int, int] | None, maximum: float) -> np.ndarray:
        values = (m.resized(*size) if size else m).values.numpy()
        return scaled(values, self._scale, maximum)

    def _visible(self, values: np.ndarray) -> np.ndarray:
        return values * (values.size / 255) if self._scale == "density" else values
