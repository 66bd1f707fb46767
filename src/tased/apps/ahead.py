"""Two things at a time: the next items are made while one is used."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

MOST = 4  # items that wait: enough to even out one that takes longer
_END = object()
T = TypeVar("T")


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items and errors, made in a thread of their own, at most `MOST` ahead of their use.

    Whoever stops early closes this, and waits for the one that is being made.
    """
    with ThreadPoolExecutor(1) as beside:
        waiting = deque(beside.submit(next, items, _END) for _ in range(MOST))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(beside.submit(next, items, _END))
                yield cast(T, item)
        finally:
            for later in waiting:
                later.cancel()
