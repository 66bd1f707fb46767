"""Encode a video finer where people look, and coarser elsewhere."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tased.apps.encode_report import Report, check_report, write_report
from tased.apps.encodings import Encodings, open_movie
from tased.apps.gather import Progress, gathered
from tased.apps.offsets import STRENGTH
from tased.apps.outputs import check_places
from tased.apps.plan_file import plan_file
from tased.apps.setting import Setting
from tased.errors import UsageError
from tased.predict.predictor import Predictor
from tased.video.coding import Preset
from tased.video.read import open_video


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was done."""

    frames: int
    comparison: Report | None  # with plain encodings, if it was asked for


def encode(
    source: str | Path,
    out: str | Path | None = None,
    *,
    predictor: Predictor,
    codec: str = "x264",
    bitrate: int | None = None,
    crf: float | None = None,
    preset: Preset = "medium",
    passes: Literal[1, 2] = 2,
    strength: float = STRENGTH,
    every: int = 1,
    plan: str | Path | None = None,
    comparison: str | Path | None = None,
    curve: int = 1,
    report: Callable[[str, Progress], None] = lambda *_: None,
) -> Encoded:
    """Encode a video so that what people look at is better than the rest; its sound is copied.

    With `bitrate` (bits a second, of the video alone) the file is as large as a plain one, and quality moves
    to where people look. With `crf` what they look at has the quality of a plain file and the rest gets
    coarser, so the file is smaller. Without either, crf is the encoder's usual one. No block is moved by more
    than `strength` QPs from what the encoder would have given it.

    `codec` is x264 or x265 and `out` an .mp4, .mov or .mkv, of 8 bits in BT.709; frames keep their times. A
    `bitrate` takes two `passes`, but one for a video of one or two frames. `every` as for Predictor.predict.

    `plan` gets the offsets themselves, for another encoder: .csv, .npz, or Kvazaar's .txt or .bin.
    `comparison`, an .html or .json, gets what plain encodings cost and are worth beside these, at `curve`
    bitrates (or crf) with the one that is asked for among them. One of the three files is needed.

    A truncated video is encoded as far as it can be read, then TruncatedVideoError is raised. Raises
    VideoError, OutputError and UsageError as readers and writers do, and UsageError for values that cannot
    be.
    """
    setting = Setting(codec=codec, bitrate=bitrate, crf=crf, preset=preset, passes=passes, strength=strength)
    movie, plan, page = (None if file is None else Path(file) for file in (out, plan, comparison))
    named = {"--out": movie, "--plan": plan, "--report": page}
    written = [(option, path) for option, path in named.items() if path is not None]
    if not written:
        raise UsageError(
            "nothing is asked for; name a file to encode into, or one for the plan or the report"
        )
    check_places([Path(source)], written)
    if page is not None:
        check_report(page, curve)
    video = open_video(source)
    # What cannot be written is told before anything is predicted.
    if movie is not None:
        open_movie(movie, video, setting.coding)
    if plan is not None:
        plan_file(plan, width=video.width, height=video.height)
    with (
        tempfile.TemporaryDirectory(prefix="tased-") as folder,
        gathered(
            video, predictor=predictor, every=every, report=lambda at: report("predicting", at)
        ) as found,
    ):
        encodings = Encodings(video, found.maps, Path(folder), report)
        if plan is not None:
            encodings.write_plan(plan, setting)
        if movie is not None:
            encodings.write(movie, setting, sound=True)
        compared = None
        if page is not None:
            pairs = tuple(encodings.pair(near) for near in setting.around(curve))
            compared = Report(video.path.name, predictor.model.name, len(found.maps), setting, pairs)
            write_report(page, compared)
        if found.truncated is not None:
            raise found.truncated
        return Encoded(len(found.maps), compared)
