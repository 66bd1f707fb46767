"""The pictures of docs/guides/encode.md: a plan of offsets, and what benchmarks/encode.py measured."""

from itertools import islice
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from tased import load
from tased.apps.offsets import STRENGTH, block_for, offsets
from tased.video.synthetic import clip

SHOWN = 100  # frame of the clip of `tased demo`
COLOURS = {"plain": "#77757d", "regions": "#d55e00"}
LINES = {"x264": "-", "x265": "--"}


def plan_picture(path: Path) -> None:
    """A frame, and the offsets of its blocks over it: blue is coded finer, red coarser."""
    stream = load().stream()
    for frame in islice(clip(frames=150), SHOWN + 1):
        (m,) = stream.push(frame)
    height, width, _ = frame.pixels.shape
    block = block_for(width, height)
    grid = offsets(m.values.numpy(), block, width=width, height=height)
    shown = np.kron(grid, np.ones((block, block)))[:height, :width]
    colours = mpl.colormaps["coolwarm"](0.5 + shown / (2 * STRENGTH))[..., :3]
    gray = frame.pixels.mean(axis=2, keepdims=True) / 255
    tinted = np.rint(255 * (0.6 * colours + 0.4 * gray)).astype(np.uint8)
    both = Image.fromarray(np.concatenate([frame.pixels, tinted], axis=1))
    both.resize((2 * 480, 270), Image.Resampling.LANCZOS).save(path, quality=85, optimize=True)


def encode_curves(result: dict[str, Any], path: Path) -> None:
    """Quality over bits of the clips whose gaze is known: where people look, and everywhere."""
    clips = {
        name: row for name, row in result["results"].items() if "by_truth" in row["x264"]["curve"][0]["plain"]
    }
    figure = Figure(figsize=(8.4, 2.9 * len(clips)), dpi=82, layout="constrained")
    for panels, (name, row) in zip(figure.subplots(len(clips), 2, squeeze=False), clips.items(), strict=True):
        for axes, measure in zip(panels, ("weighted_psnr", "psnr"), strict=True):
            for codec, line in LINES.items():
                for kind, colour in COLOURS.items():
                    points = [point[kind]["by_truth"] for point in row[codec]["curve"]]
                    axes.plot(
                        [p["kbps"] for p in points],
                        [p[measure] for p in points],
                        f"o{line}",
                        color=colour,
                        markersize=4,
                        label=f"{codec}, {kind}",
                    )
            where = "where people look" if measure == "weighted_psnr" else "whole picture"
            axes.set(title=f"{name}: {where}", xlabel="kbit/s", ylabel="PSNR, dB", xscale="log")
            axes.set_xticks([300, 800, 2000], ["300", "800", "2000"])
            axes.xaxis.set_minor_formatter("")
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.3)
        panels[0].legend(fontsize=8, frameon=False)
    figure.savefig(path)
