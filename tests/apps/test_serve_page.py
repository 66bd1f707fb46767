"""The page in a real browser, on real uploads: at a desk, on a phone, by keys alone.

Screenshots are left in pytest's folder, or in the one that TASED_SCREENSHOTS names.
"""

import csv
import os
import re
import signal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.browser import CHROMIUM, needs_chromium
from tests.media import flats, write_video
from tests.serving import serving, wait_until

from tased.video.read import open_video
from tased.video.synthetic import clip as synthetic
from tased.video.write_colour_movie import ColourMovie

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = needs_chromium

FRAMES = 50
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
TOKEN = "a-secret-of-this-test"


@pytest.fixture(scope="module")
def server():
    with serving("--model", "centre", "--max-size", "2MB", "--max-jobs", 3) as served:
        yield served


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with ColourMovie(path, width=160, height=96, rate=Fraction(25)) as movie:
        for frame in synthetic(frames=FRAMES, height=96, width=160):
            movie.write(frame)
    return path


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def pages(chromium, server):
    """Opens pages, and holds them to asking nobody but this server and to making no mistake."""
    contexts, asked, wrong = [], [], []

    def opened(size="desk", base=server.url, **options):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, base_url=base, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    places = {re.sub(r"^(\w+:(//[^/:]+)?).*", r"\1", url, flags=re.DOTALL) for url in asked}
    assert places <= {"http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:http://127.0.0.1", "blob:"}
    refused = "Failed to load resource: the server responded with a status of 4"  # what a test asked for
    assert [text for text in wrong if not text.startswith(refused)] == []


@pytest.fixture
def picture(tmp_path):
    """Takes a screenshot of a page, and checks on the way that nothing is wider than it."""
    kept = Path(os.environ.get("TASED_SCREENSHOTS", tmp_path))
    kept.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        page.screenshot(path=kept / f"{name}.png", full_page=True)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        return kept / f"{name}.png"

    return take


def uploaded(page, video):
    page.goto("/")
    page.get_by_label("Drop a video here").set_input_files(video)
    page.get_by_role("button", name="Predict").click()
    page.wait_for_url("**/job/*")


def ready(page):
    """The job is done, and both movies can be played."""
    page.get_by_text("Done", exact=True).wait_for(timeout=30_000)
    page.wait_for_function(
        "[...document.querySelectorAll('video')].filter(v => v.readyState >= 2).length == 2"
    )


def times(page):
    return page.evaluate("['source', 'overlay'].map(id => document.getElementById(id).currentTime)")


def settled(page):
    page.wait_for_function("[...document.querySelectorAll('video')].every(v => !v.seeking)")


@pytest.mark.parametrize("size", SIZES)
def test_upload_watch_scrub_download(pages, server, clip, picture, size, tmp_path):
    """All of it, as a visitor would do it."""
    page = pages(size)
    page.goto("/")
    picture(page, f"serve-{size}-begin")
    uploaded(page, clip)
    ready(page)
    page.get_by_role("button", name="go to 1.32 seconds").click()
    settled(page)
    picture(page, f"serve-{size}-done")
    first, second = times(page)
    assert first == pytest.approx(1.32, abs=0.05)
    assert abs(first - second) < 0.05
    # Scrubbing the timeline moves both, and its clock.
    box = page.locator("#curve").bounding_box()
    page.locator("#curve").click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    settled(page)
    first, second = times(page)
    assert first == pytest.approx((FRAMES - 1) / 25 / 4, abs=0.05)
    assert abs(first - second) < 0.05
    assert page.locator("#clock").text_content() == f"{first:.2f} s"
    # It plays, both together, and stops.
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.getElementById('source').currentTime > 0.7", timeout=10_000)
    first, second = times(page)
    assert abs(first - second) < 0.15
    page.get_by_role("button", name="Pause").click()
    settled(page)
    first, second = times(page)
    assert abs(first - second) < 0.05
    # Every file is there to be saved.
    saved = {}
    for link in page.locator(".files a").all():
        with page.expect_download() as download:
            link.click()
        name = link.text_content()
        assert download.value.suggested_filename == f"clip-{name}"
        saved[name] = tmp_path / name
        download.value.save_as(saved[name])
    assert saved["source.mp4"].read_bytes() == clip.read_bytes()
    assert len(list(open_video(saved["overlay.mp4"]))) == FRAMES
    with saved["table.csv"].open(newline="") as rows:
        assert len(list(csv.DictReader(rows))) == FRAMES
    assert set(saved) == {"source.mp4", "overlay.mp4", "maps.mp4", "table.csv", "array.npz", "page.html"}


def test_by_keys_alone(pages, server, clip, picture):
    """The order of the tabs is that of the page, the focus is seen, and keys play, step and scrub."""
    page = pages()
    page.goto("/")
    page.locator("#file").wait_for()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.name || e.textContent.trim() || e.id)(document.activeElement)"))
        outline = (
            "getComputedStyle(document.activeElement.closest('.drop') || document.activeElement).outlineStyle"
        )
        assert page.evaluate(outline) == "solid", reached[-1]
        if reached[-1] == "Predict":
            break
    assert reached == ["tased", "file", "model", "every", "cuts", "Predict"]
    page.locator("#file").set_input_files(clip)  # what the system's own dialogue does
    page.get_by_label("Model").focus()
    page.keyboard.type("motion")
    page.get_by_role("button", name="Predict").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/job/*")
    ready(page)
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "play":
            break
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('source').currentTime > 0.2")
    assert page.evaluate("document.activeElement.textContent") == "Pause"
    page.keyboard.press("Space")  # the focused button, once, not twice
    page.wait_for_function("document.getElementById('source').paused")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "at"
    end = (FRAMES - 1) / 25
    presses = {
        "ArrowRight": 0.04,
        "ArrowUp": 0.08,
        "ArrowLeft": 0.04,
        "Shift+ArrowRight": 1.04,
        "End": end,
        "Home": 0,
    }
    for key, expected in presses.items():
        page.keyboard.press(key)
        settled(page)
        assert times(page) == pytest.approx([expected] * 2, abs=0.01), key
    page.locator("#curve").focus()
    page.keyboard.press("End")
    assert float(page.locator("#curve").get_attribute("aria-valuenow")) == pytest.approx((FRAMES - 1) / 25)
    picture(page, "serve-keys")
    page.keyboard.press("Space")
    page.wait_for_function("!document.getElementById('source').paused")


def test_dropping_a_file(pages, clip):
    page = pages()
    page.goto("/")
    page.locator("#drop").wait_for()
    page.evaluate(
        """async bytes => {
            const kept = new DataTransfer();
            kept.items.add(new File([new Uint8Array(bytes)], "dropped.mp4", {type: "video/mp4"}));
            const drop = document.getElementById("drop");
            const how = {dataTransfer: kept, bubbles: true, cancelable: true};
            for (const kind of ["dragover", "drop"]) drop.dispatchEvent(new DragEvent(kind, how));
        }""",
        list(clip.read_bytes()),
    )
    page.wait_for_url("**/job/*")
    page.get_by_role("heading", name="dropped.mp4").wait_for()
    ready(page)


def test_everything_has_a_name(pages, server, clip):
    """What can be reached says what it is, to those who do not see it."""
    page = pages()
    uploaded(page, clip)
    ready(page)
    nameless = """[...document.querySelectorAll('a, button, input, select, [tabindex="0"], progress')]
        .filter(e => e.checkVisibility() && !(e.labels || []).length && !e.ariaLabel && !e.textContent.trim())
        .map(e => e.outerHTML)"""
    assert page.evaluate(nameless) == []
    assert page.evaluate("document.documentElement.lang").startswith("en")
    page.goto("/")
    page.locator("#file").wait_for()
    assert page.evaluate(nameless) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "empty.mp4: is empty (0 bytes)"),
        ("words.mp4", b"some words\n" * 99, "words.mp4: not a video"),
        ("large.mp4", bytes(2_000_001), "large.mp4: is larger than 2 MB"),
        ("notes.txt", b"words", ".txt is not a video's"),
    ],
    ids=["empty", "wrong", "large", "text"],
)
def test_what_cannot_be_predicted_says_why(pages, server, tmp_path, picture, name, content, said):
    page = pages("phone")
    (tmp_path / name).write_bytes(content)
    page.goto("/")
    page.get_by_label("Drop a video here").set_input_files(tmp_path / name)
    page.get_by_role("button", name="Predict").click()
    page.get_by_text(said).wait_for(timeout=15_000)
    picture(page, f"serve-{name}")
    assert server.health()["status"] == "ok"


def test_a_closed_tab_does_not_stop_its_job(pages, server, clip):
    page = pages()
    uploaded(page, clip)
    address = page.url
    page.context.close()
    job = {"id": address.rpartition("/")[2]}
    assert server.ended(job)["state"] == "done"
    again = pages()
    again.goto(address)
    ready(again)


@pytest.mark.slow
def test_waiting_and_cancelling(pages, server, clip, tmp_path, picture):
    """A job shows its place, moves up while it is watched, and goes when it is told to."""
    long = write_video(tmp_path / "long.mp4", flats(18, 64, 96) * 25)
    first = server.send(long, model="gbvs")
    second = server.send(clip)
    page = pages()
    uploaded(page, clip)
    page.get_by_text("Waiting: number 2 in the queue").wait_for()
    picture(page, "serve-waiting")
    server.http.delete(second["links"]["self"])
    page.get_by_text("Next in the queue").wait_for()
    watcher = pages()
    watcher.goto(f"/job/{first['id']}")
    watcher.get_by_text(re.compile(r"\d+ of 450 frames, .* a second, .* left")).wait_for()
    picture(watcher, "serve-predicting")
    watcher.get_by_role("button", name="Cancel").click()
    watcher.wait_for_url(re.compile(r"/$"))
    ready(page)
    watcher.goto(f"/job/{first['id']}")
    watcher.get_by_text("there is no such job").wait_for()


@pytest.mark.slow
def test_a_killed_worker_is_told(pages, server, clip, tmp_path):
    long = write_video(tmp_path / "long.mp4", flats(18, 64, 96) * 25)
    job = server.send(long, model="gbvs")
    page = pages()
    page.goto(f"/job/{job['id']}")
    wait_until(lambda: server.state(job)["frames"] > 0)
    os.kill(server.workers[0], signal.SIGKILL)
    page.get_by_text("Failed: the process that predicts was ended by signal 9").wait_for()
    uploaded(page, clip)
    ready(page)


@pytest.mark.slow
def test_the_token_is_asked_for_once(chromium, pages, clip, picture):
    with serving("--model", "centre", token=TOKEN) as served:
        page = pages("phone", base=served.url)
        page.goto("/")
        assert "/login" in page.url
        picture(page, "serve-login")
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{served.url}/")
        uploaded(page, clip)
        ready(page)
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert TOKEN not in cookie["value"]
        page.context.close()
