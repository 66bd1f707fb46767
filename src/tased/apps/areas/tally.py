"""What areas hold over a whole video, at a constant use of memory."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64

from tased.apps.areas.measure import Held
from tased.apps.areas.result import AreaSummary, Point
from tased.predict.maps import SaliencyMap

FACTOR = 2.0  # attention has come when the odds of a look into the area are this many times those by its size
LEAST = 0.2  # seconds for which they are, without a break: about as long as a short look
POINTS = 400  # of a timeline; at most twice as many


def lasting(maps: Iterator[SaliencyMap], rate: float) -> Iterator[tuple[SaliencyMap, float]]:
    """Every map with the seconds that its frame is shown: until the next.

    The last one is shown for as long as the one before it, a single one for 1 / `rate`.
    """
    before, lasts = None, 1 / rate
    for m in maps:
        if before is not None:
            lasts = max(0.0, m.seconds - before.seconds)
            yield before, lasts
        before = m
    if before is not None:
        yield before, lasts


class Tally:
    """Sums over the frames of a video, of N areas."""

    def __init__(self, names: Sequence[str]):
        self._names = tuple(names)
        count = len(names)
        self.seconds = 0.0  # shown so far
        self._dwell, self._present, self._by_size = np.zeros((3, count))
        self._peak, self._peak_at = np.full((2, count), np.nan)
        self._since, self._first = np.full((2, count), np.nan)  # attended to without a break; for long enough

    def add(self, held: Held, seconds: float, lasts: float) -> None:
        """Count a frame that is shown from `seconds` on, and how long it lasts."""
        there = ~np.isnan(held.shares)
        shares, sizes = np.nan_to_num(held.shares), np.nan_to_num(held.sizes)
        self.seconds += lasts
        self._dwell += shares * lasts
        self._by_size += sizes * lasts
        self._present += there * lasts
        higher = there & ~(shares <= self._peak)
        self._peak[higher], self._peak_at[higher] = shares[higher], seconds
        attended = attended_to(shares, sizes)
        self._since[~attended] = np.nan
        self._since[attended & np.isnan(self._since)] = seconds
        enough = attended & np.isnan(self._first) & (seconds + lasts - self._since >= LEAST - 1e-9)
        self._first[enough] = self._since[enough]

    def summaries(self) -> tuple[AreaSummary, ...]:
        """Of every area, in order."""
        return tuple(
            AreaSummary(
                area=name,
                dwell_seconds=float(self._dwell[i]),
                share=float(self._dwell[i]) / self.seconds if self.seconds else 0.0,
                present_seconds=float(self._present[i]),
                area_share=_ratio(self._by_size[i], self._present[i]),
                times_chance=_ratio(self._dwell[i], self._by_size[i]),
                first_seconds=_known(self._first[i]),
                peak_share=_known(self._peak[i]),
                peak_seconds=_known(self._peak_at[i]),
            )
            for i, name in enumerate(self._names)
        )


def attended_to(shares: Float64[np.ndarray, " N"], sizes: Float64[np.ndarray, " N"]) -> np.ndarray:
    """Whether each of N areas draws attention beyond its size.

    The odds of a look into it, share / (1 - share), are more than `FACTOR` times size / (1 - size). For a
    small area that is `FACTOR` times its size; one of half the picture needs two thirds of the attention; the
    whole picture never draws more than its size.
    """
    return shares * (1 - sizes) > FACTOR * sizes * (1 - shares) + 1e-9  # rounding is no attention


class Timeline:
    """Shares over time, in few enough points to be drawn: each is the mean of as many frames as all others.

    When there are twice `POINTS`, neighbours become one. So a video of up to 799 frames has a point for each.
    """

    def __init__(self) -> None:
        self._frames = 1  # in a point
        self._held = 0  # frames in the latest point
        self._points: list[list[np.ndarray]] = []  # start and length; shares, presence: both times seconds

    def add(self, held: Held, seconds: float, lasts: float) -> None:
        """Count a frame, as for `Tally.add`."""
        there = ~np.isnan(held.shares) * lasts
        new = [np.array([seconds, lasts]), np.nan_to_num(held.shares) * lasts, there]
        if self._held % self._frames:
            self._points[-1] = _joined(self._points[-1], new)
        else:
            self._points.append(new)
        self._held += 1
        if len(self._points) == 2 * POINTS and self._held % self._frames == 0:
            self._points = [
                _joined(*pair) for pair in zip(self._points[::2], self._points[1::2], strict=True)
            ]
            self._frames *= 2

    def points(self) -> tuple[Point, ...]:
        """In order of time."""
        with np.errstate(invalid="ignore"):  # not there: 0 / 0 is NaN
            return tuple(
                Point(float(at[0]), float(at[1]), shares / there) for at, shares, there in self._points
            )


def _joined(a: list[np.ndarray], b: list[np.ndarray]) -> list[np.ndarray]:
    return [np.array([a[0][0], a[0][1] + b[0][1]]), a[1] + b[1], a[2] + b[2]]


def _ratio(a: float, b: float) -> float | None:
    return float(a / b) if b > 0 else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
