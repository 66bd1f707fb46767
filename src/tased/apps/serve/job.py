"""One upload and what becomes of it."""

import asyncio
import re
import secrets
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tased.apps.serve.refusal import Refusal
from tased.video.inputs import VIDEO_SUFFIXES

State = Literal["waiting", "predicting", "finishing", "done", "failed", "deleted"]
FINAL = frozenset({"done", "failed", "deleted"})
# What a job makes, with the kind of each.
RESULTS = {
    "source.mp4": "video/mp4",
    "overlay.mp4": "video/mp4",
    "maps.mp4": "video/mp4",
    "table.csv": "text/csv",
    "array.npz": "application/octet-stream",
    "page.html": "text/html",
}
PLAYER = "player.json"  # what the page's player shows; not offered
API = "/api/v1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a video is to be predicted, as for Predictor.predict."""

    model: str
    every: int = 1
    cuts: bool = False


@dataclass(kw_only=True, eq=False)
class Job:
    """A video in the queue, under work or done; `change` tells those who watch it."""

    name: str  # as its sender calls it, fit to be shown; never a path
    folder: Path  # all its files are in here
    upload: Path
    options: Options
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = "waiting"
    position: int | None = None  # in the queue, 1 being the next
    frames: int = 0  # that have their map
    total: int | None = None  # expected
    frames_per_second: float | None = None
    seconds_left: float | None = None  # until all are predicted
    error: str | None = None
    warning: str | None = None  # the video ended early; what there was is predicted
    results: tuple[str, ...] = ()
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # the next change; then there is a new one

    @property
    def final(self) -> bool:
        """Whether nothing more will happen but that it is deleted."""
        return self.state in FINAL

    @property
    def stem(self) -> str:
        """To name downloads after."""
        return re.sub(r"\.[^.]*$", "", self.name) or "video"

    def change(self, **values: Any) -> None:
        """Set fields, and wake whoever waits for that."""
        for name, value in values.items():
            setattr(self, name, value)
        self.changed.set()
        self.changed = asyncio.Event()

    def facts(self) -> dict[str, Any]:
        """What clients are told, as JSON has it."""
        shown = ("id", "name", "state", "position", "frames", "total", "frames_per_second", "seconds_left")
        place = f"{API}/jobs/{self.id}"
        return {
            **{key: getattr(self, key) for key in (*shown, "error", "warning")},
            "options": asdict(self.options),
            "results": {name: f"{place}/results/{name}" for name in self.results},
            "links": {"self": place, "events": f"{place}/events", "page": f"/job/{self.id}"},
        }


def shown_name(given: str) -> str:
    """A sender's file name without folders and characters that cannot be seen; never used as a path."""
    last = re.split(r"[/\\]", given)[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    return visible[:200] or "video"


def upload_name(name: str) -> str:
    """What the file is called on the disk; Refusal for the name of something that is no video."""
    suffix = Path(name).suffix.lower()
    if suffix and suffix not in VIDEO_SUFFIXES:
        raise Refusal(
            415, f"{name}: {suffix} is not a video's; send a video file, as .mp4, .mov, .mkv or .webm"
        )
    return f"upload{suffix}"
