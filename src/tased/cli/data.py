"""`tased data`: check, make maps of, cache, and make data sets of gaze."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from tased.cli.console import Display, Mode
from tased.cli.size import rows_columns
from tased.errors import UsageError

if TYPE_CHECKING:
    from tased.data.check import ClipReport
    from tased.data.finding import Finding

Layout = Literal["dhf1k", "hollywood2", "ucfsports", "challenge", "table"]

app = App(name="data", help="Check, complete and make data sets of gaze.")


@app.command
def check(directory: Path, /, *, layout: Layout | None = None, progress: Mode = "auto") -> int:
    """Say what a data set holds, and what is missing or broken, file by file.

    Every video is decoded and every file of ground truth is read. Exits with 1 when something is wrong; gaze
    outside the frame is counted and told, but is not wrong.

    - A folder that looks like one layout only: `tased data check DHF1K/`
    - Any other: `tased data check recordings/ --layout table`

    Parameters
    ----------
    directory
        Of the data set; for a table it may be the table itself.
    layout
        How it is laid out; guessed when there is one answer.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    from tased.data.check import check as read
    from tased.data.layouts import guess_layout, open_data_set
    from tased.data.table import Table as GazeData

    chosen = layout or guess_layout(directory)
    data = open_data_set(chosen, directory)
    reports, strays = [], list(data.strays())
    with Display(progress) as display:
        display.event("layout", layout=chosen, guessed=layout is None, name=data.name)
        for report in read(data, report=display.step):
            reports.append(report)
            counts = {name: getattr(report, name) for name in _COUNTS}
            display.event("clip", name=report.name, split=report.split, **counts)
            for finding in report.findings:
                display.event("finding", clip=report.name, **_plain(finding))
        for finding in strays:
            display.event("finding", clip=None, **_plain(finding))
        found = [*(finding for report in reports for finding in report.findings), *strays]
        wrong = sum(finding.kind != "outside" for finding in found)
        display.event("done", clips=len(reports), wrong=wrong)
    if progress == "auto":
        guessed = " (guessed; --layout says otherwise)" if layout is None else ""
        remark = f"; {data.gaze.remark}" if isinstance(data, GazeData) else ""
        _show(f"{data.name}, read as {chosen}{guessed}{remark}", reports, found)
    return 1 if wrong else 0


_COUNTS = ("frames", "expected", "gazed", "maps", "fixations", "outside")


def _plain(finding: "Finding") -> dict[str, str]:
    return {"problem": finding.kind, "path": str(finding.path), "message": finding.message}


def _show(title: str, reports: "list[ClipReport]", found: "list[Finding]") -> None:
    # In a pipe lines are for programs: they are not broken.
    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False)
    console.print(title, soft_wrap=True)
    for finding in found:
        console.print(f"{finding.kind}: {finding.path}: {finding.message}", soft_wrap=True)
    table = Table("clip", "split", "frames", "with gaze", "maps", "fixations", "outside", "wrong")
    for r in reports:
        wrong = sum(finding.kind != "outside" for finding in r.findings)
        maps = "made here" if r.maps is None else f"{r.maps} of {r.expected}"
        cells = (r.frames, f"{r.gazed} of {r.expected}", maps, r.fixations, r.outside, wrong)
        table.add_row(r.name, r.split, *map(str, cells))
    console.print(table)


@app.command
def maps(
    directory: Path,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    layout: Layout | None = None,
    split: str | None = None,
    sigma: float | None = None,
    degrees: float | None = None,
    pixels_per_degree: float | None = None,
    bits: Literal[8, 16] = 8,
    progress: Mode = "auto",
) -> None:
    """Make ground-truth maps of the fixations: a Gaussian at each, and the maximum white.

    Writes OUT/CLIP/FRAME.png. The Gaussian is the data set's own unless one is given.

    - As the data set does it: `tased data maps DHF1K/ -o maps/`
    - One degree of visual angle: `tased data maps recordings/ -o maps/ --degrees 1 --pixels-per-degree 35`

    Parameters
    ----------
    directory
        Of the data set; for a table it may be the table itself.
    out
        Folder to write into; a clip's folder appears when all of it is written.
    layout
        How it is laid out; guessed when there is one answer.
    split
        Which clips; default is the split to evaluate on.
    sigma
        Of the Gaussian, in pixels of the ground truth.
    degrees
        Of the Gaussian's sigma, in degrees of visual angle; needs --pixels-per-degree.
    pixels_per_degree
        How many pixels of the ground truth one degree spans on the screen.
    bits
        Of the PNG.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    if sigma is not None and (degrees is not None or pixels_per_degree is not None):
        raise UsageError("--sigma is in pixels; give it, or --degrees with --pixels-per-degree, not both")
    if (degrees is None) != (pixels_per_degree is None):
        raise UsageError("--degrees and --pixels-per-degree make a width together; give both or neither")

    from tased.data.layouts import guess_layout, open_data_set
    from tased.data.maps import Gaussian, visual_angle
    from tased.data.write_maps import write_maps

    gaussian = None if sigma is None else Gaussian(sigma)
    if degrees is not None and pixels_per_degree is not None:
        gaussian = visual_angle(degrees, pixels_per_degree)
    chosen = layout or guess_layout(directory)
    data = open_data_set(chosen, directory)
    with Display(progress) as display:
        display.event("layout", layout=chosen, guessed=layout is None, name=data.name)
        written = write_maps(data, out, split=split, gaussian=gaussian, bits=bits, report=display.step)
        display.event("done", maps=written, output=str(out))
        display.line(f"{data.name}, read as {chosen}: {written} maps -> {out}")


@app.command
def cache(
    directory: Path,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    size: str = "384x224",
    layout: Layout | None = None,
    split: str | None = None,
    quality: int = 90,
    workers: int | None = None,
    progress: Mode = "auto",
) -> None:
    """Write all frames at the network's size, once, for training to read them fast.

    Writes OUT/CLIP.mkv, motion JPEG, and OUT/cache.json. What it will take is measured on a few frames of
    every video and told first; it must fit on the disk. A command that was interrupted goes on where it was.

    - For the paper's network: `tased data cache DHF1K/ -o cache/`
    - The videos to train on alone: `tased data cache DHF1K/ -o cache/ --split train`

    Parameters
    ----------
    directory
        Of the data set; for a table it may be the table itself.
    out
        Folder to write into; a clip's file appears when all of it is written.
    size
        Of the frames that the network sees: WIDTHxHEIGHT.
    layout
        How it is laid out; guessed when there is one answer.
    split
        Which clips; default is all with a ground truth.
    quality
        Of the JPEGs, 1 to 95.
    workers
        Processes; default is one for each core.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    rows, columns = rows_columns("--size", size)
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers} is below 1; give at least one")

    import os

    from tased.data.layouts import guess_layout, open_data_set
    from tased.train.cache import plan_cache, write_cache

    data = open_data_set(layout or guess_layout(directory), directory)
    plan = plan_cache(data, out, rows=rows, columns=columns, split=split, quality=quality)
    with Display(progress) as display:
        count, expected, free = len(plan.clips), plan.expected_bytes, plan.free_bytes
        display.event("plan", clips=count, there=plan.there, expected_bytes=expected, free_bytes=free)
        display.line(
            f"{count} clips to write, {plan.there} are there; about {expected / 1e9:.2f} GB, "
            f"of {free / 1e9:.2f} GB that are free"
        )
        write_cache(plan, workers=workers or os.cpu_count() or 1, report=display.step)
        display.event("done", clips=count, output=str(out))
        display.line(f"{data.name}: {count} clips -> {out}")


@app.command
def synthesize(
    directory: Path,
    /,
    *,
    layout: Layout = "table",
    videos: int = 4,
    frames: int = 40,
    size: str = "160x96",
    observers: int = 12,
    seed: int = 0,
    progress: Mode = "auto",
) -> None:
    """Make a small data set by code: videos, and the gaze of simulated observers.

    Where they look is drawn from a density over the moving objects that is written too, as
    known_density.npz. One seed gives one data set.

    - To try things out: `tased data synthesize recordings/`
    - As DHF1K is laid out: `tased data synthesize small-dhf1k/ --layout dhf1k --videos 2`

    Parameters
    ----------
    directory
        To make; it appears when all of it is written.
    layout
        How to lay it out.
    videos
        How many; half of them, rounded up, are of the split to evaluate on.
    frames
        Of each video, at 25 a second.
    size
        Of each video: WIDTHxHEIGHT.
    observers
        How many watch each video.
    seed
        Of everything that is drawn at random.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    height, width = rows_columns("--size", size)
    if seed < 0:
        raise UsageError(f"--seed {seed} is below 0; give a whole number from 0 on")

    from tased.data.synthesize import synthesize as make

    with Display(progress) as display:
        names = make(
            directory,
            layout=layout,
            videos=videos,
            frames=frames,
            width=width,
            height=height,
            observers=observers,
            seed=seed,
            report=lambda name, done: display.step(name, frames * done, frames * videos),
        )
        display.event("done", clips=names, output=str(directory))
        display.line(f"{len(names)} clips of {frames} frames, {observers} observers -> {directory}")
