"""Which clip is learnt from at which step: a plan, made of numbers alone, so that a run resumes by its step.

Nothing is read here but how many frames each clip has.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from tased.data.clip import Clip, DataSet
from tased.errors import DataError, UsageError
from tased.train.cache import cached_clips, read_facts
from tased.train.colour import Colour
from tased.train.recipe import Recipe


@dataclass(frozen=True)
class Source:
    """A split of a data set to learn from, or to validate on."""

    data: DataSet
    split: str | None  # None is the one to evaluate on
    weight: float = 1.0  # of the clips of a step, in comparison with the other sources
    cache: Path | None = None  # a folder that `tased data cache` made: frames come from it

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise UsageError(f"{self.data.name}: its weight is {self.weight}; give a number above 0")

    @cached_property
    def clips(self) -> Sequence[Clip]:
        """The clips of the split; DataError when there are none, or the cache is not of them."""
        if self.cache is not None:
            return cached_clips(self.data, self.split, self.cache)
        return self.data.clips(self.split)


@dataclass(frozen=True, slots=True)
class View:
    """A part of a picture, in shares of its rows and columns."""

    top: float
    left: float
    height: float
    width: float

    def pixels(self, rows: int, columns: int) -> tuple[slice, slice]:
        """Rows and columns of the part, in a picture of this size; at least one of each."""
        height, width = max(1, round(self.height * rows)), max(1, round(self.width * columns))
        top = min(round(self.top * rows), rows - height)
        left = min(round(self.left * columns), columns - width)
        return slice(top, top + height), slice(left, left + width)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a clip for the network is made of."""

    clip: Clip
    frames: tuple[int, ...]  # T numbers from 0, in the order in which the network sees them
    maps: int = 1  # K: the last so many frames are targets
    flip: bool = False  # left and right
    views: tuple[View, View] | None = None  # seen in the first and in the last frame; None is all of it
    colour: Colour | None = None  # that it is shown in; None is its own

    @property
    def targets(self) -> tuple[int, ...]:
        """The frames whose maps are learnt; the last one is that of the whole past."""
        return self.frames[-self.maps :]

    def view(self, place: int) -> View | None:
        """What is seen in the frame at this place of the clip, on a straight way from first to last."""
        if self.views is None or self.views[0] == self.views[1]:
            return self.views and self.views[0]
        first, last = self.views
        way = place / max(1, len(self.frames) - 1)
        return View(
            (1 - way) * first.top + way * last.top,
            (1 - way) * first.left + way * last.left,
            (1 - way) * first.height + way * last.height,
            (1 - way) * first.width + way * last.width,
        )

    def __str__(self) -> str:
        """For messages; frames count from 0."""
        first, last = self.frames[0], self.frames[-1]
        steps = {after - before for before, after in pairwise(self.frames)}
        if steps <= {1}:
            return f"{self.clip.name}, frames {first} to {last}"
        if self.clip.frames > 1 and (min(steps) >= 0 or max(steps) <= 0):  # faster, slower or backwards
            return f"{self.clip.name}, {len(self.frames)} frames from {first} to {last}"
        return f"{self.clip.name}, frame {last} after a loop of {self.clip.frames}"


@dataclass(frozen=True)
class Plan:
    """What every place of every step learns from."""

    sources: Sequence[Source]
    recipe: Recipe
    _weights: list[float] = field(init=False, repr=False)
    _targets: "list[_Targets]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Count all frames now, so that processes that get a copy need not."""
        length = self.recipe.network.clip_length
        weights = list(accumulate(source.weight for source in self.sources))
        object.__setattr__(self, "_weights", weights)
        object.__setattr__(self, "_targets", [_Targets.of(source.clips, length) for source in self.sources])

    def sample(self, step: int, place: int, attempt: int = 0) -> Sample:
        """The clip at `place` of `step`: the same for the same numbers, on any machine.

        `attempt` counts what could not be read in this place, from 0. Each thing drawn has a random number
        of its own, so that a recipe without flips, say, sees the same frames.
        """
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, step, place, attempt])
        source, where, when, flip, *view, wide, narrow, turned, fast = rng.random(16).tolist()
        colours = rng.random(3).tolist()
        clip, target = self._targets[_share(source, self._weights)].pick(
            where, when, recipe.sampling == "videos"
        )
        pace = recipe.speed ** (2 * fast - 1)
        frames = past(target, clip.frames, recipe.network.clip_length, pace)
        if turned < recipe.reverse:
            frames = tuple(clip.frames - 1 - index for index in frames)
        still = clip.frames == 1
        zooms = (recipe.zoom * wide, recipe.zoom * narrow) if still else (0.0, 0.0)
        return Sample(
            clip=clip,
            frames=frames,
            maps=recipe.network.maps,
            flip=flip < recipe.flip,
            views=_views(view, recipe.crop, recipe.pan if still else 0, zooms),
            colour=_colour(colours, recipe.colour) if recipe.colour else None,
        )


def past(target: int, frames: int, length: int, pace: float = 1.0) -> tuple[int, ...]:
    """The `length` frames that end with `target`, in a video of so many frames.

    Each is the nearest to `pace` frames before the next one: below 1 some stand twice, above 1 some are left
    out. A video with a full past is not looped for it: as fast as that allows it is shown then.

    A video shorter than `length` is looped until it is long enough, as the paper does (section 4.3), so
    that each of its frames can be a target: the past of its first frame is its end.

        length 4, 6 frames:  0123 1234 2345        length 4, 3 frames:  0120 1201 2012
    """
    if frames >= length > 1:
        pace = min(pace, target / (length - 1))
    return tuple((target - round(pace * back)) % frames for back in range(length - 1, -1, -1))


def validation_samples(sources: Sequence[Source], recipe: Recipe) -> list[Sample]:
    """The clips that a run is judged by: the same at every validation, whole and unflipped.

    `recipe.validation_clips` of them, drawn by the seed over all frames of all sources alike, in the order of
    the sources; all, where there are fewer.
    """
    length = recipe.network.clip_length
    targets = _Targets.of([clip for source in sources for clip in source.clips], length)
    # Steps count from 1, so that nothing is drawn twice from [seed, 0].
    rng = np.random.default_rng([recipe.seed, 0])
    number = min(recipe.validation_clips, targets.total)
    chosen = np.sort(rng.choice(targets.total, number, replace=False)).tolist()
    return [
        Sample(clip, past(target, clip.frames, length), recipe.network.maps)
        for clip, target in map(targets.number, chosen)
    ]


def check_sources(sources: Sequence[Source], recipe: Recipe) -> None:
    """Find before the first step what would go wrong at some later one; of videos, headers alone are read.

    Raises
    ------
    DataError
        For a source without frames to learn from, a video that has another number of frames than its
        ground truth, and a cache of another size than the network's.
    VideoError
        For a video that is missing or cannot be opened.

    """
    if not sources:
        raise DataError("there is no data to learn from; name a data set")
    for source in sources:
        if source.cache is not None:
            _check_size(source.cache, recipe)
        wrong = [fault for clip in source.clips if (fault := _fault(clip)) is not None]
        if wrong:
            more = f" (and {len(wrong) - 1} more such clips)" if len(wrong) > 1 else ""
            raise DataError(f"{wrong[0]}{more}; `tased data check {source.data.path}` tells all")
        if not _Targets.of(source.clips, recipe.network.clip_length).total:
            raise DataError(
                f"{source.data.path}: no clip of {source.split or source.data.splits[0]!r} has frames"
            )


def _check_size(cache: Path, recipe: Recipe) -> None:
    facts, network = read_facts(cache), recipe.network
    if (facts.rows, facts.columns) != (network.rows, network.columns):
        raise DataError(
            f"{cache}: holds frames of {facts.columns}x{facts.rows}, and the recipe's network sees "
            f"{network.columns}x{network.rows}; make a cache of this size, or leave the cache out"
        )


def _fault(clip: Clip) -> str | None:
    video = clip.video()
    # A file's header may count from a duration, and be off by one.
    slack = 1 if video.picture_names is None else 0
    if video.frames is None or abs(video.frames - clip.frames) <= slack:
        return None
    return f"{clip.video_path}: has {video.frames} frames, and the ground truth of {clip.name} {clip.frames}"


@dataclass(frozen=True)
class _Targets:
    """All frames of some clips that a map can be learnt for: those with a full past in their video.

    Of a video shorter than a clip of the network, which is looped, these are all of its frames.
    """

    clips: Sequence[Clip]
    ends: list[int]  # how many targets there are up to and with each clip
    length: int

    @staticmethod
    def of(clips: Sequence[Clip], length: int) -> "_Targets":
        usable = [clip for clip in clips if clip.frames > 0]
        counts = (clip.frames - length + 1 if clip.frames >= length else clip.frames for clip in usable)
        return _Targets(usable, list(accumulate(counts)), length)

    @property
    def total(self) -> int:
        return self.ends[-1] if self.ends else 0

    def number(self, number: int) -> tuple[Clip, int]:
        """Target `number` of all: its clip, and its frame there."""
        place = bisect_right(self.ends, number)
        before = self.ends[place - 1] if place else 0
        clip = self.clips[place]
        return clip, number - before + (self.length - 1 if clip.frames >= self.length else 0)

    def pick(self, where: float, when: float, videos: bool) -> tuple[Clip, int]:
        """A target by two chances in 0..1: any alike, or first a video and then a frame of it."""
        if not videos:
            return self.number(int(where * self.total))
        place = int(where * len(self.clips))
        before = self.ends[place - 1] if place else 0
        return self.number(before + int(when * (self.ends[place] - before)))


def _share(chance: float, weights: list[float]) -> int:
    """Which of some things it is, by their accumulated weights."""
    return min(bisect_right(weights, chance * weights[-1]), len(weights) - 1)


def _views(
    chances: list[float], crop: float, pan: float, zooms: tuple[float, float]
) -> tuple[View, View] | None:
    """The same part of all frames; of a panned or zoomed picture, two parts of it.

    Up to `crop` of rows and of columns are cut away, and the rest is at any place alike. Where it is panned,
    1 - `pan` of what is left are seen at once, at two places drawn alike: so a clip wanders over at most
    `pan` of it, and over a third of that on average. Of that the first and the last frame show less by
    `zooms`.
    """
    if crop == pan == 0 and zooms == (0, 0):
        return None
    cut_rows, cut_columns, *places = chances
    height, width = 1 - crop * cut_rows, 1 - crop * cut_columns
    top, left = (1 - height) * places[0], (1 - width) * places[1]
    first, last = (
        _part(top, left, height, width, (1 - pan) * (1 - zoom), places[place : place + 2])
        for zoom, place in zip(zooms, (2, 4), strict=True)
    )
    return first, last


def _colour(chances: list[float], most: float) -> Colour:
    """Contrast and saturation times 1 - `most` to 1 + `most`; brightness by half of that up or down."""
    contrast, saturation, brightness = (most * (2 * chance - 1) for chance in chances)
    return Colour(1 + contrast, 1 + saturation, brightness / 2)


def _part(top: float, left: float, height: float, width: float, seen: float, place: list[float]) -> View:
    """A share of a part's rows and columns, at a place in it from 0 to 1 each way."""
    down, right = height - height * seen, width - width * seen
    return View(top + down * place[0], left + right * place[1], height * seen, width * seen)
