"""`tased compare`, on results made by hand."""

import json

import pytest
from cyclopts import App
from tests.evaluate.handmade_results import a_hundred, results

import tased.cli
from tased.cli.compare import compare
from tased.metrics import METRICS


@pytest.fixture
def files(tmp_path):
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    a_hundred(2.9, model="ours", cc=0.5).save(ours)
    a_hundred(2.1, model="theirs", cc=0.5).save(theirs)
    return ours, theirs


def run(*arguments):
    return tased.cli.main(["compare", *map(str, arguments)])


def test_the_table_and_the_difference_are_printed(files, capsys):
    assert run(*files) == 0
    told = capsys.readouterr().out
    assert "Table 4 of the paper" in told
    assert "TASED-Net-tri" in told
    assert "2.900*" in told
    assert "ours - theirs: +0.800 NSS over 100 videos (95% interval +0.800 to +0.800)" in told
    assert "ours beats theirs by more than 0.5 NSS on 100 videos, theirs beats ours on 0." in told


def test_lines_are_whole_in_a_pipe(files, capsys):
    assert run(*files) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert any("TASED-Net (updated)" in line for line in table)
    assert not any("…" in line for line in table)


def test_every_other_is_compared_with_the_first(files, tmp_path, capsys):
    third = tmp_path / "third.json"
    results({f"{601 + i:04d}": 2.0 for i in range(7)}, model="third").save(third)
    assert run(*files, third) == 0
    told = capsys.readouterr().out
    assert "ours - theirs" in told
    assert "ours - third" in told
    assert "Only ours has a score on: 0608, 0609, 0610, 0611, 0612 and 88 more." in told


def test_markdown(files, capsys):
    assert run(*files, "--markdown", "--threshold", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "| Method | NSS | CC | SIM | AUC-J | s-AUC | from |" in lines
    assert "- ours - theirs: +0.800 NSS over 100 videos" in lines[-1]
    assert "by more than 1 NSS on 0 videos" in lines[-1]


def test_page_and_numbers(files, tmp_path):
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    assert run(*files, "--html", page, "--json", numbers) == 0
    assert "ours against theirs" in page.read_text()
    [found] = json.loads(numbers.read_text())["comparisons"]
    assert (found["a"], found["b"], found["metric"], found["a_wins"]) == ("ours", "theirs", "nss", 100)
    assert found["mean"] == pytest.approx(0.8)
    assert len(found["videos"]) == 100
    assert found["videos"][0]["difference"] == pytest.approx(0.8)


def test_two_evaluations_of_one_model_go_by_their_files(tmp_path, capsys):
    for name, level in (("before", 2.0), ("after", 2.5)):
        a_hundred(level, model="same").save(tmp_path / f"{name}.json")
    assert run(tmp_path / "after.json", tmp_path / "before.json") == 0
    assert "same (after) - same (before): +0.500 NSS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ours"], 2, "two files of results or more"),
        (["ours", "absent"], 1, "cannot be read"),
        (["ours", "broken"], 1, "is no result of tased evaluate --json"),
        (["ours", "exact"], 1, "protocol is 'dhf1k' in one and 'exact' in the other"),
        (["ours", "theirs", "--metric", "speed"], 2, "speed"),
        (["ours", "theirs", "--metric", "kld"], 1, "no video in common with a score in KLD"),
        (["ours", "theirs", "--threshold", "-1"], 2, "threshold of -1"),
        (["ours", "theirs", "--json", "folder"], 1, "is a folder"),
    ],
)
def test_errors_are_one_line(files, tmp_path, capsys, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text('{"format": 1}')
    (tmp_path / "folder").mkdir()
    a_hundred(1.0, model="exact", protocol="exact").save(tmp_path / "exact.json")
    names = ("ours", "theirs", "absent", "broken", "exact")
    assert run(*(f"{a}.json" if a in names else a for a in arguments)) == code
    told = capsys.readouterr()
    assert message in told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""


def test_every_metric_can_be_asked_for():
    options = App(default_command=compare).assemble_argument_collection()
    [metric] = [argument for argument in options if argument.name == "--metric"]
    assert metric.get_choices() == METRICS


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "Early two-step (32)"), (5, "TASED-Net (48)"), (2, "STSConvNet"), (4, "TASED-Net-trp")],
)
def test_any_of_the_papers_tables_can_be_asked_for(files, tmp_path, capsys, number, words):
    assert run(files[0], "--table", number, "--html", tmp_path / "a.html") == 0
    told = capsys.readouterr().out
    assert f"Table {number} of the paper" in told
    assert words in told
    assert "ours" in told
    assert f"Table {number} of the paper" in (tmp_path / "a.html").read_text()


def test_a_table_of_other_data_is_refused(files, capsys):
    assert run(*files, "--table", 3) == 1
    assert "Hollywood2 and UCFSports" in capsys.readouterr().err
