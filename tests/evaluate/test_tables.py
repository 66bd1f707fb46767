import io
import re

import pytest
from rich.console import Console
from tests.evaluate.handmade_results import a_hundred, results

from tased.errors import DataError
from tased.evaluate.reference import CODE, PAPER_TABLES
from tased.evaluate.tables import paper_table, tables_for, to_html, to_markdown, to_text

OTHERS = {"cc": 0.5, "sim": 0.4, "auc_judd": 0.9, "shuffled_auc": 0.72}


def shown(table, width=200):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(to_text(table))
    return console.file.getvalue()


@pytest.mark.parametrize("number", PAPER_TABLES)
def test_without_ours_it_is_the_papers(number):
    table = paper_table(number, [])
    paper = [row for row in table.rows if row.origin == "paper"]
    published = [row for block in PAPER_TABLES[number].blocks for row in block.rows]
    assert [(r.method, tuple(c.value for c in r.cells)) for r in paper] == [
        (r.method, r.scores) for r in published
    ]
    assert table.columns == ("NSS", "CC", "SIM", "AUC-J", "s-AUC")
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert f"Table {number}" in table.notes[0]
    assert not any("WARNING" in note for note in table.notes)


def test_the_updated_network_stands_in_table_2_under_its_own_origin():
    rows = {row.method: row for row in paper_table(2, []).rows}
    updated = rows.pop("TASED-Net (updated)")
    assert updated.origin == "authors' code"
    assert {row.origin for row in rows.values()} == {"paper"}
    assert any(CODE in note for note in paper_table(2, []).notes)


def test_the_papers_bold_numbers_are_its_best():
    """Table 3 as printed: TASED-Net is best in all but Hollywood2's SIM, which is ACLNet's."""
    best = [(row.data, row.method, [c.best for c in row.cells]) for row in paper_table(3, []).rows]
    assert [row for row in best if any(row[2])] == [
        ("Hollywood2", "ACLNet", [False, False, True, False, False]),
        ("Hollywood2", "TASED-Net", [True, True, False, True, True]),
        ("UCFSports", "TASED-Net", [True] * 5),
    ]


def test_ours_competes_on_the_same_split_and_protocol():
    ours = a_hundred(2.75, model="mine", **(OTHERS | {"cc": 0.481}))
    table = paper_table(4, [ours])
    assert [row.method for row in table.rows] == ["TASED-Net-tri", "TASED-Net-trp", "TASED-Net", "mine"]
    assert [cell.best for cell in table.rows[-1].cells] == [True] * 5
    assert [cell.best for cell in table.rows[-2].cells] == [False, True, False, False, False]  # a tie in CC
    assert not any("WARNING" in note for note in table.notes)


@pytest.mark.parametrize(
    ("number", "change", "warning"),
    [
        (2, {}, "validation set, the paper's rows on its test set"),
        (4, {"protocol": "exact"}, "protocol 'exact'"),
    ],
)
def test_ours_on_other_terms_is_told_apart(number, change, warning):
    ours = a_hundred(9.0, model="mine", **OTHERS, **change)
    table = paper_table(number, [ours])
    assert [cell.best for cell in table.rows[-1].cells] == [False] * 5
    assert any(cell.best for cell in table.rows[-2].cells)
    assert [note for note in table.notes if warning in note and note.startswith("WARNING: mine")]


def test_two_of_ours_on_other_terms_compete_with_each_other():
    table = paper_table(2, [a_hundred(9.0, model="a", **OTHERS), a_hundred(8.0, model="b", **OTHERS)])
    assert [row.cells[0].best for row in table.rows[-2:]] == [True, False]
    assert sum(note.startswith("WARNING: a, b: scored on") for note in table.notes) == 1


def test_a_part_of_the_split_does_not_compete():
    table = paper_table(4, [results({"0601": 9.0}, model="mine")])
    assert not table.rows[-1].cells[0].best
    assert table.rows[-1].split == "validation (1 of 100 videos)"
    assert any("scored on 1 of the 100 videos" in note for note in table.notes)


@pytest.mark.parametrize(
    ("data", "alias", "split", "number"),
    [
        ("DHF1K", "val", "validation", 4),
        ("DHF1K", "Validation", "validation", 4),
        ("DHF1K", "evaluation", "validation", 4),
        ("Hollywood2", "testing", "test", 3),
        ("UCFSports", "evaluation", "test", 3),
    ],
)
def test_splits_go_by_their_other_names(data, alias, split, number):
    table = paper_table(number, [a_hundred(2.0, data=data, split=alias)], data=data)
    assert table.rows[-1].split == split
    assert not any("WARNING" in note for note in table.notes)


def test_copies_that_differ_are_told():
    table = paper_table(4, [a_hundred(2.0), a_hundred(2.0, model="B", fingerprint="e" * 64)])
    assert any("fingerprints differ" in note for note in table.notes)


def test_data_that_the_table_does_not_have():
    with pytest.raises(
        DataError, match="evaluated on Mine, and the paper's Table 3 is of Hollywood2 and UCF"
    ):
        paper_table(3, [results({"a": 1.0}, data="Mine")])
    with pytest.raises(DataError, match="Table 3, ucfsports is of UCFSports"):
        paper_table(3, [results({"a": 1.0}, data="Hollywood2")], data="ucfsports")


def test_ours_stands_below_its_own_data_set():
    ours = results({"a": 1.0}, data="hollywood2", split="testing", model="mine")
    rows = paper_table(3, [ours]).rows
    assert [row.method for row in rows].index("mine") == 7
    assert rows[7].data == "Hollywood2"
    assert rows[7].split == "test"


@pytest.mark.parametrize(
    ("facts", "titles"),
    [
        ({}, ["Table 4", "Table 2"]),
        ({"split": "test"}, ["Table 2"]),
        ({"data": "UCFSports", "split": "test"}, ["Table 3"]),
        ({"data": "Mine"}, ["Scores on Mine"]),
    ],
)
def test_the_tables_that_belong_to_data(facts, titles):
    tables = tables_for([results({"a": 1.0}, **facts)])
    assert [table.title.split(" of the paper")[0] for table in tables] == titles
    assert all(len(table.data) == 1 for table in tables)


def test_nothing_has_no_tables():
    assert tables_for([]) == ()


def test_text_has_three_decimals_and_a_mark():
    text = shown(paper_table(4, [a_hundred(2.7564, model="mine", cc=0.5)]))
    mine = next(line for line in text.splitlines() if "mine" in line)
    assert [cell.strip() for cell in mine.split("│")[1:-1]] == [
        "mine", "2.756*", "0.500*", "–", "–", "–", "ours, validation, dhf1k",
    ]  # fmt: skip
    head = next(line for line in text.splitlines() if "NSS" in line)
    assert [cell.strip() for cell in head.split("┃")[1:-1]] == [
        "Method", "NSS", "CC", "SIM", "AUC-J", "s-AUC", "from",
    ]  # fmt: skip


def test_text_takes_names_as_they_are():
    text = shown(paper_table(2, [a_hundred(2.0, model="[bold]odd[/x]")]))
    assert text.count("[bold]odd[/x]") == 2  # in its row, and in a warning
    assert "[/red]" in shown(tables_for([results({"a": 1.0}, data="[/red]")])[0])


def test_markdown_is_a_pipe_table():
    lines = to_markdown(paper_table(3, [results({"a": 9.0}, data="UCFSports", split="test", model="a|b")]))
    table = [line for line in lines.splitlines() if line.startswith("|")]
    assert table[0] == "| Data | Method | NSS | CC | SIM | AUC-J | s-AUC | from |"
    assert table[1] == "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    assert (
        table[2]
        == "| Hollywood2 | STSConvNet | 1.748 | 0.382 | 0.276 | 0.863 | 0.710 | paper, Bak et al., 2018 |"
    )
    assert table[-1] == r"| UCFSports | a\|b | **9.000** | – | – | – | – | ours, test, dhf1k |"


def test_html_is_escaped_and_has_every_cell():
    html = to_html(paper_table(4, [a_hundred(2.0, model="<i>mine</i>")]))
    assert "<i>mine" not in html
    assert "&lt;i&gt;mine" in html
    cells = re.findall(r'<td class="number">(?:<b>)?([^<]*)', html)
    assert len(cells) == 4 * 5
    assert "<b>2.706</b>" in html
