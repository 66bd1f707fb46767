"""What every predictor is made of: something that predicts one shot.

A shot is what lies between two cuts. A stream that ends is all there is: a file, a camera and a
folder of pictures go through the same `push` and `drain`.
"""

from typing import Protocol

from tased.predict.maps import SaliencyMap
from tased.video.frame import Frame


class Shot(Protocol):
    """The prediction of one shot, frame by frame."""

    def push(self, frame: Frame, *, wanted: bool = True) -> list[SaliencyMap]:
        """Take the next frame; return the maps that became ready, in the order of their frames.

        A frame that is not `wanted` is seen (it is part of other frames' past) but gets no map.
        """

    def drain(self) -> list[SaliencyMap]:
        """End the shot; return the maps that are still due. Nothing may be pushed afterwards."""


class Model(Protocol):
    """Anything that predicts where people look: a network, or one of the training-free predictors."""

    @property
    def name(self) -> str:
        """As results call it."""

    def shot(self) -> Shot:
        """Begin a new shot with no memory of earlier ones."""
