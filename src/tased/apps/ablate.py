"""The paper's ablations: every network of a table trained and evaluated, and the table beside the paper's.

OUT/
  runs/RUN/              a run of `tased train` for each network, shared by the tables that have it
  results/RUN.json       what its evaluation found, as `tased evaluate --json` writes it
  table-1.txt .md .json  the table, of all its networks that are evaluated by now
"""

import io
import json
import math
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from rich.console import Console

from tased.atomic import WholeFile
from tased.data.synthesize import KNOWN
from tased.errors import UsageError
from tased.evaluate.predictions import ModelPredictions
from tased.evaluate.reference import TableNumber
from tased.evaluate.results import ProtocolName, Results
from tased.evaluate.run import evaluate
from tased.evaluate.tables import Row, Table, paper_table, tables_for, to_markdown, to_text
from tased.network.weights import read_weights
from tased.train.ablations import TableName, Variant, variants
from tased.train.begin import described
from tased.train.loop import train
from tased.train.recipe import Recipe
from tased.train.recipes import paper, read_recipe
from tased.train.run_folder import BEST, LAST, RECIPE, STATE
from tased.train.samples import Source

ENVIRONMENT = "environment.json"  # of a run
KINETICS = (
    "Without Kinetics pre-training the paper's scores drop by 0.5 NSS, 0.06 CC, 0.04 SIM and 0.015 AUC "
    "for most networks (section 4.2); it prints no rows of them."
)
UNPRINTED = {
    "5": "Of the dense network and of several maps at once the paper says only that they score less "
    "(section 4.5).",
    "decoders": "The paper's numbers for these are in a supplement that is not public (section 4.4).",
}


@dataclass(frozen=True, slots=True)
class Ablation:
    """What came of it."""

    table: Table  # of the networks that are evaluated by now
    missing: tuple[str, ...]  # runs of the table that are not
    stopped: bool  # by SIGTERM or Ctrl-C; the same call goes on


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """Whose table it is: all that the networks have in common."""

    learnt: Sequence[Source]
    held: Source  # to validate on, and to evaluate
    out: Path
    encoder: Path | None = None  # S3D with Kinetics weights
    protocol: ProtocolName = "dhf1k"  # the paper's
    max_frames: int | None = None  # of the evaluation; None: all
    device: str = "auto"
    workers: int = 2  # processes that read clips, and that evaluate

    def results(self, variant: Variant) -> Path:
        """Where a network's evaluation is written."""
        return self.out / "results" / f"{variant.run}.json"

    def found(self, variant: Variant) -> Results | None:
        """The evaluation of a network that is trained by this recipe, on this data; None before that."""
        path, run = self.results(variant), self.out / "runs" / variant.run
        if not all(file.exists() for file in (path, run / RECIPE, run / ENVIRONMENT)):
            return None
        results = Results.load(path)
        learnt = json.loads((run / ENVIRONMENT).read_text(encoding="utf-8"))["data"]
        same = (
            read_recipe(run / RECIPE) == variant.recipe
            and learnt == described(self.learnt)
            and results.fingerprint == self.held.data.fingerprint(self.held.split)
            and (results.protocol, results.max_frames) == (self.protocol, self.max_frames)
        )
        return results if same else None


def ablate(
    table: TableName,
    recipe: Recipe,
    setup: Setup,
    *,
    only: Sequence[str] = (),
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Ablation:
    """Train and evaluate the networks of a table, and write it beside the paper's; goes on where it stopped.

    A network that was trained and evaluated before, for this table or another one, is not again. `only` names
    runs of the table, as for one GPU of several. `report` is told a run and what it does, steps or videos
    done, and in all.

    Raises
    ------
    UsageError
        If `only` names what is no run of the table, or torchrun started several processes.
    DataError, CheckpointError, OutputError
        As training and evaluating do.

    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError(
            "an ablation is one process; for several GPUs start it once on each, with other runs as --only"
        )
    planned = variants(table, recipe, encoder_given=setup.encoder is not None)
    runs = [variant.run for variant in planned]
    if unknown := set(only).difference(runs):
        raise UsageError(f"{sorted(unknown)[0]!r} is no run of table {table}; there are {', '.join(runs)}")
    stopped = False
    for variant in planned:
        if (not only or variant.run in only) and setup.found(variant) is None:
            stopped = not _trained_and_evaluated(variant, setup, report)
        if stopped:
            break
    found = {variant: setup.found(variant) for variant in planned}
    ours = [replace(results, model=v.name) for v, results in found.items() if results is not None]
    shown = beside_the_paper(table, planned, ours, _warnings(recipe, setup))
    _write(setup.out / f"table-{table}", shown)
    return Ablation(shown, tuple(v.run for v, results in found.items() if results is None), stopped)


def _trained_and_evaluated(variant: Variant, setup: Setup, report: Callable[[str, int, int], None]) -> bool:
    """Whether it came to its end."""
    setup.results(variant).unlink(missing_ok=True)  # of another recipe, or of other data
    run = setup.out / "runs" / variant.run
    resume = (run / STATE).exists()
    if not resume and (run / RECIPE).exists():
        shutil.rmtree(run)  # killed as it began: nothing was learnt
    outcome = train(
        run,
        variant.recipe,
        setup.learnt,
        [setup.held],
        encoder=setup.encoder if variant.kinetics else None,
        resume=resume,
        device=setup.device,
        workers=setup.workers,
        report=lambda now: report(f"{variant.run}: training", now.step, now.steps),
    )
    if outcome.stopped:
        return False
    weights = run / (LAST if outcome.best is None else BEST)
    path = setup.results(variant)
    source = ModelPredictions(str(weights), setup.device, weights_sha256=read_weights(weights).sha256)
    [evaluation] = evaluate(
        setup.held.data,
        [source],
        split=setup.held.split,
        protocol=setup.protocol,
        max_frames=setup.max_frames,
        workers=max(1, setup.workers),
        parts=path.with_name(f"{path.name}.parts"),
        report=lambda what, done, total: report(f"{variant.run}: {what}", done, total),
    )
    evaluation.results.save(path)
    return True


def beside_the_paper(
    name: TableName, planned: Sequence[Variant], ours: Sequence[Results], warnings: Sequence[str] = ()
) -> Table:
    """Our rows, each below the paper's of the same name where the data is the paper's, or else below all."""
    number = None if name == "decoders" else cast(TableNumber, int(name))
    same = {results.data.casefold() for results in ours} <= {"dhf1k"}
    made = tables_for(ours)[0] if ours else paper_table(4, ())
    rows: list[Row] = [row for row in made.rows if row.origin == "ours"]
    notes: tuple[str, ...] = ()
    title, heading = "Decoders on TASED-Net's encoder (section 4.4)", "Decoder"
    if number is not None:
        printed = paper_table(number, ours if same else ())
        rows = list(printed.rows) if same else [*printed.rows, *rows]
        title, heading, notes = printed.title, printed.heading, printed.notes
    if same:
        order = [variant.name for variant in planned]
        rows.sort(key=lambda row: (order.index(row.method), row.origin == "ours"))
    further = [note for note in (KINETICS if name == "1" else None, UNPRINTED.get(name)) if note]
    return Table(
        title=title,
        heading=heading,
        columns=made.columns,
        rows=tuple(rows),
        notes=(*warnings, *notes, *further),
    )


def _warnings(recipe: Recipe, setup: Setup) -> list[str]:
    """Why our rows are not to be read against the paper's."""
    ours, theirs = recipe.network, paper().network
    reasons = []
    if any((source.data.path / KNOWN).exists() for source in (*setup.learnt, setup.held)):
        reasons.append("rehearsal on synthetic data")
    if (ours.columns, ours.rows) != (theirs.columns, theirs.rows):
        reasons.append(
            f"frames of {ours.columns}x{ours.rows}, the paper's are {theirs.columns}x{theirs.rows}"
        )
    clips, full = recipe.steps * recipe.clips_per_step, paper().steps * paper().clips_per_step
    if clips != full:
        reasons.append(f"trained on {clips} clips, the paper's networks on {full}")
    if setup.encoder is None:
        reasons.append("trained from scratch, the paper's rows after Kinetics pre-training")
    if setup.max_frames is not None:
        reasons.append(f"scored on {setup.max_frames} frames, drawn at random")
    return [f"WARNING: ours: {reason}: not comparable." for reason in reasons]


def _write(path: Path, table: Table) -> None:
    """As text, Markdown and JSON."""
    text = io.StringIO()
    Console(file=text, width=160).print(to_text(table))
    rows = [
        {
            "method": row.method,
            "from": row.origin,
            "data": row.data,
            "split": row.split,
            "protocol": row.protocol,
            "scores": {
                column: None if math.isnan(cell.value) else cell.value
                for column, cell in zip(table.columns, row.cells, strict=True)
            },
        }
        for row in table.rows
    ]
    whole = {"title": table.title, "rows": rows, "notes": table.notes}
    for suffix, content in (
        (".txt", text.getvalue()),
        (".md", to_markdown(table)),
        (".json", json.dumps(whole, indent=2) + "\n"),
    ):
        with WholeFile(path.with_suffix(suffix)) as file:
            file.write(content.encode())
