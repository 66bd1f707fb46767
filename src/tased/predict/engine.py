"""TASED-Net for windows that follow each other: the same maps as window by window, several times faster.

Axes: B batch, T time, H rows, W columns, C channels; tensors are contiguous as (B, T, H, W, C).
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tased.network.tased import TASEDNet, extend, padded
from tased.predict.clip import Clip, to_network
from tased.predict.decoding import Levels, fused_decoder
from tased.predict.film import Film
from tased.predict.fused import fuse
from tased.predict.poolings import pool_spans, switches
from tased.predict.reuse import Memory, Stage
from tased.predict.stages import X4_AFTER, X8_AFTER, Stem, blocks, stages


class Engine:
    """A TASED-Net in evaluation, prepared once, for any number of shots.

    In bfloat16 the layers up to x8 still compute in float32. Nearly all that maps of half precision differ by
    is switches that point elsewhere, and those of x4 and x8, the finer ones, move them most.
    """

    def __init__(self, network: TASEDNet, dtype: torch.dtype):
        self.dtype = dtype
        self.length = network.config.clip_length
        self.time = network.config.decoder_time
        stride4, self._stride5 = network.config.temporal_strides
        first = torch.promote_types(dtype, torch.float32)
        self.stem = Stem(network.encoder, first)
        row = stages(network.encoder, stride4, dtype, first)
        sharing = how_many_share(row, *self.stem.after(range(self.length)))
        self.sharing, self.single = row[:sharing], row[sharing:]
        self._blocks5 = blocks(network.encoder.mixed5, dtype)
        self._decode = fused_decoder(network.prediction.decoder, dtype)
        self._aggregate = [fuse(layer, dtype) for layer in network.prediction.aggregation]

    def shot(self) -> "Reusing":
        """Begin a shot, with nothing to reuse."""
        return Reusing(self)

    def frame(self, pixels: UInt8[Tensor, "3 H W"]) -> Tensor:
        """What the very first convolution makes of a frame: (H/2, W/2, 64)."""
        x = to_network(pixels[None, None])
        return self.stem.frame(extend(extend(x, 3, padded(x.shape[3])), 4, padded(x.shape[4])))

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


def how_many_share(row: Sequence[Stage], inner: range, centres: range) -> int:
    """The number of stages after which more than one position is inner; from there on nothing is shared."""
    for n, stage in enumerate(row):
        inner, centres = stage.after(inner, centres)
        if len(inner) < 2:
            return n
    return len(row)


class Reusing:
    """A shot: what its windows have computed so far, and their maps."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._film = Film(engine.length)
        self._stem = {step: Memory() for step in (1, -1)}
        # While windows go both ways, in the first T - 1 frames, those that go backwards share the stem alone:
        # a second set of the other memories would be the peak of all.
        self._memories = {step: [Memory(keeps=step > 0) for _ in engine.sharing] for step in (1, -1)}

    def __call__(self, clips: Sequence[Clip]) -> Float[Tensor, "B maps H W"]:
        """The maps of windows that begin no earlier than those before."""
        fronts = [self._front(clip) for clip in clips]
        x4, x8, x16 = (torch.cat(level) for level in zip(*fronts, strict=True))
        rows, columns = clips[0].frames[0].shape[1:]
        return self._engine.finish(x4, x8, x16)[..., :rows, :columns]

    def _front(self, clip: Clip) -> tuple[Tensor, Tensor, Tensor]:
        """x4 and x8, pooled to the decoder's time, and block 4's result: each of batch 1."""
        self._watch(clip)
        engine, step, levels = self._engine, clip.step, []
        compute = partial(engine.stem.some, self._film, clip.positions)
        row = self._stem[step].complete(*engine.stem.after(clip.positions), compute)
        for n, (stage, memory) in enumerate(zip(engine.sharing, self._memories[step], strict=True)):
            row = memory.complete(*stage.after(row.inner, row.centres), partial(stage.some, row))
            if n in (X4_AFTER, X8_AFTER):
                levels.append(pool_spans([parts[-1] for parts in row.parts], engine.time))
        parts = tuple(torch.cat(part, dim=1) for part in zip(*row.parts, strict=True))
        for n, stage in enumerate(engine.single, len(engine.sharing)):
            parts = stage.whole(parts)
            if n in (X4_AFTER, X8_AFTER):
                levels.append(pool_spans(parts[-1].split(1, dim=1), engine.time))
        return levels[0], levels[1], parts[0]

    def _watch(self, clip: Clip) -> None:
        """Bring the film to the end of the clip, and drop what no window from here on can ask for."""
        positions = clip.positions[:: clip.step]  # in the order of the shot
        self._film.begin(positions[0])
        frames = dict(zip(clip.positions, clip.frames, strict=True))
        for position in range(self._film.stop, positions[-1] + 1):
            self._film.add(self._engine.frame(frames[position]))
        for memory in (*self._stem.values(), *self._memories[1], *self._memories[-1]):
            memory.forget(positions[0])
