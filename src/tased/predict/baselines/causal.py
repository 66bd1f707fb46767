"""The shot of a predictor that needs only the past: a frame goes in, its map comes out at once."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from tased.predict.baselines.grid import Plane, map_values
from tased.predict.maps import SaliencyMap
from tased.video.frame import Frame


@runtime_checkable
class Viewer(Protocol):
    """Someone watching one shot, who remembers what later frames need."""

    def see(self, frame: Frame) -> Callable[[], Plane]:
        """Take in the next frame; return a way to compute what stands out of it, on any grid and scale.

        The work that only this frame's map needs is left to the call, which is made at once or never.
        """


class CausalShot:
    """A `Shot` without delay, made of one viewer; `values` makes a map of what stands out."""

    def __init__(self, viewer: Viewer, values: Callable[[Plane], Float[Tensor, "H W"]] = map_values) -> None:
        self._viewer = viewer
        self._values = values

    def push(self, frame: Frame, *, wanted: bool = True) -> list[SaliencyMap]:
        """See the frame; give its map if it is wanted."""
        saliency = self._viewer.see(frame)
        if not wanted:
            return []
        return [SaliencyMap(self._values(saliency()), frame.index, frame.seconds)]

    def drain(self) -> list[SaliencyMap]:
        """Nothing is ever due."""
        return []
