"""A first look: a clip made by code, predicted, with every output and a page that shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tased.apps.gather import Progress
from tased.apps.outputs import Outputs
from tased.apps.page import write_page
from tased.apps.predict import Summary, predict_video
from tased.predict.predictor import Predictor
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

RATE = 25


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demonstration's files are."""

    clip: Path
    overlay: Path
    maps: Path
    table: Path
    page: Path
    summary: Summary


def demo(
    folder: Path,
    *,
    predictor: Predictor,
    frames: int = 150,
    height: int = 360,
    width: int = 640,
    seed: int = 0,
    report: Callable[[Progress], None] = lambda _: None,
) -> Demo:
    """Make a clip, predict it, and write overlay, maps, table and a page about them into a folder.

    The clip has `frames` frames at 25 a second and is the same for the same seed. Raises OutputError if
    the folder cannot be written.
    """
    source, overlay = folder / "clip.mp4", folder / "overlay.mp4"
    maps, table, page = folder / "maps", folder / "saliency.csv", folder / "index.html"
    with ColourMovie(source, width=width, height=height, rate=Fraction(RATE)) as movie:
        for frame in clip(seed, frames=frames, height=height, width=width, rate=RATE):
            movie.write(frame)
    outputs = Outputs(maps=maps, overlay=overlay, table=table)
    summary = predict_video(source, outputs, predictor=predictor, report=report)
    write_page(page, source=source, overlay=overlay, table=table, model=predictor.model.name)
    return Demo(source, overlay, maps, table, page, summary)
