"""The process that decodes and predicts: one job after the other, each given and told of in lines of JSON.

It is the only one that opens what strangers send. Whatever happens to it (killed, out of memory, a fault in a
decoder) the server lives on and starts another. It ends by itself when the server is gone, however that went.
"""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from tased.apps.gather import Progress
from tased.apps.outputs import Outputs
from tased.apps.page import shown, write_page
from tased.apps.predict import predict_video
from tased.apps.serve.job import PLAYER, RESULTS
from tased.atomic import WholeFile
from tased.errors import TasedError, TruncatedVideoError, VideoError
from tased.predict.packaged import PACKAGED
from tased.predict.predictor import TRAINING_FREE, Predictor, load
from tased.video.container import check_self_contained, plays_in_browsers
from tased.video.read import Video, open_video
from tased.video.write_colour_movie import ColourMovie

MAX_PIXELS = 4096 * 2304  # of a frame
MAX_RATE = 60  # frames a second on average, of the longest video that is taken
MAX_ARRAY = 3000  # frames in one array, at 0.2 MB each
MAX_PAGE = 100_000_000  # bytes of movies inside one page, which browsers must hold as a whole
PAUSE = 0.1  # seconds between two reports

Say = Callable[..., None]


def main() -> None:
    """Read settings and then jobs from stdin, and tell of them on stdout."""
    say = _speaker(_own_stdout())
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    settings = json.loads(lines.get())
    try:
        names, predictor_of = _models(settings)
        predictor_of(names[0])
    except TasedError as error:
        say("failed", error=str(error))
        return
    say("ready", models=names)
    while True:
        task = json.loads(lines.get())
        try:
            work(task, predictor_of(task["model"]), settings["max_seconds"], say)
        except TasedError as error:
            say("failed", error=_for_clients(str(error), task))
        except MemoryError:
            say(
                "failed",
                error=f"{task['name']}: not enough memory for a video of this size; send a smaller one",
            )


def work(task: dict[str, Any], predictor: Predictor, max_seconds: float, say: Say) -> None:
    """Do one job: make all results in its folder, and say which.

    Raises TasedError for a video that cannot be used, and leaves no result of it.
    """
    upload, folder = Path(task["upload"]), Path(task["folder"])
    check_self_contained(upload)
    video = open_video(upload)
    _check(video, upload, max_seconds)
    source, overlay, table = folder / "source.mp4", folder / "overlay.mp4", folder / "table.csv"
    array = folder / "array.npz" if video.frames is not None and video.frames <= MAX_ARRAY else None
    outputs = Outputs(overlay=overlay, table=table, video=folder / "maps.mp4", array=array, dtype="float16")
    warning = None
    try:
        predict_video(
            upload,
            outputs,
            predictor=predictor,
            every=task["every"],
            cuts=task["cuts"],
            size="network",
            report=_reporter(say, upload, max_seconds),
        )
    except TruncatedVideoError as error:
        warning = _for_clients(str(error), task)
    say("finishing")
    if plays_in_browsers(upload):
        upload.rename(source)
    else:
        _transcode(video, source)
    model, title = predictor.model.name, task["name"]
    with WholeFile(folder / PLAYER) as file:
        file.write(json.dumps(shown(source=source, overlay=overlay, table=table, model=model)).encode())
    if source.stat().st_size + overlay.stat().st_size <= MAX_PAGE:
        write_page(
            folder / "page.html", source=source, overlay=overlay, table=table, model=model, title=title
        )
    say("done", results=[name for name in RESULTS if (folder / name).exists()], warning=warning)


def _check(video: Video, path: Path, max_seconds: float) -> None:
    if video.duration is not None and video.duration > max_seconds:
        raise VideoError(
            f"{path}: lasts {video.duration:.0f} s, and at most {max_seconds:g} s are taken; cut it"
        )
    if video.width * video.height > MAX_PIXELS:
        raise VideoError(
            f"{path}: {video.width}x{video.height} is larger than 4K, the most that is taken; make it smaller"
        )


def _reporter(say: Say, path: Path, max_seconds: float) -> Callable[[Progress], None]:
    """Tells of progress now and then; ends a video that is longer than its header said."""
    began, told = time.monotonic(), 0.0

    def report(at: Progress) -> None:
        nonlocal told
        if at.seconds > max_seconds or at.frames > max_seconds * MAX_RATE:
            raise VideoError(
                f"{path}: is longer than {max_seconds:g} s (or {max_seconds * MAX_RATE:g} frames), the most "
                "that is taken; cut it"
            )
        now = time.monotonic()
        if now - told < PAUSE and at.frames != at.total:
            return
        told = now
        speed = at.frames / max(now - began, 1e-6)
        left = None if at.total is None else max(0, at.total - at.frames) / speed
        say("progress", frames=at.frames, total=at.total, frames_per_second=speed, seconds_left=left)

    return report


def _transcode(video: Video, target: Path) -> None:
    """The video as every browser plays it, as far as it can be read, with its sound."""
    movie = ColourMovie(
        target, width=video.width, height=video.height, rate=video.rate, audio_from=video.path
    )
    with movie, suppress(TruncatedVideoError):
        for frame in video:
            movie.write(frame)


def _models(settings: dict[str, Any]) -> tuple[list[str], Callable[[str], Predictor]]:
    """The names of models on offer, the default one first, and what loads them and keeps the latest."""
    given: str | None = settings["model"]
    known = {name: name for name in (*PACKAGED, *TRAINING_FREE)}
    default = next(iter(known)) if given is None else given if given in known else Path(given).stem
    places = {default: known.get(given or default, given)}
    places |= {name: place for name, place in known.items() if name != default}  # a file may be called so

    @lru_cache(1)
    def predictor_of(name: str) -> Predictor:
        return load(
            places[name],
            device=settings["device"],
            precision=settings["precision"],
            resolution=None if places[name] in TRAINING_FREE else settings["resolution"],
        )

    return list(places), predictor_of


def _for_clients(message: str, task: dict[str, Any]) -> str:
    """A message without where things are on this machine; the upload has the name that its sender gave it."""
    upload = Path(task["upload"])
    named = message.replace(str(upload), task["name"]).replace(f"{upload.name}:", f"{task['name']}:")
    return named.replace(f"{task['folder']}{os.sep}", "")


def _own_stdout() -> TextIO:
    """The stdout that we were given, for us alone: what libraries print goes to stderr."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _speaker(out: TextIO) -> Say:
    def say(event: str, **facts: object) -> None:
        out.write(json.dumps({"event": event, **facts}) + "\n")
        out.flush()

    return say


def _listen(lines: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)  # the server is gone


if __name__ == "__main__":
    main()
