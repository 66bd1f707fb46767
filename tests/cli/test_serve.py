"""`tased serve`: how it begins, who may come in, how it ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.media import flats, write_video
from tests.serving import serving, wait_until

from tased.apps.serve.job import FINAL, RESULTS
from tased.cli import app, main

TOKEN = "a-secret-of-this-test"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "serve.md"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", flats(5, 48, 64))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def guarded(folder):
    """A server for others: with a token, and little patience."""
    few = ("--keep", "4s", "--timeout", "2s", "--workers", 2)
    with serving("--model", "centre", "--host", "0.0.0.0", "--folder", folder, *few, token=TOKEN) as served:
        yield served


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/jobs/x"), ("POST", "/api/v1/jobs"), ("DELETE", "/api/v1/jobs/x"), ("GET", "/"),
     ("GET", "/job/x"), ("GET", "/api/v1/openapi.json"),
     ("GET", "/_nicegui_ws/socket.io/?EIO=4&transport=polling")],
)  # fmt: skip
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong-one"}, {"Authorization": TOKEN},
     {"Cookie": f"tased-session={TOKEN}"}, {"Authorization": f"Bearer {TOKEN[:-1]}"},
     {"Authorization": "Bearer schlüssel".encode()}],
    ids=["none", "wrong", "no scheme", "cookie", "short", "not ASCII"],
)  # fmt: skip
def test_nothing_without_the_token(guarded, method, path, headers):
    answer = httpx.request(method, guarded.url + path, headers=headers)
    assert answer.status_code == 401
    assert "asks for a token" in answer.json()["error"]


def test_health_is_for_everybody(guarded):
    assert httpx.get(f"{guarded.url}/health").status_code == 200


def test_a_browser_is_sent_to_the_login_and_back(guarded):
    with httpx.Client(base_url=guarded.url, follow_redirects=True) as browser:
        page = browser.get("/job/some", headers={"Accept": "text/html"})
        assert (page.url.path, dict(page.url.params)) == ("/login", {"next": "/job/some"})
        wrong = browser.post("/login?next=/job/some", data={"token": "wrong-token"})
        assert wrong.status_code == 401
        assert "That is not the token" in wrong.text
        right = browser.post("/login?next=/job/some", data={"token": TOKEN})
        assert right.url.path == "/job/some"
        assert browser.get("/api/v1/openapi.json").status_code == 200


def test_cookies_of_other_programs_on_this_host_do_no_harm(guarded):
    """Browsers send a host's cookies to all its ports; Python's own parser gives up at such a name."""
    with httpx.Client(base_url=guarded.url) as browser:
        cookie = browser.post("/login", data={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
        answer = httpx.get(f"{guarded.url}/api/v1/openapi.json", headers={"Cookie": f"a/b={{1}}; {cookie}"})
    assert answer.status_code == 200
    assert httpx.get(f"{guarded.url}/api/v1/jobs/x", headers={"Cookie": "a/b={1}"}).status_code == 401


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil.example", "evil.example"]
)
def test_the_login_leads_to_its_own_pages_only(guarded, after):
    answer = httpx.post(f"{guarded.url}/login", params={"next": after}, data={"token": TOKEN})
    assert answer.headers["location"] == "/"


def test_a_login_form_is_small(guarded):
    assert httpx.post(f"{guarded.url}/login", content=b"token=" + b"x" * 100_000).status_code == 401


def test_files_are_deleted_after_their_time(guarded, clip, folder):
    wait_until(lambda: guarded.health()["workers"] == 2, 60)  # with less to do the machine keeps time
    job = guarded.ended(guarded.send(clip))
    assert guarded.http.get(job["results"]["table.csv"]).status_code == 200
    assert list(folder.rglob("table.csv"))
    wait_until(lambda: guarded.http.get(job["links"]["self"]).status_code == 404, 8)
    assert guarded.http.get(job["results"]["table.csv"]).status_code == 404
    assert not list(folder.rglob("table.csv"))


def test_work_that_takes_too_long_is_stopped(guarded, tmp_path, clip):
    """On both workers."""
    long = write_video(tmp_path / "long.mp4", flats(18, 64, 96) * 25)
    wait_until(lambda: guarded.health()["workers"] == 2, 60)
    jobs = [guarded.send(long, model="gbvs") for _ in range(2)]
    with ThreadPoolExecutor(2) as both:
        for ended in both.map(guarded.ended, jobs):
            assert ended["state"] == "failed"
            assert "took more than 2 s" in ended["error"]
    assert guarded.ended(guarded.send(clip))["state"] == "done"


def test_whoever_listens_for_others_without_a_token_is_warned():
    with serving("--model", "centre", "--host", "0.0.0.0") as served:
        assert "without a token" in served.said[0]
        # Under its own name a stranger's page would find it; on all addresses it cannot know its names.
        assert httpx.get(f"{served.url}/health", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_soon_whatever_goes_on(stop, clip, tmp_path):
    """In the middle of work, with somebody watching and an upload that never ends."""
    long = write_video(tmp_path / "long.mp4", flats(18, 64, 96) * 25)
    folder = tmp_path / "files"
    folder.mkdir()
    with serving("--folder", folder, "--name", "see.example", stop=stop) as served:
        other = {"Host": "see.example"}
        assert served.http.get("/health", headers=other).status_code == 200
        assert served.health()["models"][0] == "lite"
        job = served.send(long, model="gbvs")
        wait_until(lambda: served.state(job)["frames"] > 0)
        (worker,) = served.workers
        watcher = served.http.stream("GET", job["links"]["events"])
        watcher.__enter__()
        address = httpx.URL(served.url)
        half = socket.create_connection((address.host, address.port))
        half.sendall(
            b"POST /api/v1/jobs?name=a.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx"
        )
        time.sleep(0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    half.close()
    assert not any(folder.iterdir())
    assert not Path(f"/proc/{worker}").exists()


def test_workers_end_with_a_server_that_is_killed(clip, tmp_path):
    command = [
        sys.executable,
        "-m",
        "tased",
        "serve",
        "--port",
        "0",
        "--model",
        "centre",
        "--folder",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert "serving at" in server.stderr.readline()
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        if not children.exists():
            server.kill()
            pytest.skip("this system does not list the children of a process")
        workers = [Path(f"/proc/{pid}") for pid in children.read_text().split()]
        assert workers
        server.kill()
    wait_until(lambda: not any(worker.exists() for worker in workers))


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"--port {port}: cannot be listened on" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--max-size", "much"], "'much' is not a size"),
        (["--keep", "long"], "'long' is not a time"),
        (["--token", "short"], "at least 8 characters"),
        (["--workers", "0"], "must be more than 0"),
        (["--host", "no.such.host.invalid"], "cannot be listened on"),
        (["--folder", "no/such/folder"], "no such folder"),
    ],
)
def test_wrong_usage(options, why, capsys):
    assert main(["serve", *options]) == 2
    assert why in capsys.readouterr().err


def test_a_model_that_cannot_be_loaded(tmp_path, capsys):
    (tmp_path / "w.safetensors").write_bytes(b"none")
    assert main(["serve", "--port", "0", "--weights", str(tmp_path / "w.safetensors")]) == 1
    said = capsys.readouterr().err
    assert "w.safetensors" in said
    assert said.count("\n") == 1


def test_weights_of_ones_own(tiny_weights, clip):
    with serving("--weights", tiny_weights) as served:
        assert served.health()["models"][:2] == ["tiny", "lite"]
        job = served.ended(served.send(clip, model="tiny"))
        assert job["state"] == "done"
        assert str(tiny_weights.parent) not in str(job)


def test_without_its_packages(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nicegui", None)
    assert main(["serve"]) == 2
    assert 'pip install "tased[serve]"' in capsys.readouterr().err


def test_the_guide_names_every_option():
    options = {argument.names[0] for argument in app["serve"].assemble_argument_collection()} - {"*"}
    guide = GUIDE.read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", guide)) == options


def test_the_guides_job_is_a_real_one(guarded, clip):
    """The same keys; each of the results and states is explained."""
    guide = GUIDE.read_text(encoding="utf-8")
    shown = json.loads(guide.split("```json\n")[1].split("```")[0])
    sent = guarded.send(clip)
    assert list(shown) == list(sent)
    assert all(list(shown[key]) == list(sent[key]) for key in ("options", "links"))
    for name in (*RESULTS, "waiting", "predicting", "finishing", *FINAL):
        assert f"`{name}`" in guide
