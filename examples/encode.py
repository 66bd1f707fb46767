"""The same bitrate twice: once as the encoder likes it, once finer where people look.

    python examples/encode.py VIDEO FOLDER KBPS [MODEL]

Prints what that changes where people look and over the whole picture; leaves the file and a page about it.
"""

import sys
from pathlib import Path

import tased

source, folder, kbps, *model = sys.argv[1:]
done = tased.encode(
    source,
    Path(folder) / "seen.mp4",
    predictor=tased.load(*model),
    codec="x264",
    bitrate=1000 * int(kbps),
    comparison=Path(folder) / "report.html",
)
pair = done.comparison.asked
for name, quality in (("plain", pair.plain), ("regions", pair.regions)):
    print(
        f"{name:8} {quality.kbps:7.1f} kbit/s  {quality.weighted_psnr:5.2f} dB where people look  "
        f"{quality.psnr:5.2f} dB everywhere"
    )
