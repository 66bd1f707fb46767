"""Samples become batches: decoded, cropped and resized, in worker processes, always in the plan's order."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tased.data.clip import Clip, Truth
from tased.errors import DataError, UsageError, VideoError
from tased.network.config import Config
from tased.predict.resize import resize
from tased.train.processes import Leash, context_for
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Sample, View
from tased.video.read import Video
from tased.video.window import read_window

ATTEMPTS = 10  # samples for one place that cannot be read before training stops
PARCEL = 1 << 20  # bytes up to which a worker sends samples together
_SHARED = Path("/dev/shm")  # where Linux keeps what processes hand to each other  # noqa: S108

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sample as tensors; T, K, H and W are the network's."""

    clip: UInt8[Tensor, "T 3 H W"]  # RGB
    density: Float32[Tensor, "K H W"]  # of any scale, 0 or more, and not 0 everywhere
    fixations: Float32[Tensor, "K H W"]  # how many lie in each pixel
    truth: Truth  # of the last frame, whole, at its own size


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips that go through the network together, and what was left out on the way to them."""

    clips: UInt8[Tensor, "B T 3 H W"]
    density: Float32[Tensor, "B K H W"]
    fixations: Float32[Tensor, "B K H W"]
    samples: tuple[Sample, ...]
    skipped: tuple[tuple[str, str], ...]  # samples that could not be read, as text, and why
    truths: tuple[Truth, ...] = ()  # for validation: of each sample's last frame


class Videos:
    """Videos that are open already, so that headers are read once in a process."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Video] = {}

    def __call__(self, clip: Clip) -> Video:
        """The clip's; VideoError if it is missing."""
        key = (clip.name, str(clip.video_path))
        if key not in self._open:
            self._open[key] = clip.video()
        return self._open[key]


def load_sample(sample: Sample, config: Config, videos: Videos | None = None) -> Loaded:
    """Read what the sample names; frames are resized as prediction does, after what its view cuts away.

    Clip, density and fixations are cropped and flipped alike.

    Raises
    ------
    VideoError
        For frames that cannot be read.
    DataError
        For a truth that is missing or broken, or a density that is 0 all over what is seen.

    """
    first, length = len(sample.frames) - sample.maps, len(sample.frames)
    truths = {index: sample.clip.truth(index) for index in set(sample.targets)}
    density = torch.empty(sample.maps, config.rows, config.columns)
    fixations = torch.empty_like(density)
    for place in range(first, length):
        index, view, map_ = sample.frames[place], sample.view(place), place - first
        density[map_] = _density(sample, index, truths[index], view, config)
        fixations[map_] = _fixations(sample.clip, truths[index], view, config)
    clip = _clip(sample, config, videos or Videos())
    if sample.flip:
        clip, density, fixations = clip.flip(-1), density.flip(-1), fixations.flip(-1)
    return Loaded(clip, density, fixations, truths[sample.frames[-1]])


def _clip(sample: Sample, config: Config, videos: Videos) -> UInt8[Tensor, "T 3 H W"]:
    """Each frame is read once, and resized again only where a panned picture shows another part of it."""
    places: dict[int, list[int]] = {}
    for place, index in enumerate(sample.frames):
        places.setdefault(index, []).append(place)
    clip = torch.empty((len(sample.frames), 3, config.rows, config.columns), dtype=torch.uint8)
    start = min(places)
    for frame in read_window(videos(sample.clip), start, max(places) - start + 1):
        shown: View | None = None
        made: Tensor | None = None
        for place in places.get(frame.index, ()):  # none: shown fast, it is left out
            view = sample.view(place)
            if made is None or view != shown:
                shown, pixels = view, frame.pixels
                if view is not None:
                    pixels = pixels[view.pixels(*pixels.shape[:2])]
                made = resize(pixels, config.rows, config.columns)
            clip[place] = made
    return clip


def _density(
    sample: Sample, index: int, truth: Truth, view: View | None, config: Config
) -> Float32[Tensor, "H W"]:
    whole = truth.density
    where = f"{sample.clip.video_path}: frame {sample.clip.frame_names[index]} of {sample.clip.name}"
    if whole is None:
        raise DataError(
            f"{where} has no map to learn from; give a data set with maps, or with a width for them"
        )
    density = whole if view is None else whole[view.pixels(*whole.shape)]
    if not density.any():
        seen = "nobody looked into the part that is seen" if whole.any() else "its map is black"
        raise DataError(f"{where} gives nothing to learn: {seen}")
    x = torch.from_numpy(np.ascontiguousarray(density))[None, None]
    # A filter of positive weights, so that nothing falls below 0.
    return F.interpolate(x, (config.rows, config.columns), mode="bilinear", antialias=True)[0, 0]


def _fixations(clip: Clip, truth: Truth, view: View | None, config: Config) -> Float32[Tensor, "H W"]:
    """How many fixations have their pixel's centre in each pixel of the network's frame."""
    rows, columns = (view or View(0, 0, 1, 1)).pixels(clip.rows, clip.columns)
    row, column = truth.fixations[:, 0] - rows.start, truth.fixations[:, 1] - columns.start
    height, width = rows.stop - rows.start, columns.stop - columns.start
    seen = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    down = (2 * row[seen] + 1) * config.rows // (2 * height)
    across = (2 * column[seen] + 1) * config.columns // (2 * width)
    counts = np.bincount(down * config.columns + across, minlength=config.rows * config.columns)
    return torch.from_numpy(counts.astype(np.float32)).view(config.rows, config.columns)


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
    reads = _read(_Training(plan), keys, workers, ahead=len(mine), sample_bytes=_bytes(recipe.network))
    batches = (
        [
            _training_batch(plan, step, mine[begun : begun + recipe.clips_per_batch], reads, pin)
            for begun in range(0, len(mine), recipe.clips_per_batch)
        ]
        for step in steps
    )
    yield from batches if workers == 0 else _one_ahead(batches)


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same; a thread makes each while the one before is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _training_batch(plan: Plan, step: int, places: range, reads: "Iterator[_Read]", pin: bool) -> Batch:
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
    reads = _read(
        _Validation([samples[number] for number in mine], recipe.network),
        range(len(mine)),
        workers,
        ahead=recipe.clips_per_batch,
        sample_bytes=_bytes(recipe.network),
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What a worker sends: what it could not read for a place, and what it could."""

    failures: tuple[tuple[str, str], ...]
    loaded: Loaded | None


class _Training(Dataset[_Read]):
    """The sample for a (step, place), or what came of ten attempts; the maps of whole frames stay here."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.videos = Videos()

    def __getitem__(self, key: tuple[int, int]) -> _Read:
        failures: list[tuple[str, str]] = []
        for attempt in range(ATTEMPTS):
            sample = self.plan.sample(*key, attempt)
            read = _attempt(sample, self.plan.recipe.network, self.videos)
            if read.loaded is not None:
                truth = replace(read.loaded.truth, density=None)
                return _Read(tuple(failures), replace(read.loaded, truth=truth))
            failures += read.failures
        return _Read(tuple(failures), None)


class _Validation(Dataset[_Read]):
    """A sample by its place in a list."""

    def __init__(self, samples: Sequence[Sample], config: Config) -> None:
        self.samples, self.config = samples, config
        self.videos = Videos()

    def __getitem__(self, place: int) -> _Read:
        return _attempt(self.samples[place], self.config, self.videos)


def _attempt(sample: Sample, config: Config, videos: Videos) -> _Read:
    try:
        return _Read((), load_sample(sample, config, videos))
    except (VideoError, DataError) as error:
        return _Read(((str(sample), str(error)),), None)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What a worker sends together: all tensors as one, since each takes a third of a millisecond."""

    failures: tuple[tuple[tuple[str, str], ...], ...]  # of each place
    truths: tuple[Truth | None, ...]  # None for what could not be read
    tensors: tuple[tuple[torch.dtype, torch.Size], ...]
    content: UInt8[Tensor, " bytes"]

    @staticmethod
    def of(reads: Sequence[_Read]) -> "_Parcel":
        loaded = [read.loaded for read in reads if read.loaded is not None]
        # Floats are first, where they lie as processors need them.
        parts = [
            torch.stack(same)
            for same in zip(*((each.density, each.fixations, each.clip) for each in loaded), strict=True)
        ]
        return _Parcel(
            tuple(read.failures for read in reads),
            tuple(None if read.loaded is None else read.loaded.truth for read in reads),
            tuple((part.dtype, part.shape) for part in parts),
            torch.cat(
                [part.flatten().view(torch.uint8) for part in parts] or [torch.empty(0, dtype=torch.uint8)]
            ),
        )

    def reads(self) -> Iterator[_Read]:
        """What was put in."""
        sizes = [dtype.itemsize * shape.numel() for dtype, shape in self.tensors]
        parts = zip(self.content.split(sizes), self.tensors, strict=True)
        unpacked = zip(*(part.view(dtype).view(shape) for part, (dtype, shape) in parts), strict=True)
        for failures, truth in zip(self.failures, self.truths, strict=True):
            if truth is None:
                yield _Read(failures, None)
                continue
            density, fixations, clip = next(unpacked)
            yield _Read(failures, Loaded(clip, density, fixations, truth))


class _Parcels(Dataset[_Parcel]):
    """For some keys together."""

    def __init__(self, dataset: Dataset[_Read]) -> None:
        self._dataset = dataset

    def __getitem__(self, keys: Sequence[Any]) -> _Parcel:
        return _Parcel.of([self._dataset[key] for key in keys])


def _read(
    dataset: Dataset[_Read], keys: Iterable[Any], workers: int, *, ahead: int, sample_bytes: int
) -> Iterator[_Read]:
    """What the data set has for each key, in order; `ahead` so many are read before they are asked for."""
    if workers == 0:
        yield from map(dataset.__getitem__, keys)
        return
    # A batch is read by all workers.
    together = max(1, min(ahead // workers, PARCEL // sample_bytes))
    context = context_for(__name__)
    parcels: Iterable[_Parcel] = DataLoader(
        _Parcels(dataset),
        batch_size=None,
        sampler=_groups(keys, together),
        num_workers=workers,
        prefetch_factor=_per_worker(workers, -(-ahead // together), together * sample_bytes),
        collate_fn=_as_it_is,
        multiprocessing_context=context,
        worker_init_fn=Leash(context),
    )
    for parcel in parcels:
        yield from parcel.reads()


def _groups(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """So many at a time; the last may be fewer."""
    left = iter(items)
    while group := tuple(islice(left, size)):
        yield group


def _per_worker(workers: int, ahead: int, parcel_bytes: int) -> int:
    """How many parcels each worker may have ready: enough for a step, as far as there is shared memory."""
    wanted = max(2, -(-ahead // workers))
    if not _SHARED.is_dir():
        return wanted
    free = shutil.disk_usage(_SHARED).free
    fitting = free // (2 * workers * parcel_bytes)  # half of it: others share it
    if fitting < 1:
        raise UsageError(
            f"{_SHARED} has {free / 1e6:.0f} MB free, and {workers} workers need "
            f"{2 * workers * parcel_bytes / 1e6:.0f} MB there; take fewer workers, or give the container "
            f"more: docker run --shm-size=2g"
        )
    return min(wanted, fitting)


def _bytes(config: Config) -> int:
    """Of a sample in shared memory."""
    return config.rows * config.columns * (3 * config.clip_length + 8 * config.maps)


def _as_it_is(read: Any) -> Any:
    return read
