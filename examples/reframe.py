"""An upright version of a video, and how much of what people look at it keeps.

    python examples/reframe.py VIDEO OUT.mp4 [MODEL]

Prints each shot: when it begins, how it is shown, and where the crop goes.
"""

import sys
from pathlib import Path

import tased

source, target, *model = sys.argv[1:]
done = tased.reframe(source, Path(target), predictor=tased.load(*model), aspect="9:16")

track = done.track
for shot in track.shots:
    first, last = track.moved[shot][[0, -1]]
    shown = "whole" if track.whole[shot.start] else f"crop from {first} to {last} pixels"
    print(f"{track.seconds[shot.start]:6.2f} s: {shown}")
print(f"{done.width}x{done.height}, {done.kept:.0%} of attention; in the middle {done.centre:.0%}")
