"""`tased compare`."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from tased.errors import UsageError


def compare(
    files: Annotated[list[Path], Parameter(name="RESULTS", consume_multiple=True)],
    /,
    *,
    metric: Literal[
        "nss", "cc", "sim", "auc_judd", "shuffled_auc", "auc_borji", "kld", "information_gain"
    ] = "nss",
    threshold: float | None = None,
    html: Path | None = None,
    json: Path | None = None,
    table: Annotated[list[Literal[1, 2, 3, 4, 5]] | None, Parameter(negative="")] = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Compare evaluations of the same data, the first with each of the others.

    Prints all of them beside the paper's rows, the mean difference over videos with its 95% interval, and on
    how many videos one beats the other clearly. The files are those of `tased evaluate --json`.

    - Two models: `tased compare ours.json theirs.json`
    - Three, as a page: `tased compare ours.json gbvs.json centre.json --html compared.html`
    - Variants of the network in the paper's Table 5: `tased compare t16.json t32.json --table 5`
    - By another metric, for a README: `tased compare ours.json theirs.json --metric cc --markdown`

    Parameters
    ----------
    files
        Two results or more.
    metric
        To compare by.
    threshold
        What a clear win on a video must exceed. Default: 0.5 for nss, as in the paper, and 0 for others.
    html
        File for a page with charts and every video.
    json
        File for the numbers, video by video.
    table
        The paper's table to print ours in, and it may be given several times. Default: what fits the data.
    markdown
        Print Markdown.
    """
    if len(files) < 2 and not table:
        raise UsageError("compare takes two files of results or more, as tased evaluate --json writes them")

    from dataclasses import replace

    from tased.evaluate.compare import compare as pair
    from tased.evaluate.compare import save_comparisons
    from tased.evaluate.report import write_report
    from tased.evaluate.results import Results
    from tased.evaluate.tables import tables_for, to_markdown, to_text

    results = [Results.load(file) for file in files]
    times = Counter(result.model for result in results)
    # Two evaluations of one model are told apart by their files.
    results = [
        replace(result, model=f"{result.model} ({file.stem})") if times[result.model] > 1 else result
        for file, result in zip(files, results, strict=True)
    ]
    comparisons = [pair(results[0], other, metric=metric, threshold=threshold) for other in results[1:]]
    if json is not None:
        save_comparisons(json, comparisons)
    if html is not None:
        write_report(html, results, metric=metric, threshold=threshold, tables=table or ())
    # In a pipe lines are for programs: they are not broken.
    console = Console(width=None if sys.stdout.isatty() else 200)
    for shown in tables_for(results, table or ()):
        if markdown:
            print(to_markdown(shown))  # noqa: T201
        else:
            console.print(to_text(shown))
    for comparison in comparisons:
        print(f"{'- ' if markdown else ''}{comparison}")  # noqa: T201
        for note in comparison.notes:
            print(f"  {note}")  # noqa: T201
        alone = ((comparison.a, comparison.only_a), (comparison.b, comparison.only_b))
        for model, names in alone:
            if names:
                listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                print(f"  Only {model} has a score on: {listed}.")  # noqa: T201
