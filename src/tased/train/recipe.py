"""How a network is trained: one frozen value. Imports no torch."""

import difflib
import math
import re
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

import tomli_w

from tased.errors import UsageError
from tased.network.config import Config, LiteConfig, NetworkConfig

Optimizer = Literal["sgd", "adamw", "muon"]
Sampling = Literal["frames", "videos"]
Statistics = Literal["batch", "synchronised", "frozen"]
Precision = Literal["float32", "bfloat16", "float16"]
BestBy = Literal[
    "loss", "nss", "cc", "sim", "auc_judd", "shuffled_auc", "auc_borji", "kld", "information_gain"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that a training run depends on besides its data and its first weights.

    The defaults are the paper's (section 4.1), where it says them.
    """

    network: Config = field(default_factory=NetworkConfig)
    seed: int = 0

    # Steps. A step is one change of the weights.
    steps: int = 1000
    clips_per_step: int = 40  # over all devices and accumulated batches
    clips_per_batch: int = 8  # at once on one device: what its memory holds; all that the paper does not fix

    # Rates are per step. By drops that of the prediction network alone falls, by cosine both do.
    optimizer: Optimizer = "sgd"
    schedule: Literal["drops", "cosine"] = "drops"
    warmup: int = 0  # steps in which both rates rise from 0
    encoder_rate: float = 1e-3
    prediction_rate: float = 0.1
    momentum: float = 0.9  # AdamW, Muon: of the gradients' mean
    weight_decay: float = 2e-7  # of the published code; the paper names none
    drop: float = 0.1
    drops: tuple[int, ...] = (750, 950)  # at the end of these steps; read only when patience is 0
    patience: int = 0  # validations without a smaller loss before a drop; 0: drop at given steps
    most_drops: int = 2  # by patience
    average: float = 0.0  # decay of the running mean of the weights, which is what is kept; 0 for none

    # The loss: a weighted sum, of which each term is a mean over maps.
    kld: float = 1.0
    cc: float = 0.0  # of 1 - CC
    nss: float = 0.0  # of -NSS
    kld_over: Literal["map", "batch"] = "map"  # batch: both sides are normalised over the whole batch
    accumulation: Literal["mean", "sum"] = "mean"  # of the losses of a step's batches
    features: float = 0.0  # of what a teacher's features are unlike (train/features.py); 0 needs no teacher.
    # With features alone the encoder learns, and the prediction network stays as it is.
    taught: float = 0.0  # of the KL divergence from a teacher's maps of the clips' own frames (there, too)

    # Clips.
    sampling: Sampling = "frames"  # equal chance for every frame, or for every video
    flip: float = 0.5  # probability, of left and right
    crop: float = 0.0  # largest share of rows and columns that is cut away
    pan: float = 0.0  # of a picture: largest share of rows and columns that a clip wanders over; 0 is static
    zoom: float = 0.0  # of a picture: largest share by which the first and the last view are made smaller
    colour: float = 0.0  # largest share by which contrast and saturation change; brightness, by half of it
    reverse: float = 0.0  # probability, of a clip that runs backwards
    speed: float = (
        1.0  # most frames from one to the next; steps are from 1 / speed up, as likely slow as fast
    )

    # Batch normalisation.
    statistics: Statistics = "batch"  # of each batch; of all devices' batches; frozen in the encoder
    statistics_over: int = 0  # clips whose statistics are taken together; 0: all of a batch on a device
    statistics_momentum: float = 0.001  # of running statistics (published): a run of few steps needs more

    precision: Precision = "float32"  # of the passes; weights and their changes are float32
    recompute: bool = False  # gradient checkpointing: less memory, one more forward pass

    # Looking at it. Steps are counted from 1.
    validate_every: int = 50
    validation_clips: int = 2000
    best_by: BestBy = "loss"
    save_every: int = 50

    def __post_init__(self) -> None:
        for name in ("steps", "clips_per_step", "clips_per_batch", "validate_every", "save_every"):
            self._need(name, getattr(self, name) >= 1, "1 or more")
        for name in ("validation_clips", "patience", "most_drops", "warmup"):
            self._need(name, getattr(self, name) >= 0, "0 or more")
        self._need("seed", 0 <= self.seed < 2**63, "from 0 to below 2**63")
        for name in (
            "encoder_rate",
            "prediction_rate",
            "weight_decay",
            "kld",
            "cc",
            "nss",
            "features",
            "taught",
        ):
            self._need(name, 0 <= getattr(self, name) < math.inf, "0 or more")
        for name in ("momentum", "average"):
            self._need(name, 0 <= getattr(self, name) < 1, "from 0 to below 1")
        for name in ("drop", "statistics_momentum"):
            self._need(name, 0 < getattr(self, name) <= 1, "above 0, up to 1")
        for name in ("flip", "reverse"):
            self._need(name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        self._need("speed", 1 <= self.speed <= 8, "from 1 to 8")
        for name in ("crop", "pan", "zoom", "colour"):
            self._need(name, 0 <= getattr(self, name) <= 0.8, "from 0 to 0.8")
        for name, kind in (
            ("sampling", Sampling),
            ("statistics", Statistics),
            ("precision", Precision),
            ("best_by", BestBy),
            ("kld_over", Literal["map", "batch"]),
            ("accumulation", Literal["mean", "sum"]),
            ("optimizer", Optimizer),
            ("schedule", Literal["drops", "cosine"]),
        ):
            valid = get_args(kind)
            self._need(name, getattr(self, name) in valid, f"one of {', '.join(valid)}")
        rising = list(self.drops) == sorted(set(self.drops))
        self._need("drops", rising and min(self.drops, default=1) >= 1, "steps from 1 in rising order")
        self._need(
            "kld",
            self.learns_maps or self.features > 0,
            "above 0, or cc, nss, features or taught is: a loss needs a term",
        )
        group = self.statistics_over
        self._need(
            "statistics_over",
            group == 0 or (group > 0 and min(self.clips_per_batch, self.clips_per_step) % group == 0),
            f"0, or divide the {self.clips_per_batch} clips of a batch",
        )
        if self.patience and self.validation_clips == 0:
            raise UsageError("patience waits for the validation loss, and validation_clips is 0: give some")
        if self.best_by != "loss" and self.validation_clips == 0:
            raise UsageError(f"best_by is {self.best_by!r}, and validation_clips is 0: give some")
        if self.best_by == "loss" and self.validation_clips and self.kld + self.cc + self.nss == 0:
            raise UsageError(
                "best_by is 'loss', of which nothing is left in validation, where no teacher looks: give "
                "kld, cc or nss, a best_by that is a metric, or validation_clips=0"
            )

    @property
    def learns_maps(self) -> bool:
        """Whether the loss has a term of them; without one the encoder learns alone."""
        return self.kld + self.cc + self.nss + self.taught > 0

    @property
    def needs_teacher(self) -> bool:
        """Whether the loss has a term of a teacher's features, or of its maps."""
        return self.features + self.taught > 0

    def _need(self, name: str, fulfilled: bool, need: str) -> None:
        if not fulfilled:
            raise UsageError(f"recipe: {name} is {getattr(self, name)}; it must be {need}")

    def to_toml(self) -> str:
        """As files carry it: every field, so that a file says all."""
        return tomli_w.dumps(asdict(self))

    @staticmethod
    def from_toml(text: str) -> "Recipe":
        """Read a recipe; what it leaves out is the paper's. Raises UsageError for anything else."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"not TOML: {error}") from error
        network = given.pop("network", {})
        if not isinstance(network, dict):
            raise UsageError(f"network is {network!r}; it must be a table, [network]")
        settings = [*given.items(), *((f"network.{name}", value) for name, value in network.items())]
        kind = LiteConfig if network.get("model") == "lite" else NetworkConfig
        return _with(Recipe(network=kind()), settings)


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Override fields by `key=value`: `steps=8`, `network.clip_length=16`, `drops=6,7`, `size=96x64`.

    `size` is WIDTHxHEIGHT, and sets `network.columns` and `network.rows`; `network.blur`, in pixels, keeps
    its share of the width unless it is set too. All are taken together, so their order does not matter.
    """
    found: list[tuple[str, Any]] = []
    for setting in settings:
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not equals:
            raise UsageError(f"--set {setting}: needed is key=value, such as steps=8")
        found.append((key, value))
    return _with(recipe, found)


def _with(recipe: Recipe, settings: Iterable[tuple[str, Any]]) -> Recipe:
    """Both kinds of value are taken: as TOML gives them, and as text."""
    own: dict[str, Any] = {}
    network: dict[str, Any] = {}
    for key, value in settings:
        if key == "size":
            match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", str(value))
            if match is None:
                raise UsageError(f"size is {value!r}; it must be WIDTHxHEIGHT, such as 96x64")
            columns, rows = int(match[1]), int(match[2])
            blur = recipe.network.blur * columns / recipe.network.columns
            network = {"columns": columns, "rows": rows, "blur": blur, **network}
        elif key.startswith("network."):
            name = key.removeprefix("network.")
            network[name] = _parse(recipe.network, name, value, key, recipe.network)
        else:
            own[key] = _parse(recipe, key, value, key, recipe.network)
    return replace(recipe, network=replace(recipe.network, **network), **own)


def _parse(holder: Recipe | Config, name: str, value: Any, key: str, network: Config) -> Any:
    """A value of the type that the field has now."""
    if name not in {f.name for f in fields(holder)} - {"network"}:
        own = [*(f.name for f in fields(Recipe) if f.name != "network"), "size"]
        networks = [f"network.{f.name}" for f in fields(network)]
        same = [known for known in (*own, *networks) if known.split(".")[-1] == name]
        near = same or difflib.get_close_matches(key, [*own, *networks], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join([*own, *networks])}"
        raise UsageError(f"a recipe has no field {key!r}; {hint}")
    now = getattr(holder, name)
    try:
        if isinstance(now, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(_number(int, part) for part in parts if part != "")
        if isinstance(now, bool):
            return {"true": True, "false": False}[str(value).casefold()]
        if isinstance(now, int | float):
            return _number(type(now), value)
    except (TypeError, ValueError, KeyError) as error:
        kind = {bool: "true or false", int: "a whole number", float: "a number"}.get(
            type(now), "whole numbers with commas between them"
        )
        raise UsageError(f"{key} is {value!r}; it must be {kind}") from error
    return value


def _number(kind: type[int] | type[float], value: Any) -> int | float:
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise TypeError
    return kind(value)
