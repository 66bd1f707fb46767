"""One map against the truth of its frame."""

import numpy as np
import torch
from jaxtyping import Float32, Int64
from PIL import Image
from torch import Tensor

from tased.data.clip import Truth
from tased.metrics import score_frames
from tased.metrics.inputs import Protocol

RESAMPLING = {"exact": Image.Resampling.BILINEAR, "dhf1k": Image.Resampling.BICUBIC}  # as MATLAB's imresize


def score(
    values: Float32[np.ndarray, "H W"],
    truth: Truth,
    size: tuple[int, int],
    *,
    negatives: Float32[np.ndarray, "rows columns"] | None = None,
    baseline: Tensor | None = None,
    protocol: Protocol = "exact",
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Every metric that a frame has; none at all for a frame without fixations.

    The map is resized to the truth's `size` (rows, columns), never the other way round: bilinear by the
    exact protocol, bicubic by dhf1k's. `negatives` and `baseline` are of that size; see `score_frames`.
    """
    if not len(truth.fixations):
        return {}
    rows, columns = size
    found = score_frames(
        torch.from_numpy(_resized(values, rows, columns, protocol)),
        torch.from_numpy(counted(truth.fixations, rows, columns)),
        density=None if truth.density is None else torch.from_numpy(truth.density),
        negatives=None if negatives is None else torch.from_numpy(negatives),
        baseline=baseline,
        protocol=protocol,
        generator=generator,
    )
    return {name: float(value) for name, value in found.items()}


def counted(
    fixations: Int64[np.ndarray, "N 2"], rows: int, columns: int
) -> Float32[np.ndarray, "rows columns"]:
    """How often each pixel was hit."""
    counts = np.zeros((rows, columns), np.float32)
    np.add.at(counts, (fixations[:, 0], fixations[:, 1]), 1)
    return counts


def _resized(values: np.ndarray, rows: int, columns: int, protocol: Protocol) -> np.ndarray:
    if values.shape == (rows, columns):
        return values
    picture = Image.fromarray(values).resize((columns, rows), RESAMPLING[protocol])
    return np.array(picture).clip(0)
