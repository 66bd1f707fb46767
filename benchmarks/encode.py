"""What regions of interest are worth at the same bitrate, where people look and elsewhere.

    python benchmarks/encode.py [VIDEO ...] [--frames 32]

Three clips are made by code: the landscape of `tased.video.synthetic`; the same with the noise of a
camera's sensor; and drifting clouds with nothing to look at, for which whatever the model predicts is
wrong. Each is encoded by libx264 and libx265 in two passes at three bitrates, without regions and with
those of the default model's maps, and once at the encoder's usual crf. Quality is weighted by those maps,
which steer the encoders; by the true density of gaze, which is known for these clips and which no encoder
saw; and not at all.

VIDEOs are measured too, at bitrates for their size, by their maps alone: nobody's gaze is known there.
Writes benchmarks/results/encode.json.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tased.apps.encodings import Encodings
from tased.apps.gather import gathered
from tased.apps.rate_distortion import bd_quality, bd_rate, qualities
from tased.apps.setting import Setting
from tased.data.viewers import known_density
from tased.predict.predictor import load
from tased.video.coding import Coding
from tased.video.drawing import fractal
from tased.video.frame import Frame
from tased.video.read import open_video
from tased.video.synthetic import Scene
from tased.video.write_colour_movie import ColourMovie

RESULTS = Path(__file__).parent / "results" / "encode.json"
WIDTH, HEIGHT = 640, 360
KBPS = (300, 800, 2000)  # for pictures of this size
NOISE = 4.0  # levels of 255, deviation
LOSSLESS = Coding("ffv1", {}, (".mkv",))

Density = Float[np.ndarray, "H W"]


@dataclass(frozen=True)
class Clip:
    """A video, and where people look in each of its frames, if that is known."""

    name: str
    path: Path
    truth: Callable[[int], Density] | None = None


def landscape(scene: Scene, noise: float) -> Iterator[Frame]:
    """The synthetic clip; the noise is of all colours alike, and of every frame its own."""
    random = np.random.default_rng(scene.seed)
    for index in range(scene.frames):
        frame = scene.frame(index)
        grain = random.normal(0, noise, (scene.height, scene.width, 1))
        pixels = np.rint(frame.pixels + grain).clip(0, 255).astype(np.uint8)
        yield Frame(pixels, index, frame.seconds)


def clouds(frames: int) -> Iterator[Frame]:
    """Two layers of 1/f noise that slide over each other."""
    near, far = (
        fractal(HEIGHT, WIDTH + 2 * frames, slope, [0, slope_key])
        for slope, slope_key in ((1.0, 1), (1.5, 2))
    )
    for index in range(frames):
        seen = near[:, 2 * index :][:, :WIDTH] + far[:, index:][:, :WIDTH]
        gray = (128 + 30 * seen).clip(0, 255).astype(np.uint8)
        yield Frame(np.repeat(gray[..., None], 3, axis=2), index, index / 25)


def made(folder: Path, frames: int) -> list[Clip]:
    """The clips, losslessly."""
    scene = Scene(frames=frames, height=HEIGHT, width=WIDTH)
    flat = np.full((HEIGHT, WIDTH), 1 / (HEIGHT * WIDTH))

    def truth(index: int) -> Density:
        return known_density(scene, index)

    clips = []
    for name, pictures, known in (
        ("landscape", landscape(scene, 0), truth),
        ("landscape with noise", landscape(scene, NOISE), truth),
        ("clouds", clouds(frames), lambda _: flat),
    ):
        clips.append(Clip(name, folder / f"{name}.mkv", known))
        save(clips[-1].path, pictures, WIDTH, HEIGHT, Fraction(25))
    return clips


def beginning(path: Path, folder: Path, frames: int) -> Clip:
    """The first frames of a video."""
    video = open_video(path)
    copy = folder / f"{path.stem}.mkv"
    save(copy, islice(video, frames), video.width, video.height, video.rate)
    return Clip(path.name, copy)


def save(path: Path, frames: Iterator[Frame], width: int, height: int, rate: Fraction) -> None:
    """As they are stored for any encoder, without further loss."""
    with ColourMovie(path, width=width, height=height, rate=rate, coding=LOSSLESS) as movie:
        for frame in frames:
            movie.write(frame)


def weighed(encodings: Encodings, clip: Clip) -> Iterator[tuple[Frame, list[Density]]]:
    """Every frame with the density of its map, and with the true one where that is known."""
    for frame, densities in encodings.weighed():
        yield frame, densities + ([clip.truth(frame.index)] if clip.truth else [])


def measured(clip: Clip, codecs: Sequence[str]) -> dict[str, Any]:
    """All encodings of a clip."""
    video = open_video(clip.path)
    scale = (video.width * video.height / (WIDTH * HEIGHT)) ** 0.75  # as larger pictures are coded cheaper
    found: dict[str, Any] = {"width": video.width, "height": video.height}
    with tempfile.TemporaryDirectory() as name, gathered(video, predictor=load()) as maps:
        encodings = Encodings(video, maps.maps, Path(name), lambda *_: None)
        found["frames"] = len(maps.maps)

        def both(setting: Setting) -> dict[str, Any]:
            result: dict[str, Any] = {"setting": str(setting)}
            for kind in ("plain", "regions"):
                movie = Path(name) / f"{kind}.mkv"
                start = time.perf_counter()
                encodings.write(movie, setting, plain=kind == "plain")
                result[kind] = {"seconds": round(time.perf_counter() - start, 2)}
                found_qualities = qualities(weighed(encodings, clip), movie, video.rate)
                for by, quality in zip(("by_maps", "by_truth"), found_qualities, strict=False):
                    result[kind][by] = asdict(quality)
            print(clip.name, setting.codec, summary(result), flush=True)
            return result

        for codec in codecs:
            curve = [both(Setting(codec=codec, bitrate=round(1000 * kbps * scale))) for kbps in KBPS]
            found[codec] = {"curve": curve, "overall": overall(curve), "crf": both(Setting(codec=codec))}
    return found


def summary(result: dict[str, Any]) -> str:
    """One line of progress."""
    plain, regions = result["plain"], result["regions"]
    parts = [f"{result['setting']}: {regions['by_maps']['kbps'] / plain['by_maps']['kbps'] - 1:+.1%} bits"]
    for by in ("by_maps", "by_truth"):
        if by in plain:
            parts.append(f"{by} {regions[by]['weighted_psnr'] - plain[by]['weighted_psnr']:+.2f} dB")
    parts.append(f"unweighted {regions['by_maps']['psnr'] - plain['by_maps']['psnr']:+.2f} dB")
    return ", ".join(parts)


def overall(curve: list[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Bjontegaard's means over the curve, by whose gaze weighs and by measure."""
    means = {}
    for by, measure in (
        ("by_maps", "weighted_psnr"),
        ("by_maps", "weighted_ssim"),
        ("by_truth", "weighted_psnr"),
        ("by_truth", "weighted_ssim"),
        ("by_maps", "psnr"),
        ("by_maps", "ssim"),
    ):
        if by not in curve[0]["plain"]:
            continue
        plain, regions = (
            [(point[kind][by]["kbps"], point[kind][by][measure]) for point in curve]
            for kind in ("plain", "regions")
        )
        name = f"{measure} {by}" if measure.startswith("weighted") else measure
        means[name] = {"bd_rate": bd_rate(plain, regions), "bd_quality": bd_quality(plain, regions)}
    return means


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=32)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        clips = made(Path(name), given.frames)
        clips += [beginning(path, Path(name), given.frames) for path in given.videos]
        results = {clip.name: measured(clip, ("x264", "x265")) for clip in clips}
    command = " ".join(["python benchmarks/encode.py", *(path.name for path in given.videos)])
    report = {
        "what": "quality of encodings with regions of interest and without, weighted by gaze and not",
        "command": f"{command} --frames {given.frames}",
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {"python": platform.python_version(), "tased": version("tased"), "av": version("av")},
        "model": load().model.name,
        "setting": asdict(Setting()),
        "kbps": f"{KBPS} at {WIDTH}x{HEIGHT}, for other sizes times (pixels / {WIDTH * HEIGHT}) ** 0.75",
        "results": results,
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
