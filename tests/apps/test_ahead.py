"""What is made ahead is what would be made in time."""

import threading
import time

import pytest

from tased.apps.ahead import MOST, ahead


def test_items_come_in_order():
    assert list(ahead(iter(range(50)))) == list(range(50))
    assert list(ahead(iter(()))) == []
    assert list(ahead(iter([None, None]))) == [None, None]


def test_an_error_comes_after_the_items_before_it():
    def broken():
        yield 1
        yield 2
        raise OSError("gone")

    items = ahead(broken())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_no_more_are_made_than_wait():
    made = []

    def items():
        for item in range(100):
            made.append((item, threading.current_thread()))
            yield item

    given = ahead(items())
    for used in range(3):
        assert next(given) == used
        time.sleep(0.05)
        assert used < len(made) <= used + 1 + MOST
    given.close()
    after = len(made)
    time.sleep(0.05)
    assert len(made) == after < 10
    assert {thread for _, thread in made} != {threading.current_thread()}
    assert len({thread for _, thread in made}) == 1
    assert not made[0][1].is_alive()


def test_one_is_made_while_another_is_used():
    """Each waits for the other: side by side they meet, one after the other they never would."""
    begun, used = threading.Event(), threading.Event()

    def items():
        yield 0
        begun.set()
        assert used.wait(10)
        yield 1

    given = ahead(items())
    assert next(given) == 0
    assert begun.wait(10)
    used.set()
    assert list(given) == [1]
