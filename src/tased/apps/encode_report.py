"""Encodings with regions beside plain ones: a page, or the numbers."""

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from tased.apps.filled import filled
from tased.apps.rate_distortion import Pair, bd_quality, bd_rate
from tased.apps.setting import Setting
from tased.atomic import WholeFile, check_suffix
from tased.errors import UsageError
from tased.video.data_url import data_url

MOST_POINTS = 9  # of a curve
MEASURES = {
    "weighted_psnr": "PSNR where people look, dB",
    "psnr": "PSNR of the whole picture, dB",
    "weighted_ssim": "SSIM where people look",
    "ssim": "SSIM of the whole picture",
}
_COLOURS = {"plain": "#77757d", "regions": "#d55e00"}


@dataclass(frozen=True, slots=True)
class Report:
    """One video, encoded both ways."""

    source: str  # its file's name
    model: str  # whose maps say where people look
    frames: int
    setting: Setting  # that was asked for
    pairs: tuple[Pair, ...]  # at that setting and around it, from small files to large ones

    @property
    def asked(self) -> Pair:
        """The pair at the setting that was asked for."""
        return next(pair for pair in self.pairs if pair.setting == str(self.setting))

    def curves(self, measure: str) -> dict[str, list[tuple[float, float]]]:
        """(kbit/s, quality) of the plain encodings and of those with regions."""
        both = {"plain": [p.plain for p in self.pairs], "regions": [p.regions for p in self.pairs]}
        return {name: [(q.kbps, getattr(q, measure)) for q in curve] for name, curve in both.items()}

    def bd_rates(self) -> dict[str, float | None]:
        """Bits for the same quality against plain encoding, less 1, by measure; None without a curve."""
        return {measure: bd_rate(*self.curves(measure).values()) for measure in MEASURES}

    def bd_qualities(self) -> dict[str, float | None]:
        """What the same bits give more of each measure than plain encoding; None without a curve."""
        return {measure: bd_quality(*self.curves(measure).values()) for measure in MEASURES}

    def summary(self) -> str:
        """What came of it, in one line."""
        pair = self.asked
        return (
            f"Against plain {pair.setting}: {pair.bits:+.1%} bits, {pair.gain:+.2f} dB where people look, "
            f"{-pair.price:+.2f} dB over the whole picture"
        )


def check_report(path: Path, points: int) -> None:
    """Raise UsageError for another suffix than .html and .json, or a curve of too many points or none."""
    check_suffix(path, (".html", ".json"), "a report")
    if not 1 <= points <= MOST_POINTS:
        raise UsageError(f"a curve has 1 to {MOST_POINTS} points, not {points}")


def write_report(path: Path, report: Report) -> None:
    """Write an .html that needs nothing but itself, or a .json of the numbers."""
    if path.suffix.lower() == ".json":
        numbers = {"bd_rate": report.bd_rates(), "bd_quality": report.bd_qualities()}
        text = json.dumps({**asdict(report), **numbers}, indent=2) + "\n"
    else:
        text = filled(
            "encode.html",
            report=report,
            measures=MEASURES,
            picture=data_url("image/png", drawing(report)) if len(report.pairs) > 1 else None,
            rates=report.bd_rates(),
            qualities=report.bd_qualities(),
        )
    with WholeFile(path) as file:
        file.write(text.encode())


def drawing(report: Report) -> bytes:
    """Quality over bits, both ways of encoding, where people look and everywhere: a PNG."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("weighted_psnr", "psnr"), strict=True):
        for name, curve in report.curves(measure).items():
            axes.plot(*zip(*curve, strict=True), "o-", color=_COLOURS[name], label=name)
        axes.set(title=MEASURES[measure], xlabel="kbit/s", xscale="log")
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.xaxis.set_minor_formatter("")
        axes.set_xticks([kbps for kbps, _ in curve])
        axes.grid(alpha=0.3)
    axes.legend()
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110)
    return png.getvalue()
