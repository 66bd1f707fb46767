"""Gradient checkpointing: the network keeps few activations, and computes the others again going back.

Outputs, gradients and buffers are those of the plain pass, to the last bit.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from tased.network.encoder import Conv, Inception, SeparableConv
from tased.network.prediction import SpatialDecoding
from tased.network.tased import TASEDNet

# Of these only the inputs are kept, unless they are within another of them. What is within one must fit into
# memory at once: larger parts would keep less, but the first two convolutions alone are most of that.
PARTS = (Inception, SeparableConv, SpatialDecoding, Conv)


def recompute(network: TASEDNet) -> None:
    """Let a network compute its parts again in each backward pass, in place; saves memory and takes time.

    Names and numbers of weights stay. Without gradients, as in validation, nothing changes.
    """
    for part in parts(network):
        # A method, not a closure: a deep copy of the network then calls its own parts.
        part.forward = MethodType(_recomputed, part)


def parts(module: nn.Module) -> Iterator[nn.Module]:
    """The outermost modules of PARTS, in their order."""
    for child in module.children():
        if isinstance(child, PARTS):
            yield child
        else:
            yield from parts(child)


def _recomputed(part: nn.Module, x: Tensor, *others: Tensor, like: Tensor | None = None) -> Tensor:
    """Stands for `part.forward`; `like` is that of a decoding block."""
    forward = type(part).forward if like is None else partial(type(part).forward, like=like)
    if not torch.is_grad_enabled():
        return forward(part, x, *others)
    return checkpoint(
        forward,
        part,
        x,
        *others,
        use_reentrant=False,
        preserve_rng_state=False,  # nothing in the network is random
        context_fn=lambda: (nullcontext(), _statistics_aside(part)),
    )


@contextmanager
def _statistics_aside(part: nn.Module) -> Iterator[None]:
    """Batch normalisations count and average into copies: the pass before this one did it for good.

    Not to track statistics would be simpler, but then other tensors are saved than in that pass.
    """
    norms = [module for module in part.modules() if isinstance(module, _BatchNorm)]
    kept = [(norm, name, buffer) for norm in norms for name, buffer in norm.named_buffers(recurse=False)]
    try:
        for norm, name, buffer in kept:
            setattr(norm, name, buffer.clone())
        yield
    finally:
        for norm, name, buffer in kept:
            setattr(norm, name, buffer)
