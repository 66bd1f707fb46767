"""`tased.load` and what it returns."""

import difflib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tased.errors import CheckpointError, TruncatedVideoError, UsageError
from tased.network.config import at_size
from tased.network.fold import folded
from tased.network.tased import TASEDNet
from tased.network.weights import network_from, read_weights
from tased.predict.baselines.centre import Centre
from tased.predict.baselines.gbvs import GBVS
from tased.predict.baselines.motion import Motion
from tased.predict.baselines.spectral import SpectralResidual
from tased.predict.device import resolve_device, resolve_precision
from tased.predict.lite import LiteModel
from tased.predict.maps import SaliencyMap
from tased.predict.network import ENCODER_ALONE, NetworkModel
from tased.predict.packaged import DEFAULT, FULL, PACKAGED
from tased.predict.shot import Model, Shot
from tased.predict.stream import Size, Stream
from tased.video.frame import Frame
from tased.video.read import Video, open_video

TRAINING_FREE: dict[str, Callable[[], Model]] = {
    "centre": Centre,
    "motion": Motion,
    "spectral": SpectralResidual,
    "gbvs": GBVS,
}


@dataclass(frozen=True, slots=True)
class Predictor:
    """Predicts where people look, with one model."""

    model: Model
    packaged: bool = False  # one of the package's own, of whose scores tased.predict.packaged tells

    @property
    def computing(self) -> str | None:
        """What its network computes in, and where: "bfloat16 on cpu"; None for a model without a network."""
        if not isinstance(self.model, NetworkModel | LiteModel):
            return None
        return f"{str(self.model.precision).removeprefix('torch.')} on {self.model.device}"

    @property
    def facts(self) -> dict[str, str | None]:
        """Which model it is and what its network computes in, as programs are told."""
        return {"model": self.model.name, "computing": self.computing}

    @property
    def published(self) -> bool:
        """Whether it follows the published script in everything."""
        return isinstance(self.model, NetworkModel) and self.model.published

    def predict(
        self,
        source: str | Path | Video,
        *,
        every: int = 1,
        cuts: bool = False,
        size: Size | None = None,
        only: Container[int] | None = None,
    ) -> Iterator[SaliencyMap]:
        """Predict a video: one map a frame, in order, while it is read.

        `source` is anything `tased.video.read.open_video` takes. For `every`, `cuts` and `size` see
        Stream; maps have the size of the source unless told otherwise. `only` are indices of frames, from 0:
        others are seen, as the past of these, and get no map, which saves what it costs. A tased-lite's mean
        over the past is then of these frames alone. Raises UsageError for `only` beside `every`, which says
        itself what is predicted, and VideoError if the source cannot be read. For a truncated one every
        readable frame gets its map first, and then TruncatedVideoError is raised.
        """
        stream = self._stream(live=False, every=every, cuts=cuts, size=size)
        if only is not None and every > 1:
            raise UsageError(f"every is {every}, and only names frames: give one of them")
        video = open_video(source) if isinstance(source, str | Path) else source
        return _predict(video, stream, only)

    def stream(
        self, *, every: int = 1, cuts: bool = False, size: Size | None = None, rate: float = 25.0
    ) -> Stream:
        """Begin a stream, for frames that come one by one: `push` them, then `drain`."""
        return self._stream(live=True, every=every, cuts=cuts, size=size, rate=rate)

    def _stream(self, *, live: bool, every: int, cuts: bool, size: Size | None, rate: float = 25.0) -> Stream:
        size = size or ("network" if self.published else "source")
        begin: Callable[[], Shot] = self.model.shot
        if isinstance(self.model, NetworkModel):
            begin = partial(self.model.shot, live=live)
        return Stream(begin, every=every, cuts=cuts, size=size, rate=rate)


def _predict(video: Video, stream: Stream, only: Container[int] | None) -> Iterator[SaliencyMap]:
    truncated = None
    frames = iter(video)
    while True:
        try:
            frame: Frame | None = next(frames, None)
        except TruncatedVideoError as error:
            truncated, frame = error, None
        if frame is None:
            break
        yield from stream.push(frame, wanted=only is None or frame.index in only)
    yield from stream.drain()
    if truncated is not None:
        raise truncated


def load(
    weights: str | Path | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    published: bool = False,
    engine: bool = True,
    resolution: tuple[int, int] | None = None,
) -> Predictor:
    """Load a predictor.

    `weights` is a name or a file. Names are those of weights in the package (lite, which is the default, and
    tased, the full network; lite-research and tased-research) and of training-free predictors (centre,
    motion, spectral, gbvs); a file is ours, or a published TASED-Net checkpoint.

    A file of S3D weights gives a network with that encoder, whose prediction network is untrained: it is
    there to be trained, and predicting with it is an error.

    `device` is auto, cpu or cuda; `precision` auto, float32, bfloat16 or float16. For a TASED-Net with the
    engine auto is bfloat16 on a CPU with AMX, which multiplies matrices of it; else it is float32.
    `published` follows the published script in everything (resizing, blur, scale), for TASED-Nets only; its
    default is tased.

    On a CPU windows that follow each other share what they have in common (tased.predict.engine); `engine`
    False computes each from nothing, as on other devices and for `published`: the reference, several times
    slower.

    `resolution` is the size, (rows, columns), that frames are resized to for the network; None for the one
    that its weights were trained for. A smaller one is faster, and less exact; a tased-lite takes multiples
    of 32.

    Raises CheckpointError for weights that cannot be used, UsageError for options that cannot be.
    """
    where = resolve_device(device)
    dtype = resolve_precision(precision, where, exact=True)  # but for a TASED-Net
    name = str(weights) if weights is not None else FULL if published else DEFAULT
    if resolution is not None and published:
        raise UsageError("the published script has one resolution; leave the other out")
    if name in TRAINING_FREE:
        if published or resolution is not None:
            what = "a resolution is a network's" if resolution else "the published script runs a network"
            raise UsageError(f"{what}, and {name!r} is none; give a file of weights")
        return Predictor(TRAINING_FREE[name](), packaged=True)
    path = PACKAGED[name].path if name in PACKAGED else Path(name)
    if not path.exists():
        known = (*PACKAGED, *TRAINING_FREE)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known names are {', '.join(known)}"
        raise CheckpointError(f"{name}: no such file of weights; {hint}")
    found = read_weights(path)
    if resolution is not None and found.config is not None:
        found = replace(found, config=at_size(found.config, *resolution))
    network = network_from(found).to(where)
    trained, ours = found.config is not None, name in PACKAGED and PACKAGED[name].open
    if isinstance(network, TASEDNet):
        dtype = resolve_precision(precision, where, exact=published or not engine)
        model = NetworkModel(path.stem, network, where, dtype, published, trained, engine)
        return Predictor(model, packaged=ours)
    if published:
        raise UsageError(f"the published script runs a TASED-Net, and {name!r} is a tased-lite")
    if not trained:
        raise CheckpointError(f"{name}: {ENCODER_ALONE}")
    return Predictor(LiteModel(path.stem, folded(network), where, dtype), packaged=ours)
