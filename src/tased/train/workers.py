"""Worker processes read samples, and send them in the order in which they are asked for."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tased.data.clip import Truth
from tased.errors import UsageError
from tased.network.config import Config
from tased.train.processes import Leash, context_for
from tased.train.tensors import Loaded

PARCEL = 1 << 20  # bytes up to which a worker sends samples together
_SHARED = Path("/dev/shm")  # where Linux keeps what processes hand to each other  # noqa: S108

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Read:
    """What could not be read for a place, and what could."""

    failures: tuple[tuple[str, str], ...]
    loaded: Loaded | None


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What a worker sends together: all tensors as one, since each takes a third of a millisecond."""

    failures: tuple[tuple[tuple[str, str], ...], ...]  # of each place
    truths: tuple[Truth | None, ...]  # None for what could not be read
    tensors: tuple[tuple[torch.dtype, torch.Size], ...]
    content: UInt8[Tensor, " bytes"]

    @staticmethod
    def of(reads: Sequence[Read]) -> "_Parcel":
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

    def reads(self) -> Iterator[Read]:
        """What was put in."""
        sizes = [dtype.itemsize * shape.numel() for dtype, shape in self.tensors]
        parts = zip(self.content.split(sizes), self.tensors, strict=True)
        unpacked = zip(*(part.view(dtype).view(shape) for part, (dtype, shape) in parts), strict=True)
        for failures, truth in zip(self.failures, self.truths, strict=True):
            if truth is None:
                yield Read(failures, None)
                continue
            density, fixations, clip = next(unpacked)
            yield Read(failures, Loaded(clip, density, fixations, truth))


class _Parcels(Dataset[_Parcel]):
    """For some keys together."""

    def __init__(self, dataset: Dataset[Read]) -> None:
        self._dataset = dataset

    def __getitem__(self, keys: Sequence[Any]) -> _Parcel:
        return _Parcel.of([self._dataset[key] for key in keys])


def reads_of(
    dataset: Dataset[Read], keys: Iterable[Any], workers: int, *, ahead: int, config: Config
) -> Iterator[Read]:
    """What the data set has for each key, in order; `ahead` so many are read before they are asked for."""
    if workers == 0:
        yield from map(dataset.__getitem__, keys)
        return
    sample_bytes = _bytes(config)
    # A batch is read by all workers.
    together = max(1, min(ahead // workers, PARCEL // sample_bytes))
    context = context_for(type(dataset).__module__)
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
