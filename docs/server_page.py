"""Makes the picture of the server's page in docs/guides/serve.md: a real upload in a real browser.

    python docs/server_page.py

Needs Chromium, and the packages of the tests.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

PICTURE = Path(__file__).parent / "images" / "serve.jpg"
FRAMES = 100
WIDTH = 900  # pixels of the picture


def main() -> None:
    """Serve, upload the clip of `tased demo`, and take the picture when it is done."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "clip.mp4"
        with ColourMovie(video, width=640, height=360, rate=Fraction(25)) as movie:
            for frame in clip(frames=FRAMES):
                movie.write(frame)
        command = [sys.executable, "-m", "tased", "serve", "--port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603
            try:
                said = server.stderr.readline() if server.stderr else ""
                address = re.findall(r"http\S+", said)[0]
                photograph(address, video, Path(folder) / "page.png")
            finally:
                server.terminate()
        picture = Image.open(Path(folder) / "page.png").convert("RGB")
        picture.thumbnail((WIDTH, 10 * WIDTH), Image.Resampling.LANCZOS)
        picture.save(PICTURE, quality=80, optimize=True)


def photograph(address: str, video: Path, target: Path) -> None:
    """Upload a video and save how the page looks in its middle."""
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.goto(address)
        page.get_by_label("Drop a video here").set_input_files(video)
        page.get_by_role("button", name="Predict").click()
        page.get_by_text("Done", exact=True).wait_for(timeout=120_000)
        page.locator("[data-seconds]").nth(5).click()
        page.wait_for_function(
            "[...document.querySelectorAll('video')].every(v => v.readyState >= 2 && !v.seeking)"
        )
        page.screenshot(path=target, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
