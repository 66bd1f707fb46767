"""Memory that is kept between the steps of a training on a CPU."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of mallopt(3)


def keep_memory() -> None:
    """Have glibc keep what a step frees for the next one; other allocators are left alone.

    By itself it takes every large tensor from the kernel anew, which clears each of its pages first: a third
    of a step's time.
    """
    if sys.platform == "linux" and (libc := ctypes.CDLL(None)) and hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(_MMAP_MAX, 0)
        libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
