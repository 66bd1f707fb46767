"""Whose maps are evaluated: files of them, a model on the fly, or people themselves."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float32
from PIL import Image

from tased.data.clip import Clip, Truth
from tased.data.maps import DHF1K_SIGMA, gaussian_density, relative
from tased.data.survey import UNIFORM
from tased.errors import DataError, UsageError
from tased.predict.lite import LiteModel
from tased.predict.predictor import Predictor, load
from tased.predict.scale import density
from tased.video.inputs import VIDEO_SUFFIXES
from tased.video.read import open_video

Map = Float32[np.ndarray, "H W"]


class Scored(NamedTuple):
    """A map, and what it is held against."""

    frame: int  # from 0
    values: Map  # of any size and scale
    truth: Truth


class Predictions(Protocol):
    """Gives the maps of any clip. Light: it is sent to other processes."""

    @property
    def name(self) -> str:
        """As tables call it."""

    @property
    def identity(self) -> str:
        """Changes with whatever would change the maps."""

    @property
    def weights_sha256(self) -> str | None:
        """Of the weights, for a network."""

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """Give the maps of some frames of a clip, in order; raises DataError where there is none."""


@dataclass(frozen=True, slots=True)
class FilePredictions:
    """Maps in files, found by the clips' names in one folder.

    NAME/ holds a gray PNG a frame, 8 or 16 bits, named as the data set's frames or by number from 1;
    NAME.npz and NAME.zarr hold `maps` (N, H, W), as `tased predict --array` writes them; NAME.mp4 or
    another video is read as gray. A file of maps may be given itself, for a data set of one clip.
    """

    path: Path
    alone: bool = False  # the path is the one clip's maps

    weights_sha256 = None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().stem

    @property
    def identity(self) -> str:
        """Names, sizes and times of what is there."""
        files = sorted(
            p for p in ([self.path] if self.path.is_file() else self.path.rglob("*")) if p.is_file()
        )
        return "|".join(f"{p.name}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in files)

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """Read the maps of some frames."""
        place = self.path if self.alone else self._place(clip)
        if place.is_dir() and place.suffix != ".zarr":
            maps = _pictures(place, clip, frames)
        elif place.suffix in (".npz", ".zarr"):
            maps = _array(place, clip, frames)
        else:
            maps = _movie(place, clip, frames)
        for index, values in zip(frames, maps, strict=True):
            if not np.isfinite(values).all() or values.min() < 0:
                raise DataError(
                    f"{place}: the map of frame {index + 1} holds NaN, infinity or negative values"
                )
            yield Scored(index, values, clip.truth(index))

    def _place(self, clip: Clip) -> Path:
        """Under the clip's name, or its video's, as `tased predict` calls it: DHF1K's 0601 is 601.AVI."""
        for name in (clip.name, clip.video_path.stem):
            suffixes = ("", ".npz", ".zarr", *sorted(VIDEO_SUFFIXES))
            for place in (self.path / f"{name}{suffix}" for suffix in suffixes):
                if place.exists():
                    return place
        raise DataError(
            f"{self.path}: holds no predictions for {clip.name}; needed is a folder {clip.name}/ of gray "
            f"PNG, {clip.name}.npz, {clip.name}.zarr, or a gray video"
        )


def _pictures(folder: Path, clip: Clip, frames: Sequence[int]) -> Iterator[Map]:
    files = [path for path in folder.iterdir() if path.suffix.lower() == ".png"]
    by_name = {p.stem: p for p in files}
    numbered = {int(p.stem): p for p in files if p.stem.isdecimal()}
    for index in frames:
        file = by_name.get(clip.frame_names[index]) or numbered.get(index + 1)
        if file is None:
            raise DataError(
                f"{folder}: has no map for frame {index + 1} of {clip.frames}, {clip.frame_names[index]}.png "
                f"or {index + 1:04d}.png; it holds {len(files)} PNG"
            )
        try:
            with Image.open(file) as picture:
                values = np.asarray(
                    picture if picture.mode in ("L", "I;16", "I", "F") else picture.convert("L")
                )
        except OSError as error:
            raise DataError(f"{file}: is no readable PNG ({error})") from error
        yield values.astype(np.float32)


def _array(path: Path, clip: Clip, frames: Sequence[int]) -> Iterator[Map]:
    maps = _npz(path) if path.suffix == ".npz" else _zarr(path)
    for frame in frames:  # both go forwards only
        values = next((values for index, values in maps if index == frame), None)
        if values is None:
            raise DataError(f"{path}: has no map for frame {frame + 1} of {clip.frames}")
        yield values.astype(np.float32)


def _npz(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """One map after the other, without reading the whole array."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("maps.npy") as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran, dtype = read(file)
            if len(shape) != 3 or fortran or dtype.kind not in "fu":
                raise DataError(
                    f"{path}: `maps` has shape {shape} and type {dtype}; needed is (N, H, W) of numbers"
                )
            names = archive.namelist()
            index = np.load(archive.open("index.npy")) if "index.npy" in names else np.arange(shape[0])
            size = int(np.prod(shape[1:])) * dtype.itemsize
            for number in index:
                yield int(number), np.frombuffer(file.read(size), dtype).reshape(shape[1:])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: holds no array `maps` (N, H, W) that can be read ({error})") from error


def _zarr(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    try:
        import zarr
    except ImportError as error:
        raise UsageError(f'{path} needs zarr: pip install "tased[zarr]"') from error
    try:
        group = zarr.open_group(path, mode="r")
        maps: Any = group["maps"]
        index = np.asarray(group["index"])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: holds no arrays `maps` (N, H, W) and `index` ({error})") from error
    for position, number in enumerate(index):
        yield int(number), np.asarray(maps[position])


def _movie(path: Path, clip: Clip, frames: Sequence[int]) -> Iterator[Map]:
    wanted, count = set(frames), 0
    for frame in open_video(path):
        count += 1
        if frame.index in wanted:
            yield frame.pixels[..., 0].astype(np.float32)
    if wanted and count <= max(wanted):
        raise DataError(f"{path}: has {count} frames, and {clip.name} has {clip.frames}")


@dataclass(frozen=True, slots=True)
class ModelPredictions:
    """What a model predicts while it is evaluated."""

    weights: str  # name or file, as tased.load takes it
    device: str = "auto"
    precision: str = "auto"
    published: bool = False
    weights_sha256: str | None = None
    resolution: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The weights' name."""
        return Path(self.weights).stem

    @property
    def identity(self) -> str:
        """Weights and options."""
        return f"{self.weights_sha256 or self.weights}|{self.precision}|{self.published}|{self.resolution}"

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """What `tased predict` makes of these frames, with all frames before them as their past.

        Others get no map, which costs most, but from a tased-lite: its mean over time is of its maps.
        """
        predictor, wanted = _loaded(self), set(frames)
        only = None if isinstance(predictor.model, LiteModel) else frozenset(frames)
        for m in predictor.predict(clip.video(), size="network", only=only):
            if m.index in wanted:
                wanted.discard(m.index)
                yield Scored(m.index, m.values.numpy(), clip.truth(m.index))
        if wanted:
            raise DataError(f"{clip.name}: its video ends before frame {min(wanted) + 1} of {clip.frames}")


@lru_cache(maxsize=1)
def _loaded(model: ModelPredictions) -> Predictor:
    """Its predictor, loaded once a process."""
    return load(
        model.weights,
        device=model.device,
        precision=model.precision,
        published=model.published,
        resolution=model.resolution,
    )


@dataclass(frozen=True, slots=True)
class Observers:
    """The ceiling: half of the people predict the other half, by their fixations, blurred.

    A hundredth of the map is the same everywhere, so that no place is impossible. Which half it is, is drawn
    anew for every frame, by `seed`, the clip's name and the frame.
    """

    sigma: float = DHF1K_SIGMA  # of the Gaussian, in shares of the frame's width
    seed: int = 0
    weights_sha256 = None

    @property
    def name(self) -> str:
        """As tables call it."""
        return "other observers"

    @property
    def identity(self) -> str:
        """What the halves depend on."""
        return f"observers|{self.sigma}|{self.seed}"

    def scored(self, clip: Clip, frames: Sequence[int]) -> Iterator[Scored]:
        """Give one half's map and the other half's fixations."""
        for index in frames:
            truth = clip.truth(index)
            if truth.observers is None:
                raise DataError(
                    f"{clip.name}: does not say who looked where, so people cannot predict each other"
                )
            everyone = np.unique(truth.observers)
            draw = np.random.default_rng([self.seed, index, *clip.name.encode()])
            chosen = draw.permutation(everyone)[: len(everyone) // 2]
            mine = np.isin(truth.observers, chosen)
            width = relative(self.sigma, clip.columns)
            values, others = (
                gaussian_density(truth.fixations[who], clip.rows, clip.columns, width).astype(np.float32)
                for who in (mine, ~mine)
            )
            values = np.float32(1 - UNIFORM) * density(values) + np.float32(UNIFORM / values.size)
            rest = truth.fixations[~mine]
            yield Scored(
                index,
                values,
                replace(truth, fixations=rest, observers=truth.observers[~mine], density=others),
            )
