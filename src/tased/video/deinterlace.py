"""Interlaced frames made whole, one for one."""

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.filter import Graph

_FILTER = "bwdif"
_OPTIONS = "mode=send_frame:deint=interlaced"  # frames flagged progressive pass untouched
_TICK = Fraction(1, 90000)  # of no consequence: a frame gets its own time back
_SMALLEST = (3, 4)  # width and height that the filter takes


class _Tags(NamedTuple):
    """What a frame knows beside its pixels; it waits here while they are in the filter."""

    pts: int | None
    colorspace: int
    color_range: int


def deinterlaced(frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The same frames at the same times; the filter starts with the first interlaced one, if any.

    It looks one frame ahead, so from then on frames come one later than they are taken.
    """
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    waiting: deque[_Tags] = deque()
    for frame in frames:
        now = (frame.width, frame.height, frame.format.name)
        if graph is not None and now != shape:
            graph.vpush(None)
            yield from _pull(graph, waiting)
            graph = None
        if graph is None and frame.interlaced_frame and _fits(frame):
            graph, shape = _graph(frame), now
        if graph is None:
            yield frame
            continue
        waiting.append(_Tags(frame.pts, frame.colorspace, frame.color_range))
        graph.vpush(frame)
        yield from _pull(graph, waiting)
    if graph is not None:
        graph.vpush(None)
        yield from _pull(graph, waiting)


def _fits(frame: av.VideoFrame) -> bool:
    return frame.width >= _SMALLEST[0] and frame.height >= _SMALLEST[1]


def _graph(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_TICK)
    graph.link_nodes(source, graph.add(_FILTER, _OPTIONS), graph.add("buffersink")).configure()
    return graph


def _pull(graph: Graph, waiting: deque[_Tags]) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        tags = waiting.popleft()
        frame.pts = tags.pts
        frame.colorspace, frame.color_range = tags.colorspace, tags.color_range
        yield frame
