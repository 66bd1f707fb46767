"""Live sources: what is shown is never old, whoever is slow, and what is lost is said."""

import dataclasses
import logging
import math
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import numpy as np
import pytest
import torch
from tests.media import flats, number_of, textured, write_video

from tased import load
from tased.apps import live_page
from tased.apps.live import Status, live
from tased.apps.live_page import LivePage, address
from tased.apps.newest import Newest
from tased.apps.overlay import OverlayStyle
from tased.errors import UsageError, VideoError
from tased.predict.maps import SaliencyMap
from tased.predict.predictor import Predictor
from tased.video import capture

RATE = 25


class Collected:
    """A screen that keeps what it was shown, and is closed after so many."""

    def __init__(self, most=math.inf):
        self.shown, self.most = [], most

    def show(self, pixels, status):
        self.shown.append((pixels, status))

    def open(self):
        return len(self.shown) < self.most


@dataclasses.dataclass
class Model:
    """Takes its time; gives each map the brightness of its frame, `lag` frames later."""

    seconds: float = 0.0
    lag: int = 0
    name: str = "slow"

    def shot(self):
        return Shot(self)


class Shot:
    def __init__(self, model):
        self.model, self.waiting = model, []

    def push(self, frame, *, wanted=True):
        time.sleep(self.model.seconds)
        self.waiting.append(frame)
        if len(self.waiting) <= self.model.lag:
            return []
        frame = self.waiting.pop(0)
        return [SaliencyMap(torch.full((8, 8), number_of(frame.pixels) / 50), frame.index, frame.seconds)]

    def drain(self):
        return []


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("live") / "clip.mp4", flats(30, 64, 96), rate=RATE)


def watch(source, screen=None, model=None, **options):
    seen = []
    screen = screen or Collected()
    done = live(source, predictor=Predictor(model or Model()), screen=screen, report=seen.append, **options)
    assert done.frames == len(seen) == sum(not status.silent for _, status in screen.shown)
    return done, seen, screen


def test_a_quick_model_sees_every_frame_at_its_time(clip):
    began = time.monotonic()
    done, seen, _ = watch(clip)
    assert done.frames + done.dropped == 30
    assert done.dropped <= 3  # of a busy machine
    assert time.monotonic() - began > 29 / RATE
    assert [s.frame.index for s in seen] == sorted({s.frame.index for s in seen})
    for s in seen:
        assert s.map.index == s.frame.index == number_of(s.frame.pixels)
        assert s.frame.seconds == pytest.approx(s.frame.index / RATE)


def test_a_slow_model_drops_frames_and_is_never_late(clip):
    """A frame is older than one period and the work on it together by no more than the machine's hiccups."""
    work, period, hiccup = 0.13, 1 / RATE, 0.25
    done, seen, _ = watch(clip, model=Model(work), loop=True, seconds=3)
    assert done.dropped > done.frames  # 25 a second come, and fewer than 8 can be worked on
    assert len(seen) > 12
    # In a queue the last of them would be more than a second late.
    assert np.median([s.latency for s in seen]) < work + period + 0.05
    assert max(s.latency for s in seen) < work + period + hiccup
    assert done.latency == pytest.approx(np.median([s.latency for s in seen]), abs=0.001)
    assert done.latency_95 <= max(s.latency for s in seen) + 0.001
    assert seen[-1].frame.index + 1 == done.frames + done.dropped


def test_between_predicted_frames_the_latest_map_stays(clip):
    model = Model()
    _, seen, _ = watch(clip, model=model, every=3)
    maps = [s.map.index for s in seen]
    frames = [s.frame.index for s in seen]
    assert maps == [frames[i - i % 3] for i in range(len(frames))]


def test_a_model_that_lags_shows_every_map_over_its_own_frame(clip):
    """The first frames are shown as they are, because a viewer wants to see something."""
    _, seen, screen = watch(clip, model=Model(lag=4))
    assert [s.map for s in seen[:4]] == [None] * 4
    for s, (pixels, _) in zip(seen[:4], screen.shown, strict=False):
        np.testing.assert_array_equal(pixels, s.frame.pixels)
    assert [s.map.index for s in seen[4:]] == [s.frame.index for s in seen[4:]]
    assert all(s.latency > 3 / RATE for s in seen[4:])


def test_a_network_says_what_it_waits_for(clip, tiny_weights):
    screen = Collected()
    live(clip, predictor=load(tiny_weights), screen=screen)
    waited = [status.waiting for _, status in screen.shown]
    assert waited[:4] == [3, 2, 1, 0]
    assert "needs 3 more frames" in screen.shown[0][1].text
    assert "ms late" in screen.shown[-1][1].text


def test_the_overlay_is_what_is_asked_for(clip):
    _, _, screen = watch(clip, Collected(2), style=OverlayStyle(kind="side-by-side"), size=(32, 40))
    pixels, _ = screen.shown[-1]
    assert pixels.shape == (27, 80, 3)  # 96x64 within 40x32, twice
    assert np.abs(pixels[:, 40:].astype(int) - pixels[:, :40]).mean() > 20


def test_it_ends_when_it_should(clip, tmp_path):
    done, _, _ = watch(clip, Collected(5), loop=True)
    assert (done.frames, done.interrupted) == (5, False)
    done, seen, _ = watch(clip, loop=True, seconds=2)
    assert seen[-1].frame.index > 30  # it went round
    assert 1.5 < done.seconds < 2.5
    assert all(b.frame.seconds > a.frame.seconds for a, b in pairwise(seen))


def test_ctrl_c_ends_well(clip):
    class Interrupted(Collected):
        def open(self):
            if len(self.shown) == 3:
                raise KeyboardInterrupt
            return True

    done, _, _ = watch(clip, Interrupted(), loop=True)
    assert (done.frames, done.interrupted) == (3, True)
    assert not [t for t in threading.enumerate() if t.name == "tased-capture"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"every": 0}, "every is 0"), ({"size": (0, 4)}, "4x0"), ({"seconds": 0}, "0 seconds")],
)
def test_options_that_cannot_be(clip, options, words):
    with pytest.raises(UsageError, match=words):
        watch(clip, **options)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(VideoError, match="no such file"):
        watch(tmp_path / "gone.mp4")


def test_a_file_that_lost_its_end_is_shown_and_then_told(tmp_path):
    whole = write_video(tmp_path / "w.mp4", textured(30), container_options={"movflags": "+faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    screen = Collected()
    with pytest.raises(VideoError, match="ends after"):
        live(cut, predictor=load("centre"), screen=screen)
    assert len(screen.shown) > 5


def test_the_newest_is_taken_once_and_by_all():
    newest, taken = Newest(), [[], []]

    def take(numbers, pause):
        number = 0
        while True:
            found = newest.after(number, 5.0)
            if found is None:
                return
            number, item = found
            assert item == number * 10
            numbers.append(number)
            time.sleep(pause)

    threads = [threading.Thread(target=take, args=pair) for pair in zip(taken, (0, 0.03), strict=True)]
    for thread in threads:
        thread.start()
    for i in range(1, 51):
        newest.put(i * 10)
        time.sleep(0.004)
    newest.end()
    for thread in threads:
        thread.join(10)
    for numbers in taken:
        assert all(b > a for a, b in pairwise(numbers))
        assert numbers[-1] == 50
    assert len(taken[1]) < len(taken[0])
    assert newest.after(50, 0.0) is None


class Sender:
    """A camera of the network: MJPEG over HTTP, which hangs up after each `burst` of pictures."""

    def __init__(self, pictures, burst, connections, pause=0.0):
        self.pause = pause
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.thread = threading.Thread(target=self.serve, args=(pictures, burst, connections), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.thread.join(10)

    def serve(self, pictures, burst, connections):
        self.socket.settimeout(0.1)  # after which it is asked whether it was closed
        with self.socket:
            while connections and self.socket.fileno() >= 0:
                with suppress(OSError):  # nobody came, or whoever did has gone
                    self.send(self.socket.accept()[0], pictures, burst)
                    connections -= 1

    def send(self, client, pictures, burst):
        with client:
            client.settimeout(10)
            client.recv(4096)
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n")
            for i in range(burst):
                jpeg = pictures[i % len(pictures)]
                head = f"--x\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                client.sendall(head.encode() + jpeg + b"\r\n")
                time.sleep(0.02)
            time.sleep(self.pause)


@pytest.fixture(scope="module")
def jpegs():
    import io

    from PIL import Image

    files = [io.BytesIO() for _ in range(5)]
    for file, pixels in zip(files, flats(5, 64, 96), strict=True):
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return [file.getvalue() for file in files]


def test_a_lost_stream_is_opened_again_and_said_so(jpegs, monkeypatch, caplog):
    monkeypatch.setattr(capture, "WAITS", (0, 0, 0))
    sender = Sender(jpegs, burst=20, connections=3)
    with sender, pytest.raises(VideoError, match=r"[Cc]onnection (refused|reset)"):
        watch(sender.url)
    lost = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    again = [message for message in lost if "trying again in 0 s" in message]
    assert (
        len(again) >= 5
    )  # each of three hung up, then three in a row refused; the last of these is the error
    assert all(message.startswith(sender.url) for message in again)


def test_a_picture_that_stands_still_says_so(jpegs, monkeypatch):
    """A sender that says nothing for three seconds: the last picture is shown with a word about it."""
    monkeypatch.setattr(capture, "WAITS", (0,))
    sender = Sender(jpegs, burst=30, connections=2, pause=3)
    screen = Collected()
    with sender, pytest.raises(VideoError, match=r"[Cc]onnection (refused|reset)"):
        watch(sender.url, screen)
    silent = [i for i, (_, status) in enumerate(screen.shown) if status.silent]
    assert [round(screen.shown[i][1].silent) for i in silent][:2] == [1, 2]
    assert screen.shown[silent[0]][1].text == "no frame for 1 s: this is the last one"
    np.testing.assert_array_equal(screen.shown[silent[0]][0], screen.shown[silent[0] - 1][0])
    assert not all(status.silent for _, status in screen.shown[silent[0] :])  # it came back


@pytest.fixture
def web(tmp_path):
    """A folder and its address on a web server, which cannot seek."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_video_of_a_web_server_ends_by_itself(web, caplog):
    folder, url = web
    write_video(folder / "a.mp4", flats(30, 64, 96), container_options={"movflags": "+faststart"})
    done, *_ = watch(f"{url}/a.mp4")
    assert done.frames + done.dropped == 30
    assert done.seconds > 0.8  # at its own rate
    assert caplog.text == ""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Half(QuietHandler):
    """Hangs up in the middle of a file, and counts how often it was asked."""

    asked = 0

    def copyfile(self, source, outputfile):
        type(self).asked += 1
        content = source.read()
        outputfile.write(content[: len(content) // 2])


def test_a_video_of_a_web_server_that_breaks_off_is_not_begun_again(tmp_path, monkeypatch):
    monkeypatch.setattr(capture, "WAITS", (0, 0))
    write_video(tmp_path / "a.mp4", textured(80, 240, 320), container_options={"movflags": "+faststart"})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Half, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(VideoError, match=r"broke off .*download the file"):
            watch(f"http://127.0.0.1:{server.server_port}/a.mp4")
        server.shutdown()
    assert Half.asked == 1


def test_a_video_that_cannot_be_streamed_says_so(web):
    folder, url = web
    write_video(folder / "a.mp4", textured(30, 240, 320))  # its index is at the end
    with pytest.raises(VideoError, match=r"no frame of its video came|no video comes"):
        watch(f"{url}/a.mp4")


def test_a_client_that_takes_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(live_page._Handler, "timeout", 0.3)
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    status = Status(frames=1, dropped=0, latency=0.1, rate=10, waiting=0)
    before = threading.active_count()
    with LivePage(port=0) as page, socket.create_connection(("127.0.0.1", port_of(page))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n")
        client.recv(100)
        counts = []
        for _ in range(60):
            page.show(noise, status)
            time.sleep(0.05)
            counts.append(threading.active_count() - before)
    assert max(counts) == 2  # the server, and its client
    assert counts[-1] == 1


def test_frames_of_a_lost_stream_go_on(jpegs, monkeypatch):
    monkeypatch.setattr(capture, "WAITS", (0,))
    with Sender(jpegs, burst=15, connections=20) as sender:
        done, seen, _ = watch(sender.url, Collected(40))
    assert done.frames == 40
    assert all(b.frame.seconds > a.frame.seconds for a, b in pairwise(seen))
    assert {number_of(s.frame.pixels) for s in seen} == set(range(5))


def test_a_page_can_be_the_source_of_another(clip):
    """What one serves the other reads, as FFmpeg, OpenCV or a browser would."""
    with LivePage(port=0) as page:
        options = {"predictor": load("centre"), "loop": True, "style": OverlayStyle(opacity=0)}
        sender = threading.Thread(target=lambda: live(clip, screen=page, seconds=6, **options), daemon=True)
        sender.start()
        done, seen, _ = watch(f"{page.url}stream", Collected(10))
        assert done.frames == 10
        assert all(s.frame.pixels.shape == (64, 96, 3) for s in seen)
        assert len({number_of(s.frame.pixels) for s in seen}) > 3
        sender.join(15)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8000", ("127.0.0.1", 8000)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:9", ("::1", 9)),
        ("box.local:0", ("box.local", 0)),
    ],
)
def test_addresses(text, found):
    assert address(text) == found


@pytest.mark.parametrize("text", ["", "x", "70000", ":80", "::1:80", "a b:80", "80:"])
def test_what_is_no_address(text):
    with pytest.raises(UsageError, match="PORT or HOST:PORT"):
        address(text)


def port_of(page):
    return int(page.url.rsplit(":", 1)[1].strip("/"))


def ask(page, path, host=None):
    port = port_of(page)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: {host or f'127.0.0.1:{port}'}\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def test_only_this_machine_is_answered_and_by_its_name_only():
    with LivePage(port=0) as page:
        assert page.url.startswith("http://127.0.0.1:")
        assert " 200 " in ask(page, "/").splitlines()[0]
        assert " 200 " in ask(page, "/status", "localhost:1").splitlines()[0]
        assert "same-origin" in ask(page, "/status")
        assert " 421 " in ask(page, "/stream", "evil.example:80").splitlines()[0]
        assert " 404 " in ask(page, "/etc/passwd").splitlines()[0]
        with (
            pytest.raises(UsageError, match="cannot be served on"),
            LivePage(port=port_of(page)),
        ):
            pass


def test_everybody_is_answered_only_when_asked_for_and_with_a_warning(caplog):
    with LivePage("0.0.0.0", 0) as page:
        assert " 200 " in ask(page, "/", "any.example").splitlines()[0]
    assert "there is no password" in caplog.text
