"""What the engine computes for a map, layer by layer: derived by formula, and counted as it runs.

    python benchmarks/reuse_counts.py

The two must be equal. Derived: a position of a layer sees the frames within its reach of the one at its
centre; it is shared if none of them is outside of this window, or of the one before that has a position at
the same frame. Counted: from the shapes that the engine's own convolutions are called with, in a shot that is
under way. Writes benchmarks/results/reuse_counts.json.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import lcm
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tased.apps.endless import WARM
from tased.apps.stand_in import scene
from tased.network.config import RELEASED, NetworkConfig
from tased.network.counts import count
from tased.network.encoder import WIDTHS, Widths
from tased.network.tased import TASEDNet, padded
from tased.predict.clip import Clip
from tased.predict.engine import Engine

RESULTS = Path(__file__).parent / "results" / "reuse_counts.json"

EVERY = (1, 2, 3, 4, 5, 8, 12)

FRAME = "within a frame: 1×7×7"
STEM = "along time: 7×1×1, then within: 1×1×1, 1×3×3"
SECOND = "along time: 3×1×1"
WITHIN = "{}, within positions"
ALONG = "{}, along time"
REST4 = "4b, along time, to 4f"
LEVEL5, DECODER, AGGREGATION = "5b, 5c", "decoding in space", "aggregation in time"


@dataclass(frozen=True, slots=True)
class Layer:
    """Some layers that compute the same positions in time."""

    positions: int  # of a window
    computed: int  # of these by the engine
    plain: int  # multiply-adds for one map, window by window
    engine: int


def derived(config: NetworkConfig, every: int = 1) -> dict[str, Layer]:
    """From the table of widths, for the published network at the config's own size of frames.

    Of `every` Nth frame: the window before that has positions at the same frames is then further away.
    """
    rows, columns, time = padded(config.rows), padded(config.columns), config.clip_length
    area = {1: rows * columns}
    edge = {1: 0}  # pixels more where a transposed convolution of 4 is computed as four convolutions of 2
    for stride in (2, 4, 8, 16, 32):
        rows, columns = -(-rows // 2), -(-columns // 2)
        area[stride], edge[stride] = rows * columns, rows + columns + 1
    stride4, _ = config.temporal_strides

    def positions(stride: int, reach: int) -> list[bool]:
        """Of each position in a window whether it is shared."""
        centres = range(0, time, stride)
        apart = lcm(stride, every)
        return [c - reach >= 0 and c + reach + apart < time for c in centres]

    def layer(shared: list[bool], each: int) -> Layer:
        """`each` is what a position costs."""
        computed = shared.count(False)
        return Layer(len(shared), computed, len(shared) * each, computed * each)

    found = {FRAME: layer([n < time - every for n in range(time)], area[2] * 3 * 64 * 7 * 7)}
    shared, reach = positions(2, 3), 3
    rest = layer(shared, area[4] * (64 * 64 + 64 * 192 * 3 * 3))
    # The engine leaves out what a kernel has outside of the window.
    inside = [sum(0 <= f < time for f in range(2 * i - 3, 2 * i + 4)) for i in range(len(shared))]
    taps = sum(number for number, known in zip(inside, shared, strict=True) if not known)
    found[STEM] = Layer(
        rest.positions,
        rest.computed,
        rest.plain + len(shared) * 7 * area[2] * 64 * 64,
        rest.engine + taps * area[2] * 64 * 64,
    )
    reach += 2
    shared = positions(2, reach)
    found[SECOND] = layer(shared, area[4] * 3 * 192 * 192)
    for name, width, widths in blocks("3", 192):
        found[WITHIN.format(name)] = layer(shared, area[8] * within(width, widths))
        reach += 2
        shared = positions(2, reach)
        found[ALONG.format(name)] = layer(shared, area[8] * along(width, widths))
    reach += 2  # the pooling before block 4
    shared = positions(2 * stride4, reach)
    parts, stride = [], 2 * stride4
    for _, width, widths in blocks("4", 480):
        parts.append(layer(shared, area[16] * within(width, widths)))
        reach += stride
        shared = positions(stride, reach)
        parts.append(layer(shared, area[16] * along(width, widths)))
    found[WITHIN.format("4b")], *rest4 = parts
    found[REST4] = Layer(
        len(shared), rest4[0].computed, sum(x.plain for x in rest4), sum(x.engine for x in rest4)
    )

    steps = config.decoder_time
    level5 = sum(within(c, w) + along(c, w) for _, c, w in blocks("5", 832))
    found[LEVEL5] = layer([False] * steps, area[32] * level5)
    decoding = area[32] * 1024 * (1024 + 832 * 9) + area[16] * 832 * 480 * 9 + area[8] * 480 * 192 * 9
    found[DECODER] = layer([False] * steps, decoding)
    _, q = config.temporal_kernels
    doubling4, doubling2 = steps * 192 * 64 * 16, 4 * 4 * 16
    between = area[2] * (steps * 64 * 64 + q * 64 * 4 + q * 4 * 4) + area[1] * 4 * config.maps
    plain = doubling4 * area[4] + doubling2 * area[2] + between
    found[AGGREGATION] = Layer(steps, steps, plain, plain + doubling4 * edge[4] + doubling2 * edge[2])
    return found


def blocks(level: str, c_in: int) -> Iterator[tuple[str, int, Widths]]:
    """The name, the channels before, and the widths of each block of a level."""
    for letter, widths in zip("bcdef", WIDTHS[level], strict=False):
        yield level + letter, c_in, widths
        c_in = widths.out


def within(c_in: int, w: Widths) -> int:
    """Multiply-adds of an Inception block at one place, but for those along time and after the pooling."""
    return c_in * (w.direct + w.reduce3 + w.reduce5) + 9 * (w.reduce3 * w.conv3 + w.reduce5 * w.conv5)


def along(c_in: int, w: Widths) -> int:
    """The others: the two temporal convolutions, and the 1x1x1 after the pooling, which looks along time."""
    return 3 * (w.conv3**2 + w.conv5**2) + c_in * w.pool


class MultiplyAdds(TorchDispatchMode):
    """Counts those of the engine's convolutions from their shapes, each under the name that is set then."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.by_name: Counter[str] = Counter()
        self.name = ""

    @property
    def total(self) -> int:
        """Of all names."""
        return self.by_name.total()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if "convolution" in func.name():
            weight = args[1]
            self.by_name[self.name] += result.numel() * weight.shape[1] * weight.shape[2] * weight.shape[3]
        return result

    def named(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, what it computes counted under a name."""

        def call(*arguments: Any) -> Any:
            self.name = name
            return function(*arguments)

        return call


@contextmanager
def by_layer(engine: Engine, counter: MultiplyAdds) -> Iterator[None]:
    """Let every part of an engine say its name to the counter."""
    named = counter.named
    alongs = [SECOND, *map(ALONG.format, ("3b", "3c")), *[REST4] * 6]
    withins = [*map(WITHIN.format, ("3b", "3c")), "", WITHIN.format("4b"), *[REST4] * 5]
    row = [
        stage._replace(along=named(a, stage.along), within=named(w, stage.within))
        for stage, a, w in zip([*engine.sharing, *engine.single], alongs, withins, strict=True)
    ]
    parts: list[tuple[object, str, object]] = [
        (engine.stem, "frame", named(FRAME, engine.stem.frame)),
        (engine.stem, "some", named(STEM, engine.stem.some)),
        (engine, "sharing", row[: len(engine.sharing)]),
        (engine, "single", row[len(engine.sharing) :]),
        (engine, "_blocks5", [named(LEVEL5, block) for block in engine._blocks5]),
        (engine, "_decode", named(DECODER, engine._decode)),
        (engine, "_aggregate", [named(AGGREGATION, layer) for layer in engine._aggregate]),
    ]
    with ExitStack() as stack:
        for owner, attribute, replacement in parts:
            stack.enter_context(patch.object(owner, attribute, replacement))
        yield


@torch.inference_mode()
def counted(config: NetworkConfig, every: int = 1) -> dict[str, int]:
    """What an engine's convolutions are called with, for one map of a shot that is under way."""
    length, windows = config.clip_length, WARM + 1
    engine, counter = Engine(TASEDNet(config).eval(), torch.float32), MultiplyAdds()
    frames = list(scene(length + every * (windows - 1), config.rows, config.columns))
    with by_layer(engine, counter):
        shot = engine.shot()
        for first in range(0, every * windows, every):
            counter.by_name.clear()
            with counter:
                shot([Clip(tuple(frames[first : first + length]), first)])
    return dict(counter.by_name)


def main() -> int:
    """Derive, count, compare, print and write."""
    layers, found = derived(RELEASED), counted(RELEASED)
    plain, engine = (sum(getattr(layer, way) for layer in layers.values()) for way in ("plain", "engine"))
    for name, layer in layers.items():
        print(
            f"{name:46} {layer.computed:2} of {layer.positions:2}  {layer.plain / 1e9:6.2f} G  "
            f"{layer.engine / 1e9:6.2f} G  counted {found.get(name, 0) / 1e9:6.2f} G"
        )
    print(f"{'all':46}           {plain / 1e9:6.2f} G  {engine / 1e9:6.2f} G")
    report = {
        "what": "multiply-adds of one map of the published network, in a shot that is under way",
        "command": "python benchmarks/reuse_counts.py",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"torch": version("torch")},
        "clip_length": RELEASED.clip_length,
        "rows": RELEASED.rows,
        "columns": RELEASED.columns,
        "layers": {name: asdict(layer) | {"counted": found.get(name, 0)} for name, layer in layers.items()},
        "every": {n: sum(layer.engine for layer in derived(RELEASED, n).values()) for n in EVERY},
        "all": {"plain": plain, "engine": engine, "counted": sum(found.values())},
        "plain_by_torchs_counter": count(RELEASED).multiply_accumulates,
    }
    RESULTS.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    same = {name: layer.engine for name, layer in layers.items()} == found
    return 0 if same and plain == report["plain_by_torchs_counter"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
