"""What a long command shows: a bar on a terminal, JSON lines for other programs, nothing in a pipe."""

import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Literal, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Mode = Literal["auto", "json", "none"]


def say(line: str) -> None:
    """Tell the user something on stderr, in one line."""
    print(f"tased: {line}", file=sys.stderr)  # noqa: T201


def table_of(
    title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], *, stderr: bool = True
) -> None:
    """Show a table, on stderr for what is no result."""
    table = Table(*columns, title=Text(title), title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # brackets in names are no markup
    # In a pipe lines are for programs: they are not broken.
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    Console(stderr=stderr, width=None if terminal else 10_000).print(table)


class Display:
    """Shows how several tasks come on; each task is a name with a number of steps, in units of one kind."""

    def __init__(self, mode: Mode, *, unit: str = "frame"):
        self._unit = unit
        self._json, self._told = mode == "json", mode == "auto"
        self._console = Console(stderr=True, quiet=mode != "auto" or not sys.stderr.isatty())
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=True),
            TextColumn(f"{{task.completed:.0f}} {unit}s"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = None if self._console.quiet else self._bars.add_task("", visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def step(self, name: str, done: int, total: int | None, **facts: float) -> None:
        """So many steps of a task are done."""
        if self._json:
            self.event(self._unit, input=name, **{f"{self._unit}s": done}, total=total, **facts)
        if self._task is not None:
            self._bars.update(self._task, description=name, completed=done, total=total, visible=True)

    def result(self, text: str) -> None:
        """Tell what was asked for, on stdout, unless a program listens there or nothing is wanted."""
        if self._told:
            print(text)  # noqa: T201

    def line(self, text: str) -> None:
        """Tell how it went, on a terminal."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def event(self, kind: str, **facts: object) -> None:
        """Write one line of JSON on stdout, if that is wanted."""
        if self._json:
            print(json.dumps({"event": kind, **facts}), flush=True)  # noqa: T201
