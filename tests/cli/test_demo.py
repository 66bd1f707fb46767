"""`tased demo`, and its page in a real browser."""

import re

import pytest
from tests.browser import facts_of, needs_chromium

from tased.cli import main
from tased.video.read import open_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "shown"
    assert main(["demo", "-o", str(folder), "--frames", "20"]) == 0
    return folder


def test_everything_is_there(folder):
    names = ["clip.mp4", "index.html", "maps", "overlay.mp4", "saliency.csv"]
    assert sorted(p.name for p in folder.iterdir()) == names
    assert len(list((folder / "maps").iterdir())) == 20
    assert len(list(open_video(folder / "overlay.mp4"))) == 20
    assert len((folder / "saliency.csv").read_text().splitlines()) == 21


def test_the_page_needs_nothing_but_itself(folder):
    page = (folder / "index.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == 12  # two movies, ten pictures
    assert all(source.startswith("data:") for source in sources)
    assert "http" not in re.sub(r'"data:[^"]*"', "", page)


def test_it_says_where_things_are(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path / "d"), "--frames", "2"]) == 0
    told = capsys.readouterr().out
    assert (tmp_path / "d" / "index.html").as_uri() in told
    assert str(tmp_path / "d" / "overlay.mp4") in told


@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_works_in_a_browser(folder, tmp_path, width):
    """On a phone's width and a desk's: movies load, the timeline follows, nothing overflows."""
    script = """
      Promise.all(["source", "overlay"].map(id => new Promise(done => {
        const movie = document.getElementById(id);
        if (movie.readyState >= 1) done(); else movie.onloadedmetadata = done;
      }))).then(() => {
        document.querySelectorAll("[data-seconds]")[7].click();
        document.body.dataset.found = JSON.stringify({
          durations: ["source", "overlay"].map(id => document.getElementById(id).duration),
          clock: document.getElementById("clock").textContent,
          shares: [...document.querySelectorAll("#grid div")].map(cell => parseInt(cell.textContent)),
          curve: document.getElementById("line").getAttribute("d").length,
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        });
      });
    """
    facts = facts_of(folder / "index.html", tmp_path, width, script)
    assert facts["durations"] == pytest.approx([0.8, 0.8], abs=0.05)
    assert facts["clock"] == "0.60 s"  # the eighth of ten pictures of 20 frames: frame 15
    assert sum(facts["shares"]) == pytest.approx(100, abs=5)
    assert facts["curve"] > 100
    assert facts["overflow"] <= 0
