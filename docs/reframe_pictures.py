"""The pictures of the guide to reframing: the crop in its frames, and its path over attention."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from tased import load
from tased.apps.crop import aspect_of, largest_crop
from tased.apps.crop_track import Track, crop_track
from tased.predict.cuts import CutDetector
from tased.predict.maps import SaliencyMap
from tased.predict.scale import density
from tased.video.frame import Frame
from tased.video.synthetic import clip

SEEDS = (3, 1)  # a shot of each; the second is darkened, for their colours are too alike for a cut
FRAMES = 75  # a shot
RATE = 25
SHOWN = (45, 58, 70, 80, 113, 145)
HEIGHT = 150  # of a frame in the strip
GAP = 6


def reframe_pictures(strip: Path, path: Path) -> None:
    """Both, of two shots made by code."""
    frames, maps, cuts = _shots()
    crop = largest_crop(frames[0].pixels.shape[1], frames[0].pixels.shape[0], aspect_of("9:16"))
    track = crop_track(maps, cuts, crop, fallback="never")
    _strip(frames, track, strip)
    _path(maps, track, path)


def _shots() -> tuple[list[Frame], list[SaliencyMap], list[bool]]:
    stream, detector = load().stream(cuts=True, size="network"), CutDetector()
    frames = [
        Frame(frame.pixels // (shot + 1), FRAMES * shot + frame.index, (FRAMES * shot + frame.index) / RATE)
        for shot, seed in enumerate(SEEDS)
        for frame in clip(seed, frames=FRAMES, height=180, width=320)
    ]
    maps = [m for frame in frames for m in stream.push(frame)] + stream.drain()
    return frames, maps, [detector.begins_shot(frame) for frame in frames]


def _strip(frames: list[Frame], track: Track, path: Path) -> None:
    """Frames, what is left out darker; below each what is shown."""
    crop, columns = track.crop, []
    for index in SHOWN:
        pixels, (x, y) = frames[index].pixels, crop.place(int(track.moved[index]))
        window = np.s_[y : y + crop.height, x : x + crop.width]
        marked = pixels // 3
        marked[window] = pixels[window]
        picture = Image.fromarray(marked)
        box = (x, y, x + crop.width - 1, y + crop.height - 1)
        ImageDraw.Draw(picture).rectangle(box, outline="white", width=2)
        columns.append((picture, Image.fromarray(np.ascontiguousarray(pixels[window]))))
    width = round(HEIGHT * crop.frame_width / crop.frame_height)
    whole = Image.new("RGB", (3 * (width + GAP) - GAP, 2 * (HEIGHT + GAP) + HEIGHT), "white")
    for place, (above, below) in enumerate(columns):
        row, column = divmod(place, 3)
        whole.paste(
            above.resize((width, HEIGHT), Image.Resampling.LANCZOS),
            (column * (width + GAP), row * (HEIGHT + GAP)),
        )
        small = below.resize((round(HEIGHT * crop.width / crop.height), HEIGHT), Image.Resampling.LANCZOS)
        across = round((place + 0.5) * whole.width / len(columns) - small.width / 2)
        whole.paste(small, (across, 2 * (HEIGHT + GAP)))
    whole.save(path, quality=86, optimize=True)


def _path(maps: list[SaliencyMap], track: Track, path: Path) -> None:
    """Where attention is across the frame, over time, and the crop's edges."""
    across = np.array([density(m.values.numpy()).sum(axis=0) for m in maps])
    crop = track.crop
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.imshow(
            across.T,
            aspect="auto",
            origin="lower",
            cmap="inferno",
            extent=(0.0, len(maps) / RATE, 0.0, crop.frame_width),
        )
        for shot in track.shots:
            for edge in (0, crop.width):
                axes.plot(track.seconds[shot], track.path[shot] + edge, color="white", linewidth=1.6)
        axes.set(xlabel="seconds", ylabel="pixels from the left", ylim=(0, crop.frame_width))
        figure.savefig(path, dpi=100)
