"""The options that say which model predicts, and on what: the same for every command that predicts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from tased.cli.size import rows_columns
from tased.errors import UsageError

if TYPE_CHECKING:
    from tased.predict.predictor import Predictor

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
# Written out, for no weights and no models are imported to show a help.
ModelName = Literal[
    "tased", "tased-research", "lite", "lite-research", "centre", "motion", "spectral", "gbvs"
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """Which model predicts.

    Parameters
    ----------
    weights
        File of weights: tased's own .safetensors, or a published TASED-Net .pt.
    model
        lite (the default); tased, the full network; either as trained for research; or a training-free
        predictor.
    device
        Where the network runs; auto takes a CUDA GPU if there is one.
    precision
        What the network computes in. auto is float32, and for tased bfloat16 on a CPU with AMX, which
        multiplies matrices of it; the result says which.
    resolution
        WIDTHxHEIGHT that frames are resized to for the network, by default as its weights were trained.
        A smaller one is faster, and less exact.

    """

    weights: str | None = None
    model: ModelName | None = None
    device: Device = "auto"
    precision: Precision = "auto"
    resolution: str | None = None

    def load(self, *, published: bool = False) -> "Predictor":
        """The predictor; UsageError for options that contradict each other."""
        from tased.predict.predictor import load

        return load(
            self.named(),
            device=self.device,
            precision=self.precision,
            published=published,
            resolution=self.rows_columns(),
        )

    def rows_columns(self) -> tuple[int, int] | None:
        """The resolution as tased.load takes it."""
        return None if self.resolution is None else rows_columns("--resolution", self.resolution)

    def named(self) -> str | None:
        """What tased.load is to be given, None for the default; UsageError as above."""
        if self.weights is not None and self.model not in (None, "tased"):
            raise UsageError(
                f"--weights {self.weights} is one model and --model {self.model} another; "
                "leave one of them out"
            )
        return self.weights or self.model
