"""Work that several processes share."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import TypeVar

import torch

from tased.train.processes import Leash, context_for

Task = TypeVar("Task")
Result = TypeVar("Result")


def each(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Iterator[tuple[Task, Result]]:
    """Do every task, in so many processes of one thread each, or here (0); yield each that is done.

    What goes wrong in one ends all: those under way are finished, the others left. The processes end with
    this one, however it ends.
    """
    if workers == 0:
        for task in tasks:
            yield task, function(task)
        return
    inner = function.func if isinstance(function, partial) else function
    context = context_for(inner.__module__)
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(Leash(context),))
    try:
        futures = {pool.submit(function, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(leash: Leash) -> None:
    torch.set_num_threads(1)
    leash(0)
