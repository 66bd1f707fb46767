"""`tased reframe`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tased.cli.console import Display, Mode
from tased.cli.model import Model
from tased.cli.size import rows_columns


def reframe(
    source: Annotated[Path, Parameter(name="INPUT")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    aspect: str | None = None,
    height: int | None = None,
    size: str | None = None,
    speed: float = 0.3,
    acceleration: float = 0.6,
    fallback: Literal["auto", "never"] = "auto",
    bars: Literal["blurred", "black"] = "blurred",
    track: Path | None = None,
    sendcmd: Path | None = None,
    otio: Path | None = None,
    model: Model | None = None,
    every: int = 1,
    progress: Mode = "auto",
) -> None:
    """Bring a video into another aspect: a crop that follows attention, with the sound.

    The crop is planned shot by shot, smoothly, and jumps only at hard cuts.

    - Upright: `tased reframe clip.mp4 -o tall.mp4`
    - Square, and where the crop was: `tased reframe clip.mp4 -o square.mp4 --aspect 1:1 --track crop.csv`
    - For a feed, in its size: `tased reframe clip.mp4 -o feed.mp4 --size 1080x1920`
    - For an editor: `tased reframe clip.mp4 -o tall.mp4 --otio clip.otio`

    Parameters
    ----------
    source
        Video (any file FFmpeg reads), or a folder of pictures.
    out
        The movie (.mp4, .mkv, .mov, .webm).
    aspect
        Of the movie: WIDTH:HEIGHT. Default: 9:16.
    height
        Of the movie, in pixels; without it the crop keeps its size.
    size
        Of the movie: WIDTHxHEIGHT in pixels, in place of --aspect and --height.
    speed
        The most that the crop moves, in frames a second.
    acceleration
        The most that its speed changes, in frames a second squared.
    fallback
        auto shows a shot whole where attention is spread too wide for a crop; never does not.
    bars
        Around a shot that is shown whole: its own middle, blurred, or black.
    track
        Where the crop was in every frame, and what attention it held (.csv, .json).
    sendcmd
        Commands for FFmpeg's filters sendcmd and crop, which then crop as here. Needs --fallback never.
    otio
        OpenTimelineIO timeline: a clip a shot, with its crop (.otio); with `tased[otio]`.
    model
        Which model predicts, and on what.
    every
        Predict every Nth frame and interpolate between.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    from tased.apps.crop_path import Limits
    from tased.apps.gather import Progress
    from tased.apps.reframe import reframe as make

    limits = Limits(speed, acceleration)
    predictor = (model or Model()).load()
    with Display(progress) as display:

        def report(what: str, at: Progress) -> None:
            display.step(what, at.frames, at.total, seconds=at.seconds)

        done = make(
            source,
            out,
            predictor=predictor,
            aspect=aspect,
            height=height,
            size=rows_columns("--size", size) if size else None,
            limits=limits,
            fallback=fallback,
            bars=bars,
            track=track,
            sendcmd=sendcmd,
            otio=otio,
            every=every,
            report=report,
        )
        paths = {"out": out, "track": track, "sendcmd": sendcmd, "otio": otio}
        frames = len(done.track.moved)
        display.event(
            "done",
            input=str(source),
            **predictor.facts,
            frames=frames,
            elapsed=done.elapsed,
            size=[done.width, done.height],
            shots=done.shots,
            whole=done.whole,
            kept=done.kept,
            centre=done.centre,
            outputs={name: str(path) for name, path in paths.items() if path is not None},
        )
        display.result(
            f"{out}: {done.width}x{done.height}, {frames} frames, {_shots(done.shots, done.whole)}"
        )
        held = f"The crop holds {done.kept:.1%} of predicted attention"
        display.result(f"{held}; one fixed in the middle {done.centre:.1%}.")


def _shots(shots: int, whole: int) -> str:
    counted = f"{shots} shot{'s' * (shots != 1)}"
    return f"{counted}, {whole} of them shown whole" if whole else counted
