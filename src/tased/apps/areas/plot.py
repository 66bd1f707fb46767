"""The shares of areas over time, as a picture for a paper or a slide."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tased.apps.areas.colours import GRAY, colour_of, dash_of
from tased.apps.areas.result import Point
from tased.atomic import WholeFile

LONGEST = 34  # characters of a name in the legend


def write_plot(path: Path, names: Sequence[str], points: Sequence[Point], *, model: str) -> None:
    """Write a .png, .svg or .pdf; the last of the names is what lies outside all areas.

    Colours are Okabe and Ito's, which colour-blind eyes tell apart; after six areas lines are dashed. Where
    an area is not there its line has a gap. In .svg text stays text.
    """
    rows = -(-len(names) // 2)
    figure = Figure(figsize=(8, 3.6 + 0.24 * rows), dpi=150, layout="constrained")
    axes = figure.subplots()
    seconds = [point.seconds for point in points]
    shares = np.array([point.shares for point in points])
    lines = []
    for number, _ in enumerate(names):
        last = number == len(names) - 1
        dash = (1, 2) if last else dash_of(number)
        [line] = axes.plot(
            seconds,
            shares[:, number],
            color=GRAY if last else colour_of(number),
            linestyle=(0, dash) if dash else "-",
            linewidth=1.4 if last else 2,
            marker="o" if len(points) == 1 else "",
        )
        lines.append(line)
    axes.set(xlabel="seconds", ylabel="share of attention, predicted")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylim(0, 1.02 * max(0.01, float(np.nanmax(shares))))
    axes.margins(x=0)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"Predicted by tased with the model {_plain(model)}; nobody's gaze was recorded", fontsize=9
    )
    labels = [
        _plain(name) if i == len(names) - 1 else f"{i + 1} {_plain(name)}" for i, name in enumerate(names)
    ]
    figure.legend(lines, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    content = io.BytesIO()
    kind = path.suffix.lower()[1:]
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # one video, one file
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tased"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # an empty box says so
        figure.savefig(content, format=kind, metadata=dates.get(kind))
    with WholeFile(path) as file:
        file.write(content.getvalue())


def _plain(text: str) -> str:
    """Not too long, and without a meaning for Matplotlib, to whom $x$ is a formula."""
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return short.replace("$", r"\$")
