"""Which network: a frozen value that names every variant of the paper, or tased-lite. Imports no torch."""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from tased.errors import UsageError

Aggregation = Literal["released", "late-two-step", "early-two-step", "late"]
Upsampling = Literal["unpool", "trilinear", "transposed"]
DecoderName = Literal["tased", "fcn", "unet", "deeplab"]
LiteUpsampling = Literal["bilinear", "unpool"]

CLIP_LENGTHS = (4, 8, 16, 32, 48, 64)  # Table 5 of the paper


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkConfig:
    """The architecture, and how its maps are finished; a weights file carries it.

    The clip length T is part of the architecture (paper, Table 5). The encoder halves time three
    times, to T/8; the prediction network's two temporal convolutions then reduce it by p = 2 and
    q = T/16 to 1 (section 3.2), and auxiliary pooling brings every level of the encoder to the same
    T/8 (section 3.3).

    For T = 4 and 8 that rule would give q < 1. We keep what matters in it, two time steps for the
    prediction network to aggregate (p = 2, q = 1), and leave out the encoder's last temporal
    poolings instead: the one before block 5 for T = 8, that and the one before block 4 for T = 4.
    The poolings stay spatial there, so no tensor changes its shape and Kinetics weights still fit.
    (The authors' own T = 16 also leaves out the pooling before block 5; ours follows the paper.)

    T = 1 is not the paper's: a network of still pictures, in which nothing looks along time. It is
    cheap to train, and another network can begin with its weights (network/inflate.py).
    """

    clip_length: int = 32  # T, frames
    aggregation: Aggregation = "late-two-step"  # section 3.4; "released": as in the published code
    upsampling: Upsampling = "unpool"  # section 4.4: TASED-Net, TASED-Net-tri, TASED-Net-trp
    decoder: DecoderName = "tased"  # section 4.4: the others are its comparison
    dense: bool = False  # section 4.5: two more transposed convolutions in each decoding block
    maps: int = 1  # section 4.5: saliency maps per clip, of its last frames
    rows: int = 224  # size of the frames that the weights were trained for (section 4.1)
    columns: int = 384
    blur: float = 7.0  # sigma in pixels of the Gaussian on the finished map (published inference)
    sharpness: float = 1.0  # power of the blurred map
    centre: float = 0.0  # share of the finished map that is the centre prior's; above 0 it is a density

    def __post_init__(self) -> None:
        for field, valid in (
            ("clip_length", (1, *CLIP_LENGTHS)),
            ("aggregation", get_args(Aggregation)),
            ("upsampling", get_args(Upsampling)),
            ("decoder", get_args(DecoderName)),
        ):
            if getattr(self, field) not in valid:
                raise UsageError(
                    f"{field} is {getattr(self, field)!r}; it must be one of {', '.join(map(str, valid))}"
                )
        if not 1 <= self.maps <= self.clip_length:
            raise UsageError(f"maps is {self.maps}; a clip of {self.clip_length} frames gives 1 to as many")
        if self.decoder != "tased" and (self.upsampling != "unpool" or self.dense):
            raise UsageError(
                f"decoder {self.decoder!r} has its own upsampling: leave upsampling at 'unpool' and dense off"
            )
        if min(self.rows, self.columns) < 32:
            raise UsageError(f"frames of {self.columns}x{self.rows} are too small; 32x32 is the least")
        if not 0 <= self.blur < float("inf"):
            raise UsageError(f"blur is {self.blur}; it is a sigma in pixels, 0 for none")
        if not 0 < self.sharpness < float("inf"):
            raise UsageError(f"sharpness is {self.sharpness}; it is a power above 0, 1 for none")
        if not 0 <= self.centre < 1:
            raise UsageError(f"centre is {self.centre}; it must be from 0 to below 1")

    @property
    def decoder_time(self) -> int:
        """Time steps in the prediction network: T/8, at least 2; 1 for a still picture."""
        return min(self.clip_length, max(2, self.clip_length // 8))

    @property
    def temporal_kernels(self) -> tuple[int, int]:
        """The paper's p and q."""
        p = min(2, self.decoder_time)
        return p, self.decoder_time // p

    @property
    def temporal_strides(self) -> tuple[int, int]:
        """Of the poolings before block 4 and before block 5; 1 where time is short already."""
        half = max(1, self.clip_length // 2)
        before4 = 2 if half > 2 else 1
        return before4, half // before4 // self.decoder_time

    def to_json(self) -> str:
        """As weights files carry it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; raises UsageError for anything else."""
        try:
            values: dict[str, Any] = json.loads(text)
            unknown = values.keys() - {field.name for field in fields(cls)}
        except (json.JSONDecodeError, AttributeError) as error:
            raise UsageError(f"not a network configuration: {text[:60]!r}") from error
        if unknown:
            raise UsageError(f"network configuration has unknown fields: {', '.join(sorted(unknown))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise UsageError(f"network configuration does not hold: {error}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class LiteConfig:
    """The architecture, and how time is aggregated; a weights file carries it."""

    model: Literal["lite"] = "lite"
    width: int = 48  # channels of the decoder
    upsampling: LiteUpsampling = "bilinear"  # in the decoder; "unpool": by auxiliary pooling (section 3.3)
    prior: bool = True  # whether the readout learns one
    rows: int = 224  # size of the frames that the weights were trained for; multiples of 32
    columns: int = 384
    memory: float = 0.2  # seconds, the time constant of the causal mean of densities; 0 for none
    sharpness: float = 0.85  # power of that mean
    motion: float = 0.8  # power of what moves; 0 ignores it
    unmoved: float = 0.1  # what a place where nothing moves is worth, against the fastest one
    centre: float = 0.25  # share of the density that is the centre prior's
    clip_length: int = 1  # frames that the network itself sees at once
    maps: int = 1
    blur: float = 0.0  # the readout learns its own

    def __post_init__(self) -> None:
        if self.width < 1:
            raise UsageError(f"width is {self.width}; it must be 1 or more")
        if self.upsampling not in get_args(LiteUpsampling):
            raise UsageError(f"upsampling is {self.upsampling!r}; it must be bilinear or unpool")
        if self.rows % 32 or self.columns % 32 or min(self.rows, self.columns) < 32:
            raise UsageError(f"frames of {self.columns}x{self.rows}: tased-lite takes multiples of 32")
        for name in ("memory", "sharpness", "motion", "unmoved"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if not 0 <= self.centre < 1:
            raise UsageError(f"centre is {self.centre}; it must be from 0 to below 1")
        if self.model != "lite" or (self.clip_length, self.maps, self.blur) != (1, 1, 0):
            raise UsageError("tased-lite sees one frame, gives one map, and blurs it itself")

    def to_json(self) -> str:
        """As weights files carry it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; raises UsageError for anything else."""
        values: dict[str, Any] = json.loads(text)
        unknown = values.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise UsageError(f"configuration of tased-lite has unknown fields: {', '.join(sorted(unknown))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise UsageError(f"configuration of tased-lite does not hold: {error}") from error


RELEASED = NetworkConfig(aggregation="released")  # the network of both published checkpoints

Config = NetworkConfig | LiteConfig


def at_size(config: Config, rows: int, columns: int) -> Config:
    """The same network for frames of another size; the map's blur keeps its share of the width."""
    return replace(config, rows=rows, columns=columns, blur=config.blur * columns / config.columns)


def config_from_json(text: str) -> Config:
    """Read what the `to_json` of either wrote; raises UsageError for anything else."""
    try:
        lite = json.loads(text).get("model") == "lite"
    except (json.JSONDecodeError, AttributeError) as error:
        raise UsageError(f"not a network configuration: {text[:60]!r}") from error
    return LiteConfig.from_json(text) if lite else NetworkConfig.from_json(text)
