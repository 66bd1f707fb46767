"""The pictures of the guide to attention: the plot, and the page as a browser shows it."""

import re
import shutil
import subprocess
import tempfile
import warnings
from fractions import Fraction
from pathlib import Path

from PIL import Image

from tased import AttentionOutputs, attention, load
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

GUIDE = Path(__file__).parent / "guides" / "attention.md"
WINDOW = (1000, 1200)  # of the browser, pixels; the page is longer


def attention_pictures(folder: Path) -> None:
    """Write attention-plot.png, and attention-page.jpg if there is a Chromium to show the page."""
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        with ColourMovie(here / "clip.mp4", width=640, height=360, rate=Fraction(25)) as movie:
            for frame in clip(frames=150):  # as in tased demo
                movie.write(frame)
        _, areas, _ = re.split(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
        (here / "areas.json").write_text(areas, encoding="utf-8")
        outputs = AttentionOutputs(plot=here / "plot.png", html=here / "page.html")
        attention(here / "clip.mp4", here / "areas.json", outputs, predictor=load())
        with Image.open(here / "plot.png") as plot:
            plot.convert("P", palette=Image.Palette.ADAPTIVE).save(
                folder / "attention-plot.png", optimize=True
            )
        chromium = next(
            (path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None
        )
        if chromium is None:
            warnings.warn("no Chromium: attention-page.jpg stays as it is", stacklevel=2)
            return
        subprocess.run(  # noqa: S603
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={here / 'profile'}", f"--window-size={WINDOW[0]},{WINDOW[1]}",
                f"--screenshot={here / 'page.png'}", (here / "page.html").as_uri(),
            ],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        with Image.open(here / "page.png") as page:
            page.convert("RGB").save(folder / "attention-page.jpg", quality=80, optimize=True)
