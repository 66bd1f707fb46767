"""What is asked of an encoder."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from tased.apps.offsets import STRENGTH
from tased.errors import UsageError
from tased.video.coding import MOST_CRF, USUAL_CRF, Coding, Preset, coding

LOWEST_BITRATE = 1000  # bits a second
MOST_STRENGTH = 20  # QPs
STEP = 1.5  # from one bitrate of a curve to the next
CRF_STEP = 3.0  # from one crf to the next


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A codec and an aim.

    Raises
    ------
    UsageError
        For a codec that takes no regions, both of bitrate and crf, or a value out of range.

    """

    codec: str = "x264"  # or x265
    bitrate: int | None = None  # bits a second, of the video alone
    crf: float | None = None  # constant quality, less is better; None without a bitrate: the encoder's usual
    preset: Preset = "medium"  # how much time the encoder takes
    passes: Literal[1, 2] = 2  # for a bitrate
    strength: float = STRENGTH  # QPs that a block is moved at most

    def __post_init__(self) -> None:
        _ = self.coding
        if self.passes not in (1, 2):
            raise UsageError(f"an encoder takes 1 or 2 passes, not {self.passes}")
        if not 0 < self.strength <= MOST_STRENGTH:
            raise UsageError(
                f"a strength is more than 0 and at most {MOST_STRENGTH} QPs, not {self.strength:g}"
            )

    def __str__(self) -> str:
        return f"crf {self._crf:g}" if self.bitrate is None else f"{self.bitrate / 1000:.4g} kbit/s"

    @property
    def coding(self) -> Coding:
        """For the encoder; in two passes when numbered."""
        return coding(self.codec, bitrate=self.bitrate, crf=self.crf, preset=self.preset)

    @property
    def _crf(self) -> float:
        return USUAL_CRF[self.codec] if self.crf is None else self.crf

    def around(self, count: int) -> tuple[Self, ...]:
        """So many settings with this one among them, from small files to large; fewer at the range's end."""
        steps = range(-(count // 2), count - count // 2)
        if self.bitrate is not None:
            rates = (round(self.bitrate * STEP**step) for step in steps)
            return tuple(
                replace(self, bitrate=rate) for rate in sorted({max(LOWEST_BITRATE, r) for r in rates})
            )
        quality = (self._crf - CRF_STEP * step for step in steps)
        within = {min(max(1.0, crf), MOST_CRF) for crf in quality}
        return tuple(replace(self, crf=crf) for crf in sorted(within, reverse=True))
