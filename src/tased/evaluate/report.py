"""One HTML file that tells what an evaluation found, or how several compare."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tased.atomic import WholeFile
from tased.errors import UsageError
from tased.evaluate.compare import Comparison, compare
from tased.evaluate.figure import Example, pictures
from tased.evaluate.reference import TableNumber
from tased.evaluate.results import Results
from tased.evaluate.tables import ENVIRONMENT, LABELS, LESS_IS_BETTER, tables_for, to_html
from tased.metrics import METRICS

# Okabe and Ito's, which colour-blind eyes tell apart, on light and on dark; after them they repeat.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot or a bar of a chart; places are in hundredths of its width and height, from the upper left."""

    x: float
    y: float
    height: float  # of a bar; 0 for a dot
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Marks, and lines across at named heights."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    width: float = 0  # of a bar
    limits: tuple[float, ...] = ()  # heights of dashed lines across


def write_report(
    path: Path,
    results: Sequence[Results],
    *,
    examples: Sequence[Example] = (),
    metric: str = "nss",
    threshold: float | None = None,
    tables: Sequence[TableNumber] = (),
) -> None:
    """Write a page that needs nothing but itself, and can be read on a phone.

    It holds what was evaluated and how, the scores over frames and over videos, the paper's tables of that
    data (or those of the numbers in `tables`), every video's scores in a table that can be sorted, a chart
    of them, and `examples` as in the paper's Figure 5. Of several results the first is compared with each of
    the others by `metric`, with `threshold` as in `compare`.

    Raises
    ------
    UsageError
        If there are no results.
    DataError
        If several results cannot be compared.
    OutputError
        If the page cannot be written.

    """
    if not results:
        raise UsageError("a report needs the results of one evaluation or more")
    first, *others = results
    with WholeFile(path) as file:  # first of all, so that nothing is computed for nothing
        comparisons = [compare(first, other, metric=metric, threshold=threshold) for other in others]
        shown = [name for name in METRICS if any(name in result.over_frames for result in results)]
        text = ENVIRONMENT.get_template("report.html").render(
            title=f"{', '.join(dict.fromkeys(result.model for result in results))} on {first.data}",
            results=results,
            facts=_facts(results),
            labels=LABELS,
            metric=metric,
            less_is_better=metric in LESS_IS_BETTER,
            metrics=shown,
            means=_means(results, shown),
            tables=[to_html(table) for table in tables_for(results, tables)],
            comparisons=[(comparison, differences(comparison)) for comparison in comparisons],
            chart=scores_by_video(results, metric),
            columns=_columns(results, shown, metric),
            rows=_rows(results, shown, metric),
            examples=[(example, pictures(example)) for example in examples],
            colours=COLOURS,
        )
        file.write(text.encode())


def scores_by_video(results: Sequence[Results], metric: str) -> Chart:
    """A dot a video and model, sorted by the first model's score, best first."""
    scores = [_by_video(result, metric) for result in results]
    worst = -math.inf if metric not in LESS_IS_BETTER else math.inf
    names = sorted(
        dict.fromkeys(name for named in scores for name in named),
        key=lambda name: scores[0].get(name, worst),
        reverse=metric not in LESS_IS_BETTER,
    )
    values = [value for named in scores for value in named.values()]
    ticks = ticks_over(min([0.0, *values]), max([0.0, *values]))
    marks = tuple(
        Mark(
            x=100 * (place + 0.5) / len(names),
            y=_height(named[name], ticks),
            height=0,
            series=series,
            title=f"{name}: {results[series].model} {named[name]:.3f}",
        )
        for place, name in enumerate(names)
        for series, named in enumerate(scores)
        if name in named
    )
    return Chart(marks, _named(ticks))


def differences(comparison: Comparison) -> Chart:
    """A bar a video, up where A is better: from the best for A to the best for B."""
    sign = -1 if comparison.metric in LESS_IS_BETTER else 1
    gaps = [sign * video.difference for video in comparison.videos]
    ticks = ticks_over(min([0.0, *gaps]), max([0.0, *gaps]))
    zero = _height(0, ticks)
    marks = []
    for place, (video, gap) in enumerate(zip(comparison.videos, gaps, strict=True)):
        end = _height(gap, ticks)
        title = f"{video.name}: {video.a:.3f} and {video.b:.3f}, difference {video.difference:+.3f}"
        marks.append(Mark(100 * place / len(gaps), min(zero, end), abs(zero - end), int(gap < 0), title))
    limits = {comparison.threshold, -comparison.threshold} - {0}
    seen = sorted(_height(limit, ticks) for limit in limits if ticks[0] <= limit <= ticks[-1])
    return Chart(tuple(marks), _named(ticks), 80 / len(gaps), tuple(seen))


def ticks_over(low: float, high: float) -> tuple[float, ...]:
    """Round numbers at equal steps from `low` or below to `high` or above: at least two, seven at most."""
    if high <= low:
        high = low + 1
    step = 10.0 ** math.floor(math.log10(high - low))
    step = next(step * factor for factor in (0.2, 0.5, 1, 2) if (high - low) / (step * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(i * step, 12) for i in range(first, last + 1))


def _named(ticks: tuple[float, ...]) -> tuple[tuple[float, str], ...]:
    return tuple((_height(tick, ticks), f"{tick:g}") for tick in ticks)


def _height(value: float, ticks: tuple[float, ...]) -> float:
    """Where a value stands, in hundredths from above."""
    return 100 * (ticks[-1] - value) / (ticks[-1] - ticks[0])


def _by_video(result: Results, metric: str) -> dict[str, float]:
    scores = {video.name: video.scores.get(metric, math.nan) for video in result.videos}
    return {name: value for name, value in scores.items() if not math.isnan(value)}


def _facts(results: Sequence[Results]) -> list[tuple[str, list[str]]]:
    """Names of facts, each with its value in every result."""
    facts: list[tuple[str, list[str]]] = [
        ("data", [result.data for result in results]),
        ("split", [result.split for result in results]),
        ("protocol", [result.protocol for result in results]),
        ("seed", [str(result.seed) for result in results]),
        ("videos", [str(len(result.videos)) for result in results]),
    ]
    for name in dict.fromkeys(name for result in results for name in result.counts if name != "videos"):
        values = [result.counts.get(name) for result in results]
        facts.append((name.replace("_", " "), ["" if value is None else f"{value:,}" for value in values]))
    return [
        *facts,
        ("data's fingerprint", [result.fingerprint for result in results]),
        ("weights, sha256", [result.weights_sha256 or "none" for result in results]),
        ("versions", [", ".join(f"{k} {v}" for k, v in result.versions.items()) for result in results]),
        ("date", [result.date for result in results]),
    ]


def _means(results: Sequence[Results], metrics: Sequence[str]) -> list[tuple[str, str, list[float]]]:
    """Whose mean, over what, and its values."""
    return [
        (result.model, over, [scores.get(metric, math.nan) for metric in metrics])
        for result in results
        for over, scores in (("frames", result.over_frames), ("videos", result.over_videos))
    ]


def _columns(results: Sequence[Results], metrics: Sequence[str], metric: str) -> list[str]:
    """Of the table of videos, after their names."""
    if len(results) == 1:
        return ["frames", "skipped", *(LABELS[name] for name in metrics)]
    first, *others = results
    return [
        *(f"{LABELS[metric]}, {result.model}" for result in results),
        *(f"{first.model} − {other.model}" for other in others),
    ]


def _rows(
    results: Sequence[Results], metrics: Sequence[str], metric: str
) -> list[tuple[str, list[int | float]]]:
    """Of the table of videos: names, and what stands in the columns."""
    if len(results) == 1:
        return [
            (v.name, [v.frames, v.skipped, *(v.scores.get(name, math.nan) for name in metrics)])
            for v in results[0].videos
        ]
    scores = [_by_video(result, metric) for result in results]
    rows: list[tuple[str, list[int | float]]] = []
    for name in dict.fromkeys(video.name for result in results for video in result.videos):
        first, *others = values = [named.get(name, math.nan) for named in scores]
        rows.append((name, [*values, *(first - other for other in others)]))
    return rows
