"""How peaked the maps of a TASED-Net shall be, and how much of a centre prior they shall have.

    python -m training.finish --weights W.safetensors --clips TABLE --groups GROUPS.json --json FINISH.json

Two numbers, the config's `sharpness` and `centre`, by what finished maps tell of where people looked: bits a
fixation, as densities, above a map that is the same everywhere. Means over the frames of a clip, then over
clips. For every group of near-duplicates it says what the others alone would have chosen, and what that is
worth in the group: that is how much the choice is one of these clips. `training.full --open` does it, too;
`tased weights convert` puts the numbers into a file.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from tased.data.clip import Clip, DataSet
from tased.data.score import counted
from tased.errors import CheckpointError, UsageError
from tased.evaluate.past import Windows
from tased.metrics import information_gain
from tased.network.config import NetworkConfig
from tased.network.weights import network_from, read_weights, save_weights
from tased.predict.finish import finished
from tased.train.run_folder import write_text
from training.material import grouped, opened
from training.stage import ended, tell

FRAMES = 16  # of each clip
SHARPNESS = tuple(round(0.1 * tenth, 1) for tenth in range(6, 31))
CENTRE = tuple(round(0.05 * twentieth, 2) for twentieth in range(9))
CHOICES = tuple(itertools.product(SHARPNESS, CENTRE))
BLURRED_ALONE = CHOICES.index((1.0, 0.0))

Bits = Float64[np.ndarray, "choices"]


def bits(map_: Float[Tensor, "H W"], fixations: Int64[np.ndarray, "N 2"], clip: Clip) -> Bits:
    """What a blurred map tells of its frame's fixations by each of the choices, bits a fixation."""
    rows, columns = map_.shape
    cells = ((fixations + 0.5) / (clip.rows, clip.columns) * (rows, columns)).astype(np.int64)
    counts, uniform = torch.from_numpy(counted(cells, rows, columns)), torch.ones_like(map_)
    finishes = (NetworkConfig(blur=0, sharpness=power, centre=share) for power, share in CHOICES)
    return np.array([float(information_gain(finished(map_, one), counts, uniform)) for one in finishes])


@dataclass(frozen=True, slots=True)
class Finish:
    """What was chosen, and why."""

    sharpness: float
    centre: float
    report: dict[str, object]  # what each group's clips would have had of the others' choice, too

    def write(self, weights: Path, target: Path) -> Path:
        """The same weights, whose maps are finished so."""
        network = network_from(read_weights(weights))
        network.config = replace(network.config, sharpness=self.sharpness, centre=self.centre)
        save_weights(network, target)
        return target


def apart(data: DataSet, groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """All clips, near-duplicates together, to choose by.

    Raises DataError for a wrong name, and UsageError where there is nothing to hold a choice against.
    """
    found = grouped(data, groups)
    if len(found) < 2:
        raise UsageError(
            f"{data.path}: to finish maps by needs two groups of clips, and there is {len(found)}"
        )
    return found


def chosen(
    clips: Sequence[Clip],
    groups: Sequence[Sequence[str]],
    weights: Path,
    *,
    frames: int,
    device: str,
    part: Path | None = None,
) -> Finish:
    """By so many frames of each clip; goes on from the file `part`, if that is of the same weights.

    How the weights' own maps are finished does not matter, but for the blur.
    """
    read = read_weights(weights)
    if not isinstance(read.config, NetworkConfig):
        raise CheckpointError(f"{weights}: is no TASED-Net")
    facts = {"frames_a_clip": frames, "weights_sha256": read.sha256}
    source, blur_alone = Windows(weights, "as it was", device), replace(read.config, sharpness=1, centre=0)
    found = _kept(part, facts)
    for done, clip in enumerate(clips, start=1):
        if clip.name not in found:
            wanted = sorted({int((n + 0.5) * clip.frames / frames) for n in range(frames)})
            looked = {i: gaze for i in wanted if len(gaze := clip.gaze(i).fixations)}
            maps = (finished(map_, blur_alone) for map_ in source.maps(clip, list(looked)))
            each = [bits(map_, gaze, clip) for map_, gaze in zip(maps, looked.values(), strict=True)]
            found[clip.name] = np.mean(each, axis=0).tolist() if each else None
            if part is not None:
                write_text(part, json.dumps({**facts, "bits": found}))
        tell("finishing", done, len(clips))
    watched = {name: np.array(told) for name, told in found.items() if told is not None}
    return by_bits(watched, groups, facts)


def _kept(part: Path | None, facts: Mapping[str, object]) -> dict[str, list[float] | None]:
    """Of clips that are done; None where nobody looked."""
    if part is None or not part.is_file():
        return {}
    before = json.loads(part.read_text())
    found: dict[str, list[float] | None] = before.pop("bits")
    return found if before == facts else {}


def by_bits(
    found: Mapping[str, Bits], groups: Sequence[Sequence[str]], facts: Mapping[str, object]
) -> Finish:
    """The choice by all clips, and for each group that by the others; `facts` go into the report."""
    groups = [group for group in groups if not found.keys().isdisjoint(group)]
    if len(groups) < 2:
        raise UsageError(f"to finish maps by needs gaze on two groups of clips, and there is {len(groups)}")
    every = np.mean(list(found.values()), axis=0)
    best = int(every.argmax())
    held_out, by_others = [], []
    for group in groups:
        theirs = np.array([found[name] for name in group if name in found])
        others = np.mean([told for name, told in found.items() if name not in group], axis=0)
        choice = int(others.argmax())
        held_out.append(
            {
                "clips": len(theirs),
                **_named(choice),
                "bits": round(float(theirs.mean(0)[choice]), 3),
                "bits_blurred_alone": round(float(theirs.mean(0)[BLURRED_ALONE]), 3),
            }
        )
        by_others += theirs[:, choice].tolist()
    return Finish(
        *CHOICES[best],
        {
            "what": "sharpness and centre share of maps, by bits a fixation above a uniform map",
            "clips": len(found),
            **facts,
            "chosen": {**_named(best), "bits": round(float(every[best]), 3)},
            "blurred_alone": {**_named(BLURRED_ALONE), "bits": round(float(every[BLURRED_ALONE]), 3)},
            "chosen_without_the_group": {"bits": round(float(np.mean(by_others)), 3), "groups": held_out},
        },
    )


def _named(choice: int) -> dict[str, float]:
    return dict(zip(("sharpness", "centre"), CHOICES[choice], strict=True))


def parser() -> argparse.ArgumentParser:
    """The command's."""
    made = argparse.ArgumentParser(
        prog="python -m training.finish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--weights", type=Path, required=True, help="of a TASED-Net")
    add("--clips", type=Path, required=True, help="table of gaze on clips")
    add("--groups", type=Path, help="JSON, lists of names of clips: near-duplicates; default: each by itself")
    add("--frames", type=int, default=FRAMES, help="of each clip, at equal steps")
    add("--device", default="auto")
    add("--json", type=Path, required=True, help="file to write")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and say what to convert with."""
    options = parser().parse_args(arguments)
    return ended(lambda: _asked(options))


def _asked(options: argparse.Namespace) -> Path:
    data = opened(options.clips)
    groups = apart(data, [] if options.groups is None else json.loads(options.groups.read_text()))
    found = chosen(data.clips(), groups, options.weights, frames=options.frames, device=options.device)
    write_text(options.json, json.dumps(found.report, indent=1) + "\n")
    print(f"--sharpness {found.sharpness} --centre {found.centre}")
    return options.json


if __name__ == "__main__":
    sys.exit(main())
