"""How processes that read ahead are started."""

import multiprocessing
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
