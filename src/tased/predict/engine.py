"""TASED-Net for windows that follow each other: the same maps as window by window, several times faster.

Axes: B batch, T time, H rows, W columns, C channels; tensors are contiguous as (B, T, H, W, C).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tased.network.tased import TASEDNet, extend, padded
from tased.predict.clip import Clip, to_network
from tased.predict.decoding import Levels, fused_decoder
from tased.predict.fused import Spatial, fuse
from tased.predict.poolings import pool_spans, switches
from tased.predict.reuse import Memory, Parts, Row
from tased.predict.stages import X4_AFTER, X8_AFTER, blocks, stages


class Engine:
    """A TASED-Net in evaluation, prepared once, for any number of shots."""

    def __init__(self, network: TASEDNet, dtype: torch.dtype):
        self.dtype = dtype
        self.time = network.config.decoder_time
        stride4, self._stride5 = network.config.temporal_strides
        self._frame = Spatial(dict(network.encoder.stem.named_modules())["0.spatial"], dtype)
        self.stages = stages(network.encoder, stride4, dtype)
        self._blocks5 = blocks(network.encoder.mixed5, dtype)
        self._decode = fused_decoder(network.prediction.decoder, dtype)
        self._aggregate = [fuse(layer, dtype) for layer in network.prediction.aggregation]

    def shot(self) -> "Reusing":
        """Begin a shot, with nothing to reuse."""
        return Reusing(self)

    def frame(self, pixels: UInt8[Tensor, "3 H W"]) -> Tensor:
        """What the very first convolution makes of a frame: (1, 1, H/2, W/2, 64)."""
        x = to_network(pixels[None, None])
        x = extend(extend(x, 3, padded(x.shape[3])), 4, padded(x.shape[4]))
        return self._frame(x.to(self.dtype).permute(0, 2, 3, 4, 1).contiguous())

    def finish(self, x4: Tensor, x8: Tensor, x16: Tensor) -> Float[Tensor, "B maps H W"]:
        """From what block 4 gives, with x4 and x8 pooled to the decoder's time, to the maps."""
        x16 = pool_spans(x16.split(1, dim=1), x16.shape[1] // self._stride5)
        x32, found16 = switches(x16, 2)
        for block in self._blocks5:
            x32 = block(x32)
        x = self._decode(Levels(x4, x8, x16, x32, found16))
        for layer in self._aggregate:
            x = layer(x)
        # As in TASEDNet: not in half precision.
        return x.squeeze(1).permute(0, 3, 1, 2).to(torch.promote_types(x.dtype, torch.float32)).sigmoid()


class Reusing:
    """A shot: what its windows have computed so far, and their maps."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._frames: dict[int, Tensor] = {}  # by position in the shot
        self._memories = {step: [Memory(stage) for stage in engine.stages] for step in (1, -1)}

    def __call__(self, clips: Sequence[Clip]) -> Float[Tensor, "B maps H W"]:
        """The maps of windows that begin no earlier than those before; (B, maps, H, W)."""
        fronts = [self._front(clip) for clip in clips]
        x4, x8, x16 = (torch.cat(level) for level in zip(*fronts, strict=True))
        rows, columns = clips[0].frames[0].shape[1:]
        return self._engine.finish(x4, x8, x16)[..., :rows, :columns]

    def _front(self, clip: Clip) -> tuple[Tensor, Tensor, Tensor]:
        """x4 and x8, pooled to the decoder's time, and block 4's result: each of batch 1."""
        self._forget(min(clip.positions))
        for position, pixels in zip(clip.positions, clip.frames, strict=True):
            if position not in self._frames:
                self._frames[position] = self._engine.frame(pixels)
        row = Row(
            [(self._frames[i],) for i in clip.positions], range(len(clip.frames)), clip.first, clip.step
        )
        levels = []
        parts: Parts = ()
        for n, (stage, memory) in enumerate(zip(self._engine.stages, self._memories[clip.step], strict=True)):
            if not parts and len(row.after(stage)[1]) <= 1:  # from here on windows share nothing
                parts = tuple(torch.cat(p, dim=1) for p in zip(*row.parts, strict=True))
            if parts:
                parts = stage.whole(parts)
            else:
                row = memory.advance(row)
            if n in (X4_AFTER, X8_AFTER):
                steps = parts[-1].split(1, dim=1) if parts else [p[-1] for p in row.parts]
                levels.append(pool_spans(steps, self._engine.time))
        x4, x8 = levels
        return x4, x8, parts[0] if parts else torch.cat([p[0] for p in row.parts], dim=1)

    def _forget(self, before: int) -> None:
        """Drop what no window from `before` on can ask for."""
        for frame in [f for f in self._frames if f < before]:
            del self._frames[frame]
        for memories in self._memories.values():
            for memory in memories:
                memory.forget(before)
