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
from jaxtyping import Float64
from torch import Tensor

from tased.data.clip import Clip
from tased.errors import TasedError, UsageError
from tased.evaluate.past import Windows
from tased.network.config import NetworkConfig
from tased.network.weights import network_from, read_weights, save_weights
from tased.predict.finish import finished
from training.material import divided, opened
from training.stage import tell

SHARPNESS = tuple(round(0.1 * tenth, 1) for tenth in range(6, 31))
CENTRE = tuple(round(0.05 * twentieth, 2) for twentieth in range(9))
CHOICES = tuple(itertools.product(SHARPNESS, CENTRE))
AS_IT_IS = CHOICES.index((1.0, 0.0))
LEAST = 1e-12  # density relative to the uniform one: that of a place that cannot be

Bits = Float64[np.ndarray, "choices"]


def bits(values: Tensor, fixations: np.ndarray, clip: Clip, config: NetworkConfig) -> Bits:
    """What a blurred map tells of its frame's fixations by each of the choices, bits a fixation."""
    rows, columns = values.shape
    y, x = ((fixations + 0.5) / (clip.rows, clip.columns) * (rows, columns)).astype(int).T
    found = []
    for sharpness, centre in CHOICES:
        map_ = finished(values, replace(config, blur=0, sharpness=sharpness, centre=centre))
        told = map_[torch.from_numpy(y), torch.from_numpy(x)] / map_.mean()
        found.append(float(told.clamp(min=LEAST).log2().mean()))
    return np.array(found)


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


def chosen(
    clips: Sequence[Clip], weights: Path, groups: Sequence[Sequence[str]], *, frames: int, device: str
) -> Finish:
    """By so many frames of each clip.

    Raises UsageError for weights that say already how maps are finished, and for a single clip.
    """
    found = _of_clips(clips, weights, frames, device)
    if len(found) < 2:
        raise UsageError(f"{len(found)} of the clips can be chosen by; give two or more that people watched")
    facts = {"frames_a_clip": frames, "weights_sha256": read_weights(weights).sha256}
    return by_bits(found, groups, facts)


def _of_clips(clips: Sequence[Clip], weights: Path, frames: int, device: str) -> dict[str, Bits]:
    """Of each clip, over frames at equal steps that somebody looked at."""
    config = read_weights(weights).config
    if not isinstance(config, NetworkConfig) or (config.sharpness, config.centre) != (1, 0):
        raise UsageError(f"{weights}: give weights of a TASED-Net whose maps are blurred alone")
    source, found = Windows(weights, "as it was", device), {}
    for done, clip in enumerate(clips, start=1):
        wanted = sorted({int((n + 0.5) * clip.frames / frames) for n in range(frames)})
        looked = [
            bits(torch.from_numpy(one.values), one.truth.fixations, clip, config)
            for one in source.scored(clip, wanted)
            if len(one.truth.fixations)
        ]
        if looked:
            found[clip.name] = np.mean(looked, axis=0)
        tell("finishing", done, len(clips))
    return found


def by_bits(
    found: Mapping[str, Bits], groups: Sequence[Sequence[str]], facts: Mapping[str, object]
) -> Finish:
    """The choice by all clips, and for each group that by the others; `facts` go into the report."""
    every = np.mean(list(found.values()), axis=0)
    best = int(every.argmax())
    held_out, apart = [], []
    named = [name for group in groups for name in group]
    for group in [*groups, *([name] for name in found if name not in named)]:
        theirs = np.array([found[name] for name in group if name in found])
        others = np.mean([bits for name, bits in found.items() if name not in group], axis=0)
        choice = int(others.argmax())
        held_out.append(
            {
                "clips": len(theirs),
                **_named(choice),
                "bits": round(float(theirs.mean(0)[choice]), 3),
                "bits_blurred_alone": round(float(theirs.mean(0)[AS_IT_IS]), 3),
            }
        )
        apart += theirs[:, choice].tolist()
    return Finish(
        *CHOICES[best],
        {
            "what": "sharpness and centre share of maps, by bits a fixation above a uniform map",
            "clips": len(found),
            **facts,
            "chosen": {**_named(best), "bits": round(float(every[best]), 3)},
            "blurred_alone": {**_named(AS_IT_IS), "bits": round(float(every[AS_IT_IS]), 3)},
            "chosen_without_the_group": {"bits": round(float(np.mean(apart)), 3), "groups": held_out},
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
    add("--weights", type=Path, required=True, help="of a TASED-Net whose maps are blurred alone")
    add("--clips", type=Path, required=True, help="table of gaze on clips")
    add("--groups", type=Path, help="JSON, lists of names of clips: near-duplicates; default: each by itself")
    add("--frames", type=int, default=16, help="of each clip, at equal steps")
    add("--device", default="auto")
    add("--json", type=Path, required=True, help="file to write")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and say what to convert with."""
    options = parser().parse_args(arguments)
    try:
        data = opened(options.clips)
        groups = [] if options.groups is None else json.loads(options.groups.read_text())
        divided(data, groups, 2, None)  # raises DataError for names that are wrong
        finish = chosen(data.clips(), options.weights, groups, frames=options.frames, device=options.device)
    except TasedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    options.json.write_text(json.dumps(finish.report, indent=1) + "\n")
    print(f"--sharpness {finish.sharpness} --centre {finish.centre} -> {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
