"""`tased live`."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tased.cli.console import Display, Mode, say
from tased.cli.model import Model
from tased.cli.size import rows_columns
from tased.cli.style import Style

if TYPE_CHECKING:
    from tased.apps.live import Seen

FLAG = Parameter(negative="")


def live(
    source: Annotated[str, Parameter(name="SOURCE")] = "camera",
    /,
    *,
    http: str | None = None,
    model: Model | None = None,
    look: Style | None = None,
    size: str = "1280x720",
    every: int = 1,
    cuts: Annotated[bool, FLAG] = False,
    seconds: float | None = None,
    loop: Annotated[bool, FLAG] = False,
    progress: Mode = "auto",
) -> int:
    """Show where people look in a camera, a screen or a stream, as it happens.

    In a window (q, Escape or closing it ends), or with --http on a page for any browser. Frames are dropped
    rather than late; how late they are is shown, and told at the end.

    - The camera, in a window: `tased live`
    - On a page at http://127.0.0.1:8000/: `tased live camera:1 --http 8000`
    - A stream, for another program: `tased live rtsp://host/door --http 8000 --progress json`
    - A file at its own rate, again and again: `tased live clip.mp4 --loop --style contours`

    Parameters
    ----------
    source
        camera (the first), camera:1, a device (/dev/video2), screen, an address (rtsp://, http://), a file.
    http
        Serve a page at [HOST:]PORT instead of opening a window; without HOST only this machine can see it.
    model
        Which model predicts, and on what. A full TASED-Net needs 32 frames before its first map.
    look
        How the overlay looks.
    size
        WIDTHxHEIGHT; what is larger is shrunk to fit.
    every
        Predict every Nth frame; between them the latest map stays.
    cuts
        Begin anew at every hard cut.
    seconds
        Stop after so many.
    loop
        Play a file again and again.
    progress
        auto tells at the end how it went; json prints one JSON object a map on stdout; none is silent.

    """
    from tased.apps.live import live as show
    from tased.apps.live_page import LivePage, address
    from tased.apps.window import LiveWindow
    from tased.predict.statistics import statistics
    from tased.video.live_source import without_password

    largest, style, name = rows_columns("--size", size), (look or Style()).value(), without_password(source)
    with (
        LiveWindow(f"tased live: {name}") if http is None else LivePage(*address(http), title=name) as screen,
        Display(progress) as display,
    ):
        if isinstance(screen, LivePage):
            say(f"watch at {screen.url}")

        def report(seen: "Seen") -> None:
            if seen.map is not None and seen.map.index == seen.frame.index:
                facts = statistics(seen.map, *seen.frame.pixels.shape[:2])
                display.event("map", **facts, latency=round(seen.latency, 4))

        predictor = (model or Model()).load()
        done = show(
            source,
            predictor=predictor,
            screen=screen,
            size=largest,
            every=every,
            cuts=cuts,
            style=style,
            seconds=seconds,
            loop=loop,
            report=report,
        )
        late = {"latency": done.latency, "latency_95": done.latency_95}
        facts = {
            **predictor.facts,
            "frames": done.frames,
            "dropped": done.dropped,
            "seconds": round(done.seconds, 3),
        }
        display.event("done", **facts, **{key: value if done.frames else None for key, value in late.items()})
    if progress == "auto" and done.frames:
        say(
            f"{name}: {done.frames} frames in {done.seconds:.1f} s, {done.dropped} dropped; shown "
            f"{1000 * done.latency:.0f} ms after capture (median; 95 %: {1000 * done.latency_95:.0f} ms)"
        )
    return 130 if done.interrupted else 0
