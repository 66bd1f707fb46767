"""`tased encode`."""

import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tased.cli.console import Display, Mode
from tased.cli.model import Model
from tased.errors import UsageError

_MANY = {"": 1, "k": 1000, "M": 1000**2}


def encode(
    source: Annotated[Path, Parameter(name="VIDEO")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    codec: str = "x264",
    bitrate: str | None = None,
    crf: float | None = None,
    preset: Literal[
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
    ] = "medium",
    passes: Literal[1, 2] = 2,
    strength: float = 6,
    every: int = 1,
    plan: Path | None = None,
    report: Path | None = None,
    curve: int = 1,
    model: Model | None = None,
    progress: Mode = "auto",
) -> None:
    """Encode a video finer where people look and coarser elsewhere.

    The sound is copied, and frames keep their times.

    - As large as a plain file, better where people look: `tased encode clip.mp4 -o seen.mp4 --bitrate 800k`
    - Smaller, as good as crf 23 where people look: `tased encode clip.mp4 -o small.mp4 --crf 23`
    - HEVC, compared with plain encodings at four bitrates:
      `tased encode clip.mp4 -o seen.mp4 --codec x265 --bitrate 600k --report seen.html --curve 4`
    - Only the plan, for another encoder: `tased encode clip.mp4 --plan roi.txt`

    Parameters
    ----------
    source
        Any file FFmpeg reads, or a folder of pictures.
    out
        What to encode into (.mp4, .mkv, .mov).
    codec
        x264 (H.264) or x265 (HEVC).
    bitrate
        Of the video, in bits a second: 800k, 2M. Quality moves to where people look.
    crf
        Constant quality, from 1 (best) to 51: what people look at has it, the rest is coarser. Default,
        without a bitrate: 23 for x264, 28 for x265.
    preset
        How long the encoder may search: slower makes better files.
    passes
        For a bitrate: 2 keep to it, 1 is faster.
    strength
        QPs by which a place is moved at most; 6 halve or double the quantiser's step.
    every
        Predict every Nth frame and interpolate between.
    plan
        File for the QP offsets of all blocks: .csv, .npz, or Kvazaar's .txt or .bin.
    report
        File that compares with plain encodings (.html, .json): bits, PSNR and SSIM, weighted by the maps
        and not.
    curve
        Bitrates (or crf) of the report, the one asked for among them.
    model
        Which model predicts, and on what.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    bits = _bits(bitrate)

    from tased.apps.encode import encode as run
    from tased.apps.gather import Progress

    predictor = (model or Model()).load()
    with Display(progress) as display:

        def shown(what: str, at: Progress) -> None:
            display.step(what, at.frames, at.total, seconds=at.seconds)

        done = run(
            source,
            out,
            predictor=predictor,
            codec=codec,
            bitrate=bits,
            crf=crf,
            preset=preset,
            passes=passes,
            strength=strength,
            every=every,
            plan=plan,
            comparison=report,
            curve=curve,
            report=shown,
        )
        written = {"out": out, "plan": plan, "report": report}
        outputs = {name: str(path) for name, path in written.items() if path is not None}
        compared = None if done.comparison is None else done.comparison.asked
        against = None if compared is None else {n: getattr(compared, n) for n in ("bits", "gain", "price")}
        display.event(
            "done",
            input=str(source),
            **predictor.facts,
            frames=done.frames,
            against_plain=against,
            outputs=outputs,
        )
        display.line(f"{source}: {done.frames} frames -> {', '.join(outputs.values())}")
        if done.comparison is not None:
            display.result(done.comparison.summary())


def _bits(text: str | None) -> int | None:
    if text is None:
        return None
    number = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)([kM]?)", text)
    if number is None:
        raise UsageError(f"--bitrate {text} is no bitrate; give bits a second, as 800k or 2.5M")
    return round(float(number[1]) * _MANY[number[2]])
