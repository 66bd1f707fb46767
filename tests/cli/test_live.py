"""`tased live` as a process: its page, its window, its lines of JSON, and how it ends."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tests.browser import CHROMIUM, needs_chromium
from tests.media import flats, write_video

from tased.cli import main
from tased.video.capture import capture
from tased.video.live_source import live_source

ROWS, COLUMNS = 96, 160
needs_xvfb = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """One gray picture all along: what is not gray is the overlay."""
    path = tmp_path_factory.mktemp("live") / "clip.mp4"
    return write_video(path, [flats(9, ROWS, COLUMNS)[8]] * 25, rate=25)


def environment(**variables):
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    return kept | variables


@contextmanager
def running(*arguments, **variables):
    """`tased live` in a process of its own, told to stop at the end if it has not."""
    command = [sys.executable, "-m", "tased", "live", *map(str, arguments), "--model", "centre"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**variables)
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def url_of(process):
    line = process.stderr.readline()
    assert line.startswith("tased: watch at http://127.0.0.1:"), line + process.stderr.read()
    return line.split()[-1]


def connect(url, path):
    host, port = url.removeprefix("http://").strip("/").split(":")
    client = socket.create_connection((host, int(port)), timeout=20)
    client.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    return client


def pictures(client):
    """The JPEGs of an MJPEG stream, by its own boundaries and lengths."""
    file = client.makefile("rb")
    boundary = None
    while line := file.readline():
        if line.lower().startswith(b"content-type: multipart"):
            boundary = b"--" + line.split(b"boundary=")[1].strip()
        elif boundary is not None and line.strip() == boundary:
            length = 0
            while head := file.readline().strip():
                if head.lower().startswith(b"content-length:"):
                    length = int(head.split(b":")[1])
            yield np.asarray(Image.open(io.BytesIO(file.read(length))))


def shows_the_overlay(pixels):
    """Heat near the middle, where `centre` expects people to look; the corners as they were."""
    middle = (
        pixels[ROWS // 2 - 10 : ROWS // 2 - 2, COLUMNS // 2 + 10 : COLUMNS // 2 + 18].reshape(-1, 3).mean(0)
    )
    corner = pixels[-4:, -4:].reshape(-1, 3).mean(0)
    return np.ptp(middle) > 60 and np.ptp(corner) < 25


def test_a_client_that_stops_reading_holds_nobody_up(clip, tmp_path):
    with running(clip, "--loop", "--http", "0", "--progress", "json") as process:
        url = url_of(process)
        with connect(url, "/stream") as quick, connect(url, "/stream") as stuck:
            stuck.recv(1000)  # and never again
            begun = time.monotonic()
            seen = [pixels for pixels, _ in zip(pictures(quick), range(60), strict=False)]
            assert time.monotonic() - begun < 20
        assert len(seen) == 60
        assert all(pixels.shape == (ROWS, COLUMNS, 3) for pixels in seen)
        assert shows_the_overlay(seen[0])
        assert shows_the_overlay(seen[-1])
        status = json.load(urllib.request.urlopen(f"{url}status", timeout=10))
        assert status["frames"] >= 60
        assert 0 < status["latency"] < 0.5
        assert re.fullmatch(r"\d+ ms late, [\d.]+ frames a second, \d+ dropped", status["text"])
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    *maps, done = map(json.loads, out.splitlines())
    assert {event["event"] for event in maps} == {"map"}
    assert (done["event"], done["model"]) == ("done", "centre")
    assert len(maps) >= 59
    assert done["frames"] - len(maps) in (0, 1)  # Ctrl-C may come between showing and telling
    assert main(["predict", str(clip), "--table", str(tmp_path / "t.csv"), "--model", "centre"]) == 0
    with (tmp_path / "t.csv").open(newline="") as file:
        row = next(csv.DictReader(file))  # centre gives every frame the same map
    for event in maps:
        assert event.keys() == {"event", "latency", *row}
        for column in row.keys() - {"frame", "seconds"}:
            assert event[column] == pytest.approx(float(row[column]))
        assert 0 < event["latency"] < 5
    times = [event["seconds"] for event in maps]
    assert times == sorted(set(times))
    assert done["latency"] == pytest.approx(np.median([event["latency"] for event in maps]), abs=0.01)


def test_it_says_at_the_end_how_it_went(clip, capsys):
    assert main(["live", str(clip), "--http", "0", "--model", "centre"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    speed = r"clip.mp4: \d+ frames in [01]\.\d s, \d+ dropped; "
    assert re.search(speed + r"shown \d+ ms after capture \(median; 95 %: \d+ ms\)\n$", told.err)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "there is no display to open a window on; watch in a browser with --http 8000"),
        (("camera:77", "--http", "0"), 1, "camera:77: there is no such camera (/dev/video77)"),
        (("screen", "--http", "0"), 1, "DISPLAY is not set"),
        (
            ("rtsp://me:secret@127.0.0.1:9/x", "--http", "0"),
            1,
            "rtsp://me:***@127.0.0.1:9/x: connection refused",
        ),
        (("http://127.0.0.1:9/x", "--http", "0"), 1, "connection refused"),
        (("gone.mp4", "--http", "0"), 1, "no such file"),
        (("--http", "here"), 2, "PORT or HOST:PORT"),
        (("--size", "big", "--http", "0"), 2, "WIDTHxHEIGHT"),
        (("--seconds", "-1", "--http", "0"), 2, "more than 0"),
        (("--style", "heatmap"), 2, "side-by-side"),
        (("--opacity", "3", "--http", "0"), 2, "from 0"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the names of cameras and displays are Linux's")
def test_what_cannot_be_is_said_in_one_line(monkeypatch, capsys, arguments, code, words):
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["live", *arguments, "--model", "centre"]) == code
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if not line.startswith("tased: watch at")]
    assert told.out == ""
    assert len(lines) == 1
    assert words in lines[0]
    assert "secret" not in told.err


def test_a_display_that_is_not_there(clip, monkeypatch, capsys):
    pytest.importorskip("pygame")
    for variable in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DISPLAY", ":4095")
    assert main(["live", str(clip), "--model", "centre"]) == 2
    assert "there is no display to open a window on" in capsys.readouterr().err
    assert "SDL_VIDEODRIVER" not in os.environ


@pytest.mark.parametrize("key", ["q", "escape", None])
def test_a_window_is_closed_as_windows_are(clip, key, monkeypatch, capsys):
    pygame = pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    shown = []
    flip = pygame.display.flip

    def flipped():
        flip()
        shown.append(pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1))
        if len(shown) == 5:
            code = None if key is None else pygame.key.key_code(key)
            event = (
                pygame.event.Event(pygame.QUIT)
                if key is None
                else pygame.event.Event(pygame.KEYDOWN, key=code)
            )
            pygame.event.post(event)

    monkeypatch.setattr(pygame.display, "flip", flipped)
    assert main(["live", str(clip), "--loop", "--model", "centre"]) == 0
    assert len(shown) == 5
    assert "5 frames" in capsys.readouterr().err
    assert shown[0].shape == (ROWS, COLUMNS, 3)
    assert shows_the_overlay(shown[-1])


@pytest.fixture
def display():
    """A display of 400x300 pixels, without a window manager."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "400x300x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as file:
        number = file.readline().strip()
    yield f":{number}"
    process.terminate()
    process.wait(10)


@pytest.mark.slow
@needs_xvfb
def test_the_window_is_seen_on_a_display_and_the_display_by_live(clip, display):
    """One process shows a window, the test and another process capture the screen that it is on."""
    pytest.importorskip("pygame")
    with running(clip, "--loop", DISPLAY=display) as window:
        stop, found = Event(), None
        deadline = time.monotonic() + 30
        for captured in capture(live_source("screen", environment={"DISPLAY": display}), stop):
            pixels = captured.frame.pixels
            assert pixels.shape == (300, 400, 3)
            gray = np.ptp(pixels, axis=2) < 25
            rows, columns = np.nonzero((pixels.max(axis=2) > 40) & gray)
            if len(rows):
                top, left = rows.min(), columns.min()
                found = pixels[top : top + ROWS, left : left + COLUMNS]
            if (
                found is not None and found.shape[0] == ROWS and shows_the_overlay(found)
            ) or time.monotonic() > deadline:
                stop.set()
        assert window.poll() is None
        assert found is not None
        assert shows_the_overlay(found)
        with running(
            "screen", "--http", "0", "--seconds", "2", "--progress", "json", DISPLAY=display
        ) as second:
            out, err = second.communicate(timeout=60)
        assert second.returncode == 0, err
        events = [json.loads(line) for line in out.splitlines()]
        assert events[-1]["frames"] == len(events) - 1 > 3
        assert all(0 <= event["peak_x"] <= 400 and 0 <= event["peak_y"] <= 300 for event in events[:-1])


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_in_a_browser(clip, width):
    """On a phone's width and a desk's: the picture moves, the status is told, nothing overflows."""
    playwright = pytest.importorskip("playwright.sync_api")
    with running(clip, "--loop", "--http", "0") as process:
        url = url_of(process)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": width, "height": 800})
            errors = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(url, wait_until="domcontentloaded")
            page.wait_for_function("document.getElementById('picture').naturalWidth > 0")
            page.wait_for_function("/ms late/.test(document.getElementById('status').textContent)")
            facts = SimpleNamespace(
                **page.evaluate("""() => ({
                  size: [picture.naturalWidth, picture.naturalHeight],
                  shown: picture.getBoundingClientRect().width,
                  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
                  named: picture.alt.length,
                  title: document.title,
                })""")
            )
            canvas = """() => { const c = document.createElement("canvas"); c.width = c.height = 3;
                const d = c.getContext("2d"); d.drawImage(picture, 0, 0, 3, 3);
                return [...d.getImageData(1, 1, 1, 1).data]; }"""
            middle = page.evaluate(canvas)[:3]
            process.send_signal(signal.SIGINT)
            page.wait_for_function("/server is gone/.test(document.getElementById('status').textContent)")
            browser.close()
    assert facts.size == [COLUMNS, ROWS]
    assert facts.overflow <= 0
    assert facts.shown > 0.85 * width
    assert facts.named
    assert "clip.mp4" in facts.title
    assert max(middle) - min(middle) > 30  # the heat
    assert errors == []
