"""Say in words where people look, as it happens: a screen of one's own for `tased.live`.

    python examples/live.py [SOURCE] [SECONDS] [MODEL]

SOURCE is what `tased live` takes: camera (the default), camera:1, screen, an address, or a file.
"""

import sys

import numpy as np

import tased
from tased.apps.live import Seen, Status

THIRDS = ("left", "middle", "right")


class Nothing:
    """A screen that shows nothing: what is wanted here are words."""

    def show(self, pixels: np.ndarray, status: Status) -> None:
        """Overlays come here: RGB, 0..255, for a window or a network of your own."""

    def open(self) -> bool:
        """Go on until the source ends, the seconds are over, or Ctrl-C."""
        return True


def say(seen: Seen) -> None:
    """Which third of the picture has most of the attention."""
    if seen.map is None:  # the full network is still waiting for its first frames
        return
    shares = [float(part.sum() / seen.map.values.sum()) for part in seen.map.values.tensor_split(3, dim=1)]
    most = int(np.argmax(shares))
    late = f"{1000 * seen.latency:.0f} ms after it was seen"
    print(f"{seen.frame.seconds:6.2f} s: {shares[most]:.0%} {THIRDS[most]}, {late}", flush=True)


source, seconds, model = (*sys.argv[1:], *("camera", "10", "lite")[len(sys.argv) - 1 :])
done = tased.live(source, predictor=tased.load(model), screen=Nothing(), seconds=float(seconds), report=say)
print(f"{done.frames} frames, {done.dropped} dropped")
