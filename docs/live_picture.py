"""The picture of the guide to live views: the page of `tased live`, in Chromium."""

import io
import shutil
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from PIL import Image
from playwright.sync_api import sync_playwright

from tased import LivePage, live, load
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

RATE = 10  # frames a second: slow enough for any machine
WINDOW = {"width": 900, "height": 680}  # pixels


def live_picture(path: Path) -> None:
    """Play the clip to a page, and save what a browser shows after some seconds."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit(f"{path.name} is a picture of a page, and needs Chromium; install it")
    with TemporaryDirectory() as folder, LivePage(port=0, title="clip.mp4") as page:
        source = Path(folder) / "clip.mp4"
        with ColourMovie(source, width=640, height=360, rate=Fraction(RATE)) as movie:
            for frame in clip(frames=60, rate=RATE):
                movie.write(frame)
        options = {"predictor": load(), "screen": page, "loop": True, "seconds": 25}
        playing = Thread(target=live, args=(source,), kwargs=options)
        playing.start()
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            view = browser.new_page(viewport=WINDOW)
            view.goto(page.url, wait_until="domcontentloaded")
            view.wait_for_function("/ms late/.test(document.getElementById('status').textContent)")
            view.wait_for_timeout(4000)
            shot = Image.open(io.BytesIO(view.screenshot())).convert("RGB")
            browser.close()
        playing.join()
    shot.save(path, quality=82, optimize=True)
