"""How a TASED-Net's maps are finished, by numbers that its weights bring in their config."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from tased.network.config import NetworkConfig
from tased.predict.baselines.centre import Centre, centre_prior
from tased.predict.maps import blurred


def finished(values: Float[Tensor, "*maps H W"], config: NetworkConfig) -> Float[Tensor, "*maps H W"]:
    """Blurred, to the power of `sharpness`, and by the share `centre` a centre prior; in [0, 1].

    The prior has the sum of the map that it is mixed with, so that the share is that of a probability
    density (`scale="density"`), and maps stay on one scale within a video. With the numbers of the published
    network, 1 and 0, a map is blurred alone, as in its inference.
    """
    x = blurred(values, config.blur)
    if config.sharpness != 1:
        x = x**config.sharpness
    if config.centre:
        prior = _prior(*x.shape[-2:]).to(x)
        x = torch.lerp(x, x.mean((-2, -1), keepdim=True) * prior, config.centre).clamp(max=1)
    return x


@lru_cache(16)
def _prior(rows: int, columns: int) -> Float[Tensor, "rows columns"]:
    """Its mean is 1."""
    prior = torch.from_numpy(centre_prior((rows, columns), Centre()))
    return prior / prior.mean()
