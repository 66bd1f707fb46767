"""Frames at the network's size, written once: what training reads when decoding the videos takes too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from tased.data.clip import Clip, Truth
from tased.errors import DataError
from tased.video.read import Video, open_video

SUFFIX = ".mkv"


@dataclass(frozen=True)
class CachedClip:
    """A clip whose frames come from a cache, and its ground truth from the data set."""

    clip: Clip
    video_path: Path

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

    def video(self) -> Video:
        """The cached frames."""
        return open_video(self.video_path)

    def gaze(self, index: int) -> Truth:
        return self.clip.gaze(index)

    def density(self, index: int) -> Float32[np.ndarray, "H W"] | None:
        return self.clip.density(index)

    def truth(self, index: int) -> Truth:
        return self.clip.truth(index)


def cached_clips(clips: Sequence[Clip], cache: Path) -> list[CachedClip]:
    """The clips with frames from a cache; DataError for one that the cache lacks."""
    found = [CachedClip(clip, cache / f"{clip.name}{SUFFIX}") for clip in clips]
    lacking = [clip.name for clip in found if not clip.video_path.is_file()]
    if lacking:
        raise DataError(
            f"{cache}: lacks {len(lacking)} of {len(found)} clips, first {lacking[0]!r}; finish it with "
            f"`tased data cache ... -o {cache}`"
        )
    return found
