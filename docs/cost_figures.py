"""The figures of docs/speed.md, each of what one benchmarks/cost_*.py wrote."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

# Colours that people who see fewer can tell apart (Okabe & Ito, 2002), and a marker for each.
STYLES = {
    "plain, float32": ("#6b6872", "s", ":"),
    "engine, float32": ("#0072B2", "o", "-"),
    "engine, bfloat16": ("#D55E00", "^", "-"),
    "lite": ("#009E73", "D", "--"),
}
NAMES = ("size", "length", "batch", "threads", "precision", "every", "memory")


def curves(result: dict[str, Any], value: Callable[[dict[str, Any]], float]) -> dict[str, tuple[list, list]]:
    """By way what stands along the axis, and the values."""
    found: dict[str, tuple[list, list]] = {}
    for point in result["points"]:
        if point["way"] in STYLES:
            along, values = found.setdefault(point["way"], ([], []))
            along.append(point["at"])
            values.append(value(point))
    return found


def draw(
    axes: Axes, result: dict[str, Any], value: Callable[[dict[str, Any]], float], *, along: str, up: str
) -> None:
    """One line a way; both axes begin where they should."""
    for way, (x, y) in curves(result, value).items():
        colour, marker, line = STYLES[way]
        axes.plot(x, y, marker=marker, linestyle=line, color=colour, label=way, markersize=5)
    axes.set(xlabel=along, ylabel=up)


def by_tens(axes: Axes) -> None:
    """Seconds on a scale of ratios, with numbers that people read."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def by_precision(axes: Axes, result: dict[str, Any]) -> None:
    """Two bars a way."""
    ways = ("plain", "engine", "lite")
    for place, (precision, colour, hatch) in enumerate(
        (("float32", "#0072B2", ""), ("bfloat16", "#D55E00", "//"))
    ):
        seconds = [
            next((p["seconds"] for p in result["points"] if (p["way"], p["at"]) == (way, precision)), 0.0)
            for way in ways
        ]
        bars = axes.bar(
            [n + 0.4 * place for n in range(len(ways))],
            seconds,
            0.38,
            color=colour,
            hatch=hatch,
            label=precision,
        )
        axes.bar_label(bars, fmt="%.2f s", fontsize=8)
    axes.set_xticks([n + 0.2 for n in range(len(ways))], ways)
    by_tens(axes)
    axes.set_ylabel("seconds a map")


def cost_figure(name: str, result: dict[str, Any], path: Path) -> None:
    """Draw one figure; a result that was measured on a busy machine says so."""
    figure = Figure(figsize=(6.4, 3.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    seconds = "seconds a map"
    match name:
        case "precision":
            by_precision(axes, result)
        case "memory":
            draw(axes, result, lambda p: p["peak_mib"], along="frames of the video", up="peak memory, MiB")
            axes.set_ylim(bottom=0)
        case "every":
            draw(
                axes,
                result,
                lambda p: p["seconds"] / p["at"],
                along="N of --every",
                up="seconds a frame of video",
            )
            by_tens(axes)
        case _:
            along = {
                "size": "columns x rows that the network sees",
                "length": "clip length T, frames",
                "batch": "windows given at once",
                "threads": "threads",
            }[name]
            draw(axes, result, lambda p: p["seconds"], along=along, up=seconds)
            by_tens(axes)
    if name in ("length", "batch", "threads", "every"):
        axes.set_xticks(sorted({point["at"] for point in result["points"]}))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    if held_up(result) or result.get("quick"):
        axes.set_title("a trial, or on a busy machine: to be measured again", fontsize=8, color="#b3001b")
    figure.savefig(path)


def held_up(result: dict[str, Any]) -> bool:
    """Whether other programs took a fifth of the processor, by matrix products, which fill it."""
    cores = int(result["hardware"].split()[0])
    shares = []
    for point in result["points"]:
        if point["way"] == "matrix product":
            threads = point["at"] if result["command"].endswith("threads.py") else result["threads"]
            shares.append(point["cpu_seconds"] / (point["seconds"] * min(threads, cores)))
    return bool(shares) and median(shares) < 0.8


def cost_figures(measured: Callable[[str], Any], images: Path) -> None:
    """All of them; one whose result is not there is left as it stands."""
    for name in NAMES:
        result = measured(f"cost_{name}")
        if result is not None:
            cost_figure(name, result, images / f"cost-{name}.png")
