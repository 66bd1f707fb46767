"""Send a video to a server that runs `tased serve`, follow it, and fetch what came of it.

    python examples/client.py VIDEO [URL [FOLDER]]

Needs the standard library only. The token, if the server asks for one, is taken from TASED_TOKEN.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urljoin
from urllib.request import Request, urlopen

video, *rest = sys.argv[1:]
server, folder = (*rest, *("http://127.0.0.1:8000", ".")[len(rest) :])


def ask(path: str, body: Any = None, **headers: str) -> Any:
    """Open a path of the server; a refusal ends this program with its reason."""
    if "TASED_TOKEN" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['TASED_TOKEN']}"
    try:
        return urlopen(Request(urljoin(server, path), body, headers))  # noqa: S310  the server is yours
    except HTTPError as refused:
        sys.exit(f"{refused.code}: {json.load(refused)['error']}")


source = Path(video)
with source.open("rb") as file:  # sent piece by piece: a file of any size takes no memory
    size, kind = str(source.stat().st_size), "application/octet-stream"
    answer = ask(
        f"/api/v1/jobs?name={quote(source.name)}", file, **{"Content-Length": size, "Content-Type": kind}
    )
job = json.load(answer)
for line in ask(job["links"]["events"] + "?form=jsonl"):
    if line.strip():  # an empty one is a sign of life
        job = json.loads(line)
        print(job["state"], job["frames"], "of", job["total"], flush=True)
if job["state"] != "done":
    sys.exit(job["error"] or "the job was deleted")
for name, path in job["results"].items():
    with ask(path) as result, (Path(folder) / name).open("wb") as target:
        shutil.copyfileobj(result, target)
    print(Path(folder) / name)
