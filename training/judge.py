"""How well the full network says where people look, on clips that it has not seen, and whether time matters.

Beside it stand tased-lite, the models that need no training, and people. Two controls take motion from it:
its past frames in random order, or the last frame as all of its past. If that costs nothing, it has learned
none.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tased.data.clip import DataSet
from tased.evaluate.past import PASTS, Windows
from tased.evaluate.predictions import ModelPredictions, Observers, Predictions
from tased.evaluate.results import Results
from tased.evaluate.run import evaluate
from tased.evaluate.summary import interval, summary
from tased.network.weights import read_weights
from tased.predict.predictor import TRAINING_FREE


def judged(
    data: DataSet,
    full: Path,
    lites: Sequence[Path],
    *,
    device: str,
    parts: Path,
    workers: int,
    max_frames: int | None,
    report: Callable[[str, int, int], None],
) -> dict[str, object]:
    """Every metric of all of them, by clip and over clips, and what the controls cost.

    It goes on from `parts`, where what is done is kept until all is.
    """
    sources: list[Predictions] = [Windows(full, past, device) for past in PASTS]
    sources += [
        ModelPredictions(str(path), device, weights_sha256=read_weights(path).sha256) for path in lites
    ]
    sources += [*map(ModelPredictions, TRAINING_FREE), Observers()]
    # Networks are in one process. One source after the other, so that what is done stays.
    found = [
        evaluate(
            data,
            [source],
            max_frames=max_frames,
            workers=1 if source.weights_sha256 else workers,
            parts=parts,
            report=lambda what, done, total: report(f"judging, {what}", done, total),
        )[0].results
        for source in sources
    ]
    scores = {results.model: _summary(results) for results in found}
    first = found[0]
    return {
        "data": {"videos": len(first.videos), "frames": first.counts["frames"], "print": first.fingerprint},
        "scores": scores,
        "nss_lost_by_the_control": {
            past: above(first, results)["nss"] for past, results in zip(PASTS[1:], found[1:], strict=False)
        },
        "nss_above_lite": None if not lites else above(first, found[len(PASTS)])["nss"],
    }


def compared(found: Sequence[Results], groups: Sequence[Sequence[str]]) -> dict[str, object]:
    """Of a report: what all of them score, by groups of clips too, and how much that is above the first."""
    return {
        "clips": len(found[0].videos),
        "frames": found[0].counts["frames"],
        "groups": [len(group) for group in groups],
        "protocol": "exact",
        "interval": "95 %, bootstrap over clips; above_open: of the differences clip by clip",
        "results": {
            results.model: {**summary(results, groups), "above_open": above(results, found[0])}
            for results in found
        },
    }


def above(results: Results, first: Results) -> dict[str, object]:
    """NSS and CC more than those of the first, clip by clip: their mean, and its interval."""
    pairs = list(zip(results.videos, first.videos, strict=True))
    found: dict[str, object] = {}
    for metric in ("nss", "cc"):
        more = [ours.scores[metric] - theirs.scores[metric] for ours, theirs in pairs]
        found[metric] = {"mean": round(sum(more) / len(more), 3), "interval": interval(more)}
    return found


def scored(clips: DataSet, judge: Predictions, path: Path, max_frames: int | None) -> Results:
    """By `tased evaluate`, once."""
    if not path.is_file():
        (found,) = evaluate(clips, [judge], max_frames=max_frames, workers=1)
        path.parent.mkdir(exist_ok=True)
        found.results.save(path)
        print(f"{judge.name}: NSS {found.results.over_videos['nss']:.3f}", flush=True)
    return Results.load(path)


def _summary(results: Results) -> dict[str, object]:
    return {
        "over_videos": results.over_videos,
        "nss_interval": interval([video.scores["nss"] for video in results.videos]),
        "weights_sha256": results.weights_sha256,
    }
