"""The one training loop: for a first training and for fine-tuning, on one device or many (section 4.1).

The folder of a run holds all that it needs to go on, and samples are a pure function of the step: a run
that is killed at any moment and resumed ends, on the same machine, with the weights of one that never was.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule, _FabricOptimizer
from torch import Tensor

from tased.errors import DataError
from tased.network.build import Network
from tased.network.weights import save_weights
from tased.train.average import Average
from tased.train.begin import check_recipe, described, first_network, identity_of, launch, resumed
from tased.train.colour import recoloured
from tased.train.features import NoTeacher, Teacher, taught_by
from tased.train.loader import Batch, training_batches
from tased.train.losses import clip_losses
from tased.train.muon import Muon
from tased.train.recall import Recall
from tased.train.recipe import Recipe
from tased.train.run_folder import BEST, LAST, RECIPE, STATE, RunFolder, environment, new_folder, write_text
from tased.train.samples import Plan, Source, check_sources, validation_samples
from tased.train.schedule import Validation, best, rate_factors
from tased.train.sheet import sheet
from tased.train.signals import Stop
from tased.train.state import State, save_state
from tased.train.statistics import prepare
from tased.train.student import Student
from tased.train.validation import Validated, Validator


@dataclass(frozen=True, slots=True)
class Progress:
    """After a step."""

    step: int
    steps: int
    loss: float
    validation: Validation | None  # the last one so far


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    step: int  # that are done
    steps: int  # that were to be done
    best: Validation | None  # None where nothing was validated
    weights: Path  # the best network, or the last one where nothing was validated
    skipped: int  # clips that could not be read since the run was begun or resumed, in this process

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop before it was done."""
        return self.step < self.steps


def optimizer_for(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's."""
    betas = (recipe.momentum, 0.99)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, betas=betas, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "muon":
        dtype = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32
        return Muon(groups, betas=betas, weight_decay=recipe.weight_decay, dtype=dtype)
    return torch.optim.SGD(groups, momentum=recipe.momentum, weight_decay=recipe.weight_decay)


def train(
    run: Path,
    recipe: Recipe,
    sources: Sequence[Source],
    validation: Sequence[Source],
    *,
    encoder: Path | None = None,
    weights: Path | None = None,
    teacher: Path | None = None,
    recall: Recall | None = None,
    resume: bool = False,
    device: str = "auto",
    workers: int = 2,
    report: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Train into the folder `run`, whose files `run_folder` describes.

    The network begins with a file's `encoder` (S3D with Kinetics weights), with all of a file's `weights`,
    or from scratch. `teacher` is a tased-lite whose features are learnt, for a recipe with `features`.
    `recall` keeps what an encoder that does not learn has seen, for this training and others after it.
    `resume` goes on with the run in the folder, by the same recipe and data; more `steps` than before are
    fine. Where torchrun started several processes they share each step's clips. `workers` processes read
    clips, for each of them. SIGTERM and Ctrl-C end the run after the step that is under way, with
    everything saved.

    Raises
    ------
    UsageError
        For a recipe that cannot be, or another one than the run was begun with.
    DataError
        For data that cannot be trained on, and for a loss that is no number: the message names the clips.
    CheckpointError
        For first weights that do not fit, or a state that cannot be read.
    OutputError
        When the folder holds something already, or a file cannot be written; what was saved stays.

    """
    fabric = launch(recipe, device)
    check_recipe(recipe, fabric.world_size)
    check_sources([*sources, *validation], recipe)
    identity = identity_of(recipe, sources, validation, teacher)
    state = resumed(run, recipe, identity) if resume else None
    network = first_network(recipe, encoder, weights)
    if recall is not None:
        recall.serve(network, recipe)
    taught = taught_by(recipe, network, teacher)
    if fabric.is_global_zero:
        if state is None:
            new_folder(run)
        write_text(run / RECIPE, recipe.to_toml())
        facts = {
            "data": described(sources),
            "validation": described(validation),
            "first_weights": None if (given := weights or encoder) is None else str(given),
            "teacher": None if teacher is None else str(teacher),
        }
        write_text(run / "environment.json", environment(fabric.device, fabric.world_size, facts))
    fabric.barrier()
    doing = _Run(fabric, run, recipe, network, taught, identity, report)
    return doing.through(state, sources, validation, workers)


class _Run:
    """What the parts of a run share."""

    def __init__(
        self,
        fabric: Fabric,
        path: Path,
        recipe: Recipe,
        network: Network,
        teacher: Teacher | NoTeacher,
        identity: str,
        report: Callable[[Progress], None],
    ) -> None:
        self._fabric = fabric
        self._path = path
        self._recipe = recipe
        self._identity = identity
        self._report = report
        self._validations: list[Validation] = []
        prepare(network, recipe, device=fabric.device, devices=fabric.world_size)
        network.train()
        # What does not learn needs no way back.
        network.encoder.requires_grad_(recipe.encoder_rate > 0 or recipe.prediction_rate == 0)
        self._network, self._teacher = network, teacher
        groups = [
            {"params": list(network.encoder.parameters()), "lr": recipe.encoder_rate},
            {
                "params": [*network.prediction.parameters(), *teacher.parameters()],
                "lr": recipe.prediction_rate,
            },
        ]
        self._student: _FabricModule
        self._optimizer: _FabricOptimizer
        self._student, self._optimizer = fabric.setup(
            Student(network, teacher, recipe.statistics_over, maps=recipe.learns_maps),
            optimizer_for(groups, recipe),
        )
        # Now that the network is where it learns: beside it.
        self._average = Average(network, recipe.average)
        if isinstance(teacher, Teacher):
            teacher.to_device(fabric.device)

    def through(
        self, state: State | None, sources: Sequence[Source], validation: Sequence[Source], workers: int
    ) -> Outcome:
        """All steps that are left."""
        recipe, fabric = self._recipe, self._fabric
        done = 0
        if state is None:
            torch.manual_seed(recipe.seed + fabric.global_rank)  # for dropout; the plan draws by itself
        else:
            done = state.step
            state.restore(self._network, self._teacher, self._optimizer.optimizer, self._average)
            fabric.strategy.precision.load_state_dict(dict(state.scaler))
            self._validations = list(state.validations)
        rank, world, pin = fabric.global_rank, fabric.world_size, fabric.device.type == "cuda"
        validator = None
        if recipe.validation_clips and done < recipe.steps:
            samples = validation_samples(validation, recipe)
            validator = Validator(samples, recipe, rank=rank, world=world, workers=workers)
        batches = training_batches(
            Plan(sources, recipe),
            recipe,
            first_step=done + 1,
            rank=rank,
            world=world,
            workers=workers,
            pin=pin,
        )
        skipped = 0
        with Stop() as stop, self._folder(done) as folder:
            if state is None:
                self._save(0)
            ended = time.monotonic()
            for step, step_batches in enumerate(batches, start=done + 1):
                waited = time.monotonic() - ended
                loss = self._step(step, step_batches)
                missing = [skip for batch in step_batches for skip in batch.skipped]
                stopping = self._any(stop.told)
                validated = None
                if validator and (step % recipe.validate_every == 0 or step == recipe.steps):
                    validated = self._validate(step, validator)
                    missing += validated.skipped
                skipped += len(missing)
                if folder is not None:
                    self._write(folder, step, loss, (time.monotonic() - ended, waited), missing, validated)
                if step % recipe.save_every == 0 or step == recipe.steps or validated or stopping:
                    self._save(step)
                done = step
                self._report(
                    Progress(step, recipe.steps, loss, self._validations[-1] if self._validations else None)
                )
                ended = time.monotonic()
                if stopping:
                    break
        found = best(self._validations, recipe.best_by)
        return Outcome(done, recipe.steps, found, self._path / (LAST if found is None else BEST), skipped)

    def _step(self, step: int, batches: Sequence[Batch]) -> float:
        """Change the weights once; give the mean loss of all processes' clips."""
        recipe, fabric, world = self._recipe, self._fabric, self._fabric.world_size
        factors = rate_factors(recipe, step, self._validations)
        encoder, prediction = self._optimizer.param_groups
        encoder["lr"], prediction["lr"] = (
            recipe.encoder_rate * factors[0],
            recipe.prediction_rate * factors[1],
        )
        losses = []
        for number, batch in enumerate(batches):
            # Gradients are averaged over processes: each one's are multiplied by their number.
            weight = 1.0 if recipe.accumulation == "sum" else len(batch.clips) / recipe.clips_per_step
            with fabric.no_backward_sync(self._student, enabled=number < len(batches) - 1):
                clips = batch.clips.to(fabric.device, non_blocking=True)
                answer = self._student(recoloured(clips, [sample.colour for sample in batch.samples]))
                each = clip_losses(
                    recipe,
                    answer.maps,
                    batch.density.to(fabric.device, non_blocking=True),
                    batch.fixations.to(fabric.device, non_blocking=True),
                    names=[str(sample) for sample in batch.samples],
                )
                if recipe.needs_teacher:
                    unlike = answer.unlike
                    each = each + recipe.features * unlike.features + recipe.taught * unlike.maps
                fabric.backward(each.mean() * weight * world)
            losses.append(each.detach())
        self._check_finite(step, batches, torch.cat(losses))
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._average.step(step)
        mean = fabric.all_reduce(torch.cat(losses).mean(), reduce_op="mean")
        return float(mean)  # type: ignore[arg-type]  # of a tensor it is one

    def _check_finite(self, step: int, batches: Sequence[Batch], losses: Tensor) -> None:
        """Stop before the weights are spoilt, with the name of what spoils them."""
        broken = ~losses.isfinite()
        if not self._any(bool(broken.any())):
            return
        clips = [str(sample) for batch in batches for sample in batch.samples]
        named = [f"{clips[i]} ({losses[i].item()})" for i in broken.nonzero().flatten().tolist()]
        where = (
            f"{len(named)} of {len(clips)} clips: {', '.join(named[:3])}"
            if named
            else "a clip of another process"
        )
        raise DataError(
            f"step {step}: the loss is no number for {where}; the last checkpoint is untouched: look at "
            "the clip if it is one, lower encoder_rate and prediction_rate if it is all of them"
        )

    @torch.no_grad()
    def _validate(self, step: int, validator: Validator) -> Validated:
        self._student.eval()
        with self._average.instead():
            validated = validator(lambda clips: self._student(clips).maps, self._fabric.device)
        self._student.train()
        self._validations.append(Validation(step, validated.scores))
        found = best(self._validations, self._recipe.best_by)
        if found is not None and found.step == step and self._fabric.is_global_zero:
            self._save_network(BEST, step, validated.scores)
        return validated

    def _write(
        self,
        folder: RunFolder,
        step: int,
        loss: float,
        seconds: tuple[float, float],
        skipped: Sequence[tuple[str, str]],
        validated: Validated | None,
    ) -> None:
        encoder, prediction = self._optimizer.param_groups
        row = {
            "step": step,
            "loss": loss,
            "encoder_rate": encoder["lr"],
            "prediction_rate": prediction["lr"],
            "seconds": round(seconds[0], 4),
            "waited": round(seconds[1], 4),
            "skipped": len(skipped),
        }
        if validated is not None:
            row |= {f"validation_{name}": v for name, v in validated.scores.items() if not math.isnan(v)}
            if validated.examples:
                folder.picture(step, sheet(validated.examples))
        folder.row(row)
        folder.skipped(step, skipped)

    def _save(self, step: int) -> None:
        """The state, and the network alone for those who want to predict with it."""
        if self._fabric.is_global_zero:
            save_state(
                self._path / STATE,
                self._network,
                self._teacher,
                self._optimizer.optimizer,
                self._average,
                step=step,
                validations=self._validations,
                scaler=self._fabric.strategy.precision.state_dict(),
                run=self._identity,
            )
            self._save_network(LAST, step, {})
        self._fabric.barrier()

    def _save_network(self, name: str, step: int, scores: Mapping[str, float]) -> None:
        notes = {"training_step": str(step), "validation": json.dumps(scores)}
        with self._average.instead():
            save_weights(self._network, self._path / name, notes=notes)

    @contextmanager
    def _folder(self, done: int) -> Iterator[RunFolder | None]:
        """One process writes."""
        if not self._fabric.is_global_zero:
            yield None
            return
        with RunFolder(self._path, done) as folder:
            yield folder

    def _any(self, mine: bool) -> bool:
        """Whether it is so in any process; all of them ask."""
        if self._fabric.world_size == 1:
            return mine
        flag = torch.tensor(float(mine), device=self._fabric.device)
        return bool(self._fabric.all_reduce(flag, reduce_op="sum"))
