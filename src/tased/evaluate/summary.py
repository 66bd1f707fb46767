"""An evaluation in a few numbers: means with intervals, by group of clips."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tased.evaluate.compare import bootstrap_mean
from tased.evaluate.results import Results
from tased.metrics import METRICS


def summary(results: Results, groups: Sequence[Sequence[str]]) -> dict[str, Any]:
    """All metrics over clips, with 95 % intervals, and NSS and CC by group of clips' names."""
    by_clip = {video.name: video.scores for video in results.videos}
    means: dict[str, Any] = {
        metric: {
            "mean": round(results.over_videos[metric], 3),
            "interval": interval([scores[metric] for scores in by_clip.values() if metric in scores]),
        }
        for metric in METRICS
        if metric in results.over_videos
    }
    means["by_group"] = [
        {m: round(float(np.mean([by_clip[name][m] for name in group])), 3) for m in ("nss", "cc")}
        for group in groups
    ]
    return means


def interval(scores: Sequence[float]) -> list[float]:
    """Of their mean, by bootstrap: 95 %, to three places."""
    return [round(edge, 3) for edge in bootstrap_mean(np.asarray(scores))]
