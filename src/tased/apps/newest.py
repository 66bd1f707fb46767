"""Between threads of different speed: old items are dropped, nobody waits for another."""

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest of some items, numbered from 1.

    Who puts one never waits. Who takes gets the newest, and waits where there is none newer than the last;
    any number of threads may take.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._number = 0
        self._item: T | None = None
        self._ended = False
        self._error: Exception | None = None

    def put(self, item: T) -> None:
        """Replace what is there."""
        with self._changed:
            self._number, self._item = self._number + 1, item
            self._changed.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """There will be no more, because of an error or not."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether there will be no more."""
        return self._ended

    def after(self, number: int, timeout: float) -> tuple[int, T] | None:
        """The newest item and its number, or None if that is no newer than `number` for `timeout` seconds.

        What was put before the end is given; then the error of the end is raised, if there was one.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._number > number, timeout)
            if self._number > number and self._item is not None:
                return self._number, self._item
            if self._error is not None:
                raise self._error
            return None
