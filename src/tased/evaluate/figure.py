"""The qualitative figure, as the paper's Figure 5: a frame, where people looked, what models say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from tased.errors import UsageError
from tased.evaluate.compare import Comparison
from tased.evaluate.results import Results
from tased.evaluate.tables import LESS_IS_BETTER
from tased.video.data_url import picture_url

WIDTH = 480  # of a picture at most, pixels

Label = Literal["best", "worst"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A frame that is worth a look."""

    video: str
    frame: int  # from 0
    label: Label


@dataclass(frozen=True, kw_only=True)
class Example:
    """One row of the figure."""

    video: str
    frame: int  # from 0
    picture: UInt8[np.ndarray, "H W 3"]  # RGB
    truth: Float[np.ndarray, "H W"]  # density of gaze; of any scale and size, as the maps are
    maps: tuple[tuple[str, Float[np.ndarray, "H W"]], ...]  # each with its model's name
    scores: Mapping[str, float]  # of the video, by the model's name; a model may be without
    metric: str = "nss"  # of the scores
    label: Label | None = None


def choose_examples(
    source: Comparison | Results, count: int = 2, *, metric: str = "nss"
) -> tuple[Choice, ...]:
    """The `count` best videos and the `count` worst, best first, each with a frame of its middle.

    Of a comparison: best for A against B, by the comparison's own metric. Of results: by their scores in
    `metric`. Where there are fewer than twice `count` videos none is chosen twice, and an odd one is a
    best. The frame is the middle of those that were scored, which comes earlier than the middle of
    the video where only some of its frames were drawn.

    Raises
    ------
    UsageError
        If `count` is not 1 or more.

    """
    if count < 1:
        raise UsageError(f"{count} examples cannot be chosen; take 1 or more")
    ranked = _ranked(source, metric)
    best = ranked[: min(count, math.ceil(len(ranked) / 2))]
    worst = ranked[len(ranked) - min(count, len(ranked) // 2) :]
    return (
        *(Choice(name, frame, "best") for name, frame in best),
        *(Choice(name, frame, "worst") for name, frame in worst),
    )


def _ranked(source: Comparison | Results, metric: str) -> Sequence[tuple[str, int]]:
    """Names and middle frames, best first."""
    if isinstance(source, Comparison):
        return [(video.name, video.middle) for video in source.videos]
    scored = [v for v in source.videos if not math.isnan(v.scores.get(metric, math.nan))]
    sign = 1 if metric in LESS_IS_BETTER else -1
    scored.sort(key=lambda video: (sign * video.scores[metric], video.name))
    return [(video.name, (video.frames + video.skipped) // 2) for video in scored]


def pictures(example: Example) -> tuple[tuple[str, str], ...]:
    """The columns of its row, in Figure 5's order: what each is, and a JPEG as a data URI.

    All have the size of the frame, at most 480 pixels wide. Maps are gray, white at their own maximum.
    """
    frame = Image.fromarray(example.picture)
    frame.thumbnail((WIDTH, WIDTH))
    maps = (("where people looked", example.truth), *example.maps)
    return (
        ("frame", _url(frame)),
        *((name, _url(_gray(values).resize(frame.size, Image.Resampling.BILINEAR))) for name, values in maps),
    )


def _gray(values: Float[np.ndarray, "H W"]) -> Image.Image:
    largest = float(values.max())
    levels = np.clip(values / largest, 0, 1) if largest > 0 else np.zeros_like(values)
    return Image.fromarray(np.rint(255 * levels).astype(np.uint8))


def _url(picture: Image.Image) -> str:
    return picture_url(np.asarray(picture), longest=WIDTH, quality=82)
