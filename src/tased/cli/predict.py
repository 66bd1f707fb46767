"""`tased predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tased.cli.console import Display, Mode, table_of
from tased.cli.model import Model
from tased.cli.size import rows_columns
from tased.cli.style import Style
from tased.errors import UsageError

if TYPE_CHECKING:
    from tased.predict.stream import Size

FLAG = Parameter(negative="")


def predict(
    inputs: Annotated[list[str], Parameter(name="INPUT", consume_multiple=True)],
    /,
    *,
    maps: Path | None = None,
    video: Path | None = None,
    overlay: Path | None = None,
    array: Path | None = None,
    table: Path | None = None,
    model: Model | None = None,
    look: Style | None = None,
    every: int = 1,
    cuts: Annotated[bool, FLAG] = False,
    published: Annotated[bool, FLAG] = False,
    scale: Literal["frame", "video", "density"] = "frame",
    size: str | None = None,
    bits: Literal[8, 16] = 8,
    codec: Literal["h264", "ffv1", "x265"] = "h264",
    dtype: Literal["float16", "float32"] = "float32",
    progress: Mode = "auto",
) -> int:
    """Predict where people look in a video.

    Without any output an overlay is written: NAME-overlay.mp4 in the current folder.

    - A heat map over the video: `tased predict clip.mp4 --overlay seen.mp4`
    - One gray picture a frame, and a table: `tased predict clip.mp4 --maps maps/ --table clip.csv`
    - Lines around where most attention is: `tased predict clip.mp4 --overlay seen.mp4 --style contours`
    - A folder of videos, every fifth frame: `tased predict videos/ --overlay overlays/ --every 5`
    - As the published code does it: `tased predict frames/ --maps maps/ --weights TASED_v2.pt --published`

    Parameters
    ----------
    inputs
        Videos (any file FFmpeg reads), folders of pictures, pictures, or folders of videos.
    maps
        Folder for one gray PNG a frame: 0001.png, ...; a folder of pictures keeps its own names.
        For several inputs: the folder in which each gets one.
    video
        Gray movie of the maps (.mp4, .mkv, .mov). For several inputs this and the next are folders.
    overlay
        The source under its maps, with its sound (.mp4, .mkv, .mov, .webm).
    array
        All maps in one file: .npz (maps, seconds, index), or .zarr with `tased[zarr]`.
    table
        A row a frame: seconds, peak, centroid, spread, entropy, shares of a 3x3 grid. .csv, or .parquet
        with `tased[parquet]`.
    model
        Which model predicts, and on what.
    look
        How the overlay looks.
    every
        Predict every Nth frame and interpolate between.
    cuts
        Begin a new window at every hard cut.
    published
        Do as the published script does in everything: resizing, blur, scale, size, names.
    scale
        frame: each map divided by its maximum. video: by the maximum of the whole video, so that frames
        can be compared. density: probabilities that sum to 1; shown, one level of 255 is the uniform one.
    size
        Of maps, video and array: source (default), network (what the model gives), or WIDTHxHEIGHT.
    bits
        Of the PNG of --maps.
    codec
        Of --video: h264 (8 bits, plays everywhere), ffv1 or x265 (10 bits, lossless).
    dtype
        Of the numbers in --array.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    asked = _size(size)
    if published and (cuts or every > 1 or scale != "frame" or asked not in (None, "network")):
        raise UsageError("--published is one way of doing it: leave out --size, --scale, --every and --cuts")

    from tased.apps.gather import Progress
    from tased.apps.outputs import Outputs
    from tased.apps.predict import predict_videos

    outputs = Outputs(
        maps=maps,
        video=video,
        overlay=overlay,
        array=array,
        table=table,
        bits=bits,
        codec=codec,
        dtype=dtype,
        style=(look or Style()).value(),
    )
    predictor = (model or Model()).load(published=published)
    results = []
    with Display(progress) as display:

        def report(source: Path, at: Progress) -> None:
            display.step(str(source), at.frames, at.total, seconds=at.seconds)

        for result in predict_videos(
            inputs,
            outputs,
            predictor=predictor,
            every=every,
            cuts=cuts,
            scale=scale,
            size=asked,
            report=report,
        ):
            results.append(result)
            name, paths = str(result.source), {k: str(p) for k, p in result.outputs.paths().items()}
            done = result.summary
            facts = {} if done is None else {"frames": done.frames, "elapsed": done.elapsed, "outputs": paths}
            if result.error is not None:
                display.event("failed", input=name, error=str(result.error), **facts)
            elif done is not None:
                display.event("done", input=name, **predictor.facts, **facts)
                speed = f"{done.frames} frames, {done.frames / done.elapsed:.1f} a second"
                how = ", ".join(filter(None, predictor.facts.values()))
                display.line(f"{name}: {speed} ({how}) -> {', '.join(paths.values())}")
    failed = [(str(r.source), r.error) for r in results if r.error is not None]
    if len(results) == 1:
        for _, error in failed:
            raise error
    if failed:
        table_of(f"{len(failed)} of {len(results)} inputs failed", ("input", "why"), failed)
    return 1 if failed else 0


def _size(text: str | None) -> "Size | None":
    match text:
        case None | "source" | "network":
            return text
    return rows_columns("--size", text, "source", "network")
