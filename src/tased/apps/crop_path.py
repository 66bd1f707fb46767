"""How a crop moves through one shot: where attention is, as a camera operator would follow it.

The path is a quadratic B-spline in time with a coefficient every `INTERVAL`: it is smooth between frames, so
frames may come at any times, and what bounds its coefficients and their differences bounds the position,
speed and acceleration at every moment (convex hull property; de Boor, A Practical Guide to Splines, 1978).

It is found in two steps. A dynamic programme over `POSITIONS` places finds the course that keeps most
attention for the least travel, whatever the shape of the attention. A linear programme then finds, near it,
the path with the least L1 norms of speed, acceleration and jerk, as Grundmann, Kwatra & Essa do
("Auto-Directed Video Stabilization with Robust L1 Optimal Camera Paths", CVPR 2011): L1 norms give a camera
that stands still, pans evenly, or changes from one to the other, and nothing else. Their path stays near a
given one; here these norms are weighed against the attention that the crop keeps.

Units: positions in the frame's side along which the crop moves, times in seconds, attention as a share of the
frame's.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int
from numpy.lib.stride_tricks import sliding_window_view
from scipy import sparse
from scipy.interpolate import BSpline
from scipy.optimize import linprog

from tased.errors import UsageError

POSITIONS = 129  # of the crop, evenly from one end of its room to the other
INTERVAL = 0.1  # seconds between the spline's knots
LONGEST_STEP = 1.0  # seconds that a frame counts at most: a gap in the times is no time to pan in

TRAVEL = 0.1  # attention for a second that a side of travel must bring
TURN = 0.02  # the same, for a change of speed of a side a second
JERK = 0.004  # the same, for a change of acceleration of a side a second squared
DEAD_BAND = 0.01  # of the attention: a move that brings less counts a tenth
_WITHIN = 0.1
_CENTRE = 1e-3  # attention that the middle is worth more than an end, all else being equal

_PIECE = 600  # intervals of a long shot that are planned at a time
_AHEAD = 100  # intervals of what follows that are seen then
_SEGMENTS = 2 ** np.arange(8)  # positions from the course to where its model bends
_MARGIN = 1 - 1e-4  # of the limits: the solver keeps them to 1e-7


@dataclass(frozen=True, slots=True)
class Limits:
    """What a crop's path never exceeds, at any moment.

    The defaults are a calm operator's: a pan across the whole frame takes over 3 seconds, and comes up to its
    full speed in half a second.
    """

    speed: float = 0.3  # sides a second
    acceleration: float = 0.6  # sides a second squared

    def __post_init__(self) -> None:
        if not (0 < self.speed < math.inf and 0 < self.acceleration < math.inf):
            raise UsageError(
                f"a speed of {self.speed} and an acceleration of {self.acceleration} were asked for; "
                "both must be greater than 0"
            )


CALM = Limits()


Curves = Float[np.ndarray, "frames positions"]


def smooth_path(
    seconds: Float64[np.ndarray, " frames"],
    worth: Curves,
    room: float,
    limits: Limits,
    *,
    piece: int = _PIECE,
    ahead: int = _AHEAD,
) -> Float64[np.ndarray, " frames"]:
    """Where the crop begins in each frame of a shot, from 0 to `room`.

    `seconds` are the frames' times, never falling; `worth` the attention that a crop gains which begins at
    each of evenly spaced positions from 0 to `room`. Limits hold at and between all frames, but that across
    a gap longer than `LONGEST_STEP` the speed alone is limited.

    A long shot is planned `piece` intervals at a time, each with a look at the `ahead` that follow, going on
    from the piece before: time grows with the length only. What a piece sees ends at rest if the shot does
    not end there, so that the next can always go on.
    """
    if room <= 0:
        return np.zeros(len(seconds))
    steps = np.diff(seconds).clip(0, LONGEST_STEP)
    now = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.append(steps, steps.mean() if steps.any() else INTERVAL)
    at = (now / INTERVAL).astype(np.int64)
    intervals = int(at[-1]) + 1
    reward = _reward(at, weights, worth, intervals)
    course = _course(reward, room, limits.speed)
    coefficients = np.empty(0)
    for first in range(0, intervals, piece):
        here = slice(first, min(first + piece + ahead, intervals))
        last = here.stop == intervals
        found = _smoothed(
            reward[here], course[here], room, limits, coefficients[first : first + 3], rest=not last
        )
        coefficients = np.concatenate([coefficients[:first], found if last else found[: piece + 2]])
        if last:
            break
    knots = INTERVAL * np.arange(-2, intervals + 3)
    path: Float64[np.ndarray, " frames"] = BSpline(knots, coefficients, 2)(now)
    return path.clip(0, room)


def _reward(
    at: Int[np.ndarray, " frames"], weights: Float64[np.ndarray, " frames"], worth: Curves, intervals: int
) -> Float64[np.ndarray, "intervals positions"]:
    """What each position is worth during each interval: attention for seconds; 0 where no frame is."""
    places = np.linspace(-1, 1, worth.shape[1])
    total = np.zeros((intervals, worth.shape[1]))
    np.add.at(total, at, weights[:, None] * (worth - _CENTRE * places**2))
    shown = np.bincount(at, weights, intervals)[:, None]
    return np.minimum(total, total.max(axis=1, keepdims=True) - DEAD_BAND * shown) + _WITHIN * total


def _course(
    reward: Float64[np.ndarray, "intervals positions"], room: float, speed: float
) -> Int[np.ndarray, " intervals"]:
    """The positions that gain most, less `TRAVEL`, within the speed limit (at least one position a step)."""
    intervals, positions = reward.shape
    spacing = room / (positions - 1)
    reach = min(positions - 1, max(1, int(speed * INTERVAL / spacing)))
    cost = TRAVEL * spacing * abs(np.arange(-reach, reach + 1))
    came = np.empty((intervals, positions), np.int16)
    best = reward[0]
    for index in range(1, intervals):
        before = sliding_window_view(np.pad(best, reach, constant_values=-np.inf), 2 * reach + 1) - cost
        came[index] = before.argmax(axis=1)
        best = before[np.arange(positions), came[index]] + reward[index]
    course = np.empty(intervals, np.int64)
    course[-1] = best.argmax()
    for index in range(intervals - 1, 0, -1):
        course[index - 1] = course[index] + came[index, course[index]] - reach
    return course


def _smoothed(
    reward: Float64[np.ndarray, "intervals positions"],
    course: Int[np.ndarray, " intervals"],
    room: float,
    limits: Limits,
    begun: Float64[np.ndarray, " known"],
    *,
    rest: bool,
) -> Float64[np.ndarray, " coefficients"]:
    """The spline's coefficients, two more than intervals.

    The first are those `begun` with; with `rest` the last two are equal.
    """
    count, spacing = len(course), room / (reward.shape[1] - 1)
    slopes, widths = _model(reward, course, spacing)
    # Unknown are the coefficients; how far each of their differences rises, and falls; and how far each
    # position is from the course, in steps to the right, and to the left.
    difference: Any = sparse.eye_array(count + 2, format="csr")
    left: list[Any] = []
    right: list[Any] = []
    costs, most = [np.zeros(count + 2)], [np.full(count + 2, room)]
    limited = (limits.speed * _MARGIN, limits.acceleration * _MARGIN, np.inf)
    for order, (price, limit) in enumerate(zip((TRAVEL, TURN, JERK), limited, strict=True), start=1):
        difference = (difference[1:] - difference[:-1]) / INTERVAL
        left.append(difference)
        one = sparse.eye_array(difference.shape[0])
        right.append(sparse.hstack([-one, one]))
        top = np.full(difference.shape[0], limit)
        top[: max(0, len(begun) - order)] = np.inf  # they are as they are
        if rest and order == 1:
            top[-1] = 0.0
        costs.append(np.full(2 * len(top), price * INTERVAL))
        most.append(np.tile(top, 2))
    left.append(sparse.diags_array([1 / 8, 6 / 8, 1 / 8], offsets=[0, 1, 2], shape=(count, count + 2)))
    right.append(sparse.kron(sparse.eye_array(count), np.repeat([[-1.0, 1.0]], len(_SEGMENTS), axis=1)))
    system: Any = sparse.hstack([sparse.vstack(left), sparse.block_diag(right)], format="csc")
    equal = np.concatenate([np.zeros(system.shape[0] - count), course * spacing])
    cost = np.concatenate([*costs, -slopes.ravel()])
    highest = np.concatenate([*most, widths.ravel()])
    lowest = np.zeros(len(highest))
    lowest[: len(begun)] = highest[: len(begun)] = begun
    bounds: Any = np.stack([lowest, highest], axis=1)
    solved = linprog(cost, A_eq=system, b_eq=equal, bounds=bounds, method="highs")
    if solved.x is None:
        raise RuntimeError(f"no path was found: {solved.message}")
    coefficients: Float64[np.ndarray, " coefficients"] = solved.x[: count + 2]
    return coefficients


def _model(
    reward: Float64[np.ndarray, "intervals positions"], course: Int[np.ndarray, " intervals"], spacing: float
) -> tuple[Float64[np.ndarray, "intervals steps"], Float64[np.ndarray, "intervals steps"]]:
    """A concave function below the reward that equals it on the course: slopes, and how far each goes.

    Half of the steps lead to the right, then half to the left, each from the course outwards.
    """
    last = reward.shape[1] - 1
    slopes, widths = [], []
    for side in (1, -1):
        places = (course[:, None] + side * np.concatenate([[0], _SEGMENTS])).clip(0, last)
        width = abs(np.diff(places)) * spacing
        rise = np.diff(np.take_along_axis(reward, places, axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            slopes.append(np.where(width > 0, rise / width, -np.inf))
        widths.append(width)
    to_right, to_left = (slope[:, 0].copy() for slope in slopes)
    slopes[0][:, 0] = np.minimum(to_right, np.maximum(-to_left, 0))
    slopes[1][:, 0] = np.minimum(to_left, np.maximum(-to_right, 0))
    falling = np.minimum.accumulate(np.stack(slopes, axis=1), axis=2).reshape(len(course), -1)
    reached = np.stack(widths, axis=1).reshape(len(course), -1)
    return np.where(reached > 0, falling, 0.0), reached
