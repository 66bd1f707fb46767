"""What an encoder that does not learn has seen already, in this process: pictures are looked at once.

An encoder whose weights and statistics stay gives the same features for the same frame, in every epoch and in
every training that begins with it. What is left then is the prediction network, which costs far less.
"""

import hashlib
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from tased.errors import UsageError
from tased.network.build import Network
from tased.network.efficientnet import EfficientNetLite0
from tased.network.fold import folded
from tased.network.lite import TASEDLite
from tased.train.recipe import Recipe


class Recall:
    """Features of frames, by the frames: for a tased-lite, in half precision, 0.2 MB for each of 384x224.

    It may serve several trainings, one after the other, that begin with the same encoder.
    """

    def __init__(self) -> None:
        self._features: dict[bytes, list[Tensor]] = {}
        self._encoder: EfficientNetLite0 | None = None

    def serve(self, network: Network, recipe: Recipe) -> None:
        """Change a network, in place: its encoder recalls what it can.

        Raises UsageError for an encoder that learns, or is not the one whose features these are.
        """
        stays = recipe.encoder_rate == 0 < recipe.prediction_rate and recipe.statistics == "frozen"
        if not isinstance(network, TASEDLite) or not stays:
            raise UsageError(
                "recalled is a tased-lite's encoder that stays: encoder_rate=0, statistics=frozen"
            )
        encoder = folded(network).encoder
        if self._encoder is not None and not _same(self._encoder, encoder):
            raise UsageError("these features are those of another encoder; begin anew")
        self._encoder = encoder
        network.encoder.forward = partial(self._recalled, encoder)  # type: ignore[method-assign]

    @torch.no_grad()
    def _recalled(self, encoder: EfficientNetLite0, frames: Float[Tensor, "B 3 H W"]) -> list[Tensor]:
        found = []
        for frame in frames:
            key = hashlib.blake2b(frame.cpu().contiguous().numpy().data, digest_size=16).digest()
            if key not in self._features:
                self._features[key] = [
                    level[0].half().cpu() for level in encoder.to(frame.device)(frame[None])
                ]
            found.append(self._features[key])
        return [torch.stack(level).to(frames) for level in zip(*found, strict=True)]


def _same(one: EfficientNetLite0, other: EfficientNetLite0) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
