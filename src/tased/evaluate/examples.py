"""The pixels of the qualitative figure: the best and the worst videos of an evaluation, a frame of each."""

from collections.abc import Sequence
from itertools import islice

from tased.data.clip import Clip, DataSet
from tased.data.maps import DHF1K_SIGMA, gaussian_density, relative
from tased.errors import VideoError
from tased.evaluate.compare import Comparison
from tased.evaluate.figure import Choice, Example, choose_examples
from tased.evaluate.predictions import Predictions
from tased.evaluate.results import Results


def examples_of(
    data: DataSet,
    split: str | None,
    sources: Sequence[Predictions],
    results: Sequence[Results],
    chosen_by: Comparison | Results,
) -> tuple[Example, ...]:
    """Show all sources where one is best and worst: against another, or by its own scores.

    Without the videos (maps and fixations are enough to evaluate) there is nothing to show: empty then.
    """
    clips = {clip.name: clip for clip in data.clips(split)}
    try:
        return tuple(_example(clips[c.video], c, sources, results) for c in choose_examples(chosen_by))
    except VideoError:
        return ()


def _example(
    clip: Clip, choice: Choice, sources: Sequence[Predictions], results: Sequence[Results]
) -> Example:
    index = min(choice.frame, clip.frames - 1)
    frame = next(islice(iter(clip.video()), index, None), None)
    if frame is None:
        raise VideoError(f"{clip.name}: has no frame {index + 1}")
    truth = clip.truth(index)
    density = truth.density
    if density is None:
        density = gaussian_density(
            truth.fixations, clip.rows, clip.columns, relative(DHF1K_SIGMA, clip.columns)
        )
    return Example(
        video=clip.name,
        frame=index,
        picture=frame.pixels,
        truth=density,
        maps=tuple((source.name, next(source.scored(clip, (index,))).values) for source in sources),
        scores={
            r.model: v.scores["nss"]
            for r in results
            for v in r.videos
            if v.name == clip.name and "nss" in v.scores
        },
        label=choice.label,
    )
