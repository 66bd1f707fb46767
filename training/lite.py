r"""Train tased-lite, open and for research, and find out what its parts are worth.

    python -m training.lite --pictures GAZE/images --clips GAZE/clips --groups GROUPS.json \
        --encoder efficientnet-lite0-57934424.pth --out lite

The open one learns from the pictures alone; the one for research from clips too, which may carry no licence.
How well that does is judged by folds: five networks, say, each without one group of clips, which it is judged
by. The same command goes on where it was stopped; `training/README.md` says what it needs and what it leaves.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tased.data.clip import DataSet
from tased.errors import UsageError
from tased.network.config import LiteConfig
from tased.network.weights import read_weights
from tased.train.cache import cached_clips, plan_cache, write_cache
from tased.train.recall import Recall
from tased.train.recipe import Recipe, with_settings
from tased.train.recipes import lite
from tased.train.samples import Source
from tased.train.taught import Files
from training.judge import compared, scored
from training.material import check_same, divided, opened, rehearsal
from training.stage import commit, ended, tell, tell_step, trained, untrained
from training.watched import Aggregated, watch

SHARE = 0.5  # of the clips in a step that are of videos, in the one for research
RECIPE = with_settings(lite(), ("validation_clips=0", "sampling=videos"))  # nothing is chosen by a validation
SMALL = ("size=64x32", "network.width=8", "steps=2", "warmup=1", "clips_per_step=2")

# Two ways to one for research, the only ones that were tried: as the open one, or going on where it ended.
RESEARCH: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "research": (None, ()),
    "research after open": ("open", ("steps=50", "warmup=5", "prediction_rate=5e-4")),
}
# Trained on the pictures as the open one is, but for this.
TRAINED: dict[str, tuple[str, ...]] = {
    "unpooling by switches": ("network.upsampling=unpool",),
    "no learned prior": ("network.prior=false",),
    "open, another seed": ("seed=1",),
    "open, a third seed": ("seed=2",),
}
# The open one, aggregated otherwise.
AGGREGATED: dict[str, dict[str, float]] = {
    "mean over 0.1 s": {"memory": 0.1},
    "mean over 0.4 s": {"memory": 0.4},
    "mean over 0.8 s": {"memory": 0.8},
    "no mean over time": {"memory": 0.0},
    "no motion": {"motion": 0.0},
    "no centre share": {"centre": 0.0},
    "each frame by itself": {"memory": 0.0, "motion": 0.0},
}


@dataclass(frozen=True, slots=True)
class Training:
    """One network: its folder's name, how it is trained, and on what."""

    name: str
    recipe: Recipe
    sources: tuple[Source, ...]
    after: str | None = None  # the one whose weights it begins with; None: the encoder's alone


def trainings(
    pictures: DataSet, clips: DataSet, groups: Sequence[Sequence[str]], recipe: Recipe
) -> list[Training]:
    """All of them: the open one, those for research, by folds and on all clips, and those of the ablation."""
    still = Source(pictures, pictures.splits[0], 1 - SHARE)
    found = [Training("open", recipe, (still,))]
    for way, (after, change) in RESEARCH.items():
        for fold in (*range(len(groups)), None):
            learnt, _ = divided(clips, groups, len(groups), fold)
            both = (still, Source(learnt, learnt.splits[0], SHARE))
            found.append(Training(_place(way, fold), with_settings(recipe, change), both, after))
    found += [Training(name, with_settings(recipe, change), (still,)) for name, change in TRAINED.items()]
    return found


def _place(way: str, fold: int | None) -> str:
    return way if fold is None else f"{way}, fold {fold}"


def judges(clips: DataSet, groups: Sequence[Sequence[str]], recipe: Recipe, seen: Path) -> list[Aggregated]:
    """Whose maps are scored: each clip by networks that have not learnt from its group."""
    config = recipe.network
    if not isinstance(config, LiteConfig):
        raise UsageError("the recipe is of a TASED-Net; needed is one of a tased-lite")
    folds: dict[str, int] = {}
    for fold in range(len(groups)):
        _, out = divided(clips, groups, len(groups), fold)
        folds |= dict.fromkeys([clip.name for clip in (out.clips() if out else ())], fold)
    found = [Aggregated("open", seen, dict.fromkeys(folds, "open"), config)]
    for way in RESEARCH:
        siblings = {name: _place(way, fold) for name, fold in folds.items()}
        found.append(Aggregated(f"{way}, by folds", seen, siblings, config))
    found += [Aggregated(name, seen, dict.fromkeys(folds, name), config) for name in TRAINED]
    found += [
        replace(found[0], name=name, config=replace(config, **change))  # type: ignore[arg-type]
        for name, change in AGGREGATED.items()
    ]
    return found


def run(options: argparse.Namespace) -> Path:
    """All that is left to do; the report. Raises Told where it was stopped before."""
    out: Path = options.out
    recipe = with_settings(RECIPE, SMALL) if options.rehearse else RECIPE
    if options.rehearse:
        rehearsal(out / "data")
        options.pictures, options.clips = out / "data" / "pictures", out / "data" / "clips"
        options.encoder = untrained(out / "encoder.safetensors", LiteConfig(width=8))
    pictures, clips = opened(options.pictures), opened(options.clips)
    if options.groups is None:
        groups = [[clip.name] for clip in clips.clips()]
    else:
        groups = json.loads(options.groups.read_text())
    facts = {
        "recipe": recipe.to_toml(),
        "pictures": pictures.fingerprint(),
        "clips": clips.fingerprint(),
        "groups": groups,
        "encoder": read_weights(options.encoder).sha256,
        "max_frames": options.max_frames,
    }
    check_same(out / "begun.json", facts)
    frames = out / "frames"  # resized: seeking in videos would take most of the time
    write_cache(
        plan_cache(clips, frames, rows=recipe.network.rows, columns=recipe.network.columns, quality=95)
    )
    cached = Files(clips.name, clips.path, tuple(cached_clips(clips, None, frames)))
    planned = trainings(pictures, cached, groups, recipe)
    recall = Recall()
    weights: dict[str, Path] = {}
    for one in planned:
        weights[one.name] = trained(
            out / one.name,
            one.recipe,
            one.sources,
            encoder=options.encoder if one.after is None else None,
            weights=None if one.after is None else weights[one.after],
            recall=recall,
            device=options.device,
            workers=options.workers,
            report=partial(tell_step, one.name),
        )
    judged = judges(clips, groups, recipe, out / "seen")
    for number, clip in enumerate(clips.clips(), 1):
        names = {judge.seen_by[clip.name] for judge in judged}
        watch(clip, {name: weights[name] for name in sorted(names)}, out / "seen")
        tell(f"watching, {clip.name}", number, len(clips.clips()))
    most = 12 if options.rehearse else options.max_frames
    found = [scored(clips, judge, out / "scores" / f"{judge.name}.json", most) for judge in judged]
    report = {
        "what": "tased-lite: open, for research by folds, and what its parts are worth",
        "rehearsal": options.rehearse,
        "share_of_videos": SHARE,
        "recipe": recipe.to_toml(),
        "encoder_sha256": facts["encoder"],
        "trainings": {one.name: _training(one, out / one.name, weights[one.name]) for one in planned},
        **compared(found, groups),
        "versions": found[0].versions,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    path = out / "report.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    return path


def _training(one: Training, folder: Path, weights: Path) -> Mapping[str, object]:
    with (folder / "metrics.csv").open(newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    return {
        "seed": one.recipe.seed,
        "steps": one.recipe.steps,
        "after": one.after,
        "learnt_from": {
            what: len(s.clips) for what, s in zip(("pictures", "clips"), one.sources, strict=False)
        },
        "minutes": round(sum(seconds) / 60, 1),
        "sha256": read_weights(weights).sha256,
    }


def parser() -> argparse.ArgumentParser:
    """The command's."""
    made = argparse.ArgumentParser(
        prog="python -m training.lite",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--pictures", type=Path, help="table of gaze on pictures, or the folder that holds it")
    add("--clips", type=Path, help="table of gaze on clips")
    add("--groups", type=Path, help="JSON, lists of names of clips: the folds; default: each clip is one")
    add("--encoder", type=Path, help="EfficientNet-Lite0 with ImageNet weights")
    add("--out", type=Path, required=True, help="folder of all that it makes")
    add("--max-frames", type=int, default=360, help="score so many frames, drawn by a seed")
    add("--workers", type=int, default=0, help="processes that read clips; 0: this one reads them")
    add("--device", default="auto")
    add("--rehearse", action="store_true", help="everything, small, on data made by code: a minute on a CPU")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, do, and say what is left."""
    options = parser().parse_args(arguments)
    return ended(lambda: _asked(options))


def _asked(options: argparse.Namespace) -> Path:
    if not options.rehearse and None in (options.pictures, options.clips, options.encoder):
        raise UsageError("--pictures, --clips and --encoder are needed, or --rehearse")
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
