"""How attention is shared between the nine parts of the picture, over a whole video.

    python examples/table.py VIDEO TABLE.csv [MODEL]

Writes one row a frame, then averages the shares: this is where a caption would be read, and where not.
"""

import csv
import sys
from pathlib import Path
from statistics import fmean

import tased
from tased.apps.outputs import Outputs
from tased.apps.predict import predict_video

source, target, *model = sys.argv[1:]
predict_video(source, Outputs(table=Path(target)), predictor=tased.load(*model))

with Path(target).open(newline="") as file:
    rows = list(csv.DictReader(file))
for down in ("top", "middle", "bottom"):
    shares = (
        fmean(float(row[f"share_{down}_{across}"]) for row in rows) for across in ("left", "centre", "right")
    )
    print(" ".join(f"{share:6.1%}" for share in shares))
