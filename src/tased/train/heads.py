"""Heads that read a map off a part of TASED-Net while it learns; they are thrown away."""

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from tased.network.lite import CELL
from tased.network.planes import Convolution
from tased.train.losses import kld


class Outlook(NamedTuple):
    """A part of TASED-Net, and the stride at which it is to know a map."""

    part: str
    channels: int
    stride: int


class MapHead(nn.Module):
    """Features -> a density in tased-lite's cells, (B, C, T, h, w) to (B, T, H/4, W/4)."""

    def __init__(self, outlook: Outlook) -> None:
        super().__init__()
        self._cells = outlook.stride // CELL
        self.logits = Convolution(outlook.channels, self._cells**2, 1)

    def forward(self, x: Float[Tensor, "B C T h w"]) -> Float[Tensor, "B T H W"]:
        # As pictures: PyTorch shuffles no volumes whose channels are last in memory.
        pictures = self.logits(x).float().transpose(1, 2).flatten(0, 1)
        logits = F.pixel_shuffle(pictures, self._cells).squeeze(1)
        return logits.flatten(1).softmax(1).view_as(logits).unflatten(0, (len(x), -1))


class Seen:
    """What parts of a network gave last."""

    def __init__(self, network: nn.Module, parts: Iterable[str]) -> None:
        self._parts = tuple(parts)
        self._outputs: dict[str, Tensor] = {}
        for part in self._parts:
            network.get_submodule(part).register_forward_hook(partial(self._keep, part))

    def _keep(self, part: str, _module: nn.Module, _given: Any, output: Tensor) -> None:
        self._outputs[part] = output

    def taken(self) -> list[Tensor]:
        """In the order of the parts; once, so that nothing is taken for that of other frames."""
        if len(self._outputs) < len(self._parts):
            raise RuntimeError("the network must see the clips first")
        outputs, self._outputs = self._outputs, {}
        return [outputs[part] for part in self._parts]


def divergence(found: Float[Tensor, "... H W"], density: Float[Tensor, "... h w"]) -> Float[Tensor, " ..."]:
    """KL divergence; what either has at the right and below beside the other is cut."""
    rows, columns = (min(sizes) for sizes in zip(found.shape[-2:], density.shape[-2:], strict=True))
    return kld(found[..., :rows, :columns], density[..., :rows, :columns])
