"""Test media, made by code with real codecs.

A frame is known by its brightness: `flat(i)` is gray level 20 + 6 * i, which survives any codec.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

TICK = Fraction(1, 90_000)


def flat(index: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), 20 + 6 * index, np.uint8)


def number_of(pixels: np.ndarray) -> int:
    """The index that `flat` was given."""
    return round((float(np.median(pixels)) - 20) / 6)


def flats(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    return [flat(index, height, width) for index in range(count)]


def textured(count: int, height: int = 96, width: int = 160) -> list[np.ndarray]:
    """Noise that moves, so that packets have a size and frames lean on each other."""
    noise = np.random.default_rng(0).integers(0, 255, (height, width + count, 3), np.uint8)
    return [np.ascontiguousarray(noise[:, start : start + width]) for start in range(count)]


def write_video(
    path: Path,
    frames: Iterable[np.ndarray | av.VideoFrame],
    *,
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    seconds: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    form: str | None = None,
    tick: Fraction = TICK,
    rotation: int = 0,
    matrix: Sequence[int] | None = None,
    tags: tuple[int, int] | None = None,
) -> Path:
    """One video stream; `tags` are (colour matrix, colour range) as FFmpeg numbers them."""
    with av.open(str(path), "w", format=form, container_options=container_options or {}) as container:
        stream = None
        for index, frame in enumerate(frames):
            picture = (
                frame if isinstance(frame, av.VideoFrame) else av.VideoFrame.from_ndarray(frame, "rgb24")
            )
            if stream is None:
                stream = container.add_stream(codec, rate=rate, options=options or {})
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, pixels
                if seconds is not None:
                    stream.time_base = stream.codec_context.time_base = tick
                if tags is not None:
                    stream.codec_context.colorspace, stream.codec_context.color_range = tags
                if rotation:
                    stream.set_display_rotation(rotation)
                if matrix is not None:
                    stream.set_display_matrix(list(matrix))
            if tags is not None:
                picture.colorspace, picture.color_range = tags
            if seconds is not None:
                picture.pts, picture.time_base = round(seconds[index] / tick), tick
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def yuv(y: int, u: int, v: int, height: int = 48, width: int = 64) -> av.VideoFrame:
    """One colour, as stored."""
    planes = np.concatenate(
        [
            np.full((height, width), y, np.uint8),
            np.full((height // 4, width), u, np.uint8),
            np.full((height // 4, width), v, np.uint8),
        ]
    )
    return av.VideoFrame.from_ndarray(planes, "yuv420p")


def write_flash_and_click(
    path: Path, *, audio_codec: str = "aac", click: float = 1.0, offset: float = 0.0, rate: int = 44_100
) -> Path:
    """2 s at 25 frames/s: frame 25 (1.0 s) is white, a tone of 50 ms begins at `click` + `offset` seconds.

    The sound track itself begins at `offset` and lasts 2 s.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(audio_codec, rate=rate, layout="stereo")
        for index in range(50):
            picture = np.full((48, 64, 3), 255 if index == 25 else 0, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        time = np.arange(2 * rate) / rate
        tone = np.where(
            (time >= click) & (time < click + 0.05), 0.8 * np.sin(2000 * np.pi * (time - click)), 0
        )
        samples = av.AudioFrame.from_ndarray(np.tile(tone.astype(np.float32), (2, 1)), "fltp", "stereo")
        samples.rate, samples.pts, samples.time_base = rate, round(offset * rate), Fraction(1, rate)
        container.mux(sound.encode(samples))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def flash_and_click(path: Path) -> tuple[float, float]:
    """When the picture turns white and when the tone begins, in seconds from the start of playback."""
    with av.open(str(path)) as container:
        start = container.start_time / av.time_base
        flash = next(
            float(frame.pts * container.streams.video[0].time_base)
            for frame in container.decode(video=0)
            if frame.to_ndarray(format="gray").mean() > 128
        )
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        mono = av.AudioResampler(format="fltp", layout="mono")
        for frame in container.decode(track):
            for part in mono.resample(frame):
                loud = np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.2)
                if loud.size:
                    return flash - start, float(frame.pts * track.time_base) + loud[
                        0
                    ] / part.sample_rate - start
    raise AssertionError(f"{path}: no click")
