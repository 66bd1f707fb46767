"""TASED-Net for windows side by side, as GPUs want it: the maps of the plain network, but for rounding.

Not run on a GPU yet, for want of one: its arithmetic is tested on a CPU, where it is of no use.
"""

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from tased.errors import UsageError
from tased.network.encoder import Conv
from tased.network.tased import TASEDNet
from tased.predict.clip import Clip, gathered, to_network

# Windows at a time. A guess: enough to fill a large GPU, and by the sizes of the first layers' results about
# 2 GB in half precision, twice that in float32, so that a small one holds them.
TOGETHER = 8


class Batched:
    """A TASED-Net in evaluation, prepared once: normalization folded in, channels last, in one precision."""

    def __init__(self, network: TASEDNet, dtype: torch.dtype):
        quick = copy.deepcopy(network).eval().requires_grad_(False)
        for module in quick.modules():
            if isinstance(module, Conv):
                transposed = isinstance(module.conv, nn.ConvTranspose3d)
                module.conv = fuse_conv_bn_eval(module.conv, module.norm, transposed)
                module.register_module("norm", nn.Identity())
        self.network = quick.to(dtype).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self._dtype = dtype

    def __call__(self, clips: Sequence[Clip]) -> Float[Tensor, "B maps H W"]:
        """The maps of windows of one shot, whose frames are on the network's device.

        Raises UsageError if its memory does not hold what they need.
        """
        try:
            x = to_network(gathered(clips)).to(self._dtype, memory_format=torch.channels_last_3d)
            maps: Tensor = self.network(x)
        except torch.OutOfMemoryError as error:
            raise UsageError(
                f"{len(clips)} windows of {self._dtype} at a time are too much for the GPU's memory; take "
                "precision bfloat16 if it is float32, end other programs there, or take device cpu"
            ) from error
        return maps.view(len(clips), -1, *maps.shape[-2:])
