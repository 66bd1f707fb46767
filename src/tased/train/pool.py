"""Work that several processes share."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import torch

from tased.train.processes import context_for

Task = TypeVar("Task")


def each(function: Callable[[Task], None], tasks: Iterable[Task], workers: int) -> Iterator[None]:
    """Do every task, in so many processes of one thread each, or here (0); yield after each that is done.

    What goes wrong in one ends all: those under way are finished, the others left.
    """
    if workers == 0:
        for task in tasks:
            function(task)
            yield
        return
    pool = ProcessPoolExecutor(
        workers, context_for(function.__module__), initializer=torch.set_num_threads, initargs=(1,)
    )
    try:
        for future in as_completed([pool.submit(function, task) for task in tasks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
