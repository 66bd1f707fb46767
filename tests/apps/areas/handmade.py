"""A predictor whose maps are known, and videos for it."""

from dataclasses import dataclass

import numpy as np
import torch

from tased.predict.maps import SaliencyMap
from tased.predict.predictor import Predictor


@dataclass
class HandMade:
    """Every frame's map is what a function of its seconds gives: non-negative values, (rows, columns)."""

    density: object
    name: str = "by hand"

    def shot(self):
        return self

    def push(self, frame, *, wanted=True):
        values = torch.from_numpy(np.asarray(self.density(frame.seconds), np.float32))
        return [SaliencyMap(values / max(1e-9, float(values.max())), frame.index, frame.seconds)]

    def drain(self):
        return []


def handmade(density):
    return Predictor(HandMade(density))


def spot(x, y, sigma=0.08, rows=24, columns=32):
    """A Gaussian at a place in shares of the picture; `sigma` in shares of its width."""
    across = (np.arange(columns) + 0.5) / columns - x
    down = ((np.arange(rows) + 0.5) / rows - y) * rows / columns
    return np.exp(-(across**2 + down[:, None] ** 2) / (2 * sigma**2))
