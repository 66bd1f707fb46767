"""Would people look at a part of the picture, and when?

    python examples/attention.py VIDEO X Y WIDTH HEIGHT [MODEL]

The part is a rectangle in shares of the picture: 0.7 0.1 0.25 0.2 is near the upper right corner.
"""

import sys

import tased

source, x, y, width, height, *model = sys.argv[1:]
part = tased.Area.rectangle("part", float(x), float(y), float(width), float(height))
found = tased.attention(source, [part], predictor=tased.load(*model))

summary, _ = found.summaries  # of the part, and of anywhere else
first = (
    "never more than its size" if summary.first_seconds is None else f"from {summary.first_seconds:.2f} s on"
)
print(f"{summary.dwell_seconds:.2f} of {found.seconds:.2f} s, {summary.times_chance:.1f} times chance")
print(f"attended to: {first}; most at {summary.peak_seconds:.2f} s, with {summary.peak_share:.0%}")
