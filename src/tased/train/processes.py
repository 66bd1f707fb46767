"""How processes that read ahead are started, and how they end."""

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext


def context_for(module: str) -> BaseContext:
    """Processes that start quickly, with `module` imported.

    Not forked from here, which is not safe beside the threads of torch and FFmpeg, but from a server that has
    imported what is needed; where there is no such thing, each starts anew.
    """
    servers = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if servers else "spawn")
    context.set_forkserver_preload([module])
    return context


class Leash:
    """Ends a worker when the process that started it is gone, however that went: also by SIGKILL.

    That process holds the one end of a pipe, which the system closes for it; the workers wait for that at the
    other.
    """

    def __init__(self, context: BaseContext) -> None:
        self._theirs: Connection
        self._theirs, self._mine = context.Pipe(duplex=False)

    def __getstate__(self) -> Connection:
        return self._theirs  # the other end stays here

    def __setstate__(self, theirs: Connection) -> None:
        self._theirs = theirs

    def __call__(self, _worker: int) -> None:
        """In the worker: watch."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        self._theirs.poll(None)
        os._exit(1)
