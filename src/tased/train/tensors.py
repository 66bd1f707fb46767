"""A sample as tensors: decoded, cropped and resized."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

from tased.data.clip import Clip, Truth
from tased.errors import DataError
from tased.network.config import Config
from tased.predict.resize import resize
from tased.train.samples import Sample, View
from tased.video.read import Video
from tased.video.window import read_window


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sample as tensors; T, K, H and W are the network's."""

    clip: UInt8[Tensor, "T 3 H W"]  # RGB
    density: Float32[Tensor, "K H W"]  # of any scale, 0 or more, and not 0 everywhere
    fixations: Float32[Tensor, "K H W"]  # how many lie in each pixel
    truth: Truth  # of the last frame, whole, at its own size


class Videos:
    """Videos that are open already, so that headers are read once in a process."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Video] = {}

    def __call__(self, clip: Clip) -> Video:
        """The clip's; VideoError if it is missing."""
        key = (clip.name, str(clip.video_path))
        if key not in self._open:
            self._open[key] = clip.video()
        return self._open[key]


def load_sample(sample: Sample, config: Config, videos: Videos | None = None) -> Loaded:
    """Read what the sample names; frames are resized as prediction does, after what its view cuts away.

    Clip, density and fixations are cropped and flipped alike.

    Raises
    ------
    VideoError
        For frames that cannot be read.
    DataError
        For a truth that is missing or broken, or a density that is 0 all over what is seen.

    """
    first, length = len(sample.frames) - sample.maps, len(sample.frames)
    truths = {index: sample.clip.truth(index) for index in set(sample.targets)}
    density = torch.empty(sample.maps, config.rows, config.columns)
    fixations = torch.empty_like(density)
    for place in range(first, length):
        index, view, map_ = sample.frames[place], sample.view(place), place - first
        density[map_] = _density(sample, index, truths[index], view, config)
        fixations[map_] = _fixations(sample.clip, truths[index], view, config)
    clip = _clip(sample, config, videos or Videos())
    if sample.flip:
        clip, density, fixations = clip.flip(-1), density.flip(-1), fixations.flip(-1)
    return Loaded(clip, density, fixations, truths[sample.frames[-1]])


def _clip(sample: Sample, config: Config, videos: Videos) -> UInt8[Tensor, "T 3 H W"]:
    """Each frame is read once, and resized again only where a panned picture shows another part of it."""
    places: dict[int, list[int]] = {}
    for place, index in enumerate(sample.frames):
        places.setdefault(index, []).append(place)
    clip = torch.empty((len(sample.frames), 3, config.rows, config.columns), dtype=torch.uint8)
    start = min(places)
    for frame in read_window(videos(sample.clip), start, max(places) - start + 1):
        shown: View | None = None
        made: Tensor | None = None
        for place in places.get(frame.index, ()):  # none: shown fast, it is left out
            view = sample.view(place)
            if made is None or view != shown:
                shown, pixels = view, frame.pixels
                if view is not None:
                    pixels = pixels[view.pixels(*pixels.shape[:2])]
                made = resize(pixels, config.rows, config.columns)
            clip[place] = made
    return clip


def _density(
    sample: Sample, index: int, truth: Truth, view: View | None, config: Config
) -> Float32[Tensor, "H W"]:
    whole = truth.density
    where = f"{sample.clip.video_path}: frame {sample.clip.frame_names[index]} of {sample.clip.name}"
    if whole is None:
        raise DataError(
            f"{where} has no map to learn from; give a data set with maps, or with a width for them"
        )
    density = whole if view is None else whole[view.pixels(*whole.shape)]
    if not density.any():
        seen = "nobody looked into the part that is seen" if whole.any() else "its map is black"
        raise DataError(f"{where} gives nothing to learn: {seen}")
    x = torch.from_numpy(np.ascontiguousarray(density))[None, None]
    # A filter of positive weights, so that nothing falls below 0.
    return F.interpolate(x, (config.rows, config.columns), mode="bilinear", antialias=True)[0, 0]


def _fixations(clip: Clip, truth: Truth, view: View | None, config: Config) -> Float32[Tensor, "H W"]:
    """How many fixations have their pixel's centre in each pixel of the network's frame."""
    rows, columns = (view or View(0, 0, 1, 1)).pixels(clip.rows, clip.columns)
    row, column = truth.fixations[:, 0] - rows.start, truth.fixations[:, 1] - columns.start
    height, width = rows.stop - rows.start, columns.stop - columns.start
    seen = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    down = (2 * row[seen] + 1) * config.rows // (2 * height)
    across = (2 * column[seen] + 1) * config.columns // (2 * width)
    counts = np.bincount(down * config.columns + across, minlength=config.rows * config.columns)
    return torch.from_numpy(counts.astype(np.float32)).view(config.rows, config.columns)
