"""Whose statistics batch normalisation uses in training: the recipe's `statistics`."""

from types import MethodType

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tased.errors import UsageError
from tased.network.build import Network
from tased.train.recipe import Recipe


def prepare(network: Network, recipe: Recipe, *, device: torch.device, devices: int = 1) -> None:
    """Change a network, in place and before it is wrapped for several devices, to the recipe's statistics.

    `batch`: each device's batch, PyTorch's own way. `synchronised`: the batches of all devices together,
    which is the same with one. `frozen`: the encoder goes on with the running statistics that it has, while
    its weights, those of its normalisations too, and the prediction network learn; `network.train()` does
    not change that. Names and numbers of weights stay.

    Raises
    ------
    UsageError
        If several CPU processes should synchronise: PyTorch does that on GPUs only.

    """
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = recipe.statistics_momentum
    match recipe.statistics:
        case "synchronised" if devices > 1 and device.type == "cpu":
            raise UsageError(
                f"recipe: statistics is 'synchronised', which needs GPUs, and there are {devices} CPU "
                "processes: set statistics=batch"
            )
        case "synchronised":
            nn.SyncBatchNorm.convert_sync_batchnorm(network)
        case "frozen":
            for module in network.encoder.modules():
                if isinstance(module, _BatchNorm):
                    module.train = MethodType(_stay, module)  # type: ignore[method-assign]
                    module.train()


def _stay(norm: _BatchNorm, mode: bool = True) -> _BatchNorm:  # noqa: ARG001
    """Stands for `norm.train` where statistics are frozen."""
    norm.training = False
    return norm
