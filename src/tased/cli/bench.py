"""`tased bench`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from tased.cli.console import Display, Mode
from tased.cli.model import Model

if TYPE_CHECKING:
    from tased.apps.bench_result import Bench


def bench(
    *,
    model: Model | None = None,
    against: str = "plain",
    seconds: float = 45.0,
    quick: Annotated[bool, Parameter(negative="")] = False,
    json: Path | None = None,
    progress: Mode = "auto",
) -> None:
    """Say how fast this machine predicts, and what to expect.

    Times lite and the full TASED-Net, from a video made by code to maps, one after the other in turns.

    - Within a minute on two cores: `tased bench`
    - One network alone: `tased bench --weights TASED_v2.pt --precision bfloat16`
    - Before and after a change: `tased bench --json before.json`, then `tased bench --against before.json`

    Parameters
    ----------
    model
        Which model is timed, and on what. Default: lite and the full network.
    against
        plain: the same network window by window, in float32. none: nothing. Or a file that --json wrote.
    seconds
        To measure for; there are three rounds at least.
    quick
        Three rounds, no more.
    json
        File for the result.
    progress
        auto shows a bar on a terminal; json prints one JSON object a line; none is silent.

    """
    from tased.apps.bench import bench as run
    from tased.apps.bench import both
    from tased.apps.bench_result import Bench, expected
    from tased.atomic import check_can_be_written

    if json is not None:  # told now, not after a minute
        check_can_be_written(json.resolve(), json, folder=False)
    earlier = Bench.load(Path(against)) if against not in ("plain", "none") else None
    chosen = model or Model()
    with Display(progress, unit="second") as display:
        limit = 0.0 if quick else seconds
        display.step("preparing", 0, None)
        named = any(given is not None for given in (chosen.weights, chosen.model, chosen.resolution))
        predictors = [chosen.load()] if named else both(device=chosen.device, precision=chosen.precision)
        found = run(
            predictors,
            plain=against == "plain",
            seconds=limit,
            report=lambda what, done: display.step(what, round(done), round(limit) or None),
        )
        if json is not None:
            found.save(json)
        before = {} if earlier is None else found.times(earlier)
        sentences = [expected(timing) for timing in found.timings]
        display.event(
            "done",
            maps_per_second={timing.name: 1 / timing.seconds for timing in found.timings},
            times_plain=found.times_plain(),
            times_earlier=before,
            expect=sentences,
        )
    if progress != "json":
        # In a pipe lines are for programs: they are not broken.
        console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
        console.print(_machine(found), markup=False, soft_wrap=True)
        console.print(_table(found, before))
        for line in ("What to expect on this machine:", *sentences):
            console.print(line, markup=False, soft_wrap=True)


def _machine(found: "Bench") -> str:
    m = found.machine
    words = [m.gpu] if m.gpu else []
    words += [m.processor, f"{m.threads} threads on {m.cores} cores", m.vectors]
    words += [f"bfloat16 by {' and '.join(m.bfloat16)}" if m.bfloat16 else "no instructions for bfloat16"]
    words += [
        f"a matrix product {gmac / 1e9:.0f} G a second in {dtype}" for dtype, gmac in found.products.items()
    ]
    words += [f"PyTorch {m.torch}"]
    words += [f"busy before it began (load {m.load}): a quiet machine is faster"] if m.busy else []
    return "; ".join(words)


def _table(found: "Bench", before: dict[str, float]) -> Table:
    plain = found.times_plain()
    columns = ["", "precision", "a map", "processor", "maps a second"]
    columns += ["times plain"] * bool(plain) + ["times the earlier run"] * bool(before)
    table = Table(*columns)
    for t in found.timings:
        cells = [t.name, t.precision or "", f"{t.seconds:.3f} s", f"{t.cpu_seconds:.3f} s", t.speed]
        for ratios in (plain, before):
            if ratios:
                cells.append(f"{ratios[t.name]:.2f}" if t.name in ratios else "")
        table.add_row(*cells)
    return table
