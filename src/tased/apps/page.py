"""One HTML file that shows a predicted video: source, overlay and timeline, in step."""

import csv
from pathlib import Path
from typing import Any

from tased.apps.filled import filled
from tased.atomic import WholeFile
from tased.predict.statistics import AREAS
from tased.video.data_url import data_url, picture_url
from tased.video.read import open_video

STRIP = 10  # pictures in the film strip
POINTS = 400  # at most, in the timeline's curve


def write_page(
    page: Path, *, source: Path, overlay: Path, table: Path, model: str, title: str | None = None
) -> None:
    """Write a page that needs nothing but itself: movies, pictures and numbers are inside.

    `source` and `overlay` are .mp4 of H.264, for every browser plays them; `table` is the CSV that
    predict_video wrote of them. `title` is the source's name if none is given.
    """
    text = filled(
        "page.html",
        title=source.name if title is None else title,
        source=data_url("video/mp4", source.read_bytes()),
        overlay=data_url("video/mp4", overlay.read_bytes()),
        **shown(source=source, overlay=overlay, table=table, model=model),
    )
    with WholeFile(page) as file:
        file.write(text.encode())


def shown(*, source: Path, overlay: Path, table: Path, model: str) -> dict[str, Any]:
    """What the template player.html shows, but for the movies themselves: plain values, fit for JSON."""
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    every = -(-len(rows) // POINTS)
    video = open_video(source)
    return {
        "model": model,
        "width": video.width,
        "height": video.height,
        "frames": len(rows),
        "rate": float(video.rate),
        "strip": _strip(overlay, [float(row["seconds"]) for row in rows]),
        "areas": AREAS,
        "points": [
            {
                "t": round(float(row["seconds"]), 3),
                "x": round(float(row["peak_x"]) / video.width, 3),
                "y": round(float(row["peak_y"]) / video.height, 3),
                "spread": round(float(row["spread"]) / video.height, 4),
                "shares": [round(float(row[f"share_{area}"]), 3) for area in AREAS],
            }
            for row in rows[::every]
        ],
    }


def _strip(movie: Path, seconds: list[float]) -> list[tuple[float, str]]:
    """Small pictures of a movie at equal steps: their times, and what to put into `src`."""
    chosen = {round(i * (len(seconds) - 1) / max(1, STRIP - 1)) for i in range(STRIP)}
    strip = []
    for frame in open_video(movie):
        if frame.index in chosen:
            strip.append((seconds[frame.index], picture_url(frame.pixels, longest=160)))
    return strip
