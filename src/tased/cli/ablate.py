"""`tased ablate`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tased.cli.console import Display, Mode, say
from tased.cli.train import TOLD_TO_STOP, Layout, missing
from tased.errors import UsageError


def ablate(
    *,
    table: Literal["1", "4", "5", "decoders"],
    dataset: Layout,
    data: Path,
    out: Path,
    recipe: str = "paper",
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    encoder: Path | None = None,
    only: list[str] | None = None,
    cache: Path | None = None,
    hold_out: float = 0.2,
    protocol: Literal["exact", "dhf1k"] = "dhf1k",
    max_frames: int | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    workers: int = 2,
    progress: Mode = "auto",
) -> int:
    """Train and evaluate the networks of one of the paper's tables, beside the paper's numbers.

    The same command again goes on where it stopped. Networks that several tables have are trained once.

    - As the paper: `tased ablate --table 1 --dataset dhf1k --data DHF1K --encoder S3D.pt --out ablations`
    - A rehearsal: `tased ablate --table 4 --dataset table --data gaze --set size=64x32 --set steps=2 --out r`
    - One of them: `tased ablate --table 5 --only late-two-step-16 --dataset dhf1k --data DHF1K --out abl`

    Parameters
    ----------
    table
        1: temporal aggregation; 4: auxiliary pooling; 5: clip lengths; decoders: FCN, U-Net, DeepLab.
    dataset
        How the data set is laid out.
    data
        Its folder; networks are evaluated on its evaluation split, or on videos that are held out.
    out
        Folder for runs, results and tables.
    recipe
        paper, published, small_gpu, finetune, or a .toml file; of its network the frames' size and blur.
    set_
        Override a field of the recipe: --set steps=8 --set size=96x64.
    encoder
        S3D weights to begin with (Kinetics). Default: all networks from scratch.
    only
        Name of a run of the table, again for others. Default: all of them, one after the other.
    cache
        Frames that `tased data cache` has resized.
    hold_out
        Share of the videos to evaluate on, of data without splits.
    protocol
        dhf1k: as the paper's scores. exact: rank statistics, nothing random.
    max_frames
        Evaluate that many frames, chosen uniformly from all.
    device
        Where to train and evaluate.
    workers
        Processes that read clips, and that evaluate.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.
    """
    from rich.console import Console

    try:
        from tased.apps.ablate import Setup
        from tased.apps.ablate import ablate as run
        from tased.train.recipe import with_settings
        from tased.train.recipes import read_recipe
        from tased.train.sources import Named, divide
    except ModuleNotFoundError as error:
        raise missing(error) from error
    from tased.evaluate.tables import to_text

    if workers < 0:
        raise UsageError(f"--workers {workers}: give 0 or more")
    chosen = with_settings(read_recipe(recipe), set_ or [])
    [learnt], [held] = divide([Named(dataset, data, 1.0, cache)], hold_out=hold_out, seed=chosen.seed)
    setup = Setup(
        learnt=[learnt],
        held=held,
        out=out,
        encoder=encoder,
        protocol=protocol,
        max_frames=max_frames,
        device=device,
        workers=workers,
    )
    with Display(progress, unit="step") as display:
        found = run(table, chosen, setup, only=only or [], report=display.step)
        display.event("done", table=str(out / f"table-{table}.json"), missing=list(found.missing))
    if found.stopped:
        say("stopped; the same command goes on")
        return TOLD_TO_STOP
    if progress != "json":
        Console(width=160).print(to_text(found.table))
    say(f"{out / f'table-{table}'}.txt, .md, .json; not trained yet: {', '.join(found.missing) or 'none'}")
    return 0
