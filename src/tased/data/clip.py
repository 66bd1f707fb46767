"""What every data set is made of: clips, each with its frames and what is known of where people looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Float32, Int64

from tased.data.finding import Finding
from tased.data.maps import Gaussian
from tased.video.read import Video


@dataclass(frozen=True, slots=True)
class Truth:
    """Where people looked in one frame, at the size of the ground truth."""

    fixations: Int64[np.ndarray, "N 2"]  # row, column in pixels; a pixel that was hit twice stands twice
    observers: Int64[np.ndarray, " N"] | None  # who, by number from 0; None where a data set does not say
    density: Float32[np.ndarray, "H W"] | None  # as distributed, or made of the fixations; of any scale
    outside: int = 0  # fixations of this frame that lay outside of it, and are not among the others


class Clip(Protocol):
    """One video of a data set. Light: it can be pickled, and holds no pixels."""

    @property
    def name(self) -> str:
        """As the data set calls it: predictions are found by it."""

    @property
    def rows(self) -> int:
        """Of the ground truth, pixels."""

    @property
    def columns(self) -> int:
        """Of the ground truth, pixels."""

    @property
    def frames(self) -> int:
        """How many frames have a ground truth, counted from the first."""

    @property
    def frame_names(self) -> tuple[str, ...]:
        """What the data set calls its frames (file names without suffix), in order."""

    @property
    def maps_given(self) -> bool:
        """Whether the densities are the data set's own files, not made here of the fixations."""

    @property
    def video_path(self) -> Path:
        """Where the frames are, or should be: a file or a folder."""

    def video(self) -> Video:
        """The frames; raises VideoError if they are missing."""

    def gaze(self, index: int) -> Truth:
        """Who looked where in frame `index`, from 0, without a density; DataError for a broken file."""

    def density(self, index: int) -> Float32[np.ndarray, "H W"] | None:
        """Where one would look in frame `index`; DataError for a broken or missing file."""

    def truth(self, index: int) -> Truth:
        """Both: all that is known of frame `index`."""


class DataSet(Protocol):
    """A data set on disk."""

    @property
    def name(self) -> str:
        """As tables call it: DHF1K, Hollywood2, UCFSports, or a folder's name."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those with a ground truth; the first is the one to evaluate on."""

    def gaussian(self, clip: Clip) -> Gaussian | None:
        """What the data set's maps of a clip are made with; None where it does not say."""

    def strays(self) -> Sequence[Finding]:
        """What is there but belongs to no clip, or has a name that cannot be understood."""

    def clips(self, split: str | None = None) -> Sequence[Clip]:
        """The clips of a split with a ground truth, in natural order; None takes the split to evaluate on.

        Raises UsageError for a split that the data set does not have, DataError for one without clips.
        """

    def fingerprint(self, split: str | None = None) -> str:
        """A hash of names, sizes and counts of what `clips` gives: two copies of one data set agree."""
