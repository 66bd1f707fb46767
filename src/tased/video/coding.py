"""How pictures become bits: an encoder and its options."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self, get_args

import av

from tased.errors import UsageError

Codec = Literal["x264", "x265"]
Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]
USUAL_CRF = {"x264": 23.0, "x265": 28.0}  # the encoders' own
MOST_CRF = 51


@dataclass(frozen=True, slots=True)
class Coding:
    """What FFmpeg is asked for; the values of `options` are as FFmpeg's command line takes them."""

    encoder: str  # FFmpeg's name
    options: dict[str, str]
    suffixes: tuple[str, ...] = (".mp4", ".mov", ".mkv")  # of files that can hold it

    def __str__(self) -> str:
        return self.encoder.removeprefix("lib")

    def numbered(self, number: Literal[1, 2], log: Path) -> Self:
        """The first or the second of two passes of libx264 or libx265, with `log` between them.

        The first writes what each frame needs, the second spends the bits accordingly, so that the file
        gets the bitrate that was asked for.
        """
        # A colon ends an option, and Windows has one in every path.
        stats = f"stats='{log.as_posix()}'"
        if self.encoder == "libx264":
            return self._with({"flags": f"+pass{number}"}, stats)
        return self._with({}, f"pass={number}:{stats}")

    def without_b_frames(self) -> Self:
        """For movies of a few frames, whose decoding times libx265 would leave to chance."""
        return self._with({"bf": "0"}, "bframes=0")

    def _with(self, options: dict[str, str], parameters: str) -> Self:
        name = f"{self}-params"
        joined = ":".join(part for part in (self.options.get(name), parameters) if part)
        return replace(self, options={**self.options, **options, name: joined})


def coding(
    codec: str, *, bitrate: int | None = None, crf: float | None = None, preset: Preset = "medium"
) -> Coding:
    """H.264 by libx264 or HEVC by libx265, at a bitrate (bits per second) or at a constant quality.

    Raises
    ------
    UsageError
        For another codec, values out of range, both of bitrate and crf, or an FFmpeg without the encoder.

    """
    if codec not in get_args(Codec):
        known = "x264 and x265 take regions from FFmpeg"
        raise UsageError(
            f"{codec}: {known}, SVT-AV1 does not; encode with x265, or write a --plan for another encoder"
            if "av1" in codec.lower()
            else f"{codec}: no codec of this command; {known}"
        )
    if preset not in get_args(Preset):
        raise UsageError(f"{preset}: no preset; there are {', '.join(get_args(Preset))}")
    if bitrate is not None and crf is not None:
        raise UsageError("a bitrate and a constant quality (crf) are two aims; give one of them")
    if bitrate is not None and bitrate < 1000:
        raise UsageError(f"a bitrate of {bitrate} bits a second is no video; give one like 800k or 2M")
    if crf is not None and not 1 <= crf <= MOST_CRF:
        raise UsageError(f"a crf is from 1 (best) to {MOST_CRF} (smallest), not {crf:g}")
    encoder = f"lib{codec}"
    if encoder not in av.codecs_available:
        raise UsageError(f"{codec}: this FFmpeg has no {encoder}; install PyAV as a wheel: pip install av")
    aim = {"crf": f"{USUAL_CRF[codec] if crf is None else crf:g}"} if bitrate is None else {"b": f"{bitrate}"}
    # Regions are heeded beside adaptive quantisation alone, which the presets but ultrafast have on anyway.
    own = {"aq-mode": "1"} if codec == "x264" else {"x265-params": "log-level=none:aq-mode=2"}
    return Coding(encoder, {"preset": preset, **aim, **own})
