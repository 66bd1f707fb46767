"""The picture of a short training in docs/guides/train.md, of what benchmarks/learning.py wrote."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

COLOURS = {"motion": "#c2571a", "gbvs": "#2a6f97", "centre": "#7a7a7a", "spectral": "#8a6fb0"}


def learning_curve(result: dict[str, Any], path: Path) -> None:
    """NSS in validation over the steps; as lines, what the models without training reach on unseen videos."""
    figure = Figure(figsize=(7.2, 3.6), dpi=130, layout="constrained")
    axes = figure.subplots()
    validated = [(row["step"], row["nss"]) for row in result["curve"] if "nss" in row]
    axes.plot(*zip(*validated, strict=True), "o-", color="#1b1b1f", label="TASED-Net, validation")
    for name, scores in result["results"].items():
        if name in COLOURS:
            axes.axhline(
                scores["nss"], color=COLOURS[name], linestyle="--", linewidth=1.2, label=f"{name}, unseen"
            )
        else:
            axes.plot(
                validated[-1][0], scores["nss"], "*", color="#b3001b", markersize=13, label=f"{name}, unseen"
            )
    axes.set(xlabel="step", ylabel="NSS")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path)
