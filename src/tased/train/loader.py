"""Samples become batches, always in the plan's order."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from tased.data.clip import Truth
from tased.errors import DataError, VideoError
from tased.network.config import Config
from tased.threads import alone
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Sample
from tased.train.tensors import Loaded, Videos, load_sample
from tased.train.workers import Read, reads_of

ATTEMPTS = 10  # samples for one place that cannot be read before training stops
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips that go through the network together, and what was left out on the way to them."""

    clips: UInt8[Tensor, "B T 3 H W"]
    density: Float32[Tensor, "B K H W"]
    fixations: Float32[Tensor, "B K H W"]
    samples: tuple[Sample, ...]
    skipped: tuple[tuple[str, str], ...]  # samples that could not be read, as text, and why
    truths: tuple[Truth, ...] = ()  # for validation: of each sample's last frame


def training_batches(
    plan: Plan,
    recipe: Recipe,
    *,
    first_step: int,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
    pin: bool = False,
) -> Iterator[list[Batch]]:
    """The batches of each step from `first_step` (from 1) to the recipe's last, for one of `world` processes.

    Process `rank` reads its contiguous share of the step's places, in batches of `clips_per_batch`, of which
    the last may be smaller. What is in them depends neither on `workers`, which are processes that read ahead
    (0 reads here), nor on `first_step`. `pin` puts batches where a GPU can fetch them. With workers a step's
    batches are put together while the step before is used.

    A sample that cannot be read is replaced by the plan's next attempt for its place, and named in `skipped`.

    Raises
    ------
    DataError
        When ten samples in a row cannot be read for one place; the message names them.

    """
    mine, steps = _share(recipe.clips_per_step, rank, world), range(first_step, recipe.steps + 1)
    keys = ((step, place) for step in steps for place in mine)
    reads = reads_of(_Training(plan), keys, workers, ahead=len(mine), config=recipe.network)
    batches = (
        [
            _training_batch(plan, step, mine[begun : begun + recipe.clips_per_batch], reads, pin)
            for begun in range(0, len(mine), recipe.clips_per_batch)
        ]
        for step in steps
    )
    yield from batches if workers == 0 else _one_ahead(batches)


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same; a thread makes each while the one before is used.

    It puts tensors together alone: where there are more of libgomp's threads than cores, all of them sleep
    between operations, those of the step too.
    """
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(alone).result()
        torch.set_num_threads(threads)  # for threads that begin later
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _training_batch(plan: Plan, step: int, places: range, reads: "Iterator[Read]", pin: bool) -> Batch:
    good: list[tuple[Sample, Loaded]] = []
    skipped: list[tuple[str, str]] = []
    for place, read in zip(places, reads, strict=False):
        skipped += read.failures
        if read.loaded is None:
            named = "; ".join(f"{name}: {why}" for name, why in read.failures)
            raise DataError(
                f"step {step}: {ATTEMPTS} samples in a row cannot be read, so there will be more; "
                f"`tased data check` finds all: {named}"
            )
        good.append((plan.sample(step, place, len(read.failures)), read.loaded))
    return _batch(good, skipped, pin)


def validation_batches(
    samples: Sequence[Sample],
    recipe: Recipe,
    *,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
    pin: bool = False,
) -> Iterator[Batch]:
    """The clips to validate on, with the truth of each last frame: this process's part, in order.

    Batches have `clips_per_batch`, the last may be smaller. A sample that cannot be read is left out, and
    named in `skipped`.

    Raises
    ------
    DataError
        When none of the share can be read.

    """
    mine = _share(len(samples), rank, world)
    reads = reads_of(
        _Validation([samples[number] for number in mine], recipe.network),
        range(len(mine)),
        workers,
        ahead=recipe.clips_per_batch,
        config=recipe.network,
    )
    good: list[tuple[Sample, Loaded]] = []
    skipped: list[tuple[str, str]] = []
    for number, read in zip(mine, reads, strict=True):
        skipped += read.failures
        if read.loaded is None:
            continue
        if len(good) == recipe.clips_per_batch:  # held until now, for what is skipped at the end
            yield _batch(good, skipped, pin, truths=True)
            good, skipped = [], []
        good.append((samples[number], read.loaded))
    if good:
        yield _batch(good, skipped, pin, truths=True)
    elif skipped:
        (name, why), *_ = skipped
        raise DataError(f"none of {len(mine)} clips to validate on can be read, first {name}: {why}")


def _share(count: int, rank: int, world: int) -> range:
    """Process `rank`'s contiguous part of 0..count - 1."""
    return range(rank * count // world, (rank + 1) * count // world)


def _batch(
    good: Sequence[tuple[Sample, Loaded]],
    skipped: Sequence[tuple[str, str]],
    pin: bool,
    truths: bool = False,
) -> Batch:
    return Batch(
        clips=_stacked([loaded.clip for _, loaded in good], pin),
        density=_stacked([loaded.density for _, loaded in good], pin),
        fixations=_stacked([loaded.fixations for _, loaded in good], pin),
        samples=tuple(sample for sample, _ in good),
        skipped=tuple(skipped),
        truths=tuple(loaded.truth for _, loaded in good) if truths else (),
    )


def _stacked(tensors: Sequence[Tensor], pin: bool) -> Tensor:
    """One copy, straight into memory that a GPU can fetch from."""
    out = torch.empty((len(tensors), *tensors[0].shape), dtype=tensors[0].dtype, pin_memory=pin)
    return torch.stack(tuple(tensors), out=out)


class _Training(Dataset[Read]):
    """The sample for a (step, place), or what came of ten attempts; the maps of whole frames stay here."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.videos = Videos()

    def __getitem__(self, key: tuple[int, int]) -> Read:
        failures: list[tuple[str, str]] = []
        for attempt in range(ATTEMPTS):
            sample = self.plan.sample(*key, attempt)
            read = _attempt(sample, self.plan.recipe.network, self.videos)
            if read.loaded is not None:
                truth = replace(read.loaded.truth, density=None)
                return Read(tuple(failures), replace(read.loaded, truth=truth))
            failures += read.failures
        return Read(tuple(failures), None)


class _Validation(Dataset[Read]):
    """A sample by its place in a list."""

    def __init__(self, samples: Sequence[Sample], config: Config) -> None:
        self.samples, self.config = samples, config
        self.videos = Videos()

    def __getitem__(self, place: int) -> Read:
        return _attempt(self.samples[place], self.config, self.videos)


def _attempt(sample: Sample, config: Config, videos: Videos) -> Read:
    try:
        return Read((), load_sample(sample, config, videos))
    except (VideoError, DataError) as error:
        return Read(((str(sample), str(error)),), None)
