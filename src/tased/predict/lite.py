"""tased-lite as a model: densities of single frames, aggregated over time as frames come.

Two things are kept from frame to frame: a causal mean of the densities, and what moves by itself (`Motion`,
which undoes the camera's motion and remembers a third of a second). They are multiplied: people look at what
stands out, and of that at what moves. A cut begins a new shot, which remembers nothing.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from tased.network.config import LiteConfig
from tased.network.lite import PEAK, TASEDLite
from tased.predict.baselines.causal import CausalShot
from tased.predict.baselines.centre import Centre, centre_prior
from tased.predict.baselines.grid import Plane, unit_range
from tased.predict.baselines.motion import UNTIMED_RATE, Motion
from tased.predict.maps import resized
from tased.predict.network import to_network
from tased.predict.resize import resize
from tased.threads import alone
from tased.video.frame import Frame

Density = Float32[np.ndarray, "rows columns"]  # sums to 1


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, initializer=alone)


@contextmanager
def _alone() -> Iterator[None]:
    """PyTorch works in this thread only: more would wait for each other, and for motion's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class LiteModel:
    """A tased-lite network with its weights, on its device."""

    name: str
    network: TASEDLite
    device: torch.device
    precision: torch.dtype
    beside: ThreadPoolExecutor = field(default_factory=_one_thread)  # where motion is watched

    def shot(self) -> CausalShot:
        """Begin a new shot."""
        return CausalShot(_LiteViewer(self), self._finish)

    @torch.inference_mode()
    def density(self, frame: Frame) -> Density:
        """Of one frame by itself."""
        config = self.network.config
        half = torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)
        with _alone(), half:
            pixels = resize(frame.pixels, config.rows, config.columns)
            p = self.network.density(to_network(pixels[None, None].to(self.device))[:, :, 0])
        return p[0].float().cpu().numpy()

    def _finish(self, density: Density) -> Float[Tensor, "H W"]:
        return finished(density, self.network.config)


@dataclass(slots=True)
class CausalMean:
    """The exponential mean of densities, as they come: the past counts by how long ago it was."""

    memory: float  # seconds, the time constant; 0 for none
    _last: tuple[float, Density] | None = None  # when it was taken, and the mean then

    def add(self, density: Density, seconds: float) -> Density:
        """The mean so far, with the density of this moment."""
        if self._last is not None and self.memory:
            earlier, mean = self._last
            kept = math.exp(-max(seconds - earlier, 0) / self.memory)
            density = np.float32(kept) * mean + np.float32(1 - kept) * density
        self._last = (seconds, density)
        return density


class _LiteViewer:
    """A viewer who remembers where they looked, and what moved."""

    def __init__(self, model: LiteModel) -> None:
        self._model = model
        self._watcher = Motion().viewer()
        self._watching: Future[Callable[[], Plane]] | None = None
        self._mean = CausalMean(model.network.config.memory)

    def see(self, frame: Frame) -> Callable[[], Density]:
        """Motion is watched in every frame, beside the network, which looks at those that are wanted."""
        if not self._model.network.config.motion:
            return lambda: self._look(frame, None)
        if self._watching is not None:
            self._watching.result()  # what went wrong there is told here
        self._watching = watching = self._model.beside.submit(self._watcher.see, frame)
        return lambda: self._look(frame, watching)

    def _look(self, frame: Frame, watching: Future[Callable[[], Plane]] | None) -> Density:
        config = self._model.network.config
        seen = None if watching is None else self._model.beside.submit(lambda: watching.result()())
        density = self._model.density(frame)
        seconds = frame.seconds if math.isfinite(frame.seconds) else frame.index / UNTIMED_RATE
        density = self._mean.add(density, seconds)
        motion = None if seen is None else resized(unit_range(seen.result()), *density.shape)
        return aggregated(density, motion, config)


def aggregated(
    mean: Density, motion: Float32[np.ndarray, "rows columns"] | None, config: LiteConfig
) -> Density:
    """The density of a frame: the mean so far, times what moves (from 0 to 1), beside a centre prior."""
    p = mean**config.sharpness
    if motion is not None and config.motion:
        p = p * (motion + config.unmoved) ** config.motion
    p = p / p.sum()
    if config.centre:
        prior = centre_prior(p.shape, Centre())
        p = (1 - config.centre) * p + config.centre * prior / prior.sum()
    return p.astype(np.float32)


def finished(density: Density, config: LiteConfig) -> Float[Tensor, "H W"]:
    """The values of a map, in [0, 1]: 1 where it is `PEAK` times the uniform density."""
    values = density * np.float32(density.size / PEAK)
    return torch.from_numpy(resized(values, config.rows, config.columns).clip(0, 1))
