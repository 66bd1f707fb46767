"""A saliency map, and what can be asked of it."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class SaliencyMap:
    """Where people look in one frame."""

    values: Float[Tensor, "H W"]  # in [0, 1], float32, on the CPU
    index: int  # of the frame, from 0
    seconds: float  # presentation time of the frame
