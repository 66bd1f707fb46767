"""How soon an S3D from scratch sees what EfficientNet-Lite0 does: by few stations and many, AdamW and Muon.

    python benchmarks/stations.py --pictures GAZE/images --clips GAZE/videos/fixations.csv.gz \
        --teacher src/tased/weights/lite.safetensors

Each way learns by the recipe `encoder` in so many --steps, of the same pictures in the same order: all but
every 17th. What it leaves unexplained of the teacher's features is measured on those left out, and on frames
of clips that no way has seen. Writes benchmarks/results/stations.json.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from cost import RESULTS, machine_facts

from tased.apps.machine import this_machine
from tased.data.clip import Clip
from tased.data.layouts import open_data_set
from tased.network.config import NetworkConfig
from tased.network.lite import TASEDLite
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights
from tased.predict.network import to_network
from tased.predict.resize import resize
from tased.train.colour import recoloured
from tased.train.features import STATIONS, Station, Teacher
from tased.train.loader import training_batches
from tased.train.loop import optimizer_for
from tased.train.recipe import Optimizer, Recipe
from tased.train.recipes import encoder
from tased.train.samples import Plan, Source
from tased.train.schedule import rate_factors
from tased.train.statistics import prepare
from tased.train.taught import Files

ENDS = tuple(STATIONS[number] for number in (3, 8, 10))  # the last of strides 8, 16 and 32
WAYS: tuple[tuple[str, Optimizer, Sequence[Station]], ...] = (
    ("3 stations, Muon", "muon", ENDS),
    ("all stations, AdamW", "adamw", STATIONS),
    ("all stations, Muon", "muon", STATIONS),
)
EVERY = 17  # pictures, of which one is kept to judge by
PER_CLIP = 8  # frames
TOGETHER = 32  # frames whose features have their variance counted together


def learnt(
    recipe: Recipe, teacher: TASEDLite, stations: Sequence[Station], pictures: Source
) -> tuple[TASEDNet, Teacher, float]:
    """The network and its heads after all steps, and the seconds of one."""
    assert isinstance(recipe.network, NetworkConfig)
    torch.manual_seed(recipe.seed)
    network = TASEDNet(recipe.network).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    heads = Teacher(network, teacher, stations)
    prepare(network, recipe, device=torch.device("cpu"))
    network.train()
    groups = [{"params": [*network.encoder.parameters(), *heads.parameters()], "lr": recipe.encoder_rate}]
    optimizer, seconds = optimizer_for(groups, recipe), []
    batches = training_batches(Plan([pictures], recipe), recipe, first_step=1, workers=1)
    begun = time.monotonic()
    for step, (batch,) in enumerate(batches, start=1):
        optimizer.param_groups[0]["lr"] = recipe.encoder_rate * rate_factors(recipe, step, [])[0]
        clips = recoloured(batch.clips, [sample.colour for sample in batch.samples])
        network.encoder(to_network(clips))
        heads(clips).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.monotonic() - begun)
        begun = time.monotonic()
    return network.eval(), heads, statistics.median(seconds)


@torch.no_grad()
def unexplained(network: TASEDNet, heads: Teacher, frames: torch.Tensor) -> dict[str, float]:
    """By the parts of S3D at which strides end."""
    found = []
    for some in frames.split(TOGETHER):
        network.encoder(to_network(some[:, None]))
        found.append(heads.by_station(some[:, None]))
    means = torch.cat(found).mean(0).tolist()
    return {
        station.part: round(mean, 4)
        for station, mean in zip(heads.stations, means, strict=True)
        if station in ENDS
    }


def seen(clips: Sequence[Clip], per_clip: int, rows: int, columns: int) -> torch.Tensor:
    """Frames at equal distances, (n, 3, rows, columns)."""
    found = []
    for clip in clips:
        wanted = {(2 * number + 1) * clip.frames // (2 * per_clip) for number in range(per_clip)}
        found += [resize(f.pixels, rows, columns) for f in clip.video() if f.index in wanted]
    # In an order in which those that count together are of many clips.
    return torch.stack(found)[torch.randperm(len(found), generator=torch.Generator().manual_seed(0))]


def main() -> None:
    """Learn, judge, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("--pictures", "--clips", "--teacher"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--steps", type=int, default=80)
    options = parser.parse_args()
    machine = this_machine()
    teacher = network_from(read_weights(options.teacher))
    if not isinstance(teacher, TASEDLite):
        parser.error("--teacher: is no tased-lite")
    data = open_data_set("table", options.pictures)
    members = list(data.clips())
    learning = Files(data.name, data.path, tuple(c for i, c in enumerate(members) if i % EVERY))
    recipe = replace(encoder(), steps=options.steps)
    size = (224, 384)
    judged = {
        "pictures": seen(members[::EVERY], 1, *size),
        "clips": seen(open_data_set("table", options.clips).clips(), PER_CLIP, *size),
    }
    ways: list[dict[str, Any]] = []
    for name, optimizer, stations in WAYS:
        network, heads, seconds = learnt(
            replace(recipe, optimizer=optimizer), teacher, stations, Source(learning, "all")
        )
        scores = {what: unexplained(network, heads, frames) for what, frames in judged.items()}
        ways.append({"way": name, "seconds_a_step": round(seconds, 2), "unexplained": scores})
        print(json.dumps(ways[-1]), flush=True)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/stations.py",
        "recipe": recipe.to_toml(),
        "teacher_sha256": read_weights(options.teacher).sha256,
        "data": {
            "pictures learnt": len(learning.members),
            **{f"frames of {what}": len(frames) for what, frames in judged.items()},
        },
        **machine_facts(machine),
        "ways": ways,
    }
    (RESULTS / "stations.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
