"""Work of several processes: every task once, and nothing that outlives who began it."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tased.train.pool import each

BEGINS = """
import sys
from functools import partial
from pathlib import Path
from tests.train.test_pool import wait_in
from tased.train.pool import each
if __name__ == "__main__":
    list(each(partial(wait_in, Path(sys.argv[1])), range(2), 2))
"""


def power(number, exponent=2):
    return number**exponent


def fails(number):
    raise ValueError(f"{number} was not wanted")


def wait_in(folder, number):
    (folder / str(number)).touch()
    time.sleep(120)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("function", [power, partial(power, exponent=3)])
def test_each_task_once_with_its_result(function, workers):
    assert dict(each(function, range(5), workers)) == {n: function(n) for n in range(5)}


@pytest.mark.parametrize("workers", [0, 2])
def test_what_goes_wrong_is_told(workers):
    with pytest.raises(ValueError, match="0 was not wanted"):
        list(each(fails, [0], workers))


def test_processes_end_with_a_killed_parent(tmp_path):
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", BEGINS, tmp_path], cwd=root, start_new_session=True, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2:
        assert parent.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while subprocess.run(["pgrep", "-s", str(parent.pid)], capture_output=True, check=False).stdout:
        assert time.monotonic() < until, "a process has outlived who began it"
        time.sleep(0.1)
