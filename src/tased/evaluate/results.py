"""What an evaluation found, and the files that carry it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from tased.atomic import WholeFile
from tased.errors import DataError

ProtocolName = Literal["exact", "dhf1k"]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class VideoScores:
    """The means over the frames of one video."""

    name: str
    frames: int  # that have a score
    skipped: int  # without fixations: they have none
    scores: dict[str, float]  # by metric; a metric that could not be computed is absent


@dataclass(frozen=True, kw_only=True)
class Results:
    """One evaluation: whose maps, on which data, by which protocol, and what came of it."""

    model: str  # as tables call it
    weights_sha256: str | None  # None for predictions that were read from files
    data: str  # name of the data set
    split: str
    fingerprint: str  # of the data
    protocol: ProtocolName
    seed: int  # of what the protocol draws at random; 0 if nothing is
    videos: tuple[VideoScores, ...]
    over_frames: dict[str, float]  # mean over all frames
    over_videos: dict[str, float]  # mean over the videos' means
    counts: dict[str, int] = field(default_factory=dict)  # frames, skipped, fixations, fixations outside, ...
    versions: dict[str, str] = field(default_factory=dict)
    date: str = ""  # ISO 8601
    max_videos: int | None = None  # drawn at random by the seed; None: all
    max_frames: int | None = None  # likewise, from all videos together
    format: int = FORMAT

    def save(self, path: Path) -> None:
        """Write JSON, whole or not at all."""
        with WholeFile(path) as file:
            file.write((json.dumps(asdict(self), indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises DataError for anything else."""
        try:
            values: dict[str, Any] = json.loads(path.read_text())
            if values["format"] != FORMAT:
                raise DataError(f"{path}: has format {values['format']}, and this version reads {FORMAT}")
            videos = tuple(VideoScores(**video) for video in values.pop("videos"))
            return cls(videos=videos, **values)
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: is no result of tased evaluate --json ({error})") from error
