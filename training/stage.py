"""One training in a folder of its own: begun, gone on with, or done already."""

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tased.errors import TasedError
from tased.network.build import build
from tased.network.config import Config
from tased.network.weights import save_weights
from tased.train.loop import Progress, train
from tased.train.recall import Recall
from tased.train.recipe import Recipe
from tased.train.run_folder import LAST, STATE
from tased.train.samples import Source

TOLD_TO_STOP = 143  # the exit code then


class Told(BaseException):
    """To stop: by a signal, or by the clock."""


def trained(
    folder: Path,
    recipe: Recipe,
    sources: Sequence[Source],
    validation: Sequence[Source] = (),
    *,
    encoder: Path | None = None,
    weights: Path | None = None,
    teacher: Path | None = None,
    recall: Recall | None = None,
    device: str,
    workers: int,
    report: Callable[[Progress], None],
) -> Path:
    """The last weights, which no validation has chosen; see `tased.train.loop.train`.

    Without anything to validate on there is no validation. Raises Told where it was stopped before.
    """
    if recipe.validation_clips and not validation:
        recipe = replace(recipe, validation_clips=0, best_by="loss")
    if folder.is_dir() and not (folder / STATE).is_file():
        shutil.rmtree(folder)  # stopped before anything of it was worth keeping
    outcome = train(
        folder,
        recipe,
        sources,
        validation,
        encoder=encoder,
        weights=weights,
        teacher=teacher,
        recall=recall,
        resume=folder.is_dir(),
        device=device,
        workers=workers,
        report=report,
    )
    if outcome.stopped:
        raise Told
    return folder / LAST


def minutes(run: Path) -> float:
    """That its steps took, with validation, in all pieces."""
    with (run / "metrics.csv").open(newline="") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file)) / 60


def tell_step(name: str, now: Progress) -> None:
    """Some forty lines a stage: steps take from a part of a second to more than a minute."""
    if now.step % max(1, now.steps // 40) and now.step != now.steps:
        return
    seen = "" if now.validation is None else f", validation NSS {now.validation.scores['nss']:.3f}"
    print(f"{name}: step {now.step} of {now.steps}, loss {now.loss:.3f}{seen}", flush=True)


def tell(what: str, done: int, total: int) -> None:
    """A line, from time to time."""
    if done == total or done % 100 == 0:
        print(f"{what}: {done} of {total}", flush=True)


def untrained(path: Path, config: Config) -> Path:
    """A network that knows nothing, for a rehearsal."""
    if not path.is_file():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            save_weights(build(config), path)
    return path


def ended(doing: Callable[[], Path]) -> int:
    """Do what leaves a report, say how that ended, and give the exit code."""
    try:
        report = doing()
    except Told:
        print("stopped; the same command goes on", flush=True)
        return TOLD_TO_STOP
    except TasedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"done -> {report}")
    return 0


def commit() -> str:
    """Of this clone, short."""
    here = Path(__file__).parent
    found = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"
