"""Regions of a picture that an encoder is told to code finer or coarser than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np
from jaxtyping import Int

from tased.video.clock import TICK

LEVELS = 51  # FFmpeg's qoffset of 1 is so many QPs, for pictures of 8 bits


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of a picture, in pixels from its top left."""

    x: int
    y: int
    width: int
    height: int
    offset: int  # QPs, from -51 to 51; less than 0 is finer


def regions_of(
    offsets: Int[np.ndarray, "rows columns"], block: int, *, width: int, height: int
) -> tuple[Region, ...]:
    """Rectangles that paint a grid of offsets: apart from each other, and none where the offset is 0.

    A place of the grid is a square of `block` pixels, cut where the picture of `width` x `height` pixels
    ends. Each rectangle goes as far to the right as its offset does, then as far down.
    """
    left = offsets.astype(int)  # what is still to be painted
    found = []
    for row, column in np.argwhere(left):
        offset = left[row, column]
        if offset == 0:
            continue
        across = _length(left[row, column:] == offset)
        down = _length((left[row:, column : column + across] == offset).all(axis=1))
        left[row : row + down, column : column + across] = 0
        x, y = int(column) * block, int(row) * block
        found.append(Region(x, y, min(across * block, width - x), min(down * block, height - y), int(offset)))
    return tuple(found)


def _length(same: np.ndarray) -> int:
    """Of the run of true values that it begins with."""
    return len(same) if same.all() else int(same.argmin())


def marked(picture: av.VideoFrame, regions: Sequence[Region]) -> av.VideoFrame:
    """The same picture with its regions as side data, which libx264 and libx265 read.

    PyAV reads side data but does not write it, so FFmpeg's filter `addroi` does, once a region.
    """
    if not regions:
        return picture
    graph = av.filter.Graph()
    last = graph.add_buffer(width=picture.width, height=picture.height, format=picture.format, time_base=TICK)
    for r in regions:
        following = graph.add("addroi", f"{r.x}:{r.y}:{r.width}:{r.height}:{r.offset}/{LEVELS}")
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(picture)
    return graph.pull()  # type: ignore[return-value]  # of a graph of pictures
