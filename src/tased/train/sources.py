"""What to learn from and what to validate on, of the data sets that were named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tased.data.clip import DataSet
from tased.data.held_out import HeldOut
from tased.data.layouts import open_data_set
from tased.errors import UsageError
from tased.train.samples import Source


@dataclass(frozen=True, slots=True)
class Named:
    """A data set as it is named on a command line."""

    layout: str
    path: Path
    weight: float = 1.0  # in comparison with the others
    cache: Path | None = None


def divide(
    named: Sequence[Named], *, validation: Sequence[Named] = (), hold_out: float = 0.2, seed: int = 0
) -> tuple[list[Source], list[Source]]:
    """Sources to learn from and to validate on.

    Without data sets for validation, it is done on the evaluation split of each that is learnt from; of one
    without splits, such as a table of gaze, on a share of its videos that is held out. With them, a data set
    without splits is learnt from whole.
    """
    learnt, held = [], []
    for one in named:
        data: DataSet = open_data_set(one.layout, one.path)
        if len(data.splits) == 1 and not validation:
            data = HeldOut(data, hold_out, seed)
        learnt.append(Source(data, _training(data), one.weight, one.cache))
        held.append(Source(data, None, one.weight, None))
    if validation:
        held = [Source(open_data_set(one.layout, one.path), None) for one in validation]
    return learnt, held


def _training(data: DataSet) -> str:
    """The split to learn from: its only one, or the one that is called so."""
    if len(data.splits) == 1:
        return data.splits[0]
    for split in data.splits:
        if split.startswith("train"):
            return split
    raise UsageError(f"{data.name}: has no split to learn from, only {', '.join(data.splits)}")
