"""How fast models are on this machine, measured within a minute."""

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from tased.apps.bench_result import Bench, Timing
from tased.apps.endless import RATE, EndlessShot
from tased.apps.machine import this_machine
from tased.apps.turns import Took, in_turns, median
from tased.errors import UsageError
from tased.predict.lite import LiteModel
from tased.predict.network import NetworkModel
from tased.predict.packaged import DEFAULT, FULL
from tased.predict.predictor import Predictor, load
from tased.predict.shot import Model
from tased.video.read import Video, open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie

ROUNDS = 3  # at least
FRAMES = 32  # of the clip, which is shown again and again
PRODUCT = 2048  # rows and columns of the matrices
Report = Callable[[str, float], None]


def bench(
    predictors: Sequence[Predictor] | None = None,
    *,
    plain: bool = True,
    seconds: float = 45.0,
    height: int = 360,
    width: int = 640,
    report: Report = lambda _, __: None,
) -> Bench:
    """Time models from a video file to maps, in turns, for about so many seconds, and three rounds at least.

    Default: both networks of the package. With `plain` a network whose windows share what they have in common
    is compared with itself window by window in float32. The video is made by code and has `width` x `height`
    pixels; a map has the network's size, and writing it is not timed. Maps are of a shot that is under way: a
    network's first ones take longer.

    `report` is told what is done, and after how many seconds.

    Raises UsageError if `seconds` cannot be, or two models have one name.
    """
    if not 0 <= seconds < float("inf"):
        raise UsageError(f"seconds is {seconds}; give 0 (three rounds) or more")
    began = time.monotonic()

    def told(what: str) -> float:
        passed = time.monotonic() - began
        report(what, passed)
        return passed

    machine = this_machine()
    told("preparing")
    models, plains = _ways(predictors or both(), plain=plain)
    with tempfile.TemporaryDirectory() as folder:
        video = _video(Path(folder) / "clip.mp4", height, width)
        ways = {name: _Way(model, video, lambda: told("preparing")) for name, model in models.items()}
        products = _products(models.values())
        turns = in_turns(
            {**ways, **products},
            lambda rounds: told(f"round {rounds + 1}") < seconds or rounds < ROUNDS,
            times={name: way.calls for name, way in ways.items()},
        )
    return Bench(
        machine=machine,
        width=width,
        height=height,
        products={name: PRODUCT**3 / median(turns[name]).seconds for name in products},
        timings=tuple(way.timing(name, turns[name], plains.get(name)) for name, way in ways.items()),
    )


def both(*, device: str = "auto", precision: str = "auto") -> list[Predictor]:
    """What is timed when nothing else is named: lite, and the full network."""
    return [load(name, device=device, precision=precision) for name in (DEFAULT, FULL)]


class _Way:
    """A model at work on a video, and how often it is called in a turn."""

    def __init__(self, model: Model, video: Video, told: Callable[[], object]) -> None:
        self._model, self._next = model, EndlessShot(model, video)
        self.calls = self._next.warm(told)

    def __call__(self) -> None:
        self._maps = self._next()

    def timing(self, name: str, turns: Sequence[Took], plain: str | None) -> Timing:
        """What the turns say."""
        middle, together = median(turns), len(self._maps)
        rows, columns = self._maps[0].values.shape
        network = self._model if isinstance(self._model, NetworkModel | LiteModel) else None
        return Timing(
            name=name,
            precision=None if network is None else _name(network.precision),
            device="cpu" if network is None else str(network.device),
            rows=rows,
            columns=columns,
            maps=self.calls * together * len(turns),
            seconds=middle.seconds / together,
            cpu_seconds=middle.cpu_seconds / together,
            plain=plain,
        )


def _ways(predictors: Sequence[Predictor], *, plain: bool) -> tuple[dict[str, Model], dict[str, str]]:
    """The models to time by their names, and which is another one window by window."""
    models: dict[str, Model] = {}
    plains: dict[str, str] = {}
    for model in (predictor.model for predictor in predictors):
        shares = isinstance(model, NetworkModel) and model.uses_engine
        name = f"{model.name}, engine" if shares else model.name
        if name in models:
            raise UsageError(f"two models are called {model.name!r}; give each a name of its own")
        models[name] = model
        if plain and isinstance(model, NetworkModel) and shares:
            plains[name] = f"{model.name}, plain"
            models[plains[name]] = replace(model, engine=False, precision=torch.float32)
    return models, plains


def _video(path: Path, height: int, width: int) -> Video:
    with ColourMovie(path, width=width, height=height, rate=Fraction(RATE)) as movie:
        for frame in clip(frames=FRAMES, height=height, width=width, rate=RATE):
            movie.write(frame)
    return open_video(path)


def _products(models: Iterable[Model]) -> dict[str, Callable[[], object]]:
    """A product of two matrices in each precision, where the models run: what a machine can do at best."""
    networks = [model for model in models if isinstance(model, NetworkModel | LiteModel)]
    found: dict[str, Callable[[], object]] = {}
    for dtype, device in dict.fromkeys((network.precision, network.device) for network in networks):
        matrix = torch.randn(PRODUCT, PRODUCT).to(device, dtype)
        found[_name(dtype)] = partial(_square, matrix)
    return found


def _square(matrix: Tensor) -> float:
    """A number of the product, because without asking for one a GPU would only be told to multiply."""
    return float((matrix @ matrix)[0, 0])


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
