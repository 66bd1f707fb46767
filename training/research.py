r"""Teach the full TASED-Net clips too, and find out, by folds, what that is worth.

    python -m training.research --pictures GAZE/images --clips GAZE/videos/fixations.csv.gz \
        --groups GROUPS.json --teacher lite.safetensors --student full/distil/last.safetensors --out research

The open network learns from pictures, and from clips made by code. These go on from where it was before its
last stage, `gaze`, which is then of people's gaze on clips, too: one network for each group of clips, which
has not seen that group and is scored by it, and one that has seen all, to keep. The same command goes on
where it was stopped; `training/README.md` says what it needs and what it leaves.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import get_args

from tased.data.clip import Clip
from tased.errors import CheckpointError, UsageError
from tased.evaluate.past import PASTS, Past, Windows
from tased.evaluate.predictions import Predictions, Scored
from tased.network.config import LiteConfig, NetworkConfig
from tased.network.weights import read_weights
from tased.predict.packaged import FULL, PACKAGED
from tased.train.begin import device_for, first_network
from tased.train.recipe import Precision, Recipe, with_settings
from tased.train.recipes import read_recipe
from tased.train.samples import Source
from tased.train.taught import Files
from training.finish import Finish, apart
from training.full import ENVIRONMENT, REHEARSED, SMALL, WEIGHT
from training.judge import compared, scored
from training.material import Amounts, check_same, divided, opened, prepare, rehearsal
from training.stage import commit, ended, minutes, tell, tell_step, trained, untrained

EVERYTHING = "everything"  # the one to keep


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Of each clip the maps by a network that has not learnt from it."""

    past: Past
    networks: Mapping[str, Windows]  # by the clip's name

    weights_sha256 = None  # they are several

    @property
    def name(self) -> str:
        """As tables call it."""
        return "research, by folds" if self.past == "as it was" else f"research, by folds, {self.past} past"

    @property
    def identity(self) -> str:
        """What the maps depend on."""
        identity = {network: network.identity for network in set(self.networks.values())}  # reads files
        return "|".join(f"{clip}:{identity[network]}" for clip, network in sorted(self.networks.items()))

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """The maps of some frames."""
        return self.networks[clip.name].scored(clip, frames)


def run(options: argparse.Namespace) -> Path:
    """All that is left to do; the report. Raises Told where it was stopped before."""
    out: Path = options.out
    recipe = read_recipe(options.gaze or "gaze")
    recipe = replace(recipe, precision=options.precision or recipe.precision)
    if options.rehearse:
        recipe = _rehearsed(options, recipe)
    pictures, clips = opened(options.pictures), opened(options.clips)
    groups = apart(clips, [] if options.groups is None else json.loads(options.groups.read_text()))
    opens = read_weights(options.open)
    like = opens.config
    if not isinstance(like, NetworkConfig):
        raise CheckpointError(f"{options.open}: is no TASED-Net")
    device_for(recipe, options.device)  # before the minutes that material takes
    first_network(recipe, None, options.student)
    begun = {
        "recipe": recipe.to_toml(),
        "groups": groups,
        "student": read_weights(options.student).sha256,
        "open": opens.sha256,
        "max_frames": options.max_frames,
    }
    check_same(out / "begun.json", begun)
    material = prepare(
        out / "material",
        pictures,
        Files(clips.name, clips.path, tuple(clips.clips())),
        options.teacher,
        amounts=REHEARSED if options.rehearse else Amounts(),
        device=options.device,
        workers=options.workers,
        report=tell,
    )
    learnt_from: dict[str, int] = {}
    weights: dict[str, Path] = {}
    network_of: dict[str, Path] = {}  # by the clip that it has not seen
    for fold in (*range(len(groups)), None):
        name = EVERYTHING if fold is None else f"fold {fold}"
        learnt, held = divided(clips, groups, len(groups), fold)
        last = trained(
            out / name,
            recipe,
            replace(material, clips=learnt).sources(WEIGHT),
            [] if held is None else [Source(held, None)],
            weights=options.student,
            device=options.device,
            workers=options.workers,
            report=partial(tell_step, name),
        )
        finish = Finish(like.sharpness, like.centre, {})
        weights[name] = finish.write(last, out / name / "finished.safetensors")
        learnt_from[name] = len(learnt.clips())
        network_of |= {clip.name: weights[name] for clip in (held.clips() if held else ())}
    judges: list[Predictions] = [Windows(options.open, "as it was", options.device, called="open")]
    for past in PASTS:
        networks = {clip: Windows(path, past, options.device) for clip, path in network_of.items()}
        judges.append(HeldOut(past, networks))
    most = 12 if options.rehearse else options.max_frames
    found = [scored(clips, judge, out / "scores" / f"{judge.name}.json", most) for judge in judges]
    facts = json.loads((out / EVERYTHING / "environment.json").read_text())
    report = {
        "what": "full TASED-Net, its last stage of clips too, by folds",
        "rehearsal": options.rehearse,
        "recipe": begun["recipe"],
        "student_sha256": begun["student"],
        "open_sha256": begun["open"],
        "finish": {"sharpness": like.sharpness, "centre": like.centre},
        "trainings": {
            name: {
                "clips": learnt_from[name],
                "minutes": round(minutes(out / name), 1),
                "sha256": read_weights(path).sha256,
            }
            for name, path in weights.items()
        },
        **compared(found, groups),
        "environment": {name: facts[name] for name in ENVIRONMENT},
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    path = out / "report.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    return path


def _rehearsed(options: argparse.Namespace, recipe: Recipe) -> Recipe:
    """Data made by code, networks that know nothing, a small recipe."""
    out = options.out
    rehearsal(out / "data")
    options.pictures, options.clips = out / "data" / "pictures", out / "data" / "clips"
    options.teacher = [untrained(out / "lite.safetensors", LiteConfig(width=8, rows=64, columns=96))]
    recipe = with_settings(recipe, [*SMALL, "steps=1", "validate_every=1"])
    options.student = untrained(out / "student.safetensors", recipe.network)
    options.open = untrained(out / "open.safetensors", replace(recipe.network, sharpness=1.5, centre=0.2))
    return recipe


def parser() -> argparse.ArgumentParser:
    """The command's."""
    made = argparse.ArgumentParser(
        prog="python -m training.research",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--pictures", type=Path, help="table of gaze on pictures, or the folder that holds it")
    add("--clips", type=Path, help="table of gaze on clips")
    add("--groups", type=Path, help="JSON, lists of names of clips: the folds; default: each clip is one")
    add("--teacher", type=Path, nargs="+", help="tased-lite weights, which have not learnt from the clips")
    add("--student", type=Path, help="weights of the stage `distil` of training.full --open")
    add(
        "--open",
        type=Path,
        default=PACKAGED[FULL].path,
        help="a network to compare with, that finishes alike",
    )
    add("--gaze", type=Path, help="another recipe of the stage 'gaze', TOML")
    add("--precision", choices=get_args(Precision), help="default: the recipe's, float32")
    add("--out", type=Path, required=True, help="folder of all that it makes")
    add("--max-frames", type=int, default=360, help="score so many frames, drawn by a seed")
    add("--workers", type=int, default=min(14, os.cpu_count() or 1), help="processes that read clips")
    add("--device", default="auto")
    add("--rehearse", action="store_true", help="everything, small, on data made by code: a minute on a CPU")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, do, and say what is left."""
    options = parser().parse_args(arguments)
    return ended(lambda: _asked(options))


def _asked(options: argparse.Namespace) -> Path:
    if not options.rehearse and None in (
        options.pictures,
        options.clips,
        options.teacher,
        options.student,
    ):
        raise UsageError("--pictures, --clips, --teacher and --student are needed, or --rehearse")
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
