import base64
import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.browser import facts_of, needs_chromium
from tests.evaluate.handmade_results import results

from tased.errors import DataError, OutputError, UsageError
from tased.evaluate.compare import compare
from tased.evaluate.figure import Choice, Example, choose_examples, pictures
from tased.evaluate.report import differences, scores_by_video, ticks_over, write_report

NSS_A = {"v2": 3.0, "v10": 2.0, "v1": 1.0, "v4": 1.5}
NSS_B = {"v2": 2.0, "v10": 2.5, "v1": 1.25, "v5": 1.0}
OTHERS = {"cc": 0.5, "sim": 0.4, "auc_judd": 0.9, "shuffled_auc": 0.7, "auc_borji": 0.8, "kld": 1.5}


@pytest.fixture
def two():
    return [results(NSS_A, model="ours", **OTHERS), results(NSS_B, model="<other> model", **OTHERS)]


def spot(row, column):
    rows, columns = np.mgrid[:60, :100]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 100)


def example(choice):
    picture = np.zeros((120, 200, 3), np.uint8)
    picture[..., 0] = 200
    return Example(
        video=choice.video,
        frame=choice.frame,
        label=choice.label,
        picture=picture,
        truth=spot(30, 30),
        maps=(("ours", 7 * spot(30, 40)), ("<other> model", np.zeros((6, 10)))),
        scores={"ours": 2.125, "<other> model": 1.0},
    )


@pytest.fixture
def page(tmp_path, two):
    path = tmp_path / "report.html"
    write_report(path, two, examples=[example(c) for c in choose_examples(compare(*two), 1)])
    return path


def test_best_and_worst_of_a_comparison(two):
    # Differences: v2 +1, v1 -0.25, v10 -0.5. Ten frames were scored and one skipped of each.
    assert choose_examples(compare(*two), 1) == (Choice("v2", 5, "best"), Choice("v10", 5, "worst"))
    assert choose_examples(compare(*two), 9) == (
        Choice("v2", 5, "best"),
        Choice("v1", 5, "best"),
        Choice("v10", 5, "worst"),
    )


def test_best_and_worst_of_results(two):
    chosen = choose_examples(two[0], 2)
    assert [(c.video, c.label) for c in chosen] == [
        ("v2", "best"), ("v10", "best"), ("v4", "worst"), ("v1", "worst"),
    ]  # fmt: skip
    videos = tuple(replace(v, scores={"kld": v.scores["nss"]}) for v in two[0].videos)
    videos += (replace(videos[0], name="none", scores={"kld": math.nan}),)
    chosen = choose_examples(replace(two[0], videos=videos), 1, metric="kld")
    assert [c.video for c in chosen] == ["v1", "v2"]  # less is better
    assert choose_examples(two[0], 1, metric="information_gain") == ()


def test_no_examples_is_wrong_use(two):
    with pytest.raises(UsageError, match="0 examples"):
        choose_examples(two[0], 0)


def test_pictures_are_small_jpegs_in_the_papers_order():
    wide = replace(example(Choice("v", 3, "best")), picture=np.full((600, 1000, 3), (200, 30, 10), np.uint8))
    columns = pictures(wide)
    assert [name for name, _ in columns] == ["frame", "where people looked", "ours", "<other> model"]
    seen = []
    for _, uri in columns:
        assert uri.startswith("data:image/jpeg;base64,")
        seen.append(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))
    assert {picture.size for picture in seen} == {(480, 288)}
    assert np.abs(np.asarray(seen[0])[100, 100].astype(int) - (200, 30, 10)).max() < 10
    truth, ours, nothing = (np.asarray(picture).astype(int) for picture in seen[1:])
    assert np.unravel_index(truth.argmax(), truth.shape) == pytest.approx((146, 146), abs=8)
    assert ours.max() > 245  # white at its own maximum, of whatever scale
    assert nothing.max() < 5


def test_a_chart_has_a_dot_for_every_score(two):
    chart = scores_by_video(two, "nss")
    assert [mark.title for mark in chart.marks if mark.series == 0] == [
        "v2: ours 3.000", "v10: ours 2.000", "v4: ours 1.500", "v1: ours 1.000",
    ]  # fmt: skip
    assert len(chart.marks) == 8
    assert [name for _, name in chart.ticks] == ["0", "1", "2", "3"]
    top = next(mark for mark in chart.marks if mark.title.startswith("v2: ours"))
    assert (top.y, top.x) == (0, 10)  # the largest of all, the first of five videos


def test_bars_stand_on_zero(two):
    chart = differences(compare(*two))
    zero = next(y for y, name in chart.ticks if name == "0")
    up, *down = chart.marks
    assert (up.y, up.y + up.height, up.series) == (0, pytest.approx(zero), 0)
    assert all(mark.y == pytest.approx(zero) and mark.series == 1 for mark in down)
    assert down[1].height == pytest.approx(2 * down[0].height) == pytest.approx(up.height / 2)
    assert len(chart.limits) == 2


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 3, (0, 1, 2, 3)),
        (-0.75, 1, (-1, -0.5, 0, 0.5, 1)),
        (0, 0, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (0, 0.03, (0, 0.01, 0.02, 0.03)),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks_over(low, high) == pytest.approx(expected)


def test_ticks_hold_everything():
    generator = np.random.default_rng(0)
    for low, size in zip(generator.normal(size=300), 10 ** generator.uniform(-3, 3, 300), strict=True):
        ticks = ticks_over(low, low + size)
        assert ticks[0] <= low + 1e-9
        assert ticks[-1] >= low + size - 1e-9
        assert 2 <= len(ticks) <= 7


def test_the_page_needs_nothing_but_itself(page):
    text = page.read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(sources) == 2 * 4
    assert all(source.startswith("data:image/jpeg") for source in sources)
    assert "http" not in re.sub(r'"data:[^"]*"', "", text)


def test_the_page_says_what_was_evaluated(page, two):
    text = page.read_text()
    for fact in (two[0].fingerprint, two[0].weights_sha256, "torch 2.6", "validation", "dhf1k", two[0].date):
        assert fact in text
    assert "<other>" not in text
    assert "&lt;other&gt; model" in text
    assert "Table 4 of the paper" in text
    assert "Table 2 of the paper" in text
    assert "WARNING" in text
    assert "Only ours has a score on: v4." in text
    assert "fixations" in text
    assert "ours beats &lt;other&gt; model by more than 0.5 NSS on 1 video" in text


def test_a_page_of_one_result(tmp_path):
    one = results({"only": 2.0}, data="Mine", **OTHERS)
    write_report(tmp_path / "r.html", [one])
    text = (tmp_path / "r.html").read_text()
    assert "The paper has no table of this data" in text
    assert '<section class="comparison">' not in text
    assert '<section class="example">' not in text
    assert re.findall(r"<button type=\"button\">(.*?)<", text) == [
        "video", "frames", "skipped", "NSS", "CC", "SIM", "AUC-J", "s-AUC", "AUC-B", "KLD",
    ]  # fmt: skip


def test_the_same_results_give_the_same_page(page, two, tmp_path):
    again = tmp_path / "again.html"
    write_report(again, two, examples=[example(c) for c in choose_examples(compare(*two), 1)])
    assert again.read_bytes() == page.read_bytes()


def test_what_cannot_be_written(tmp_path, two):
    with pytest.raises(UsageError, match="one evaluation or more"):
        write_report(tmp_path / "r.html", [])
    with pytest.raises(OutputError, match="is a folder"):
        write_report(tmp_path, two)
    with pytest.raises(DataError, match="fingerprint"):
        write_report(tmp_path / "r.html", [two[0], replace(two[1], fingerprint="other")])
    assert not list(tmp_path.iterdir())


LOOK = """{
  const table = document.getElementById("videos");
  const column = n => [...table.tBodies[0].rows].map(row => row.cells[n].textContent);
  const buttons = [...table.tHead.querySelectorAll("button")];
  const sorts = () => [...table.tHead.rows[0].cells].map(head => head.getAttribute("aria-sort"));
  const found = { first: column(0) };
  buttons[0].click(); found.names = column(0);
  buttons[0].click(); found.reversed = column(0);
  buttons[1].click(); found.best = column(1); found.sorts = sorts();
  buttons[1].click(); found.worst = column(1);
  buttons[1].focus(); found.focus = document.activeElement === buttons[1];
  const box = document.getElementById("means").parentElement;
  found.scrolls = box.scrollWidth > box.clientWidth;
  found.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  document.querySelector("details").open = true;
  found.overflowOpen = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  found.width = innerWidth;
  found.pictures = [...document.images].map(picture => picture.naturalWidth);
  found.dots = document.querySelectorAll("#chart circle").length;
  found.dot = document.querySelector("#chart circle").getBoundingClientRect().width;
  found.bar = document.querySelector(".comparison rect").getBoundingClientRect().height;
  found.background = getComputedStyle(document.body).backgroundColor;
  document.body.dataset.found = JSON.stringify(found);
}"""


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_page_works_in_a_browser(page, tmp_path, width, dark):
    """On a phone's width and a desk's: nothing overflows, tables sort, pictures and charts are there."""
    facts = facts_of(page, tmp_path, width, LOOK, dark=dark)
    assert facts["width"] == width
    assert facts["overflow"] <= 0
    assert facts["overflowOpen"] <= 0
    assert facts["scrolls"] == (width == 390)
    assert facts["first"] == ["v2", "v10", "v1", "v4", "v5"]
    assert facts["names"] == ["v1", "v2", "v4", "v5", "v10"]  # as people count
    assert facts["reversed"] == facts["names"][::-1]
    assert facts["best"] == ["3.000", "2.000", "1.500", "1.000", "–"]
    assert facts["worst"] == ["1.000", "1.500", "2.000", "3.000", "–"]
    assert facts["sorts"] == [None, "descending", None, None]
    assert facts["focus"]
    assert facts["pictures"] == [200] * 8
    assert facts["dots"] == 8
    assert facts["dot"] == pytest.approx(7, abs=2)
    assert facts["bar"] > 20
    assert facts["background"] == ("rgb(23, 23, 27)" if dark else "rgb(251, 250, 247)")


@needs_chromium
def test_names_that_are_long_do_not_widen_the_page(tmp_path):
    long = results({"video-" + "x" * 200: 1.0}, model="m" * 200, data="d" * 200)
    write_report(tmp_path / "r.html", [long, long])
    script = "document.body.dataset.found = JSON.stringify({over: document.documentElement.scrollWidth"
    script += " - document.documentElement.clientWidth});"
    assert facts_of(tmp_path / "r.html", tmp_path, 390, script)["over"] <= 0


@needs_chromium
def test_a_page_of_one_video_has_no_errors(tmp_path):
    write_report(tmp_path / "r.html", [results({"v": 1.0})])
    rows = "document.querySelectorAll('#videos tr').length"
    script = f"document.body.dataset.found = JSON.stringify({{rows: {rows}}});"
    assert facts_of(tmp_path / "r.html", tmp_path, 390, script) == {"rows": 2}
