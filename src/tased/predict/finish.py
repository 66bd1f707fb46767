"""How a TASED-Net's maps are finished, by numbers that its weights bring in their config."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from tased.network.config import NetworkConfig
from tased.network.lite import PEAK
from tased.predict.baselines.centre import Centre, centre_prior
from tased.predict.maps import blurred


def finished(values: Float[Tensor, "*maps H W"], config: NetworkConfig) -> Float[Tensor, "*maps H W"]:
    """Blurred, to the power of `sharpness`, and by the share `centre` a centre prior; in [0, 1].

    A prior is a probability density, and so is what it is mixed with: such maps are densities as those of
    tased-lite are, of one sum, 1 where they are `PEAK` times the uniform one. Without it they are on the
    network's own scale. With the numbers of the published network, 1 and 0, a map is blurred alone, as in
    its inference.
    """
    x = blurred(values, config.blur)
    if config.sharpness != 1:
        x = x**config.sharpness
    if config.centre:
        uniform = x.mean((-2, -1), keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)  # of zeros is 0
        x = torch.lerp(x / uniform, _prior(*x.shape[-2:]).to(x), config.centre).div(PEAK).clamp(max=1)
    return x


@lru_cache(16)
def _prior(rows: int, columns: int) -> Float[Tensor, "rows columns"]:
    """Its mean is 1."""
    prior = torch.from_numpy(centre_prior((rows, columns), Centre()))
    return prior / prior.mean()
