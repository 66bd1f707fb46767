"""The HTTP API of a server that runs: what goes well, and what is refused."""

import csv
import io
import json
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from tests.media import flash_and_click, flats, textured, write_flash_and_click, write_video
from tests.serving import serving, wait_until

import tased
from tased.apps.outputs import Outputs
from tased.apps.predict import predict_video
from tased.video.read import open_video

FRAMES = 12
MOST = 400_000  # bytes of an upload
NAMES = ["array.npz", "maps.mp4", "overlay.mp4", "page.html", "source.mp4", "table.csv"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder):
    options = ("--max-size", f"{MOST / 1e6}MB", "--max-seconds", 60, "--max-jobs", 3, "--model", "centre")
    with serving(*options, "--folder", folder) as served:
        yield served
        assert any(folder.iterdir())
    assert not any(folder.iterdir())  # all is deleted at the end


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", flats(FRAMES, 64, 96))


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A clip that takes the slowest model many seconds."""
    return write_video(tmp_path_factory.mktemp("long") / "long.mp4", flats(18, 64, 96) * 25)


@pytest.fixture(scope="module")
def done(server, clip):
    return server.ended(server.send(clip, model="motion", every=2))


def test_what_a_job_says_of_itself(done):
    assert done["state"] == "done"
    assert (done["name"], done["frames"], done["total"]) == ("clip.mp4", FRAMES, FRAMES)
    assert done["options"] == {"model": "motion", "every": 2, "cuts": False}
    assert done["error"] is done["warning"] is done["position"] is None
    assert sorted(done["results"]) == NAMES
    assert len(done["id"]) >= 20


def test_results_are_those_of_predict_video(server, clip, done, tmp_path):
    """The files are what the same call gives here: the server adds nothing and loses nothing."""
    o = Outputs(overlay=tmp_path / "o.mp4", table=tmp_path / "t.csv", video=tmp_path / "v.mp4")
    predict_video(clip, o, predictor=tased.load("motion"), every=2, size="network")
    assert server.result(done, "table.csv") == (tmp_path / "t.csv").read_bytes()
    for name, path in (("overlay.mp4", o.overlay), ("maps.mp4", o.video)):
        (tmp_path / name).write_bytes(server.result(done, name))
        ours, theirs = (list(open_video(p)) for p in (path, tmp_path / name))
        assert len(ours) == len(theirs) == FRAMES
        assert all((a.pixels == b.pixels).all() for a, b in zip(ours, theirs, strict=True))
    with np.load(io.BytesIO(server.result(done, "array.npz"))) as file:
        maps = [m.values.numpy() for m in tased.load("motion").predict(clip, every=2, size="network")]
        shown = [m / m.max() if m.max() > 0 else m for m in maps]
        np.testing.assert_allclose(file["maps"], shown, atol=1e-3)
    assert server.result(done, "source.mp4") == clip.read_bytes()


def test_the_page_is_saved_not_shown(server, done):
    answer = server.http.get(done["results"]["page.html"])
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "Where people look in clip.mp4" in answer.text
    overlay = server.http.get(done["results"]["overlay.mp4"])
    assert overlay.headers["content-disposition"].startswith("inline")
    saved = server.http.get(done["results"]["overlay.mp4"], params={"download": True})
    assert saved.headers["content-disposition"] == 'attachment; filename="clip-overlay.mp4"'


def test_parts_of_a_movie(server, done):
    whole = server.result(done, "overlay.mp4")
    for asked, expected in (("10-19", whole[10:20]), ("-7", whole[-7:]), ("100-", whole[100:])):
        part = server.http.get(done["results"]["overlay.mp4"], headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, expected)
    beyond = server.http.get(done["results"]["overlay.mp4"], headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


def test_events_both_ways(server, clip):
    """Server-sent events and JSON lines tell the same story, each in its own form, until the end."""
    job = server.send(clip)
    with server.http.stream("GET", job["links"]["events"]) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join(answer.iter_text())
    events = [json.loads(event.removeprefix("data: ")) for event in text.split("\n\n") if event[:1] == "d"]
    assert events[-1]["state"] == "done"
    order = ["waiting", "predicting", "finishing", "done"]
    assert [order.index(e["state"]) for e in events] == sorted(order.index(e["state"]) for e in events)
    assert [e["frames"] for e in events] == sorted(e["frames"] for e in events)
    accept = {"Accept": "application/x-ndjson"}
    lines = server.http.get(job["links"]["events"], headers=accept).text.splitlines()
    assert [json.loads(line) for line in lines] == [events[-1]]


def test_a_form(server, clip):
    """As a browser's form or `curl -F` sends it, with other fields beside the file."""
    files = {"file": ("über.mp4", clip.read_bytes(), "video/mp4")}
    answer = server.http.post("/api/v1/jobs", params={"model": "centre"}, files=files, data={"note": "x"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/jobs/{answer.json()['id']}"
    last = server.ended(answer.json())
    assert (last["state"], last["name"]) == ("done", "über.mp4")


def test_a_form_in_small_pieces(server, clip):
    """However the network cuts it."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="clip.mp4"\r\n\r\n'
    body = head + clip.read_bytes() + b"\r\n--x--\r\n"
    pieces = (body[i : i + 37] for i in range(0, len(body), 37))
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = server.http.post("/api/v1/jobs", content=pieces, headers=kind, params={"model": "centre"})
    job = server.ended(answer.json())
    assert server.result(job, "source.mp4") == clip.read_bytes()


def test_what_browsers_do_not_play_is_made_to(server, tmp_path):
    """Another codec and sound become H.264 with sound, whose click still comes with its flash."""
    given = write_flash_and_click(tmp_path / "clip.mkv", audio_codec="mp2")
    job = server.ended(server.send(given))
    (tmp_path / "source.mp4").write_bytes(server.result(job, "source.mp4"))
    flash, click = flash_and_click(tmp_path / "source.mp4")
    assert flash == pytest.approx(1, abs=0.001)
    assert click == pytest.approx(1, abs=0.03)


def test_a_truncated_video_is_done_as_far_as_it_goes(server, tmp_path):
    whole = write_video(tmp_path / "whole.mkv", textured(40, 64, 96), options={"g": "5"})
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    job = server.ended(server.send(tmp_path / "cut.mkv"))
    assert job["state"] == "done"
    assert re.match(r"cut.mkv: ends after \d+ ", job["warning"])
    rows = list(csv.DictReader(io.StringIO(server.result(job, "table.csv").decode())))
    assert 5 < len(rows) < 40


@pytest.mark.parametrize(
    ("body", "name", "why"),
    [
        (b"just some words\n" * 50, "clip.mp4", "not a video"),
        (os.urandom(5000), "clip.mkv", "not a video"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "clip.mp4", "not a video in a file of its own"),
    ],
    ids=["text", "noise", "playlist"],
)
def test_a_wrong_file_fails_in_one_line(server, body, name, why, folder):
    answer = server.post(body, name)
    assert answer.status_code == 201
    job = server.ended(answer.json())
    assert job["state"] == "failed"
    assert why in job["error"]
    assert job["error"].startswith(f"{name}: ")
    assert "\n" not in job["error"]
    assert str(folder) not in job["error"]
    assert job["results"] == {}


@pytest.mark.slow
def test_a_video_of_many_frames_has_no_array(server, tmp_path):
    """It would take gigabytes; all the rest is there."""
    frames = (flat for _ in range(101) for flat in flats(30, 32, 32))
    path = write_video(tmp_path / "many.mp4", frames, rate=200, options={"preset": "ultrafast"})
    job = server.ended(server.send(path))
    assert job["frames"] == 3030
    assert sorted(job["results"]) == NAMES[1:]


def test_a_long_video_fails(server, tmp_path):
    path = write_video(tmp_path / "long.mp4", flats(3), rate=25, seconds=[0, 10, 90])
    job = server.ended(server.send(path))
    assert "at most 60 s are taken" in job["error"]


@pytest.mark.parametrize(
    ("name", "body", "options", "status", "why"),
    [
        ("clip.mp4", b"", {}, 422, "clip.mp4: is empty"),
        ("clip.mp4", bytes(MOST + 1), {}, 413, "clip.mp4: is larger than 0.4 MB"),
        ("notes.txt", b"words", {}, 415, ".txt is not a video's"),
        ("clip.mp4", b"x", {"model": "lit"}, 422, "did you mean 'lite'"),
        ("clip.mp4", b"x", {"model": "/etc/passwd"}, 422, "not on offer"),
        ("clip.mp4", b"x", {"every": 0}, 422, "every=0"),
        ("clip.mp4", b"x", {"every": "often"}, 422, "every: "),
    ],
    ids=["empty", "large", "text", "near", "path", "zero", "word"],
)
def test_what_is_refused(server, name, body, options, status, why):
    answer = server.post(body, name, **options)
    assert answer.status_code == status
    assert why in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_too_much_is_refused_while_it_comes(server):
    """A body that does not say how long it is, in far more pieces than are taken."""
    sent = 0

    def pieces():
        nonlocal sent
        for _ in range(200):
            sent += 100_000
            yield bytes(100_000)

    answer = server.post(pieces(), "clip.mp4")
    assert answer.status_code == 413
    assert "larger than 0.4 MB" in answer.json()["error"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([("a", ("a.mp4", b"x")), ("b", ("b.mp4", b"y"))], "more than one file"),
        ([("a", (None, b"x"))], "no file"),
        ([("a", ("a.mp4", b""))], "a.mp4: is empty"),
        ([("a", ("a.mp4", bytes(MOST + 1)))], "a.mp4: is larger"),
    ],
    ids=["two", "none", "empty", "large"],
)
def test_forms_that_are_refused(server, files, why):
    answer = server.http.post("/api/v1/jobs", params={"model": "centre"}, files=files)
    assert answer.status_code in (413, 422)
    assert why in answer.json()["error"]


def test_a_form_that_is_none(server):
    kind = {"Content-Type": "multipart/form-data"}
    answer = server.http.post("/api/v1/jobs", content=b"words", headers=kind)
    assert answer.status_code == 422
    assert "form cannot be read" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/jobs/none"), ("DELETE", "/api/v1/jobs/none"), ("GET", "/api/v1/jobs/none/events"),
     ("GET", "/api/v1/jobs/none/results/table.csv"), ("GET", "/api/v2/jobs"), ("GET", "/api/docs")],
)  # fmt: skip
def test_what_is_not_there(server, method, path):
    answer = server.http.request(method, path)
    assert answer.status_code == 404
    assert "there is n" in answer.json()["error"]


@pytest.mark.parametrize("name", ["player.json", "upload.mp4", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_given(server, done, name):
    assert server.http.get(f"/api/v1/jobs/{done['id']}/results/{name}").status_code == 404


def test_names_are_shown_only(server, clip, folder):
    """A name with folders, markup and control characters is neither a path nor markup."""
    job = server.send(clip, name='../../<img src=x onerror=alert(1)>"\r\n.mp4')
    assert job["name"] == '<img src=x onerror=alert(1)>".mp4'
    assert server.ended(job)["state"] == "done"
    page = server.http.get(job["links"]["page"]).text
    assert "<img src=x" not in page
    saved = server.http.get(f"/api/v1/jobs/{job['id']}/results/table.csv", params={"download": True})
    assert "\n" not in saved.headers["content-disposition"]
    assert not [path for path in folder.rglob("*") if "onerror" in path.name]


def test_health(server):
    health = server.http.get("/health")
    assert health.status_code == 200
    facts = health.json()
    assert facts["status"] == "ok"
    assert facts["version"] == tased.__version__
    assert facts["models"][0] == "centre"
    assert {"lite", "motion"} < set(facts["models"])
    assert (facts["waiting"], facts["running"]) == (0, 0)
    assert facts["free_bytes"] > MOST


def test_the_api_describes_itself(server):
    paths = server.http.get("/api/v1/openapi.json").json()["paths"]
    assert {path for path in paths if path != "/health"} == {
        "/api/v1/jobs",
        "/api/v1/jobs/{id}",
        "/api/v1/jobs/{id}/events",
        "/api/v1/jobs/{id}/results/{name}",
    }


def test_two_uploads_at_once(server, clip, tmp_path):
    """Each gets its own: no file of one ends in the other."""
    other = write_video(tmp_path / "other.mp4", flats(7, 48, 64))
    with ThreadPoolExecutor(2) as both:
        jobs = list(both.map(server.send, (clip, other)))
    first, second = map(server.ended, jobs)
    assert (first["frames"], second["frames"]) == (FRAMES, 7)
    assert server.result(first, "source.mp4") == clip.read_bytes()
    assert server.result(second, "source.mp4") == other.read_bytes()


def test_one_line(server, long, clip):
    """Jobs are done in order and know their place; more than the line holds are told to come back."""
    jobs = [server.send(long, model="gbvs")]
    wait_until(lambda: server.state(jobs[0])["state"] == "predicting")
    jobs += [server.send(clip) for _ in range(3)]
    assert [server.state(job)["position"] for job in jobs] == [None, 1, 2, 3]
    full = server.post(clip.read_bytes(), "clip.mp4")
    assert full.status_code == 429
    assert int(full.headers["retry-after"]) > 0
    assert "3 jobs are waiting" in full.json()["error"]
    assert (server.health()["waiting"], server.health()["running"]) == (3, 1)
    assert server.http.delete(jobs[1]["links"]["self"]).status_code == 204
    assert [server.state(job)["position"] for job in jobs[2:]] == [1, 2]
    began = time.monotonic()
    assert server.http.delete(jobs[0]["links"]["self"]).status_code == 204
    assert [server.ended(job)["state"] for job in jobs[2:]] == ["done", "done"]
    assert time.monotonic() - began < 60
    assert server.state(jobs[0]) == server.state(jobs[1])  # both unknown


def test_cancelled_work_stops_at_once(server, long, folder):
    """The worker is gone within a second, and so are the job's files; who watches is told."""
    job = server.send(long, model="gbvs")
    wait_until(lambda: server.state(job)["frames"] > 0)
    (worker,) = server.workers
    files = {path.parent for path in folder.rglob("upload.mp4")}
    with ThreadPoolExecutor(1) as beside:
        watched = beside.submit(server.ended, job)
        time.sleep(0.2)
        began = time.monotonic()
        server.http.delete(job["links"]["self"])
        assert watched.result()["state"] == "deleted"
    wait_until(lambda: not [f for f in files if f.exists()] and worker not in server.workers, 3)
    assert time.monotonic() - began < 3
    wait_until(lambda: server.health()["workers"])


def test_a_killed_worker_costs_its_job_only(server, long, clip):
    running = server.send(long, model="gbvs")
    wait_until(lambda: server.state(running)["frames"] > 0)
    following = server.send(clip)
    (worker,) = server.workers
    os.kill(worker, signal.SIGKILL)
    failed = server.ended(running)
    assert failed["state"] == "failed"
    assert "was ended by signal 9" in failed["error"]
    assert server.ended(following)["state"] == "done"
    assert server.health()["status"] == "ok"


def test_a_worker_killed_at_rest_is_replaced(server, clip):
    (worker,) = server.workers
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.workers and server.workers != [worker])
    assert server.ended(server.send(clip))["state"] == "done"


def test_a_sender_that_vanishes_leaves_nothing(server, clip, folder):
    (files,) = folder.iterdir()
    before = set(files.iterdir())
    address = httpx.URL(server.url)
    with socket.create_connection((address.host, address.port)) as line:
        line.sendall(
            f"POST /api/v1/jobs?name=a.mp4&model=centre HTTP/1.1\r\nHost: {address.host}\r\n"
            f"Content-Length: {MOST}\r\n\r\n".encode()
            + clip.read_bytes()[:300]
        )
        wait_until(lambda: set(files.iterdir()) > before)
    wait_until(lambda: set(files.iterdir()) == before)
    for _ in range(4):  # none of the places in the line is lost
        assert server.ended(server.send(clip))["state"] == "done"


def test_an_upload_may_come_slowly(server, clip):
    def pieces():
        content = clip.read_bytes()
        for start in range(0, len(content), len(content) // 4):
            time.sleep(0.1)
            yield content[start : start + len(content) // 4]

    assert server.ended(server.post(pieces(), "clip.mp4").json())["state"] == "done"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}],
    ids=["origin", "null", "fetch", "host", "longer host"],
)  # fmt: skip
def test_other_sites_pages_are_refused(server, clip, done, headers):
    answer = server.http.post("/api/v1/jobs?name=a.mp4", content=clip.read_bytes(), headers=headers)
    assert answer.status_code == 403
    assert server.http.delete(done["links"]["self"], headers=headers).status_code == 403
    assert server.http.get(done["links"]["self"]).status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_is_not(server, clip):
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    answer = server.http.post("/api/v1/jobs?name=a.mp4", content=clip.read_bytes(), headers=headers)
    assert answer.status_code == 201
    assert server.ended(answer.json())["state"] == "done"


@pytest.mark.parametrize("path", ["/", "/health", "/api/v1/openapi.json"])
def test_answers_tell_browsers_what_they_may(server, path):
    headers = server.http.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
