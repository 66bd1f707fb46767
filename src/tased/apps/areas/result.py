"""What is found of the attention that areas hold: plain values."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64

from tased.apps.areas.area import Area
from tased.apps.areas.thumbnails import Thumbnail


@dataclass(frozen=True, slots=True)
class AreaSummary:
    """How one area did over a video; None where there is no such thing."""

    area: str
    dwell_seconds: float  # its share, summed over time: 2 s at a half are 1 s
    share: float  # of all attention of the video: dwell_seconds through the video's duration
    present_seconds: float  # how long it is there
    area_share: float | None  # of the picture, on average while it is there
    times_chance: float | None  # dwell_seconds through what a flat map would give; 1 is chance
    first_seconds: float | None  # when attention first comes to it (tased.apps.areas.tally.attended_to)
    peak_share: float | None  # the highest share in any frame
    peak_seconds: float | None  # when that is; of equal ones the first

    def row(self) -> dict[str, str | float | None]:
        """As a row of a table, by the names of its columns."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(field.name for field in fields(AreaSummary))


@dataclass(frozen=True, slots=True)
class Point:
    """What N areas hold over some time, on average; NaN where an area is not there."""

    seconds: float  # from then on
    lasts: float  # seconds
    shares: Float64[np.ndarray, " N"]


@dataclass(frozen=True, slots=True)
class Attention:
    """What areas hold of the attention to a video, as predicted.

    `summaries` and the shares of every point of the timeline are those of the areas, in order, and then what
    is anywhere else: outside all of them. Areas may overlap, so only those of a partition sum to 1.
    """

    frames: int
    seconds: float  # the video's duration: the sum of how long its frames are shown
    areas: tuple[Area, ...]
    summaries: tuple[AreaSummary, ...]
    timeline: tuple[Point, ...]  # of some hundred points at most
    thumbnails: tuple[Thumbnail, ...]  # the best first; none unless asked for
