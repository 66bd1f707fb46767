"""Videos kept aside, of a data set that has one split only."""

from dataclasses import dataclass

import numpy as np

from tased.data.borrowed import BorrowingSet
from tased.data.clip import Clip
from tased.errors import DataError, UsageError


@dataclass(frozen=True)
class HeldOut(BorrowingSet):
    """A data set whose videos, drawn by a seed, are divided into those to learn from and those held out."""

    share: float  # of the videos that is held out, at least one
    seed: int = 0
    splits: tuple[str, ...] = ("held-out", "training")

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"a share of {self.share} was to be held out; it must be between 0 and 1")

    def clips(self, split: str | None = None) -> list[Clip]:
        """Those held out, unless `training` is asked for; in the data set's order."""
        if split not in (None, *self.splits):
            raise UsageError(f"{self.name}: has no split {split!r}, only {' and '.join(self.splits)}")
        clips = self.data.clips()
        if len(clips) < 2:
            raise DataError(f"{self.path}: has one video, so none can be held out; name data to validate on")
        count = min(max(1, round(self.share * len(clips))), len(clips) - 1)
        out = set(np.random.default_rng(self.seed).choice(len(clips), count, replace=False).tolist())
        return [clip for number, clip in enumerate(clips) if (number in out) == (split != "training")]

    def fingerprint(self, split: str | None = None) -> str:
        """The data set's, and what is held out."""
        return f"{self.data.fingerprint()}-{split or self.splits[0]}-{self.share:g}-{self.seed}"
