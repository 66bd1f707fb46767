"""Makes the pictures and tables of README and docs anew.

    make figures

Pictures are of the clip that `tased demo` shows, which is made by code; tables come from benchmarks/results.
"""

from itertools import islice
from pathlib import Path

import numpy as np
from attention_pictures import attention_pictures
from cost_figures import cost_figures
from encode_pictures import encode_curves, plan_picture
from learning_curve import learning_curve
from live_picture import live_picture
from measured_tables import fill_all, measured
from network_drawing import network_drawing
from overlay_pictures import overlay_pictures
from PIL import Image
from reframe_pictures import reframe_pictures
from reuse_drawing import reuse_drawing

from tased import SaliencyMap, load
from tased.apps.overlay import overlay
from tased.predict.packaged import DEFAULT, FULL
from tased.predict.predictor import TRAINING_FREE
from tased.video.frame import Frame
from tased.video.synthetic import clip

IMAGES = Path(__file__).parent / "images"
FRAMES = 150  # as in tased demo
SHOWN = (15, 45, 74, 100, 130)  # frames of the strip; the pinwheel appears in frame 75
THUMBNAIL = (288, 162)  # width, height
GAP = 6  # pixels


def seen(frame: Frame, m: SaliencyMap) -> np.ndarray:
    """The frame under its map, as `--overlay` shows it."""
    return overlay(frame.pixels, (m.values / m.values.max()).numpy())


def sheet(rows: list[list[np.ndarray]], path: Path) -> None:
    """Save pictures as one JPEG, row under row."""
    width, height = THUMBNAIL
    across, down = len(rows[0]), len(rows)
    size = (across * (width + GAP) - GAP, down * (height + GAP) - GAP)
    whole = Image.new("RGB", size, "white")
    for y, row in enumerate(rows):
        for x, pixels in enumerate(row):
            small = Image.fromarray(pixels).resize(THUMBNAIL, Image.Resampling.LANCZOS)
            whole.paste(small, (x * (width + GAP), y * (height + GAP)))
    whole.save(path, quality=88, optimize=True)


def strip(model: str, path: Path) -> None:
    """Frames of the clip above what a model says of them."""
    stream = load(model).stream()
    frames, maps = {}, {}
    for frame in islice(clip(frames=FRAMES), max(SHOWN) + 1):
        frames[frame.index] = frame
        maps |= {m.index: m for m in stream.push(frame)}
    above = [frames[index].pixels for index in SHOWN]
    sheet([above, [seen(frames[index], maps[index]) for index in SHOWN]], path)


def predictors() -> None:
    """One frame beside what each training-free model says of it."""
    streams = {name: load(name).stream() for name in TRAINING_FREE}
    last = SHOWN[3]
    for frame in islice(clip(frames=FRAMES), last - 25, last + 1):
        maps = {name: stream.push(frame)[0] for name, stream in streams.items()}
    sheet([[frame.pixels, *(seen(frame, m) for m in maps.values())]], IMAGES / "predictors.jpg")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    strip(DEFAULT, IMAGES / "strip.jpg")
    strip(FULL, IMAGES / "strip-tased.jpg")
    predictors()
    overlay_pictures(IMAGES)
    live_picture(IMAGES / "live.jpg")
    attention_pictures(IMAGES)
    plan_picture(IMAGES / "encode-plan.jpg")
    encode_curves(measured("encode"), IMAGES / "encode-curves.png")
    (IMAGES / "network.svg").write_text(network_drawing(), encoding="utf-8")
    (IMAGES / "reuse.svg").write_text(reuse_drawing(), encoding="utf-8")
    cost_figures(measured, IMAGES)
    learning_curve(measured("learning"), IMAGES / "learning.png")
    reframe_pictures(IMAGES / "reframe.jpg", IMAGES / "crop_path.png")
    fill_all()
