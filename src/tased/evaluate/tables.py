"""Our scores in the paper's layout, beside the paper's own rows.

A table is a plain value; `to_text`, `to_markdown` and `to_html` show it. Only rows that were scored
on the same data, split and protocol compete for the best value of a column.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import jinja2
import rich.table
from rich.text import Text

from tased.errors import DataError
from tased.evaluate.reference import COLUMNS, PAPER_TABLES, UPDATED, Block, TableNumber
from tased.evaluate.results import Results

# Every metric as tables name it.
LABELS = COLUMNS | {"auc_borji": "AUC-B", "kld": "KLD", "information_gain": "IG"}
LESS_IS_BETTER = frozenset({"kld"})
MISSING = "–"

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("tased.evaluate"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One score; NaN where there is none."""

    value: float
    best: bool = False  # of the rows it may be compared with, of which there are others

    def __str__(self) -> str:
        return MISSING if math.isnan(self.value) else f"{self.value:.3f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One system on one data set."""

    data: str
    method: str
    source: str  # who proposed it, where that is not said by the table itself
    origin: Literal["paper", "authors' code", "ours"]
    split: str  # and how much of it, where that is not all
    protocol: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What is shown: `columns` name the cells of every row."""

    title: str
    heading: str  # over the names of the systems
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]  # what a reader must know before comparing rows

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets, in order."""
        return tuple(dict.fromkeys(row.data for row in self.rows))


def paper_table(number: TableNumber, results: Sequence[Results], *, data: str | None = None) -> Table:
    """Table `number` of the paper, and our results below its rows, as means over frames.

    `data` keeps one data set of the two that Table 3 holds. Nothing of ours is also fine: the
    table is then the paper's, to which Table 2 adds the network that the authors released later.

    Raises
    ------
    DataError
        If the table has no part for the data of a result.

    """
    table = PAPER_TABLES[number]
    blocks = [block for block in table.blocks if data is None or _same(block.data, data)]
    known = [block.data for block in blocks]
    for result in results:
        if not any(_same(result.data, name) for name in known):
            where = f", {data}" if data else ""
            raise DataError(
                f"{result.model}: was evaluated on {result.data}, and the paper's Table {number}{where} "
                f"is of {' and '.join(dict.fromkeys(known)) or 'other data'}"
            )
    rows: list[Row] = []
    notes = [f"Rows of the paper: {table.origin}."]
    for block in blocks:
        mine = [result for result in results if _same(result.data, block.data)]
        rows += _published(block)
        if number == 2:
            rows.append(_row(UPDATED.method, UPDATED.scores, block, origin="authors' code"))
            notes.append(f"{UPDATED.method}: {UPDATED.origin}.")
        rows += [_ours(result, block) for result in mine]
        notes += _warnings(mine, block)
    if any(row.method == "STSConvNet" for row in rows):
        notes.append("STSConvNet is printed as STSCovNet in the paper's tables.")
    return Table(
        title=f"Table {number} of the paper: {table.caption}",
        heading=table.heading,
        columns=tuple(COLUMNS.values()),
        rows=_marked(rows),
        notes=tuple(dict.fromkeys(notes)) + _among_ours(results),
    )


def tables_for(results: Sequence[Results], numbers: Sequence[TableNumber] = ()) -> tuple[Table, ...]:
    """The paper's tables of these numbers; of none, those that results on one data set belong beside.

    For DHF1K that is Table 2 with the systems of others; on its validation set, for which the paper
    gives no other systems, Table 4 with its own network and two variants comes first. Other data than the
    paper's gets a table of ours alone.
    """
    if numbers:
        return tuple(paper_table(number, results) for number in numbers)
    if not results:
        return ()
    [data] = {result.data.casefold() for result in results}
    if data == "dhf1k":
        numbers = (2,)
        if any(_split(result) == "validation" for result in results):
            numbers = (4, 2)
        return tuple(paper_table(number, results) for number in numbers)
    if data in ("hollywood2", "ucfsports"):
        return (paper_table(3, results, data=data),)
    block = Block(data=results[0].data, split="", videos=None, rows=())
    table = Table(
        title=f"Scores on {block.data}",
        heading="Method",
        columns=tuple(COLUMNS.values()),
        rows=_marked([_ours(result, block) for result in results]),
        notes=("The paper has no table of this data.", *_among_ours(results)),
    )
    return (table,)


def to_text(table: Table) -> rich.table.Table:
    """For a terminal; the best of a column is bold, and ours is marked."""
    several = len(table.data) > 1
    shown = rich.table.Table(
        title=Text(table.title),
        caption=Text("\n".join(["* best of the rows on the same terms.", *table.notes])),
        title_justify="left",
        caption_justify="left",
    )
    for name in [*(["Data"] if several else []), table.heading]:
        shown.add_column(name)
    for name in table.columns:
        shown.add_column(name, justify="right")
    shown.add_column("from")
    previous = table.rows[0].data if table.rows else ""
    for row in table.rows:
        if row.data != previous:
            shown.add_section()
            previous = row.data
        cells = [
            Text(f"{cell}*" if cell.best else f"{cell} ", "bold" if cell.best else "") for cell in row.cells
        ]
        method = Text(row.method, "bold" if row.origin == "ours" else "")
        shown.add_row(*([Text(row.data)] if several else []), method, *cells, Text(_from(row)))
    return shown


def to_markdown(table: Table) -> str:
    """A pipe table with its title above and its notes below; the best of a column is bold."""
    several = len(table.data) > 1
    heads = [*(["Data"] if several else []), table.heading]
    lines = [
        f"**{table.title}**",
        "",
        _pipes([*heads, *table.columns, "from"]),
        _pipes(["---"] * len(heads) + ["---:"] * len(table.columns) + ["---"]),
    ]
    for row in table.rows:
        cells = [f"**{cell}**" if cell.best else str(cell) for cell in row.cells]
        names = [row.data] * several + [row.method.replace("|", r"\|")]
        lines.append(_pipes([*names, *cells, _from(row)]))
    lines += ["", *(f"- {note}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def to_html(table: Table) -> str:
    """Its title, a `<table>` in a box that can scroll sideways, its notes; readable without a style sheet."""
    return ENVIRONMENT.get_template("table.html").render(table=table, origin=_from)


def _pipes(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _from(row: Row) -> str:
    if row.origin == "ours":
        return f"ours, {row.split}, {row.protocol}"
    return ", ".join(filter(None, [row.origin, row.source]))


def _published(block: Block) -> list[Row]:
    return [_row(row.method, row.scores, block, source=row.source) for row in block.rows]


def _row(
    method: str,
    scores: Sequence[float],
    block: Block,
    *,
    source: str = "",
    origin: Literal["paper", "authors' code"] = "paper",
) -> Row:
    return Row(
        data=block.data,
        method=method,
        source=source,
        origin=origin,
        split=block.split,
        protocol=block.protocol,
        cells=tuple(map(Cell, scores)),
    )


def _ours(result: Results, block: Block) -> Row:
    split = _split(result)
    if split == block.split and block.videos not in (None, len(result.videos)):
        split += f" ({len(result.videos)} of {block.videos} videos)"
    return Row(
        data=block.data,
        method=result.model,
        source="",
        origin="ours",
        split=split,
        protocol=result.protocol,
        cells=tuple(Cell(result.over_frames.get(metric, math.nan)) for metric in COLUMNS),
    )


def _warnings(results: Sequence[Results], block: Block) -> list[str]:
    """Why results of ours are not to be read against the paper's rows."""
    models: dict[str, list[str]] = {}
    for result in results:
        split = _split(result)
        if split != block.split:
            reason = f"{block.data}'s {split} set, the paper's rows on its {block.split} set: not comparable."
            models.setdefault(f"scored on {reason}", []).append(result.model)
        elif block.videos not in (None, len(result.videos)):
            reason = f"{len(result.videos)} of the {block.videos} videos in {block.data}'s {split} set"
            models.setdefault(f"scored on {reason}: not comparable.", []).append(result.model)
        if result.protocol != block.protocol:
            reason = f"protocol {result.protocol!r}, the paper's rows by the benchmark's ({block.protocol!r})"
            reason += ", which defines SIM, AUC-J and s-AUC above all differently."
            models.setdefault(f"scored by the {reason}", []).append(result.model)
    return [f"WARNING: {', '.join(names)}: {reason}" for reason, names in models.items()]


def _among_ours(results: Sequence[Results]) -> tuple[str, ...]:
    """Why results of ours, on what is called the same data, are not to be read against each other."""
    seen: dict[tuple[str, str], set[str]] = {}
    for result in results:
        seen.setdefault((result.data, _split(result)), set()).add(result.fingerprint)
    return tuple(
        f"WARNING: results on {data} ({split}) were scored on different copies or parts of it "
        f"(their fingerprints differ)."
        for (data, split), fingerprints in seen.items()
        if len(fingerprints) > 1
    )


def _marked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows with the best cells marked; all columns are such that more is better. Ties are all best."""
    groups = Counter((row.data, row.split, row.protocol) for row in rows)
    best: dict[tuple[str, str, str, int], float] = {}
    for row in rows:
        for column, cell in enumerate(row.cells):
            place = (row.data, row.split, row.protocol, column)
            if not math.isnan(cell.value):
                best[place] = max(best.get(place, -math.inf), round(cell.value, 3))

    def mark(row: Row) -> Row:
        group = (row.data, row.split, row.protocol)
        if groups[group] < 2:
            return row
        cells = (
            replace(cell, best=not math.isnan(cell.value) and round(cell.value, 3) == best[*group, column])
            for column, cell in enumerate(row.cells)
        )
        return replace(row, cells=tuple(cells))

    return tuple(map(mark, rows))


def _same(a: str, b: str) -> bool:
    return a.casefold() == b.casefold()


def _split(result: Results) -> str:
    """The paper's word for a split; "evaluation" is the data set's own for it, with a public ground truth."""
    name = result.split.casefold()
    if name == "evaluation":
        return {"dhf1k": "validation", "hollywood2": "test", "ucfsports": "test"}.get(
            result.data.casefold(), name
        )
    return {"val": "validation", "testing": "test"}.get(name, name)
