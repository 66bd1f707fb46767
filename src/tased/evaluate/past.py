"""A TASED-Net with another past than its clips have: does time matter to it?

If its maps are as good when the frames of the past are in random order, it has learned no motion; if they are
when the last frame is all of the past, it has learned nothing of time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tased.data.clip import Clip
from tased.errors import CheckpointError
from tased.evaluate.predictions import Scored
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights
from tased.predict.device import bfloat16_instructions, resolve_device
from tased.predict.finish import finished
from tased.predict.network import to_network
from tased.predict.resize import resize
from tased.predict.windows import windows

Past = Literal["as it was", "shuffled", "frozen"]
PASTS: tuple[Past, ...] = ("as it was", "shuffled", "frozen")
BATCH = 8  # windows at once


@dataclass(frozen=True, slots=True)
class Windows:
    """A TASED-Net on the windows of prediction, of which all frames but the last may be changed.

    Only frames that are asked for are predicted. `auto` computes in bfloat16 where that is quick.
    """

    weights: Path
    past: Past
    device: str = "auto"
    batch: int = BATCH
    precision: Literal["auto", "float32"] = "auto"
    called: str = "tased"

    @property
    def name(self) -> str:
        """As tables call it."""
        return self.called if self.past == "as it was" else f"{self.called}, {self.past} past"

    @property
    def identity(self) -> str:
        """What the maps depend on."""
        return f"{self.weights_sha256}|{self.past}"

    @property
    def weights_sha256(self) -> str:
        """Of the file."""
        return read_weights(self.weights).sha256

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """The maps of some frames, finished."""
        config = _loaded(self.weights, self.device)[0].config
        for index, values in zip(frames, self.maps(clip, frames), strict=True):
            yield Scored(index, finished(values, config).numpy(), clip.truth(index))

    def maps(self, clip: Clip, frames: Sequence[int]) -> Iterator[Float[Tensor, "H W"]]:
        """What the network gives for some frames; only these are predicted."""
        network, device = _loaded(self.weights, self.device)
        config = network.config
        seen = torch.stack([resize(f.pixels, config.rows, config.columns) for f in clip.video()])
        plan = [window.frames for window in windows(clip.frames, config.clip_length)]
        for begun in range(0, len(frames), self.batch):
            some = frames[begun : begun + self.batch]
            clips = torch.stack([seen[list(self.order(plan[index]))] for index in some])
            quick = device.type == "cuda" or bool(bfloat16_instructions())
            half = torch.autocast(device.type, torch.bfloat16, enabled=quick and self.precision == "auto")
            with torch.inference_mode(), half:
                maps = network(to_network(clips.to(device)))
            yield from maps.float().cpu()

    def order(self, frames: Sequence[int]) -> tuple[int, ...]:
        """What is shown for a window: the frame that is asked for is always the last."""
        *past, last = frames
        if self.past == "shuffled":
            past = np.random.default_rng(last).permutation(past).tolist()
        elif self.past == "frozen":
            past = [last] * len(past)
        return (*past, last)


@lru_cache(maxsize=1)
def _loaded(path: Path, device: str) -> tuple[TASEDNet, torch.device]:
    network = network_from(read_weights(path))
    if not isinstance(network, TASEDNet):
        raise CheckpointError(f"{path}: is no TASED-Net")
    where = resolve_device(device)
    return network.to(where).eval(), where
