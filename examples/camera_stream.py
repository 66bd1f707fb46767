"""Maps while frames come in, as from a camera; a file stands in for it.

    python examples/camera_stream.py VIDEO [MODEL]

Prints where each frame is looked at most. A stream needs nothing but RGB pictures, one after the other;
OpenCV's VideoCapture gives BGR, so take `cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)` of each.
"""

import sys
from collections.abc import Iterator

import numpy as np

import tased


def camera(path: str) -> Iterator[np.ndarray]:
    """Pictures, (rows, columns, 3), RGB, 0..255."""
    for frame in tased.open_video(path):
        yield frame.pixels


def show(m: tased.SaliencyMap) -> None:
    """Print the highest place of a map."""
    row, column = np.unravel_index(int(m.values.argmax()), m.values.shape)
    print(f"{m.seconds:7.3f} s  frame {m.index}: x {column}, y {row}", flush=True)


source, *model = sys.argv[1:]
stream = tased.load(*model).stream(rate=25)  # frames a second: pictures alone have no times
for picture in camera(source):
    for m in stream.push(picture):
        show(m)
for m in stream.drain():
    show(m)
