"""Where people would look in a video, and for how long: the attention that areas hold."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tased.apps.ahead import ahead
from tased.apps.areas.area import ELSEWHERE, Area
from tased.apps.areas.colours import outlined
from tased.apps.areas.file import check_areas, read_areas, write_areas
from tased.apps.areas.film_strip import LONGEST, FilmStrip
from tased.apps.areas.measure import Measure
from tased.apps.areas.plot import write_plot
from tased.apps.areas.regions import mean_density, regions
from tased.apps.areas.report import write_attention_report
from tased.apps.areas.result import COLUMNS, Attention
from tased.apps.areas.tally import Tally, Timeline, lasting
from tased.apps.areas.thumbnails import Thumbnails, write_thumbnails
from tased.apps.crop import aspect_of
from tased.apps.gather import Progress, gathered, watched
from tased.apps.outputs import check_places
from tased.apps.overlay import overlay
from tased.atomic import check_can_be_written, check_suffix
from tased.errors import TruncatedVideoError, UsageError
from tased.predict.maps import SaliencyMap
from tased.predict.predictor import Predictor
from tased.predict.scale import by_maximum, density
from tased.video.data_url import picture_url
from tased.video.frame import Frame
from tased.video.read import Video, open_video
from tased.video.write_table import TableFile

SUFFIXES = {
    "table": (".csv", ".parquet"),
    "summary": (".csv", ".parquet"),
    "plot": (".png", ".svg", ".pdf"),
    "html": (".html", ".htm"),
    "areas_out": (".json",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AttentionOutputs:
    """What to write; None leaves it out."""

    table: Path | None = None  # .csv or .parquet: a row a frame, a column an area
    summary: Path | None = None  # likewise: a row an area
    plot: Path | None = None  # .png, .svg or .pdf: shares over time
    html: Path | None = None  # a page that needs nothing but itself
    areas_out: Path | None = None  # .json: the areas, to be edited and given again
    thumbnails: Path | None = None  # a folder: 1.jpg, 1-crop.jpg, ..., the best first
    count: int = 3  # of the thumbnails, at most
    aspect: str = "1:1"  # of their crops

    def paths(self) -> dict[str, Path]:
        """What is to be written, by its name here."""
        names = (*SUFFIXES, "thumbnails")
        return {name: path for name in names if (path := getattr(self, name)) is not None}

    def check(self, video: Video) -> None:
        """Raise UsageError or OutputError for what cannot be written, before anything is computed."""
        aspect_of(self.aspect)
        if self.count < 1:
            raise UsageError(f"{self.count} thumbnails were asked for; ask for 1 or more")
        options = {name: f"--{name.replace('_', '-')}" for name in self.paths()}
        check_places([video.path], [(options[name], path) for name, path in self.paths().items()])
        for name, path in self.paths().items():
            if name in SUFFIXES:
                check_suffix(path, SUFFIXES[name], options[name])
            check_can_be_written(path.resolve(), path, folder=name not in SUFFIXES)


def attention(
    source: str | Path,
    areas: str | Path | Sequence[Area] = "auto",
    outputs: AttentionOutputs = AttentionOutputs(),
    *,
    predictor: Predictor,
    every: int = 1,
    cuts: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Attention:
    """Measure how much attention named areas of a video would hold, frame by frame and in all.

    `areas` is a file (tased.apps.areas.file), some areas, or "auto": the most attended regions of the whole
    video (tased.apps.areas.regions), for which all maps are kept in a temporary file, 0.1 MB each. A frame
    counts for as long as it is shown. `every` and `cuts` as for Predictor.predict.

    These are predictions of where people in general would look, not a recording of anyone.

    A truncated video is measured as far as it can be read, all is written, then TruncatedVideoError is
    raised. Raises VideoError, OutputError and UsageError as the readers and writers do; UsageError also for
    areas that cannot be.
    """
    video = open_video(source)
    outputs.check(video)
    named = _named(areas, video)
    truncated: list[TruncatedVideoError] = []
    with ExitStack() as stack:
        if named is None:
            found = stack.enter_context(
                gathered(video, predictor=predictor, every=every, cuts=cuts, report=report)
            )
            named, maps = regions(mean_density(found.maps)), iter(found.maps)
            truncated += [found.truncated] if found.truncated else []
        else:
            made = ahead(predictor.predict(video, every=every, cuts=cuts, size="network"))
            stack.callback(made.close)
            maps = watched(made, video, report, truncated)
        result, strip = _measured(video, maps, named, outputs, predictor.model.name)
    _write(video, result, strip, outputs, predictor)
    if truncated:
        raise truncated[0]
    return result


def _named(areas: str | Path | Sequence[Area], video: Video) -> tuple[Area, ...] | None:
    """The areas that are given; None when they are to be found."""
    if isinstance(areas, str) and areas == "auto":
        return None
    if isinstance(areas, str | Path):
        return read_areas(Path(areas), width=video.width, height=video.height)
    check_areas(areas)
    return tuple(areas)


def _measured(
    video: Video, maps: Iterator[SaliencyMap], areas: tuple[Area, ...], outputs: AttentionOutputs, model: str
) -> tuple[Attention, FilmStrip]:
    """Go through the maps once, and write the row of each; frames are read beside where they are needed."""
    names = (*(area.name for area in areas), ELSEWHERE)
    tally, timeline, strip = Tally(names), Timeline(), FilmStrip()
    thumbnails = Thumbnails(float(aspect_of(outputs.aspect))) if outputs.thumbnails else None
    frames = iter(video) if thumbnails or outputs.html else None
    measure, count = None, 0
    with ExitStack() as stack:
        table = None
        if outputs.table:
            columns, notes = ("frame", "seconds", *names), {"model": model}
            table = stack.enter_context(TableFile(outputs.table, columns=columns, notes=notes))
        for m, lasts in lasting(maps, float(video.rate)):
            p = density(m.values.numpy().astype(np.float64))
            measure = measure or Measure(areas, *p.shape)
            held = measure.held(p, m.seconds)
            tally.add(held, m.seconds, lasts)
            timeline.add(held, m.seconds, lasts)
            count += 1
            if table:
                shares = (None if np.isnan(share) else share for share in held.shares)
                table.write({"frame": m.index, "seconds": m.seconds, **dict(zip(names, shares, strict=True))})
            if frames is not None:
                frame = next(frames)
                if thumbnails:
                    thumbnails.add(frame, p)
                if outputs.html and strip.wants(frame):
                    strip.add(frame, _picture(frame, m, areas))
    chosen = thumbnails.chosen(outputs.count) if thumbnails else ()
    return Attention(count, tally.seconds, areas, tally.summaries(), timeline.points(), chosen), strip


def _picture(frame: Frame, m: SaliencyMap, areas: Sequence[Area]) -> str:
    """A frame under its heat map, with the areas as they are then."""
    rows, columns, _ = frame.pixels.shape
    values = m.resized(rows, columns).values.numpy()
    seen = overlay(frame.pixels, by_maximum(values, values.max()))
    return picture_url(outlined(seen, [area.at(m.seconds) for area in areas]), longest=LONGEST)


def _write(
    video: Video, found: Attention, strip: FilmStrip, outputs: AttentionOutputs, predictor: Predictor
) -> None:
    """Everything that is made of the whole."""
    o, names = outputs, [summary.area for summary in found.summaries]
    if o.summary:
        with TableFile(o.summary, columns=COLUMNS, notes={"model": predictor.model.name}) as table:
            for row in found.summaries:
                table.write(row.row())
    if o.areas_out:
        write_areas(o.areas_out, found.areas, width=video.width, height=video.height)
    if o.plot:
        write_plot(o.plot, names, found.timeline, model=predictor.model.name)
    if o.thumbnails:
        write_thumbnails(o.thumbnails, video, found.thumbnails)
    if o.html:
        write_attention_report(o.html, found, video=video, pictures=strip.pictures(), predictor=predictor)
