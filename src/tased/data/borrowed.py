"""Clips and data sets that differ from others in one thing: what they borrow of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tased.data.clip import Clip, DataSet, Truth
from tased.data.finding import Finding
from tased.data.maps import Gaussian
from tased.video.read import Video


@dataclass(frozen=True)
class BorrowingClip:
    """A clip that is another one; who inherits from it says what is different."""

    clip: Clip

    @property
    def name(self) -> str:
        return self.clip.name

    @property
    def rows(self) -> int:
        return self.clip.rows

    @property
    def columns(self) -> int:
        return self.clip.columns

    @property
    def frames(self) -> int:
        return self.clip.frames

    @property
    def frame_names(self) -> tuple[str, ...]:
        return self.clip.frame_names

    @property
    def maps_given(self) -> bool:
        return self.clip.maps_given

    @property
    def video_path(self) -> Path:
        return self.clip.video_path

    def video(self) -> Video:
        return self.clip.video()

    def gaze(self, index: int) -> Truth:
        return self.clip.gaze(index)

    def density(self, index: int) -> Float32[np.ndarray, "H W"] | None:
        return self.clip.density(index)

    def truth(self, index: int) -> Truth:
        return self.clip.truth(index)


@dataclass(frozen=True)
class BorrowingSet:
    """A data set that is another one, but for its clips and their fingerprint."""

    data: DataSet

    @property
    def name(self) -> str:
        return self.data.name

    @property
    def path(self) -> Path:
        return self.data.path

    @property
    def splits(self) -> tuple[str, ...]:
        return self.data.splits

    def gaussian(self, clip: Clip) -> Gaussian | None:
        return self.data.gaussian(clip)

    def strays(self) -> Sequence[Finding]:
        return self.data.strays()
