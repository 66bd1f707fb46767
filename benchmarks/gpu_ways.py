"""Ways in which a TASED-Net can compute maps on a GPU; `gpu.py` compares them."""

from collections.abc import Callable, Iterator
from itertools import count

import torch
from torch import Tensor

from tased.apps.stand_in import scene
from tased.network import prediction
from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet
from tased.predict import decoding, fused
from tased.predict.batched import Batched
from tased.predict.clip import Clip, gathered, to_network
from tased.predict.engine import Engine

Maps = Callable[[list[Clip]], Tensor]


def windows(config: NetworkConfig, device: torch.device, together: int) -> Iterator[list[Clip]]:
    """A shot without end, of frames that repeat, so many windows at a time."""
    frames = [frame.to(device) for frame in scene(2 * config.clip_length, config.rows, config.columns)]
    for first in count(step=together):
        yield [
            Clip(tuple(frames[(n + i) % len(frames)] for i in range(config.clip_length)), n)
            for n in range(first, first + together)
        ]


def plain(network: TASEDNet, dtype: torch.dtype, layout: torch.memory_format) -> Maps:
    """The network as it is, with autocast and an order of axes."""
    own = TASEDNet(network.config).eval().to(next(network.parameters()).device)
    own.load_state_dict(network.state_dict())
    own.to(memory_format=layout)  # type: ignore[call-overload]

    def maps(clips: list[Clip]) -> Tensor:
        x = to_network(gathered(clips)).contiguous(memory_format=layout)
        with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
            return own(x)

    return maps


def chosen(maps: Maps) -> Maps:
    """With cuDNN trying what is fastest."""

    def quick(clips: list[Clip]) -> Tensor:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True):
            return maps(clips)

    return quick


def graphed(network: TASEDNet, dtype: torch.dtype, clips: list[Clip]) -> Maps:
    """The product's network as one CUDA graph, for so many windows."""
    inner = Batched(network, dtype).network
    x = to_network(gathered(clips)).to(dtype, memory_format=torch.channels_last_3d)
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            inner(x)
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result: Tensor = inner(x)

    def maps(clips: list[Clip]) -> Tensor:
        x.copy_(to_network(gathered(clips)))
        graph.replay()
        return result

    return maps


def compiled(network: TASEDNet, dtype: torch.dtype, *, backend: str, mode: str | None = None) -> Maps:
    """The product's network through torch.compile."""
    batched = Batched(network, dtype)
    batched.network.compile(backend=backend, mode=mode)
    return batched


def reusing(network: TASEDNet, dtype: torch.dtype) -> Maps:
    """The CPU's engine, without what of it only a CPU has: oneDNN, and writes in a known order.

    From here on the engine is without them in this process.
    """
    setattr(fused, "packs", lambda _: False)  # noqa: B010
    setattr(decoding, "unpool", unpool_in_any_order)  # noqa: B010
    with next(network.parameters()).device:
        return Engine(network, dtype).shot()


def unpool_in_any_order(x: Tensor, found: Tensor, rows: int, columns: int) -> Tensor:
    """`poolings.unpool` by way of the network's own, which puts values that others replace elsewhere."""
    time = x.shape[1]
    planes = torch.arange(time, device=x.device).view(1, -1, 1, 1, 1) * (rows * columns)
    y = prediction.unpool(
        x.permute(0, 4, 1, 2, 3),
        (found + planes).permute(0, 4, 1, 2, 3),
        torch.Size((time, rows, columns)),
    )
    return y.permute(0, 2, 3, 4, 1).contiguous()
