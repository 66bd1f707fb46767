"""An evaluation in a few numbers: means with intervals, over all clips and by group of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tased.evaluate.compare import bootstrap_mean
from tased.evaluate.results import Results
from tased.metrics import METRICS


def summary(results: Results, groups: Sequence[Sequence[str]]) -> dict[str, Any]:
    """All metrics over clips, with 95 % intervals, and the same of each group of clips' names."""
    by_clip = {video.name: video.scores for video in results.videos}
    return {
        **_means(list(by_clip.values())),
        "by_group": [_means([by_clip[name] for name in group]) for group in groups],
    }


def _means(clips: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Of the clips that have a metric; one clip has no interval."""
    found = {}
    for metric in METRICS:
        scores = [scores[metric] for scores in clips if metric in scores]
        if scores:
            found[metric] = {"mean": round(float(np.mean(scores)), 3), "interval": interval(scores)}
    return found


def interval(scores: Sequence[float]) -> list[float] | None:
    """Of their mean, by bootstrap: 95 %, to three places; one score has none."""
    if len(scores) < 2:
        return None
    return [round(edge, 3) for edge in bootstrap_mean(np.asarray(scores))]
