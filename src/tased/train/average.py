"""The running mean of a network's weights, which often predicts better than the weights themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """An exponential mean over steps (Polyak & Juditsky, 1992) of all parameters; buffers stay as they are.

    While few steps are done the mean is over fewer: `decay` is at most (1 + step) / (10 + step). A decay of 0
    is no mean: nothing is kept, and nothing changes. The network is on its device already.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._parameters = dict(network.named_parameters()) if decay else {}
        self._mean = {name: p.detach().clone() for name, p in self._parameters.items()}

    @torch.no_grad()
    def step(self, step: int) -> None:
        """Take in the weights after a step, counted from 1."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, parameter in self._parameters.items():
            self._mean[name].lerp_(parameter, share)

    @contextmanager
    def instead(self) -> Iterator[None]:
        """The network has the mean's weights for a while; without a mean, its own."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for name, parameter in self._parameters.items():
            mean = self._mean[name].clone()
            self._mean[name].copy_(parameter)
            parameter.copy_(mean)

    def tensors(self) -> Mapping[str, Tensor]:
        """What a state has to keep."""
        return self._mean

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
        for name, tensor in tensors.items():
            self._mean[name].copy_(tensor)
