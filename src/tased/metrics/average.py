"""Scores of frames averaged, over frames or over videos, by one process or many.

The states are the scores themselves, and the sums are exactly rounded (`math.fsum`): however the frames were
spread over processes, batches and devices, the averages are the same to the last bit. 50,000 frames with
eight scores each are 3 MB. Needs torchmetrics (`pip install "tased[evaluate]"`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from tased.errors import UsageError
from tased.metrics.frames import METRICS


class MeanOverFrames(Metric):
    """The mean of each metric over all frames that have a score, as the DHF1K benchmark averages.

    `compute` gives, for a metric `nss`: `nss`, the mean, NaN if there is none; `nss_frames`, how many frames
    have a score; `nss_skipped`, how many have none (NaN).
    """

    full_state_update = False
    scores: list[Tensor]  # a batch each: rows of scores, one after the other, in one dimension

    def __init__(self, metrics: Sequence[str] = METRICS):
        super().__init__()
        self.metrics = tuple(metrics)
        self.set_dtype(torch.float64)  # of what a process without frames sends
        self.add_state("scores", [], dist_reduce_fx="cat")

    def update(self, scores: Mapping[str, Tensor]) -> None:
        """Take in what `score_frames` gave: scores (B,) or scalars by metric."""
        self.scores.append(_columns(scores, self.metrics).flatten())

    def compute(self) -> dict[str, Tensor]:
        """Means and counts over all that was taken in, by all processes."""
        columns = _gathered(self.scores, len(self.metrics)).unbind(1)
        result = {}
        for name, column in zip(self.metrics, columns, strict=True):
            scored = column[~column.isnan()]
            result[name] = _mean(scored.tolist())
            result[f"{name}_frames"] = torch.tensor(len(scored))
            result[f"{name}_skipped"] = torch.tensor(len(column) - len(scored))
        return result


class MeanOverVideos(Metric):
    """The mean of each metric over videos, of each video over its frames: all videos weigh the same.

    A video is known by a number, the same in every process; its frames may be spread over several. `compute`
    gives, for a metric `nss`: `nss`, the mean over the videos that have a score, NaN if there is none;
    `nss_videos`, how many they are; `nss_skipped`, how many frames have none (NaN).
    """

    full_state_update = False
    scores: list[Tensor]  # as over frames, with the video's number before each row

    def __init__(self, metrics: Sequence[str] = METRICS):
        super().__init__()
        self.metrics = tuple(metrics)
        self.set_dtype(torch.float64)  # of what a process without frames sends
        self.add_state("scores", [], dist_reduce_fx="cat")

    def update(self, scores: Mapping[str, Tensor], videos: Tensor | int) -> None:
        """Take in what `score_frames` gave, and each frame's video: (B,), or one number for all."""
        columns = _columns(scores, self.metrics)
        numbers = torch.as_tensor(videos, dtype=columns.dtype, device=columns.device)
        if numbers.ndim > 1 or numbers.numel() not in (1, len(columns)):
            raise UsageError(
                f"videos must be one number or one a frame: {len(columns)}, not {numbers.numel()}"
            )
        rows = torch.cat([numbers.expand(len(columns))[:, None], columns], dim=1)
        self.scores.append(rows.flatten())

    def compute(self) -> dict[str, Tensor]:
        """Means and counts over all that was taken in, by all processes."""
        numbers, *columns = _gathered(self.scores, 1 + len(self.metrics)).unbind(1)
        result = {}
        for name, column in zip(self.metrics, columns, strict=True):
            of_video: dict[float, list[float]] = {}
            for video, score in zip(numbers.tolist(), column.tolist(), strict=True):
                if not math.isnan(score):
                    of_video.setdefault(video, []).append(score)
            result[name] = _mean(math.fsum(scored) / len(scored) for scored in of_video.values())
            result[f"{name}_videos"] = torch.tensor(len(of_video))
            result[f"{name}_skipped"] = column.isnan().sum()
        return result


def _columns(scores: Mapping[str, Tensor], metrics: tuple[str, ...]) -> Tensor:
    """Scores by metric as a table: (B, metrics)."""
    missing = [name for name in metrics if name not in scores]
    if missing:
        raise UsageError(f"no score for {', '.join(missing)}; name the metrics that you have: metrics=(...)")
    return torch.stack([scores[name].detach().to(torch.float64).reshape(-1) for name in metrics], dim=1)


def _gathered(batches: list[Tensor] | Tensor, columns: int) -> Tensor:
    """One table of all frames; torchmetrics has joined them already if there are several processes."""
    if isinstance(batches, list) and not batches:
        return torch.empty(0, columns, dtype=torch.float64)
    return dim_zero_cat(batches).reshape(-1, columns)


def _mean(scores: Iterable[float]) -> Tensor:
    scores = list(scores)
    return torch.tensor(math.fsum(scores) / len(scores) if scores else math.nan, dtype=torch.float64)
