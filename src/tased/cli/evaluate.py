"""`tased evaluate`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from tased.cli.console import Display, Mode, say, table_of
from tased.cli.model import ModelName
from tased.errors import UsageError

if TYPE_CHECKING:
    from tased.data.clip import DataSet
    from tased.evaluate.predictions import Predictions


def evaluate(
    *,
    dataset: Literal["dhf1k", "hollywood2", "ucfsports", "challenge", "table"],
    data: Path,
    predictions: Path | None = None,
    model: Literal[ModelName, "observers"] | None = None,
    weights: str | None = None,
    published: Annotated[bool, Parameter(negative="")] = False,
    against: str | None = None,
    split: str | None = None,
    protocol: Literal["exact", "dhf1k"] = "exact",
    seed: int = 0,
    max_videos: int | None = None,
    max_frames: int | None = None,
    ceilings: Annotated[bool, Parameter(negative="")] = False,
    workers: int | None = None,
    json: Path | None = None,
    html: Path | None = None,
    frames: Path | None = None,
    submission: Path | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto",
    progress: Mode = "auto",
) -> int:
    """Score predictions against recorded gaze.

    - Maps in a folder: `tased evaluate --dataset dhf1k --data DHF1K --predictions maps/ --json ours.json`
    - A model, on the fly: `tased evaluate --dataset table --data gaze/ --model gbvs --html report.html`
    - Beside centre prior and people: `tased evaluate --dataset table --data gaze/ --model motion --ceilings`
    - Two models: `tased evaluate --dataset table --data gaze/ --model motion --against gbvs --html r.html`
    - For DHF1K's server: `tased evaluate --dataset dhf1k --data DHF1K --weights W --submission METHOD/`

    Parameters
    ----------
    dataset
        How the data set is laid out.
    data
        Its folder.
    predictions
        Maps: a folder with NAME/ of gray PNG, NAME.npz, NAME.zarr or a gray video for every video.
    model
        A model to predict with; observers: half of the people predict the other half.
    weights
        A network's weights to predict with, as for `tased predict`.
    published
        Predict as the published script does.
    against
        Other maps to compare with on the same frames: a folder, a model's name or a file of weights.
    split
        Of the data set; default: the one to evaluate on.
    protocol
        exact: rank statistics, nothing random. dhf1k: as the benchmark's MATLAB code, with its seed.
    seed
        Of what is drawn at random.
    max_videos
        Evaluate that many videos, chosen uniformly.
    max_frames
        Evaluate that many frames, chosen uniformly from all.
    ceilings
        Evaluate the centre prior too, and people where the data says who looked.
    workers
        Processes; default: one a core.
    json
        File for the results; an interrupted run with it goes on where it stopped.
    html
        File for a report.
    frames
        File for the scores of every frame, .csv or .parquet.
    submission
        Predict the test videos into this folder as the DHF1K server takes them, and check it.
    device
        Where a network runs.
    precision
        What a network computes in.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.
    """
    from tased.atomic import check_can_be_written, check_suffix
    from tased.data.layouts import open_data_set
    from tased.data.table import Table as GazeData
    from tased.evaluate.compare import compare
    from tased.evaluate.examples import examples_of
    from tased.evaluate.predictions import ModelPredictions, Observers
    from tased.evaluate.report import write_report
    from tased.evaluate.run import evaluate as run
    from tased.evaluate.run import write_frames
    from tased.evaluate.tables import tables_for, to_text

    for output in (json, html, frames):
        if output is not None:  # told now, not when hours of work are to be written
            check_can_be_written(output.resolve(), output, folder=False)
    if frames is not None:
        check_suffix(frames, (".csv", ".parquet"), "a table")
    opened = open_data_set(dataset, data)
    if submission is not None:
        return _submit(submission, opened, weights or model, device, precision, progress)
    asked = _predictions(predictions, model, weights, published, device, precision)
    sources: list[Predictions] = [asked]
    if against is not None:
        other = _named(against, device, precision, published=False)
        if other.name == asked.name:
            raise UsageError(
                f"both are called {asked.name!r}, and could not be told apart; rename one of them"
            )
        sources.append(other)
    if ceilings:
        if all(source.name != "centre" for source in sources):
            sources.append(ModelPredictions("centre"))
        if model != "observers" and _observed(opened, split):
            sources.append(Observers(seed=seed))
    with Display(progress, unit="video") as display:
        found = run(
            opened,
            sources,
            split=split,
            protocol=protocol,
            seed=seed,
            max_videos=max_videos,
            max_frames=max_frames,
            workers=workers,
            parts=None if json is None else json.with_name(f"{json.name}.parts"),
            report=lambda step, done, total: display.step(step, done, total),
        )
        every = [evaluation.results for evaluation in found]
        for results in every:
            if json is not None:
                own = json.with_name(f"{json.stem}-{results.model.replace(' ', '-')}.json")
                results.save(json if results is every[0] else own)
            means = {"over_frames": results.over_frames, "over_videos": results.over_videos}
            display.event("done", model=results.model, **means)
        if frames is not None:
            write_frames(frames, found[0])
        if html is not None:
            chosen = every[0] if against is None else compare(every[0], every[1])
            write_report(html, every, examples=examples_of(opened, split, sources, every, chosen))
    if progress != "json":
        if isinstance(opened, GazeData):
            say(f"{opened.name}: {opened.gaze.remark}")  # pixels or shares: never taken in silence
        # In a pipe lines are for programs: they are not broken.
        console = Console(width=None if sys.stdout.isatty() else 200)
        for table in tables_for(every):
            console.print(to_text(table))
    return 0


def _predictions(
    files: Path | None, model: str | None, weights: str | None, published: bool, device: str, precision: str
) -> "Predictions":
    from tased.evaluate.predictions import FilePredictions, Observers

    if weights is not None and model == "tased":
        model = None
    if sum(given is not None for given in (files, model, weights)) != 1:
        raise UsageError("say whose maps to evaluate: one of --predictions, --model and --weights")
    if files is not None:
        if not files.exists():
            raise UsageError(f"--predictions {files}: there is no such file or folder")
        return FilePredictions(files, alone=files.is_file())
    if model == "observers":
        return Observers()
    return _named(weights or str(model), device, precision, published)


def _named(name: str, device: str, precision: str, published: bool) -> "Predictions":
    """Maps in a folder, a training-free model, or a network by its name or file."""
    from tased.evaluate.predictions import FilePredictions, ModelPredictions
    from tased.network.weights import read_weights
    from tased.predict.packaged import PACKAGED
    from tased.predict.predictor import TRAINING_FREE

    if name in TRAINING_FREE:
        return ModelPredictions(name, published=published)
    if Path(name).is_dir():
        return FilePredictions(Path(name))
    path = PACKAGED[name].path if name in PACKAGED else Path(name)
    return ModelPredictions(name, device, precision, published, read_weights(path).sha256)


def _observed(data: "DataSet", split: str | None) -> bool:
    """Whether the data says who looked."""
    return any(clip.gaze(0).observers is not None for clip in data.clips(split)[:1])


def _submit(
    folder: Path, data: "DataSet", weights: str | None, device: str, precision: str, progress: Mode
) -> int:
    from tased.data.dhf1k import DHF1K
    from tased.evaluate.submission import check_submission, write_submission
    from tased.predict.predictor import load

    if not isinstance(data, DHF1K):
        raise UsageError("--submission is for DHF1K's server: take --dataset dhf1k")
    videos = data.test_videos()
    with Display(progress, unit="video") as display:
        write_submission(
            folder,
            videos,
            load(weights, device=device, precision=precision),
            report=lambda step, done, total: display.step(step, done, total),
        )
        problems = check_submission(folder, videos)
        display.event("checked", folder=str(folder), videos=len(videos), problems=problems)
    if problems:
        table_of(f"{folder} is not what the server takes", ("problem",), [(problem,) for problem in problems])
    return 1 if problems else 0
