"""A server in a process of its own, on a real socket."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("nicegui", reason="needs tased[serve]")


@dataclass
class Served:
    """A server that runs, and a client of it."""

    url: str
    process: subprocess.Popen
    http: httpx.Client
    said: list[str] = field(default_factory=list)  # its lines on stderr

    @property
    def workers(self) -> list[int]:
        """Process ids of its workers."""
        of = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not of.exists():
            pytest.skip("this system does not list the children of a process")
        found = [int(pid) for pid in of.read_text().split()]
        return [
            pid for pid in found if b"tased.apps.serve.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    def send(self, video: Path, name: str | None = None, **options: Any) -> dict[str, Any]:
        """Upload a video, as a body of its own; what the server says of the job."""
        answer = self.post(video.read_bytes(), name or video.name, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def post(self, body: bytes | Iterator[bytes], name: str, **options: Any) -> httpx.Response:
        options = {"model": "centre", **options, "name": name}
        return self.http.post("/api/v1/jobs", params=options, content=body)

    def state(self, job: dict[str, Any]) -> dict[str, Any]:
        return self.http.get(f"/api/v1/jobs/{job['id']}").json()

    def ended(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job as it is at its end, by its own events."""
        with self.http.stream("GET", f"/api/v1/jobs/{job['id']}/events", params={"form": "jsonl"}) as lines:
            *_, last = (json.loads(line) for line in lines.iter_lines() if line)
        assert last["state"] in ("done", "failed", "deleted")
        return last

    def result(self, job: dict[str, Any], name: str) -> bytes:
        answer = self.http.get(f"/api/v1/jobs/{job['id']}/results/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def health(self) -> dict[str, Any]:
        return self.http.get("/health").json()


def wait_until(true: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


@contextmanager
def serving(*options: object, token: str | None = None, stop: int = signal.SIGTERM) -> Iterator[Served]:
    """Run `tased serve` on a free port; when left, it is stopped and must end well."""
    command = [sys.executable, "-W", "error", "-m", "tased", "serve", "--port", "0", *map(str, options)]
    known = {} if token is None else {"TASED_TOKEN": token}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **known})
    said: list[str] = []
    address: str | None = None
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"serving at (http\S+)", line):
            address = found[1]
            break
    assert address, said
    reader = threading.Thread(target=lambda: said.extend(process.stderr))
    reader.start()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=60) as http:
            yield Served(address, process, http, said)
    finally:
        process.send_signal(stop)
        try:
            code = process.wait(timeout=10)
        finally:
            process.kill()
            reader.join()
            process.stderr.close()
    assert code == 0, said
    assert "Traceback" not in "".join(said), "".join(said)
