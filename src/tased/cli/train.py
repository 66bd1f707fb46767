"""`tased train`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tased.cli.console import Display, Mode, say
from tased.errors import UsageError

if TYPE_CHECKING:
    from tased.train.sources import Named

Layout = Literal["dhf1k", "hollywood2", "ucfsports", "challenge", "table"]
TOLD_TO_STOP = 143  # exit code, as of what SIGTERM ends


def train(
    *,
    dataset: list[Layout],
    data: list[Path],
    out: Path,
    recipe: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    encoder: Path | None = None,
    weights: Path | None = None,
    resume: Annotated[bool, Parameter(negative="")] = False,
    share: list[float] | None = None,
    cache: list[Path] | None = None,
    validation_dataset: list[Layout] | None = None,
    validation_data: list[Path] | None = None,
    hold_out: float = 0.2,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    workers: int = 2,
    progress: Mode = "auto",
) -> int:
    """Train or fine-tune a TASED-Net on recorded gaze.

    The paper's recipe is the default. Several GPUs or machines: start it with torchrun.

    - As the paper: `tased train --dataset dhf1k --data DHF1K --encoder S3D_kinetics400.pt --out run`
    - On a small GPU, own data: `tased train --dataset table --data gaze/ --recipe small_gpu --out run`
    - To other data: `tased train --dataset ucfsports --data UCF --weights W --recipe finetune --out run`
    - A few small steps: `tased train --dataset table --data gaze/ --set steps=8 --set size=96x64 --out run`
    - Go on where it stopped: the same command with `--resume`
    - Four GPUs: `torchrun --nproc-per-node 4 -m tased train --dataset dhf1k --data DHF1K --out run`

    Parameters
    ----------
    dataset
        How the data set is laid out; again for each --data.
    data
        Its folder; several data sets are mixed.
    out
        Folder of the run: recipe, metrics, maps, weights, and what is needed to go on.
    recipe
        paper, published, small_gpu, finetune, or a .toml file. Default: paper; with --resume the run's own.
    set_
        Override a field of the recipe: --set steps=8 --set clips_per_step=2 --set size=96x64.
    encoder
        S3D weights to begin with (Kinetics; the published file or torchvision's). Default: from scratch.
    weights
        Weights of a whole network to begin with.
    resume
        Go on with the run in OUT.
    share
        How much of each step comes from each data set, in the order of --data; only their ratio matters.
    cache
        Frames that `tased data cache` has resized, in the order of --data.
    validation_dataset
        As --dataset, for --validation-data.
    validation_data
        Data to validate on. Default: the evaluation split, or videos that are held out.
    hold_out
        Share of the videos to validate on, of data without splits.
    device
        Where to train.
    workers
        Processes that read clips.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.
    """
    try:
        from tased.train.begin import for_weights
        from tased.train.loop import Progress
        from tased.train.loop import train as run
        from tased.train.recipe import with_settings
        from tased.train.recipes import paper, read_recipe
        from tased.train.sources import divide
    except ModuleNotFoundError as error:
        raise missing(error) from error

    named = _named(dataset, data, share, cache)
    held = _named(validation_dataset or [], validation_data or [], None, None, "--validation-")
    if workers < 0:
        raise UsageError(f"--workers {workers}: give 0 or more")
    if recipe is not None:
        base = read_recipe(recipe)
    else:
        base = read_recipe(out / "recipe.toml") if resume else paper()
    if weights is not None and not resume:
        base = for_weights(base, weights)
    chosen = with_settings(base, set_ or [])
    learnt, validation = divide(named, validation=held, hold_out=hold_out, seed=chosen.seed)
    with Display(progress, unit="step") as display:

        def show(now: Progress) -> None:
            facts = (
                {}
                if now.validation is None
                else {f"validation_{k}": v for k, v in now.validation.scores.items()}
            )
            display.step(f"loss {now.loss:.3f}", now.step, now.steps, loss=now.loss, **facts)

        outcome = run(
            out,
            chosen,
            learnt,
            validation,
            encoder=encoder,
            weights=weights,
            resume=resume,
            device=device,
            workers=workers,
            report=show,
        )
        scores = {} if outcome.best is None else dict(outcome.best.scores)
        display.event(
            "done", steps=outcome.step, stopped=outcome.stopped, weights=str(outcome.weights), best=scores
        )
        if outcome.best is not None:
            best = outcome.best
            display.line(
                f"best after step {best.step}: loss {best.scores['loss']:.3f}, NSS {best.scores['nss']:.3f}"
            )
        display.line(f"{outcome.step} of {outcome.steps} steps -> {outcome.weights}")
    if outcome.skipped:
        say(f"{outcome.skipped} clips could not be read; {out / 'skipped.csv'} names them")
    if outcome.stopped:
        say(f"stopped after step {outcome.step} of {outcome.steps}; the same command with --resume goes on")
        return TOLD_TO_STOP
    return 0


def missing(error: ModuleNotFoundError) -> UsageError:
    """What to say where training's packages are not installed."""
    return UsageError(f'training needs more packages ({error.name}): pip install "tased[train]"')


def _named(
    layouts: list[Layout],
    paths: list[Path],
    shares: list[float] | None,
    caches: Sequence[Path | None] | None,
    prefix: str = "--",
) -> "list[Named]":
    from tased.train.sources import Named

    if len(layouts) == 1:
        layouts = layouts * len(paths)
    for name, given in (("dataset", layouts), ("share", shares), ("cache", caches)):
        if given is not None and len(given) != len(paths):
            raise UsageError(
                f"{prefix}{name} is given {len(given)} times, and {prefix}data {len(paths)} times; "
                "they belong together, in the same order"
            )
    every = zip(layouts, paths, shares or [1.0] * len(paths), caches or [None] * len(paths), strict=True)
    return [Named(layout, path, weight, cached) for layout, path, weight, cached in every]
