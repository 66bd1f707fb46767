"""Where people look in what happens now: a camera, a screen, a stream, or a file played at its own rate."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Protocol

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from tased.apps.newest import Newest
from tased.apps.overlay import HEAT, OverlayStyle, overlay
from tased.errors import UsageError
from tased.predict.maps import SaliencyMap
from tased.predict.network import NetworkModel
from tased.predict.predictor import Predictor
from tased.predict.scale import scaled
from tased.video.capture import Captured, capture
from tased.video.frame import Frame
from tased.video.live_source import LiveSource, live_source

LARGEST = (720, 1280)  # rows, columns; what is larger is shrunk to fit
POLL = 0.02  # seconds without a frame after which a screen is asked whether it goes on
SILENCE = 1.0  # seconds without a frame after which that is said
RECENT = 50  # frames over which latency and rate are told meanwhile


@dataclass(frozen=True, slots=True)
class Status:
    """How it goes, as a screen tells it."""

    frames: int  # shown so far
    dropped: int  # that came while others were worked on, so far
    latency: float  # seconds from capture to shown, median of the last frames; NaN before the first
    rate: float  # frames shown a second, of the last ones; NaN before the second
    waiting: int  # frames that the model still needs before its first map
    silent: float = 0.0  # seconds since the latest frame came, where that is more than a second ago

    @property
    def text(self) -> str:
        """In one line."""
        if self.silent:
            return f"no frame for {self.silent:.0f} s: this is the last one"
        if self.waiting:
            return f"no map yet: the model needs {self.waiting} more frames"
        if math.isnan(self.rate):
            return "begins"
        return f"{1000 * self.latency:.0f} ms late, {self.rate:.1f} frames a second, {self.dropped} dropped"


class Screen(Protocol):
    """Where overlays are shown: a LiveWindow or a LivePage that is open, or what you make."""

    def show(self, pixels: UInt8[np.ndarray, "H W 3"], status: Status) -> None:
        """Show a picture, RGB, and how it goes."""

    def open(self) -> bool:
        """Whether it goes on; False once the user has closed it. Asked often."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that was shown."""

    frame: Frame  # as it was predicted and shown, shrunk to the largest size
    map: SaliencyMap | None  # the latest, of this frame unless `every` leaves it out; None before the first
    latency: float  # seconds from capture to shown


@dataclass(frozen=True, slots=True)
class LiveSummary:
    """What was shown in all."""

    frames: int  # shown
    dropped: int  # never worked on, because a newer one was there
    seconds: float  # from the first to the last shown
    latency: float  # seconds from capture to shown, median; NaN if nothing was shown
    latency_95: float  # its 95th percentile
    interrupted: bool  # by Ctrl-C


def live(
    source: str | Path = "camera",
    *,
    predictor: Predictor,
    screen: Screen,
    size: tuple[int, int] = LARGEST,
    every: int = 1,
    cuts: bool = False,
    style: OverlayStyle = HEAT,
    seconds: float | None = None,
    loop: bool = False,
    report: Callable[[Seen], None] = lambda _: None,
) -> LiveSummary:
    """Show where people look in a live source, until it ends, the screen is closed, or Ctrl-C.

    `source` is what tased.video.live_source.live_source takes. A thread reads it and keeps the newest frame
    only, so frames are dropped rather than late: no frame is older, when it is shown, than one period of the
    source and the work on one frame together. That is for models without lag; a network that looks at T
    frames shows its first map with the T-th, and is T - 1 frames late until 2 T - 2 have come.

    `size` is (rows, columns); larger frames are shrunk to fit. `every` N predicts every Nth frame; between
    them the latest map stays. `cuts` begins anew at every hard cut. `seconds` is when to stop, after the
    first frame; `loop` plays a file again and again. `report` is told every frame that was shown.

    Raises UsageError for options that cannot be, VideoError when the source cannot be opened, or is lost.
    """
    if every < 1:
        raise UsageError(f"every is {every}; it must be 1 (all frames) or more")
    if min(size) < 1:
        raise UsageError(f"a size of {size[1]}x{size[0]} was asked for; it must be 1x1 or more")
    if seconds is not None and not seconds > 0:
        raise UsageError(f"{seconds} seconds were asked for; it must be more than 0")
    viewer = _Viewer(predictor, every=every, cuts=cuts)
    told = _Tally()
    interrupted, pixels = False, None
    try:
        with _reading(live_source(str(source)), loop=loop) as frames:
            for item in _taken(frames, screen, seconds):
                if item is None:
                    if pixels is not None:
                        screen.show(pixels, told.status(viewer.waiting, silent=True))
                    continue
                told.taken(item.frame.index)
                found = viewer.push(replace(item, frame=_shrunk(item.frame, size)))
                if found is None:
                    continue
                shown, m = found
                pixels = _drawn(shown.frame, m, style)
                screen.show(pixels, told.status(viewer.waiting))
                latency = time.monotonic() - shown.at
                told.shown(latency)
                report(Seen(shown.frame, m, latency))
    except KeyboardInterrupt:
        interrupted = True
    return told.summary(interrupted=interrupted)


@contextmanager
def _reading(source: LiveSource, *, loop: bool) -> Iterator[Newest[Captured]]:
    """The newest frame of a source, read in a thread of its own."""
    newest: Newest[Captured] = Newest()
    stop = Event()

    def read() -> None:
        try:
            for captured in capture(source, stop, loop=loop):
                newest.put(captured)
            newest.end()
        except Exception as error:  # whatever it is, it is raised where frames are taken
            newest.end(error)

    # A device that hangs in its driver must not hold up the end of the program.
    thread = Thread(target=read, name="tased-capture", daemon=True)
    thread.start()
    try:
        yield newest
    finally:
        stop.set()
        thread.join(timeout=2)


def _taken(frames: Newest[Captured], screen: Screen, seconds: float | None) -> Iterator[Captured | None]:
    """The newest frame, whenever there is time for one; None for every `SILENCE` without one."""
    number, end = 0, math.inf
    patience = time.monotonic() + SILENCE
    while screen.open() and time.monotonic() < end:
        found = frames.after(number, POLL)
        if found is None:
            if frames.ended:
                return
            if time.monotonic() > patience:
                patience += SILENCE
                yield None
            continue
        number, item = found
        patience = item.at + SILENCE
        if seconds is not None and end == math.inf:
            end = item.at + seconds
        yield item


def _shrunk(frame: Frame, size: tuple[int, int]) -> Frame:
    rows, columns = size
    if frame.pixels.shape[0] <= rows and frame.pixels.shape[1] <= columns:
        return frame
    picture = Image.fromarray(frame.pixels)
    picture.thumbnail((columns, rows), Image.Resampling.BILINEAR)
    return replace(frame, pixels=np.array(picture))


def _drawn(frame: Frame, m: SaliencyMap | None, style: OverlayStyle) -> UInt8[np.ndarray, "H W2 3"]:
    rows, columns = frame.pixels.shape[:2]
    values = np.zeros((rows, columns), np.float32) if m is None else m.resized(rows, columns).values.numpy()
    return overlay(frame.pixels, scaled(values, "frame", 1.0), style)


class _Viewer:
    """Frames in; out comes the newest one that there is a map for, with it."""

    def __init__(self, predictor: Predictor, *, every: int, cuts: bool):
        model = predictor.model
        self._needed = model.network.config.clip_length if isinstance(model, NetworkModel) else 1
        self._stream = predictor.stream(cuts=cuts, size="network")
        self._every = every
        self._begin(())

    def _begin(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._count = 0
        self._pending: deque[Captured] = deque()  # pushed, and without a map
        self._latest: SaliencyMap | None = None
        self._stream.reset()

    @property
    def waiting(self) -> int:
        """How many more frames it takes to the first map."""
        return 0 if self._latest is not None else max(0, self._needed - len(self._pending))

    def push(self, item: Captured) -> tuple[Captured, SaliencyMap | None] | None:
        """Before the first map every frame comes without one; None where a frame has to wait for its own."""
        if item.frame.pixels.shape != self._shape:  # the first one, or of a source that came back
            self._begin(item.frame.pixels.shape)
        predicted = self._count % self._every == 0
        self._count += 1
        if predicted:
            self._pending.append(item)
            ready = [(self._pending.popleft(), m) for m in self._stream.push(item.frame)]
            if ready:
                self._latest = ready[-1][1]
                return ready[-1]
        return None if self._pending and self._latest is not None else (item, self._latest)


class _Tally:
    """Counts what was shown and how late."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=RECENT)  # when the last frames were shown
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._milliseconds: Counter[int] = Counter()  # of all frames: takes no more memory after a day
        self._began = 0.0
        self._dropped = 0
        self._last = -1  # index of the latest frame that was taken

    def taken(self, index: int) -> None:
        """A frame was worked on; those between it and the one before were not."""
        self._dropped += index - self._last - 1
        self._last = index

    def shown(self, latency: float) -> None:
        """A frame was shown, so many seconds after its capture."""
        now = time.monotonic()
        self._began = self._began or now
        self._times.append(now)
        self._latencies.append(latency)
        self._milliseconds[round(1000 * latency)] += 1

    def status(self, waiting: int, *, silent: bool = False) -> Status:
        """As it is now; `silent` if no frame comes."""
        told = len(self._times) > 1
        return Status(
            frames=self._milliseconds.total(),
            dropped=self._dropped,
            latency=median(self._latencies) if told else math.nan,
            rate=(len(self._times) - 1) / (self._times[-1] - self._times[0]) if told else math.nan,
            waiting=waiting,
            silent=time.monotonic() - self._times[-1] if silent else 0.0,
        )

    def summary(self, *, interrupted: bool) -> LiveSummary:
        """In all; latencies to a millisecond."""
        ordered = sorted(self._milliseconds.elements())
        return LiveSummary(
            frames=len(ordered),
            dropped=self._dropped,
            seconds=self._times[-1] - self._began if ordered else 0.0,
            latency=median(ordered) / 1000 if ordered else math.nan,
            latency_95=ordered[math.ceil(0.95 * len(ordered)) - 1] / 1000 if ordered else math.nan,
            interrupted=interrupted,
        )
