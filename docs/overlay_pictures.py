"""The pictures of the guide to overlays: one frame of the clip made by code, in every style."""

from itertools import islice
from pathlib import Path
from typing import get_args

from PIL import Image

from tased import load
from tased.apps.overlay import Kind, OverlayStyle, overlay
from tased.predict.scale import scaled
from tased.video.synthetic import clip

SHOWN = 100  # the frame; all four objects are in it


def overlay_pictures(folder: Path) -> None:
    """Write overlay-STYLE.jpg for every style."""
    stream = load().stream()
    for frame in islice(clip(frames=150), SHOWN + 1):  # as in tased demo
        (m,) = stream.push(frame)
    values = scaled(m.values.numpy(), "frame", 1.0)
    for kind in get_args(Kind):
        picture = Image.fromarray(overlay(frame.pixels, values, OverlayStyle(kind=kind)))
        picture.save(folder / f"overlay-{kind}.jpg", quality=85, optimize=True)
