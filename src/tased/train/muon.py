"""Muon: momentum made orthogonal, for kernels that mix channels; AdamW for everything else.

AdamW lets each weight move alike. Muon lets each direction of a kernel, seen as a matrix of outputs by
inputs, move alike: what many gradients agree on does not drown what few tell.

K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024
(https://kellerjordan.github.io/posts/muon). PyTorch's own, `torch.optim.Muon`, takes matrices alone and is
younger than the oldest PyTorch that this package runs with; the tests compare with it.
"""

from collections.abc import Callable, Iterable
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

TURNS = 5  # Newton-Schulz iterations
QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: steep at 0, and singular values end between 0.7 and 1.2


class Muon(AdamW):
    """Moves a kernel by `lr` on average (the root of the mean square), and other weights as AdamW does.

    The first of `betas` is the momentum of both. `dtype` is what matrices are multiplied in.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        betas: tuple[float, float],
        weight_decay: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(groups, betas=betas, weight_decay=weight_decay)
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Change the weights; the gradients of kernels are used up."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None and mixes(weight):
                    self._move(weight, weight.grad, group["lr"], group["betas"][0], group["weight_decay"])
                    weight.grad = None  # AdamW leaves it alone
        return super().step(closure)

    def _move(self, kernel: Tensor, gradient: Tensor, rate: float, momentum: float, decay: float) -> None:
        state = self.state[kernel]
        if not state:
            # AdamW wants a step of every state that it reads from a file.
            state["step"], state["exp_avg"] = torch.zeros(()), torch.zeros_like(kernel)
        state["step"] += 1
        state["exp_avg"].lerp_(gradient, 1 - momentum)
        ahead = gradient.lerp(state["exp_avg"], momentum)  # Nesterov's
        matrix = ahead.flatten(1).to(self._dtype)
        change = orthogonal(matrix) * sqrt(max(matrix.shape))
        kernel.mul_(1 - rate * decay).sub_(change.view(kernel.shape).to(kernel), alpha=rate)


def mixes(weight: Tensor) -> bool:
    """Whether it is the kernel of a convolution with several channels on both sides."""
    return weight.ndim >= 4 and min(weight.shape[:2]) > 1


def orthogonal(matrix: Tensor) -> Tensor:
    """About U V' of a matrix U S V': Newton-Schulz iterations, which need no decomposition.

    Singular values become 0.7 to 1.2, the smallest ones less.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    a, b, c = QUINTIC
    for _ in range(TURNS):
        squared = x @ x.T
        x = torch.addmm(x, torch.addmm(squared, squared, squared, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
