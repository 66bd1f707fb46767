"""How well the packaged weights say where people look: what their model cards print.

    python benchmarks/quality.py --data TABLE --groups GROUPS.json [--max-frames 360] [--only tased]

TABLE is a data set in the layout `table` (docs/datasets.md); GROUPS.json a list of lists of its clips' names,
of one kind each, with near-duplicates in one group. Scores are those of `tased evaluate` by the protocol
`exact`: means over a clip's frames, then over clips, with intervals by bootstrap over clips. Two controls ask
whether time matters: each frame has other frames of its clip, in random order, as its past, or only itself.
With --only the other models' rows stay as they are, and new ones say when they were measured: all are of the
same frames, which are drawn by a seed.
Writes aggregates only.
"""

import argparse
import json
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from tased.data.clip import Clip
from tased.data.layouts import open_data_set
from tased.evaluate.past import PASTS, Windows
from tased.evaluate.predictions import ModelPredictions, Observers, Predictions, Scored
from tased.evaluate.run import evaluate
from tased.evaluate.summary import summary
from tased.network.config import NetworkConfig
from tased.network.weights import read_weights
from tased.predict.packaged import PACKAGED
from tased.predict.predictor import TRAINING_FREE, load
from tased.video.frame import Frame

PAST = 8  # frames that a control is given before each frame: what the model remembers, a third of a second


@dataclass(frozen=True, slots=True)
class Control:
    """A model whose past is taken from it: of other moments, or none."""

    weights: str
    past: Literal["shuffled", "frozen"]
    weights_sha256: str | None = None

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"{self.weights}, {self.past} past"

    @property
    def identity(self) -> str:
        """What the maps depend on."""
        return f"{self.weights}|{self.past}"

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """Each frame after others, drawn by the frame and the clip's name, or after itself."""
        pixels = [frame.pixels for frame in clip.video()]
        predictor = load(self.weights)
        for index in frames:
            draw = np.random.default_rng([index, *clip.name.encode()])
            others = draw.choice(len(pixels), PAST) if self.past == "shuffled" else [index] * PAST
            stream = predictor.stream(size="network")
            rate = float(clip.video().rate)
            for place, source in enumerate([*others, index]):
                (m,) = stream.push(Frame(pixels[source], place, place / rate))
            yield Scored(index, m.values.numpy(), clip.truth(index))


def with_controls(name: str) -> list[Predictions]:
    """Weights of the package, and what they make of another past.

    Of a TASED-Net, which costs more, only the frames that are scored are predicted.
    """
    path = PACKAGED[name].path
    weights = read_weights(path)
    if isinstance(weights.config, NetworkConfig):
        return [Windows(path, past, called=name) for past in PASTS]
    ours = ModelPredictions(name, weights_sha256=weights.sha256)
    return [ours, *(Control(name, past) for past in ("shuffled", "frozen"))]


def place(name: str) -> int:
    """Of a row: those of the package's weights first, in its order."""
    models = [*PACKAGED, *TRAINING_FREE, Observers().name]
    return models.index(name.split(",")[0])


def measured() -> dict[str, object]:
    """When, and with what."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "scipy", "av")},
        },
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--groups", type=Path, required=True, metavar="GROUPS.json")
    parser.add_argument("--max-frames", type=int, default=360)
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="weights of the package; default: all models"
    )
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "quality.json")
    options = parser.parse_args()

    data = open_data_set("table", options.data)
    groups = json.loads(options.groups.read_text())
    names = [name for name, one in PACKAGED.items() if one.open]  # others may have learnt from these clips
    sources = [source for name in options.only or names for source in with_controls(name)]
    if options.only is None:
        sources += [*map(ModelPredictions, TRAINING_FREE), Observers()]
    found = [e.results for e in evaluate(data, sources, max_frames=options.max_frames)]
    rows = {
        source.name: {"sha256": source.weights_sha256, **summary(results, groups)}
        for source, results in zip(sources, found, strict=True)
    }
    report = {
        "what": "the packaged weights on natural clips, beside controls, models without training, and people",
        "clips": len(found[0].videos),
        "frames": found[0].counts["frames"],
        "groups": [len(group) for group in groups],
        "protocol": "exact",
        "interval": "95 %, bootstrap over clips",
    }
    facts = measured()
    if options.only is not None:
        before = json.loads(options.json.read_text())
        if any(before[name] != value for name, value in report.items()):
            parser.error(f"{options.json} is of other clips, frames or groups: measure all models")
        rows = before["results"] | {name: row | {"measured": facts} for name, row in rows.items()}
        facts = {name: before[name] for name in facts}
    report |= {**facts, "results": {name: rows[name] for name in sorted(rows, key=place)}}
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    for name, scores in report["results"].items():  # type: ignore[attr-defined]
        print(f"{name:24} NSS {scores['nss']['mean']:.3f}  CC {scores['cc']['mean']:.3f}")


if __name__ == "__main__":
    main()
