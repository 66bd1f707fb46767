"""Pages in a real browser."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

# Chromium's own window is never narrower than 500 pixels, so the page is shown in a frame of its width.
FRAME = """<!doctype html><meta charset="utf-8"><body style="margin: 0"><iframe id="frame" srcdoc="{page}"
style="border: 0; width: {width}px; height: 900px"></iframe><pre id="seen"></pre><script>
const frame = document.getElementById("frame"), seen = document.getElementById("seen");
setInterval(() => {{ seen.textContent = frame.contentDocument.documentElement.outerHTML; }}, 100);
</script></body>"""


def browse(page: Path, tmp_path: Path, width: int, script: str = "", *, dark: bool = False) -> str:
    """Open a page in headless Chromium, run a script in it, and return the page as it is then.

    An error of the page's own script shows in its title, as "ERROR ...".
    """
    text = page.read_text(encoding="utf-8")
    watch = "<script>window.onerror = m => { document.title = 'ERROR ' + m; };</script>"
    text = text.replace("<head>", f"<head>{watch}").replace("</body>", f"<script>{script}</script></body>")
    host = tmp_path / "host.html"
    host.write_text(FRAME.format(page=html.escape(text), width=width), encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={max(width, 500) + 50},1000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=3000", "--dump-dom", host.as_uri(),
        ],
        capture_output=True, encoding="utf-8", timeout=120, check=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    seen = done.stdout.partition('<pre id="seen">')[2].partition("</pre>")[0]
    return html.unescape(html.unescape(seen))


def facts_of(page: Path, tmp_path: Path, width: int, script: str, *, dark: bool = False) -> dict[str, Any]:
    """What a script puts into `document.body.dataset.found` as JSON; fails if the page's own script did."""
    seen = browse(page, tmp_path, width, script, dark=dark)
    title = re.search(r"<title>(.*?)</title>", seen, re.DOTALL)[1]
    assert not title.startswith("ERROR"), title
    found = re.search(r'data-found="({.*?})"', seen, re.DOTALL)
    assert found, "the script did not come to its end"
    return json.loads(found[1])
