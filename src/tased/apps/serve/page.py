"""The page: drop a video, watch how far it is, look at what came of it."""

import json

from nicegui import APIRouter, ui

from tased.apps.filled import filled
from tased.apps.serve.job import API, PLAYER, Job
from tased.apps.serve.queue import Queue
from tased.apps.serve.refusal import Refusal

_PAUSE = 0.2  # seconds between two looks at a job
_WHAT = {
    "source.mp4": "the video, as browsers play it",
    "overlay.mp4": "the video under a heat map, with its sound",
    "maps.mp4": "the maps alone, as a gray movie",
    "table.csv": "a row of numbers a frame",
    "array.npz": "all maps as one array, for NumPy",
    "page.html": "player and timeline in one file that needs nothing else",
}


def pages(queue: Queue) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter()

    @router.page("/", title="tased: where people look")
    def home() -> None:
        _frame()
        with ui.element("main"):
            ui.html(_upload_form(queue), sanitize=False)
        ui.add_body_html(f"<script>{filled('upload.js')}</script>")

    @router.page("/job/{id}", title="tased: where people look")
    def job(id: str) -> None:  # noqa: A002  the path's word
        _frame()
        with ui.element("main"):
            try:
                _show(queue, queue.get(id))
            except Refusal as refusal:
                ui.html("<h1>Nothing here</h1>", sanitize=False)
                ui.label(f"{refusal}.")
                ui.link("Predict a video", "/")

    return router


def _frame() -> None:
    """What all pages have."""
    ui.add_head_html(f"<style>{filled('player.css')}{filled('serve.css')}</style>")
    with ui.element("header"):
        ui.link("tased", "/").classes("brand")
        ui.label("where people look in a video").classes("soft")


def _upload_form(queue: Queue) -> str:
    settings = queue.settings
    return filled(
        "upload.html",
        models=queue.models,
        api=API,
        max_bytes=settings.max_bytes,
        max_seconds=settings.max_seconds,
        keep=_span(settings.keep),
    )


def _show(queue: Queue, job: Job) -> None:
    """A job as it is now, and as it goes on for as long as the page is open."""
    with ui.element("h1"):
        ui.label(job.name)
    status = ui.label().props('role=status aria-live=polite id="status"')
    bar = ui.linear_progress(show_value=False).props('aria-label="how much is predicted"')
    details = ui.label().classes("soft").props('id="details"')

    async def delete() -> None:
        await queue.delete(job)
        ui.navigate.to("/")

    results = ui.element("div")
    button = ui.button(on_click=delete).props("outline no-caps")
    seen: list[object] = []  # the event of the change that is shown

    def look() -> None:
        if seen[-1:] == [job.changed]:
            return
        seen[:] = [job.changed]
        status.text = _status(job)
        details.text = _details(job)
        button.text = "Delete now" if job.final else "Cancel"
        bar.visible = not job.final
        bar.value = job.frames / job.total if job.total else 0
        if job.final:
            timer.cancel()
        if job.state == "done":
            with results:
                _results(queue, job)
        button.visible = job.state != "deleted"

    timer = ui.timer(_PAUSE, look)
    look()


def _status(job: Job) -> str:
    match job.state:
        case "waiting" if job.position == 1:
            return "Next in the queue"
        case "waiting":
            return f"Waiting: number {job.position} in the queue"
        case "predicting" if job.frames == 0:
            return "Reading the video"
        case "predicting":
            return "Predicting"
        case "finishing":
            return "Making it ready to play"
        case "done":
            return "Done" if job.warning is None else f"Done, as far as the video goes: {job.warning}"
        case "failed":
            return f"Failed: {job.error}"
        case "deleted":
            return "Deleted"


def _details(job: Job) -> str:
    if job.state != "predicting" or job.frames_per_second is None:
        return ""
    of = f" of {job.total}" if job.total else ""
    left = "" if job.seconds_left is None else f", {_span(job.seconds_left)} left"
    return f"{job.frames}{of} frames, {job.frames_per_second:.1f} a second{left}"


def _results(queue: Queue, job: Job) -> None:
    shown = json.loads((job.folder / PLAYER).read_bytes())
    urls = job.facts()["results"]
    ui.html(
        filled("player.html", source=urls["source.mp4"], overlay=urls["overlay.mp4"], **shown), sanitize=False
    )
    # The player's elements appear after this message; its script waits for them.
    points, rate = json.dumps(shown["points"]), shown["rate"]
    ui.run_javascript(
        f"{filled('player.js')}\n(function begin() {{ document.getElementById('player') ? "
        f"player({points}, {rate}) : requestAnimationFrame(begin); }})();"
    )
    sizes = {name: _size((job.folder / name).stat().st_size) for name in urls}
    ui.html(
        filled(
            "results.html",
            results=[(name, urls[name], sizes[name], _WHAT[name]) for name in urls],
            keep=_span(queue.settings.keep),
        ),
        sanitize=False,
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _span(seconds: float) -> str:
    """A time as people say it."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.0f} s"
