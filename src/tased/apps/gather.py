"""All maps of a video before anything is made of them, and what they share with predicting in one pass."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tased.apps.ahead import ahead
from tased.errors import TruncatedVideoError
from tased.predict.maps import SaliencyMap
from tased.predict.predictor import Predictor
from tased.predict.scale import Spool, spool
from tased.video.read import Video


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a prediction is."""

    frames: int  # that have their map
    total: int | None  # expected; None when the video does not say
    seconds: float  # presentation time of the latest one


@dataclass(frozen=True, slots=True)
class Gathered:
    """The maps of a whole video, to be gone through again and again."""

    maps: Spool  # as the model gives them, at its own size; one for every frame that can be read
    truncated: TruncatedVideoError | None  # the video ended early; to be raised when all else is done


@contextmanager
def gathered(
    video: Video,
    *,
    predictor: Predictor,
    every: int = 1,
    cuts: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Gathered]:
    """Predict a video and keep its maps in a temporary file, about 0.1 MB each, while this is open.

    `every` and `cuts` as for Predictor.predict.
    """
    truncated: list[TruncatedVideoError] = []
    maps = ahead(predictor.predict(video, every=every, cuts=cuts, size="network"))
    with spool() as kept, closing(maps):
        for m in watched(maps, video, report, truncated):
            kept.add(m)
        yield Gathered(kept, truncated[0] if truncated else None)


def watched(
    maps: Iterator[SaliencyMap],
    video: Video,
    report: Callable[[Progress], None],
    truncated: list[TruncatedVideoError],
) -> Iterator[SaliencyMap]:
    """Report every map; end where a truncated video does, and note it, so that its maps are not lost."""
    try:
        for m in maps:
            report(Progress(m.index + 1, video.frames, m.seconds))
            yield m
    except TruncatedVideoError as error:
        truncated.append(error)
