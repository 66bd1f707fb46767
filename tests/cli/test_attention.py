"""`tased attention`, and its page in a real browser."""

import base64
import csv
import io
import json
import re
from pathlib import Path

import pytest
from tests.browser import facts_of, needs_chromium
from tests.media import textured, write_video

from tased.apps.areas.result import COLUMNS
from tased.cli import app, main

ROOT = Path(__file__).parents[2]
UNTRUSTED = "<script>document.title='ERROR'</script>"
AREAS = {
    "areas": [
        {"name": UNTRUSTED, "rectangle": [0, 0, 80, 96]},
        {"name": '"[/bold] & "', "polygon": [[100, 10], [150, 10], [120, 90]]},
        {
            "name": "ball",
            "keyframes": [
                {"seconds": 0.2, "rectangle": [-10, 20, 40, 40]},
                {"seconds": 0.6, "rectangle": [60, 20, 40, 40]},
            ],
        },
    ]
}


FILES = {
    "table": "t.csv",
    "summary": "s.csv",
    "plot": "p.svg",
    "html": "r.html",
    "areas_out": "a.json",
    "thumbnails": "best",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attention")
    write_video(folder / "clip <i>.mp4", textured(25))
    (folder / "areas.json").write_text(json.dumps(AREAS))
    return folder


@pytest.fixture(scope="module")
def done(folder):
    """Everything at once, as one run tells it."""
    options = [
        word for name, file in FILES.items() for word in (f"--{name.replace('_', '-')}", str(folder / file))
    ]
    areas = str(folder / "areas.json")
    command = ["attention", str(folder / "clip <i>.mp4"), "--areas", areas, "--model", "centre", *options]
    with pytest.MonkeyPatch.context() as patch:
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        assert main([*command, "--progress", "json"]) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_it_tells_all_as_json(folder, done):
    *frames, last = done
    assert [event["frames"] for event in frames] == list(range(1, 26))
    assert (last["event"], last["frames"], last["seconds"]) == ("done", 25, pytest.approx(1))
    assert (last["model"], last["computing"]) == ("centre", None)
    assert [area["area"] for area in last["areas"]][2:] == ["ball", "anywhere else"]
    assert last["areas"][2]["present_seconds"] == pytest.approx(0.44)  # frames 5 to 15
    assert last["outputs"] == {name: str(folder / file) for name, file in FILES.items()}
    assert len(last["thumbnails"]) == len(list((folder / "best").glob("?.jpg")))


def test_an_absent_area_is_an_empty_cell(folder, done):
    with (folder / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows if row["ball"]] == list(range(5, 16))
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in row if name not in ("frame", "ball"))


def test_the_page_needs_nothing_but_itself(folder, done):
    page = (folder / "r.html").read_text()
    for source in re.findall(r'\b(?:src|href)="([^"]*)"', page):
        assert source.startswith("data:")
    assert "http" not in re.sub(r'"data:[^"]*"', "", page)
    assert "<script>document" not in page


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1280, False)])
def test_the_page_works_in_a_browser(folder, done, tmp_path, width, dark):
    """Nothing overflows, names are text, the slider moves all, and what is downloaded is what was written."""
    script = """
      const slider = document.getElementById("at");
      const shown = () => [...document.querySelectorAll("#areas .now")].map(cell => cell.textContent);
      const before = shown();
      slider.focus();
      slider.value = 0.4;
      slider.dispatchEvent(new Event("input"));
      const middle = shown(), large = document.getElementById("large").src;
      document.querySelectorAll(".strip button")[11].click();
      Promise.all([...document.querySelectorAll("a[download]")].map(async a =>
        [a.download, await (await fetch(a.href)).text()])).then(files => {
        document.body.dataset.found = JSON.stringify({
          title: document.title, before, middle,
          words: getComputedStyle(document.querySelector("#areas thead th")).overflowWrap,
          focus: document.activeElement.id,
          names: [...document.querySelectorAll("#areas tbody th")].map(cell => cell.textContent.trim()),
          lines: [...document.querySelectorAll("#curve path")].map(path => path.getAttribute("d").length),
          clock: document.querySelector("output").textContent,
          pictures: document.querySelectorAll(".strip img").length,
          changed: large !== document.getElementById("large").src,
          scores: document.querySelectorAll("#scores tbody tr").length,
          background: getComputedStyle(document.body).backgroundColor,
          ink: getComputedStyle(document.body).color,
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          files: btoa(unescape(encodeURIComponent(JSON.stringify(files)))),
        });
      });
    """
    facts = facts_of(folder / "r.html", tmp_path, width, script, dark=dark)
    assert facts["title"] == "clip <i>.mp4 - attention"
    names = [" ".join(name.split()) for name in facts["names"]]
    assert names == [f"1 {UNTRUSTED}", '2 "[/bold] & "', "3 ball", "anywhere else"]
    assert facts["before"][2] == "–"
    assert facts["middle"][2].endswith(" %")
    assert facts["clock"] == "0.96 s"
    assert facts["focus"] == "at"
    assert facts["changed"]
    assert facts["pictures"] == 12
    assert facts["scores"] == 2  # centre, other observers
    assert all(length > 50 for length in facts["lines"])
    assert facts["overflow"] <= 0
    assert facts["words"] == "normal"  # the heads of columns are not broken within them
    darkness = [sum(map(int, re.findall(r"\d+", facts[what])[:3])) for what in ("background", "ink")]
    assert (darkness[0] < darkness[1]) == dark
    files = dict(json.loads(base64.b64decode(facts["files"])))
    assert files["summary.csv"].encode() == (folder / "s.csv").read_bytes()
    assert files["areas.json"] == (folder / "a.json").read_text()
    timeline = list(csv.DictReader(io.StringIO(files["timeline.csv"])))
    with (folder / "t.csv").open(newline="") as file:
        for row, other in zip(csv.DictReader(file), timeline, strict=True):
            for name, cell in other.items():
                assert (cell == "") == (row[name] == "")
                assert cell == "" or float(cell) == pytest.approx(float(row[name]))
    assert json.loads(files["summary.json"])["areas"] == done[-1]["areas"]


def test_without_outputs_the_summary_is_shown(folder, capsys):
    areas = str(folder / "areas.json")
    assert main(["attention", str(folder / "clip <i>.mp4"), "--areas", areas, "--model", "centre"]) == 0
    told = capsys.readouterr().out
    assert "Attention to clip <i>.mp4, as centre predicts it" in told
    for name in (UNTRUSTED, '"[/bold] & "', "ball", "anywhere else"):
        assert name in told


def test_auto_is_what_is_done_without_areas(folder, capsys):
    out = folder / "auto.json"
    clip = str(folder / "clip <i>.mp4")
    assert main(["attention", clip, "--model", "centre", "--areas-out", str(out)]) == 0
    [area] = json.loads(out.read_text())["areas"]
    assert area["name"] == "A"
    x, y, width, height = area["rectangle"]
    assert x < 80 < x + width  # people look at the middle
    assert y < 48 < y + height


def test_weights_of_ones_own_have_no_score_here(folder, tiny_weights, tmp_path):
    page = tmp_path / "r.html"
    areas = str(folder / "areas.json")
    command = ["attention", str(folder / "clip <i>.mp4"), "--areas", areas, "--html", str(page)]
    assert main([*command, "--weights", str(tiny_weights)]) == 0
    assert "is none of tased's own" in page.read_text()
    assert 'id="scores"' not in page.read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--areas", "none.json"], 2, "none.json: cannot be read as areas"),
        (["--areas", "bad.json"], 2, "area 'a' has no shape"),
        (["--plot", "p.jpg"], 2, "--plot is written as .png or .svg or .pdf"),
        (["--table", "clip <i>.mp4"], 2, "is the input itself"),
        (["--count", "0", "--thumbnails", "t"], 2, "0 thumbnails"),
        (["--aspect", "0:1", "--thumbnails", "t"], 2, "--aspect 0:1"),
        (["--table", "t.csv/t.csv"], 1, "t.csv"),
    ],
)
def test_mistakes_are_one_line(folder, done, capsys, monkeypatch, options, code, message):
    monkeypatch.chdir(folder)
    (folder / "bad.json").write_text('{"areas": [{"name": "a"}]}')
    assert main(["attention", "clip <i>.mp4", "--model", "centre", *options]) == code
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1


def test_the_guide_explains_every_option_and_column():
    guide = (ROOT / "docs" / "guides" / "attention.md").read_text(encoding="utf-8")
    arguments = app["attention"].assemble_argument_collection()
    options = {argument.names[0] for argument in arguments} - {"INPUT", "*"}
    assert set(re.findall(r"--[a-z][a-z-]*", guide)) == options
    table = guide.split("| column |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"`(\w+)`", re.sub(r"\| [^|]*\|$", "", table, flags=re.MULTILINE))) == COLUMNS
