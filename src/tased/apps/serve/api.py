"""The HTTP API: upload, follow, fetch, delete."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.requests import ClientDisconnect

import tased
from tased.apps.serve.job import API, RESULTS, Job
from tased.apps.serve.queue import Queue
from tased.apps.serve.refusal import Refusal
from tased.apps.serve.upload import Body, receive

_PULSE = 15  # seconds without news after which a sign of life is sent, lest a proxy hang up
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The video itself, or a form with it as its one file.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


def api(queue: Queue) -> APIRouter:
    """The routes of a queue."""
    router = APIRouter()

    @router.post(f"{API}/jobs", status_code=201, openapi_extra=_BODY)
    async def create(
        request: Request,
        response: Response,
        name: Annotated[str | None, Query(description="the file's name, when the body is the file")] = None,
        model: Annotated[
            str | None, Query(description="one of /health's; the first if none is given")
        ] = None,
        every: Annotated[int, Query(description="predict every Nth frame, interpolate between")] = 1,
        cuts: Annotated[bool, Query(description="begin anew at hard cuts")] = False,
    ) -> dict[str, Any]:
        """Upload a video; it is predicted when its turn comes."""
        body = Body(request)
        try:
            options = queue.options(model, every, cuts)
            with queue.room() as folder:
                shown, upload = await receive(body, name, folder, queue.settings.max_bytes)
                job = Job(name=shown, folder=folder, upload=upload, options=options)
                await queue.add(job)
        except Refusal:
            await body.linger()
            raise
        response.headers["Location"] = f"{API}/jobs/{job.id}"
        return job.facts()

    @router.get(f"{API}/jobs/{{id}}")
    async def state(id: str) -> dict[str, Any]:  # noqa: A002  the path's word
        """How far a job is, and where its results are."""
        return queue.get(id).facts()

    @router.get(f"{API}/jobs/{{id}}/events", response_class=StreamingResponse)
    async def events(
        id: str,  # noqa: A002
        request: Request,
        form: Annotated[
            Literal["sse", "jsonl"] | None,
            Query(description="server-sent events, or JSON lines; else as Accept says"),
        ] = None,
    ) -> StreamingResponse:
        """The same, again and again: now, and with every change until the job has ended."""
        job = queue.get(id)
        lines = form == "jsonl" or (form is None and "ndjson" in request.headers.get("accept", ""))
        kind = "application/x-ndjson" if lines else "text/event-stream"
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(queue, job, lines=lines), media_type=kind, headers=headers)

    @router.get(f"{API}/jobs/{{id}}/results/{{name}}", response_class=FileResponse)
    async def result(id: str, name: str, download: bool = False) -> FileResponse:  # noqa: A002
        """One file of a job that is done; parts of it by HTTP's Range."""
        job = queue.get(id)
        if name not in job.results:
            ready = ", ".join(job.results) or "none yet"
            raise Refusal(404, f"{job.name}: has no result {name[:50]!r}; there are {ready}")
        # A page is never shown under the server's own address: it would have its rights.
        saved = download or RESULTS[name] == "text/html"
        return FileResponse(
            job.folder / name,
            media_type=RESULTS[name],
            filename=f"{job.stem}-{name}",
            content_disposition_type="attachment" if saved else "inline",
            headers={"Cache-Control": "private, no-transform"},
        )

    @router.delete(f"{API}/jobs/{{id}}", status_code=204)
    async def delete(id: str) -> None:  # noqa: A002
        """Stop a job and delete its files."""
        await queue.delete(queue.get(id))

    @router.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        """Whether jobs can be taken (200) or not (503)."""
        well = queue.workers > 0 and queue.roomy and not queue.closing
        response.status_code = 200 if well else 503
        return {
            "status": "ok" if well else "unavailable",
            "version": tased.__version__,
            "models": queue.models,
            "waiting": queue.waiting,
            "running": queue.running,
            "workers": queue.workers,
            "free_bytes": queue.free,
            "max_bytes": queue.settings.max_bytes,
            "max_seconds": queue.settings.max_seconds,
        }

    @router.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "DELETE"], include_in_schema=False)
    async def nothing(rest: str) -> None:
        raise Refusal(
            404, f"/api/{rest[:100]}: there is nothing here; {API}/openapi.json lists what there is"
        )

    return router


def answer_errors(app: FastAPI) -> None:
    """Answer what is refused with `{"error": LINE}`."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101
        answer = JSONResponse({"error": str(error)}, error.status)
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        await Body(request).linger()
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return await refused(request, Refusal(422, f"{where}: {first['msg']}"))

    async def gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(ClientDisconnect, gone)


async def _events(queue: Queue, job: Job, *, lines: bool) -> AsyncIterator[str]:
    while True:
        changed = job.changed
        said = json.dumps(job.facts())
        yield f"{said}\n" if lines else f"data: {said}\n\n"
        if job.final or queue.closing:
            return
        while not await _within(changed, _PULSE):
            yield "\n" if lines else ": still here\n\n"


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
