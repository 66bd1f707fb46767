"""`tased demo`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tased.cli.console import Display, Mode


def demo(
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("demo"),
    frames: int = 150,
    progress: Mode = "auto",
) -> None:
    """Show what tased does, on a clip made by code.

    Writes the clip, an overlay, the maps, a table, and a page that opens in any browser. Needs no network.

    - Into ./demo: `tased demo`
    - Elsewhere, quicker: `tased demo -o /tmp/seen --frames 60`

    Parameters
    ----------
    out
        Folder to write into.
    frames
        Length of the clip, at 25 frames a second.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    from tased.apps.demo import Demo
    from tased.apps.demo import demo as make
    from tased.apps.gather import Progress
    from tased.predict.predictor import load

    predictor = load()
    with Display(progress) as display:

        def report(at: Progress) -> None:
            display.step("predicting", at.frames, at.total, seconds=at.seconds)

        made: Demo = make(out, predictor=predictor, frames=frames, report=report)
        paths = {name: str(getattr(made, name)) for name in ("page", "overlay", "maps", "table", "clip")}
        display.event("done", frames=made.summary.frames, elapsed=made.summary.elapsed, outputs=paths)
        if progress == "auto":
            print(f"Predicted {made.summary.frames} frames with {predictor.model.name!r}. Open in a browser:")  # noqa: T201
            print(f"  {made.page.resolve().as_uri()}")  # noqa: T201
            for name in ("overlay", "maps", "table", "clip"):
                print(f"  {name:8} {paths[name]}")  # noqa: T201
