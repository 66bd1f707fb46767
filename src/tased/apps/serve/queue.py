"""One queue of jobs, the workers that take from it, and the files it keeps for a time."""

import asyncio
import difflib
import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tased.apps.serve.job import Job, Options
from tased.apps.serve.process import Worker, WorkerError
from tased.apps.serve.refusal import Refusal
from tased.apps.serve.settings import ServerSettings
from tased.atomic import remove
from tased.errors import TasedError

log = logging.getLogger(__name__)

_PATIENCE = 2.0  # seconds between two attempts to start a worker
_RETRY = 10  # seconds after which a client that found no room may ask again
_STATES = {"progress": "predicting", "finishing": "finishing"}


class Queue:
    """Jobs wait in one line; each worker takes the first, does it, and takes the next.

    A job under work that is deleted, or takes too long, costs its worker's life: that stops it at once,
    whatever it is doing, and the next worker starts clean. `folder` is the queue's own; each job has one of
    its own in it.
    """

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.models: tuple[str, ...] = ()  # on offer, the default one first
        self.closing = False
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._uploading = 0
        self._stirred = asyncio.Condition()  # a job came, or a worker went
        self._workers: list[Worker] = []
        self._running: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Start the workers; TasedError when the model cannot be loaded."""
        first = await self._hired()
        self.models = first.models
        later = (None for _ in range(self.settings.workers - 1))
        for worker in (first, *later):
            self._begin(self._serve(worker))

    def close(self) -> None:
        """Let no more in, and let those go who watch a job."""
        self.closing = True
        for job in self._jobs.values():
            job.change()

    async def stop(self) -> None:
        """End the workers, and with them all jobs."""
        self.close()
        for expiry in self._expiries.values():
            expiry.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            await worker.kill()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many jobs are under work."""
        return len(self._running)

    @property
    def workers(self) -> int:
        """How many workers there are; one that has died is missing until another is ready."""
        return sum(worker.alive for worker in self._workers)

    @property
    def free(self) -> int:
        """Bytes that the disk has left."""
        return shutil.disk_usage(self.folder).free

    @property
    def roomy(self) -> bool:
        """Whether the disk has room for the largest upload and what is made of it."""
        return self.free >= 2 * self.settings.max_bytes

    def options(self, model: str | None, every: int, cuts: bool) -> Options:
        """How to predict; Refusal for what cannot be."""
        name = self.models[0] if model is None else model
        if name not in self.models:
            near = difflib.get_close_matches(name, self.models, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"take one of {', '.join(self.models)}"
            raise Refusal(422, f"model {name[:50]!r} is not on offer; {hint}")
        if not 1 <= every <= 1000:
            raise Refusal(422, f"every={every} cannot be; give 1 for each frame, up to 1000")
        return Options(model=name, every=every, cuts=cuts)

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder for an upload, and a place in the queue kept for it; both are given up if it fails.

        Raises Refusal when there is no place or no room on the disk.
        """
        most = self.settings.max_jobs
        if self.closing:
            raise Refusal(503, "the server is stopping; try again later", retry_after=_RETRY)
        if self.waiting + self._uploading >= most:
            raise Refusal(
                429, f"{most} jobs are waiting already, the most; try again later", retry_after=_RETRY
            )
        if not self.roomy:
            raise Refusal(507, "the server's disk has no room for more; try again later", retry_after=_RETRY)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self._uploading += 1
        try:
            yield folder
        except BaseException:
            remove(folder)
            raise
        finally:
            self._uploading -= 1

    async def add(self, job: Job) -> None:
        """Put a job at the end of the line."""
        self._jobs[job.id] = job
        self._waiting.append(job)
        await self._stir()

    def get(self, identity: str) -> Job:
        """The job of that id; Refusal when there is none, or none any more."""
        job = self._jobs.get(identity)
        if job is None:
            kept = self.settings.keep
            raise Refusal(404, f"there is no such job; jobs are deleted {kept:g} s after they end")
        return job

    async def delete(self, job: Job) -> None:
        """Stop a job, whatever it is at, and delete its files."""
        if self._jobs.pop(job.id, None) is None:
            return
        if (expiry := self._expiries.pop(job.id, None)) is not None:
            expiry.cancel()
        job.change(state="deleted", position=None, results=())
        if (work := self._running.get(job.id)) is not None:
            work.cancel()  # who waits for it kills the worker and removes the files
            return
        if job in self._waiting:
            self._waiting.remove(job)
            await self._stir()
        remove(job.folder)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stir(self) -> None:
        for position, job in enumerate(self._waiting, 1):
            if job.position != position:
                job.change(position=position)
        async with self._stirred:
            self._stirred.notify_all()

    async def _hired(self) -> Worker:
        worker = await Worker.start(self.settings)
        self._workers.append(worker)
        return worker

    async def _serve(self, worker: Worker | None) -> None:
        """Have one worker do jobs, and another one when it has died."""
        while True:
            try:
                worker = worker or await self._hired()
            except TasedError as error:
                log.warning("no worker could be started, another is tried soon (%s)", error)
                await asyncio.sleep(_PATIENCE)
                continue
            watch = asyncio.create_task(self._watch(worker))
            try:
                while (job := await self._next(worker)) is not None:
                    await self._do(job, worker)
            finally:
                watch.cancel()
            self._workers.remove(worker)
            worker = None

    async def _watch(self, worker: Worker) -> None:
        await worker.process.wait()
        await self._stir()

    async def _next(self, worker: Worker) -> Job | None:
        """The first in line, once there is one; None when the worker has died."""
        async with self._stirred:
            await self._stirred.wait_for(lambda: self._waiting or not worker.alive)
            job = self._waiting.popleft() if worker.alive else None
        if job is not None:
            job.change(state="predicting", position=None)
            await self._stir()
        return job

    async def _do(self, job: Job, worker: Worker) -> None:
        task = {"upload": str(job.upload), "folder": str(job.folder), "name": job.name, **asdict(job.options)}
        work = asyncio.create_task(worker.do(task, partial(_tell, job)))
        self._running[job.id] = work
        late = True
        try:
            _, unfinished = await asyncio.wait({work}, timeout=self.settings.timeout)
            late = bool(unfinished)
        finally:
            del self._running[job.id]
            if late or work.cancelled():
                work.cancel()
                await worker.kill()
        if job.final:  # deleted
            remove(job.folder)
            return
        try:
            if late:
                limit = self.settings.timeout
                raise WorkerError(f"{job.name}: took more than {limit:g} s, the most; send a shorter video")
            said = work.result()
            if said["event"] == "failed":
                raise TasedError(said["error"])
        except TasedError as error:
            job.change(state="failed", error=str(error), seconds_left=None)
            remove(job.folder)
        else:
            job.upload.unlink(missing_ok=True)  # it may have become a result
            job.change(
                state="done", results=tuple(said["results"]), warning=said["warning"], seconds_left=None
            )
        self._expire(job)

    def _expire(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        self._expiries[job.id] = loop.call_later(self.settings.keep, lambda: self._begin(self.delete(job)))


def _tell(job: Job, said: dict[str, Any]) -> None:
    state = _STATES[said.pop("event")]
    if not job.final:
        job.change(state=state, **said)
