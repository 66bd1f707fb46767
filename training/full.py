r"""Train the full TASED-Net from scratch: a tased-lite teaches it, then people do.

    python -m training.full --pictures GAZE/images --clips GAZE/videos/fixations.csv.gz \
        --teacher lite.safetensors --out full --minutes 9

The same command goes on where it was stopped; it ends with 0 when all is done and with 143 when there is more
to do. `training/README.md` says what it needs and what it leaves.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import get_args

import torch

from tased.errors import UsageError
from tased.network.config import LiteConfig, NetworkConfig
from tased.network.counts import count
from tased.network.weights import read_weights
from tased.train.begin import device_for
from tased.train.recipe import Precision, Recipe, with_settings
from tased.train.recipes import read_recipe
from tased.train.samples import Source
from tased.train.taught import Files
from training.finish import FRAMES, apart, chosen
from training.judge import judged
from training.material import Amounts, Material, divided, opened, prepare, rehearsal
from training.stage import Told, commit, ended, minutes, tell, tell_step, trained, untrained

WEIGHT = 0.3  # of the teacher beside gaze, in the last stage
ALONE = float("inf")
ENVIRONMENT = ("versions", "cores", "threads", "device", "processes")  # of a run's, what a report tells
STAGES = ("encoder", "stills", "large", "distil", "gaze")  # and the recipes by these names
SMALL = (
    "size=48x32",
    "clips_per_step=2",
    "clips_per_batch=2",
    "warmup=1",
    "validation_clips=4",
    "save_every=2",
    "steps=3",
    "validate_every=3",
)
REHEARSED = Amounts(movers=3, scenes=2, frames=40, rows=64, columns=96)


@dataclass(frozen=True, slots=True)
class Stage:
    """One training, in a folder of this name."""

    name: str
    recipe: Recipe
    teacher: float  # the weight of its maps beside those of gaze


class Clock:
    """Tells after some minutes, as SIGTERM does."""

    def __init__(self, minutes: float | None) -> None:
        self._end = None if minutes is None else time.monotonic() + 60 * minutes

    @contextmanager
    def running(self) -> Iterator["Clock"]:
        """While a training is under way it hears the signal itself, and ends after its step."""
        before = signal.signal(signal.SIGTERM, self._tell)
        timer = None
        if self._end is not None:
            left = max(0.0, self._end - time.monotonic())
            timer = threading.Timer(left, signal.raise_signal, (signal.SIGTERM,))
            timer.daemon = True
            timer.start()
        try:
            yield self
        finally:
            if timer is not None:
                timer.cancel()
            signal.signal(signal.SIGTERM, before)

    def check(self) -> None:
        """Raise Told if there is no time left."""
        if self._end is not None and time.monotonic() >= self._end:
            raise Told

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        raise Told


def stages(options: argparse.Namespace) -> list[Stage]:
    """Those that are left to the student, by the recipes that are given or small ones."""
    found = [
        Stage(name, read_recipe(getattr(options, name) or name), WEIGHT if name == "gaze" else ALONE)
        for name in STAGES
    ]
    if options.student is not None:
        student = read_weights(options.student).config
        done = [number for number, stage in enumerate(found, start=1) if stage.recipe.network == student]
        if not done or done[-1] == len(found):
            raise UsageError(
                f"{options.student}: is of no stage that another one goes on from: its network is none of "
                "those of the recipes, or the last one"
            )
        found = found[done[-1] :]
    found = [replace(s, recipe=_changed(s.recipe, options)) for s in found]
    if not options.rehearse:
        return found
    nothing = ("validation_clips=0",)  # to validate, where maps are not learnt
    return [
        replace(s, recipe=with_settings(s.recipe, SMALL + (() if s.recipe.learns_maps else nothing)))
        for s in found
    ]


def _changed(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    """What is asked for of all stages alike."""
    steps = max(1, round(recipe.steps * options.longer))
    return replace(recipe, steps=steps, precision=options.precision or recipe.precision)


def run(options: argparse.Namespace, clock: Clock) -> Path:
    """All that is left to do; the report. Raises Told where it was stopped before."""
    out: Path = options.out
    torch.backends.cudnn.benchmark = True  # clips are of one size
    amounts = REHEARSED if options.rehearse else Amounts()
    if options.rehearse:
        rehearsal(out / "data")
        options.pictures, options.clips = out / "data" / "pictures", out / "data" / "clips"
        options.teacher = options.teacher or [
            untrained(out / "lite.safetensors", LiteConfig(width=8, rows=64, columns=96))
        ]
    for stage in stages(options):  # before hours of another one
        device_for(stage.recipe, options.device)
    pictures = opened(options.pictures)
    clips = None if options.clips is None else opened(options.clips)
    groups = [] if options.groups is None else json.loads(options.groups.read_text())
    learnt, held = None, None
    if clips is not None and not options.open:
        learnt, held = divided(clips, groups, options.folds, options.fold)
    if clips is not None and options.open:
        held, groups = Files("clips", clips.path, tuple(clips.clips())), apart(clips, groups)
    material = prepare(
        out / "material",
        pictures,
        learnt,
        options.teacher,
        amounts=amounts,
        device=options.device,
        workers=options.workers,
        report=tell,
    )
    # Real gaze alone, to look at: nothing is chosen by it within a run.
    validation = [] if held is None else [Source(held, None)]
    weights = options.student
    for stage in stages(options):
        weights = _train(out / stage.name, stage, material, validation, weights, options, clock)
    clock.check()
    report = _report(options)
    if options.open and held is not None and weights is not None:
        finish = chosen(
            held.clips(),
            groups,
            weights,
            frames=2 if options.rehearse else FRAMES,
            device=options.device,
            part=out / "finishing.json",
        )
        weights = finish.write(weights, out / "finished.safetensors")
        report["finish"] = finish.report
    if held is not None and weights is not None:
        report |= judged(
            held,
            weights,
            options.teacher,
            device=options.device,
            parts=out / "judging",
            workers=max(1, options.workers),
            max_frames=12 if options.rehearse else options.max_frames,
            report=tell,
        )
    path = out / "report.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    return path


def _train(
    folder: Path,
    stage: Stage,
    material: Material,
    validation: Sequence[Source],
    weights: Path | None,
    options: argparse.Namespace,
    clock: Clock,
) -> Path:
    """One stage, begun or gone on with; its last weights."""
    clock.check()
    return trained(
        folder,
        stage.recipe,
        material.sources(stage.teacher),
        validation,
        weights=weights,
        teacher=options.teacher[0] if stage.recipe.needs_teacher else None,
        device=options.device,
        workers=options.workers,
        report=lambda now: tell_step(stage.name, now),
    )


def _report(options: argparse.Namespace) -> dict[str, object]:
    """What was done, with what; no word of where, so that it may be shown."""
    environment = json.loads((options.out / "gaze" / "environment.json").read_text())
    return {
        "what": "full TASED-Net, from scratch: "
        + ("pictures and clips made by code" if options.open else "pictures, clips, and clips made by code"),
        "rehearsal": options.rehearse,
        "fold": options.fold,
        "folds": options.folds,
        "stages": {stage.name: stage.recipe.to_toml() for stage in stages(options)},
        "petaflop": {stage.name: round(petaflop(stage.recipe), 2) for stage in stages(options)},
        "minutes": {stage.name: round(minutes(options.out / stage.name), 1) for stage in stages(options)},
        "environment": {name: environment[name] for name in ENVIRONMENT},
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def petaflop(recipe: Recipe) -> float:
    """Floating-point operations of a training, counted: a way back costs two forward, the teacher none.

    Convolutions and products of matrices alone, two operations for each multiplication.
    """
    network = recipe.network
    counts = count(network)
    clip = 6 * (counts.multiply_accumulates if recipe.learns_maps else counts.encoder_multiply_accumulates)
    if recipe.needs_teacher and isinstance(network, NetworkConfig):
        rows, columns = (-(-size // 32) * 32 for size in (network.rows, network.columns))
        seen = count(LiteConfig(), rows=rows, columns=columns)
        clip += network.decoder_time * 2 * seen.encoder_multiply_accumulates
    return clip * recipe.clips_per_step * recipe.steps / 1e15


def parser() -> argparse.ArgumentParser:
    """The command's."""
    made = argparse.ArgumentParser(
        prog="python -m training.full",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--pictures", type=Path, help="table of gaze on pictures, or the folder that holds it")
    add("--clips", type=Path, help="table of gaze on clips; with --open they are judged by alone")
    add(
        "--teacher",
        type=Path,
        nargs="+",
        help="tased-lite weights; features are the first's, maps the mean's",
    )
    add("--out", type=Path, required=True, help="folder of all that it makes")
    kind = made.add_mutually_exclusive_group()
    kind.add_argument("--open", action="store_true", help="learn from pictures and clips made by code only")
    kind.add_argument("--research", dest="open", action="store_false", help="learn from all (default)")
    add("--groups", type=Path, help="JSON, lists of names of clips: near-duplicates, kept in one fold")
    add("--folds", type=int, default=4, help="into how many the clips are divided")
    add("--fold", type=int, help="which is held out and judged by, from 0; default: none")
    add("--student", type=Path, help="weights of stills, large or distil, to begin with the next stage")
    for name in STAGES:
        add(f"--{name}", type=Path, help=f"another recipe of the stage {name!r}, TOML")
    add("--longer", type=float, default=1.0, help="times as many steps in every stage")
    add("--precision", choices=get_args(Precision), help="of all stages; default: their recipes', float32")
    add("--minutes", type=float, help="stop then, as SIGTERM would; the same command goes on")
    add("--max-frames", type=int, help="judge so many frames, drawn by a seed; default: all")
    add("--workers", type=int, default=min(14, os.cpu_count() or 1), help="processes that read clips")
    add("--device", default="auto")
    add("--rehearse", action="store_true", help="everything, small, on data made by code: minutes on a CPU")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, do, and say what is left."""
    options = parser().parse_args(arguments)
    if options.rehearse and options.fold is None:
        options.fold = 0
    return ended(lambda: _asked(options))


def _asked(options: argparse.Namespace) -> Path:
    if not options.rehearse and (options.pictures is None or not options.teacher):
        raise UsageError("--pictures and --teacher are needed, or --rehearse")
    if options.fold is not None and not 0 <= options.fold < options.folds:
        raise UsageError(f"--fold {options.fold}: give 0 to {options.folds - 1}")
    with Clock(options.minutes).running() as clock:
        return run(options, clock)


if __name__ == "__main__":
    sys.exit(main())
