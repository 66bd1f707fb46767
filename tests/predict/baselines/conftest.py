"""Small scenes with a known odd one out."""

from collections.abc import Callable

import numpy as np
import pytest

from tased.video.frame import Frame

RATE = 25.0


@pytest.fixture
def frames() -> Callable[..., list[Frame]]:
    """Pictures (H, W, 3) as frames at 25 a second."""

    def made(pictures: list[np.ndarray]) -> list[Frame]:
        return [Frame(picture.astype(np.uint8), i, i / RATE) for i, picture in enumerate(pictures)]

    return made


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    """A smooth random picture (H, W, 3), so that motion can be told from it."""

    def made(height: int, width: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        coarse = rng.uniform(40, 215, (height // 8 + 2, width // 8 + 2, 3))
        return np.kron(coarse, np.ones((8, 8, 1)))[:height, :width].astype(np.uint8)

    return made
