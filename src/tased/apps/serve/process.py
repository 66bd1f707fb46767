"""A worker, seen from the server."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from tased.apps.serve.settings import ServerSettings
from tased.errors import TasedError

_LINE = 1 << 20  # bytes of one message at most


class WorkerError(TasedError):
    """A worker that ended in the middle of its work."""


@dataclass(eq=False)
class Worker:
    """A process that does one job after the other."""

    process: asyncio.subprocess.Process
    models: tuple[str, ...] = ()  # on offer, the default one first

    @classmethod
    async def start(cls, settings: ServerSettings) -> Self:
        """Start one, and wait until it has loaded the default model; TasedError when it cannot."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # not what happens to lie in the current folder
            "-m",
            "tased.apps.serve.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE,
            start_new_session=True,  # a Ctrl-C in the terminal is for the server, which ends its workers
        )
        worker = cls(process)
        try:
            names = ("model", "device", "precision", "resolution", "max_seconds")
            await worker._tell({name: getattr(settings, name) for name in names})
            said = await worker._hear()
            if said["event"] == "failed":
                raise TasedError(said["error"])
        except BaseException:
            await worker.kill()
            raise
        worker.models = tuple(said["models"])
        return worker

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self.process.returncode is None

    async def do(self, task: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Give it a job, report what it says on the way, and return its last word: "done" or "failed".

        Raises WorkerError when it ends before that. Whoever cancels this must kill the worker.
        """
        await self._tell(task)
        while (said := await self._hear())["event"] not in ("done", "failed"):
            report(said)
        return said

    async def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.alive:
            self.process.kill()
        await self.process.wait()

    async def _tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None  # noqa: S101
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            await self.process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise await self._gone() from error

    async def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101
        line = await self.process.stdout.readline()
        if not line:
            raise await self._gone()
        said: dict[str, Any] = json.loads(line)
        return said

    async def _gone(self) -> WorkerError:
        code = await self.process.wait()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return WorkerError(
            f"the process that predicts {how}, perhaps for want of memory; try again, or a smaller video"
        )
