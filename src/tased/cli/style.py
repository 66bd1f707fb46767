"""The options that say how maps are shown over their pictures: the same for every command that shows them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from tased.apps.overlay import OverlayStyle


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How an overlay looks.

    Parameters
    ----------
    style
        heat; contours around 25, 50 and 75 % of the attention; side-by-side: the picture beside its heat map;
        foveated: blurred where little attention is.
    colours
        Of heat and contours; all have even steps of lightness, for colour-blind eyes too.
    opacity
        From 0 to 1: of the highest values, of contours, or how far the blur goes.

    """

    style: Literal["heat", "contours", "side-by-side", "foveated"] = "heat"
    colours: Literal["inferno", "cividis", "viridis", "magma", "plasma"] = "inferno"
    opacity: float = 0.75

    def value(self) -> "OverlayStyle":
        """The style; UsageError for an opacity outside 0..1."""
        from tased.apps.overlay import OverlayStyle

        return OverlayStyle(kind=self.style, colours=self.colours, opacity=self.opacity)
