"""One HTML file for a colleague: how much attention areas hold, with pictures, and numbers to take along."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tased.apps.areas.colours import GRAY, colour_of, dash_of
from tased.apps.areas.file import areas_json
from tased.apps.areas.result import COLUMNS, Attention
from tased.apps.areas.tally import FACTOR, LEAST
from tased.apps.filled import filled
from tased.atomic import WholeFile
from tased.evaluate.report import ticks_over
from tased.predict.packaged import measured_scores
from tased.predict.predictor import Predictor
from tased.video.data_url import data_url
from tased.video.read import Video
from tased.video.write_table import csv_text


def write_attention_report(
    path: Path,
    found: Attention,
    *,
    video: Video,
    pictures: Sequence[tuple[float, str]],
    predictor: Predictor,
) -> None:
    """Write a page that needs nothing but itself and can be read on a phone.

    `pictures` are times and data URLs of frames with their heat map and areas. Names are escaped: they may
    come from anyone.
    """
    shares = np.array([point.shares for point in found.timeline])
    ticks = ticks_over(0, max(0.01, float(np.nanmax(shares))))
    last = len(found.summaries) - 1
    areas = [
        {
            "summary": summary,
            "number": number + 1 if number < last else None,
            "colour": colour_of(number) if number < last else GRAY,
            "dash": " ".join(map(str, dash_of(number) if number < last else (1, 3))),
            "line": _line(found, shares[:, number], ticks[-1]),
        }
        for number, summary in enumerate(found.summaries)
    ]
    text = filled(
        "attention.html",
        title=video.path.name,
        found=found,
        width=video.width,
        height=video.height,
        model=predictor.model.name,
        scores=measured_scores() if predictor.packaged else None,
        areas=areas,
        ticks=[(100 - 100 * tick / ticks[-1], f"{100 * tick:g} %") for tick in ticks],
        pictures=pictures,
        downloads=_downloads(found, video, predictor.model.name),
        factor=FACTOR,
        least=LEAST,
        points=[
            [round(point.seconds, 3), *(None if np.isnan(s) else round(float(s), 4) for s in point.shares)]
            for point in found.timeline
        ],
    )
    with WholeFile(path) as file:
        file.write(text.encode())


def _line(found: Attention, shares: np.ndarray, highest: float) -> str:
    """An SVG path in a box of 1000 x 1000: steps, as each point stands for some time; with gaps."""
    start, parts, before = found.timeline[0].seconds, [], False
    for point, share in zip(found.timeline, shares, strict=True):
        there = not np.isnan(share)
        if there:
            x0, x1 = (
                1000 * (s - start) / found.seconds for s in (point.seconds, point.seconds + point.lasts)
            )
            y = 1000 - 1000 * share / highest
            parts.append(f"{'L' if before else 'M'}{x0:.1f} {y:.0f}H{x1:.1f}")
        before = there
    return "".join(parts)


def _downloads(found: Attention, video: Video, model: str) -> list[tuple[str, str, str]]:
    """Names of files, what is in them, and the files themselves."""
    names = [summary.area for summary in found.summaries]
    rows = [summary.row() for summary in found.summaries]
    timeline = [
        {
            "seconds": point.seconds,
            **{name: None if np.isnan(s) else float(s) for name, s in zip(names, point.shares, strict=True)},
        }
        for point in found.timeline
    ]
    whole = {
        "what": "predicted shares of attention, of people in general; not a recording of anyone",
        "video": video.path.name,
        "model": model,
        "frames": found.frames,
        "seconds": found.seconds,
        "areas": rows,
    }
    return [
        ("summary.csv", "a row an area", data_url("text/csv", csv_text(COLUMNS, rows).encode())),
        (
            "timeline.csv",
            "shares over time, as drawn",
            data_url("text/csv", csv_text(("seconds", *names), timeline).encode()),
        ),
        (
            "summary.json",
            "the same numbers",
            data_url("application/json", json.dumps(whole, indent=2).encode()),
        ),
        (
            "areas.json",
            "the areas, to edit and to measure again",
            data_url("application/json", areas_json(found.areas, video.width, video.height).encode()),
        ),
    ]
