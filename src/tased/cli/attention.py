"""`tased attention`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tased.cli.console import Display, Mode, table_of
from tased.cli.model import Model

FLAG = Parameter(negative="")


def attention(
    source: Annotated[Path, Parameter(name="INPUT")],
    /,
    *,
    areas: str = "auto",
    areas_out: Path | None = None,
    table: Path | None = None,
    summary: Path | None = None,
    plot: Path | None = None,
    html: Path | None = None,
    thumbnails: Path | None = None,
    count: int = 3,
    aspect: str = "1:1",
    model: Model | None = None,
    every: int = 1,
    cuts: Annotated[bool, FLAG] = False,
    progress: Mode = "auto",
) -> None:
    """Measure how much attention areas of a video would hold, and for how long.

    A prediction of where people in general would look, not a recording of anyone. Without any output the
    summary is shown.

    - What draws the eye, in a file to edit: `tased attention clip.mp4 --areas-out areas.json`
    - Of those areas, a page for a colleague: `tased attention clip.mp4 --areas areas.json --html clip.html`
    - Numbers and a figure: `tased attention clip.mp4 --areas areas.json --table clip.csv --plot clip.svg`
    - The best frames, and upright crops: `tased attention clip.mp4 --thumbnails best/ --aspect 9:16`

    Parameters
    ----------
    source
        Video (any file FFmpeg reads), or a folder of pictures.
    areas
        JSON file of named rectangles and polygons, which may move; or auto: the most attended regions.
    areas_out
        The areas as such a file (.json), to be edited and given again.
    table
        A row a frame, a column an area: shares of attention (.csv, .parquet with `tased[parquet]`).
    summary
        A row an area: dwell, share, times chance, first attention, peak (.csv, .parquet).
    plot
        Shares over time (.png, .svg, .pdf).
    html
        One page with all of it, which needs no network (.html).
    thumbnails
        Folder for the best frames, 1.jpg, ..., and of each the part with the most attention, 1-crop.jpg.
    count
        Of thumbnails, at most.
    aspect
        Of their crops: WIDTH:HEIGHT.
    model
        Which model predicts, and on what.
    every
        Predict every Nth frame and interpolate between.
    cuts
        Begin a new window at every hard cut.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    from dataclasses import asdict

    from tased.apps.areas.attention import AttentionOutputs
    from tased.apps.areas.attention import attention as measure
    from tased.apps.gather import Progress

    outputs = AttentionOutputs(
        areas_out=areas_out,
        table=table,
        summary=summary,
        plot=plot,
        html=html,
        thumbnails=thumbnails,
        count=count,
        aspect=aspect,
    )
    predictor = (model or Model()).load()
    with Display(progress) as display:

        def report(at: Progress) -> None:
            display.step(str(source), at.frames, at.total, seconds=at.seconds)

        found = measure(source, areas, outputs, predictor=predictor, every=every, cuts=cuts, report=report)
        display.event(
            "done",
            input=str(source),
            **predictor.facts,
            frames=found.frames,
            seconds=found.seconds,
            areas=[area.row() for area in found.summaries],
            thumbnails=[asdict(thumbnail) for thumbnail in found.thumbnails],
            outputs={name: str(path) for name, path in outputs.paths().items()},
        )
    if progress == "auto":
        rows = [
            (
                s.area, f"{s.share:.1%}", f"{s.dwell_seconds:.2f} s",
                "-" if s.times_chance is None else f"{s.times_chance:.1f}",
                "-" if s.first_seconds is None else f"{s.first_seconds:.2f} s",
                "-" if s.peak_share is None else f"{s.peak_share:.1%} at {s.peak_seconds:.2f} s",
            )
            for s in found.summaries
        ]  # fmt: skip
        columns = ("area", "share", "dwell", "times chance", "first attention", "peak")
        table_of(
            f"Attention to {source.name}, as {predictor.model.name} predicts it", columns, rows, stderr=False
        )
