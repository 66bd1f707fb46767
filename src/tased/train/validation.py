"""Validation as in the paper: clips sampled uniformly, the same for the whole run (section 4.1)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tased.data.clip import Clip
from tased.data.score import score
from tased.data.survey import Fixations, Survey, centre_prior, survey_clip
from tased.errors import DataError
from tased.metrics import METRICS
from tased.metrics.average import MeanOverFrames
from tased.network.config import NetworkConfig
from tased.predict.finish import finished
from tased.train.loader import Batch, validation_batches
from tased.train.losses import clip_losses
from tased.train.recipe import Recipe
from tased.train.samples import Sample
from tased.train.sheet import Example

EXAMPLES = 4  # rows of the sheet of maps
Network = Callable[[UInt8[Tensor, "B T 3 H W"]], Float[Tensor, "B K H W"]]


@dataclass(frozen=True, slots=True)
class Validated:
    """What came of one validation; the scores are those of all processes together."""

    scores: dict[str, float]  # the loss and the metrics, means over frames; NaN where no frame has one
    examples: tuple[Example, ...]
    skipped: tuple[tuple[str, str], ...]  # clips that could not be read, and why; of this process


class Validator:
    """Validates on some samples, again and again.

    Maps are finished as in prediction, and held against the truth at its own size, by the exact
    protocol. Shuffled AUC and information gain compare with the fixations of the samples of other videos.
    """

    def __init__(
        self, samples: Sequence[Sample], recipe: Recipe, *, rank: int, world: int, workers: int
    ) -> None:
        self._recipe = recipe
        self._batches = partial(validation_batches, samples, recipe, rank=rank, world=world, workers=workers)
        self._numbers: dict[int, int] = {}  # of the videos, by identity
        self._survey = Survey.join(self._fixations(samples))
        self._negatives = lru_cache(maxsize=4)(self._compare_with)  # samples come video by video
        # For a picture of the whole validation set, from its beginning to its end.
        step = max(1, len(samples) // EXAMPLES)
        self._shown = {str(sample) for sample in samples[::step][:EXAMPLES]}

    def __call__(self, network: Network, device: torch.device) -> Validated:
        """Validate a network, which is in evaluation mode; needs no gradients."""
        average = MeanOverFrames(("loss", *METRICS)).to(device)
        examples: list[Example] = []
        skipped: list[tuple[str, str]] = []
        for batch in self._batches():
            skipped += batch.skipped
            if not batch.samples:
                continue
            maps = network(batch.clips.to(device, non_blocking=True))
            names = [str(sample) for sample in batch.samples]
            losses = clip_losses(
                self._recipe, maps, batch.density.to(device), batch.fixations.to(device), names=names
            )
            for number, (name, loss) in enumerate(zip(names, losses.tolist(), strict=True)):
                map_, config = maps[number, -1].float().cpu(), self._recipe.network
                if isinstance(config, NetworkConfig):
                    map_ = finished(map_, config)
                scores = {"loss": loss, **self._score(batch, number, map_)}
                average.update(
                    {m: torch.tensor(scores.get(m, math.nan), device=device) for m in ("loss", *METRICS)}
                )
                if name in self._shown:
                    frame = batch.clips[number, -1].permute(1, 2, 0).numpy()
                    density = batch.density[number, -1].numpy()
                    examples.append(Example(frame, density, map_.numpy()))
        found = average.compute()
        return Validated(
            {name: float(found[name]) for name in ("loss", *METRICS)}, tuple(examples), tuple(skipped)
        )

    def _score(self, batch: Batch, number: int, map_: Float[Tensor, "H W"]) -> dict[str, float]:
        clip, truth = batch.samples[number].clip, batch.truths[number]
        negatives, baseline = self._negatives(self._numbers[id(clip)], clip.rows, clip.columns)
        return score(map_.numpy(), truth, (clip.rows, clip.columns), negatives=negatives, baseline=baseline)

    def _compare_with(self, clip: int, rows: int, columns: int) -> tuple[np.ndarray | None, Tensor | None]:
        others = self._survey.others(clip, rows, columns)
        return others, None if others is None else torch.from_numpy(centre_prior(others))

    def _fixations(self, samples: Sequence[Sample]) -> list[Fixations]:
        """Of the frames that are asked for, video by video; broken ones are left to the loader to name."""
        frames: dict[int, tuple[Clip, list[int]]] = {}
        for sample in samples:
            frames.setdefault(id(sample.clip), (sample.clip, []))[1].append(sample.targets[-1])
        self._numbers = {identity: number for number, identity in enumerate(frames)}
        return [_survey_readable(clip, indices) for clip, indices in frames.values()]


def _survey_readable(clip: Clip, frames: Sequence[int]) -> Fixations:
    try:
        return survey_clip(clip, frames)
    except DataError:
        return survey_clip(clip, [index for index in frames if _is_readable(clip, index)])


def _is_readable(clip: Clip, index: int) -> bool:
    try:
        clip.gaze(index)
    except DataError:
        return False
    return True
