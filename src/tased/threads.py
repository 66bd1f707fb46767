"""PyTorch's threads, in a thread of ours."""

import torch


def alone() -> None:
    """Make PyTorch work in the calling thread only; for the initializer of a pool.

    Each thread learns how many it may use when it first needs to know, so that is asked first, or what is set
    here would not stay. PyTorch gives the number to threads that begin later, too, until someone sets
    another one.
    """
    torch.get_num_threads()
    torch.set_num_threads(1)
