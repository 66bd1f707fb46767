"""The folder of a run, for a person to read and for the run to go on from.

RUN/
  recipe.toml           what it was told
  environment.json      with what, on what, of which data
  metrics.csv           a row a step
  events.out.tfevents.* the same, for TensorBoard
  skipped.csv           clips that could not be read, and why
  maps/step-000050.png  what it predicts: frame, ground truth, map
  last.safetensors      the network as it is, best.safetensors as it was best: for tased predict
  state.safetensors     all that is needed to go on
"""

import csv
import io
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from tensorboardX import SummaryWriter  # type: ignore[import-untyped]

import tased
from tased.atomic import WholeFile, output_error
from tased.errors import OutputError
from tased.metrics import METRICS

STATE = "state.safetensors"
LAST = "last.safetensors"
BEST = "best.safetensors"
RECIPE = "recipe.toml"
COLUMNS = (
    "step",
    "loss",
    "encoder_rate",
    "prediction_rate",
    "seconds",
    "waited",
    "skipped",
    "validation_loss",
    *(f"validation_{metric}" for metric in METRICS),
)
Cell = str | int | float


class RunFolder:
    """Writes what is to be read of a run; a context manager, from the step that is done on.

    What an interrupted run wrote of later steps is taken back, so that every step stands once.
    """

    def __init__(self, path: Path, done: int) -> None:
        self.path = path
        self._done = done
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._metrics = self._open.enter_context(_Csv(self.path / "metrics.csv", COLUMNS, self._done))
        self._skipped = self._open.enter_context(
            _Csv(self.path / "skipped.csv", ("step", "clip", "reason"), self._done)
        )
        self._events = SummaryWriter(str(self.path), purge_step=self._done + 1)
        self._open.callback(self._events.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def row(self, values: Mapping[str, Cell]) -> None:
        """Write what is known of a step; a column that is not named stays empty."""
        self._metrics.write([values.get(column, "") for column in COLUMNS])
        try:
            for name, value in values.items():
                if name != "step":
                    self._events.add_scalar(name, float(value), int(values["step"]))
            self._events.flush()
        except OSError as error:
            raise output_error(self.path, error) from error

    def skipped(self, step: int, skipped: Sequence[tuple[str, str]]) -> None:
        """Name the clips that could not be read in a step."""
        for name, reason in skipped:
            self._skipped.write([step, name, reason])

    def picture(self, step: int, png: bytes) -> None:
        """Keep a sheet of maps."""
        with WholeFile(self.path / "maps" / f"step-{step:06d}.png") as file:
            file.write(png)


class _Csv:
    """Rows that begin with a step, and are there as soon as they are written."""

    def __init__(self, path: Path, columns: Sequence[str], done: int) -> None:
        self._path = path
        rows = [list(columns)]
        if done and path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                rows += [
                    row for row in csv.reader(file) if row and row[0].isdecimal() and int(row[0]) <= done
                ]
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        write_text(path, text.getvalue())
        self._file = path.open("a", encoding="utf-8", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: Sequence[Cell]) -> None:
        try:
            csv.writer(self._file).writerow(row)
            self._file.flush()
        except OSError as error:
            raise output_error(self._path, error) from error


def new_folder(path: Path) -> None:
    """Make the folder of a new run; raises OutputError when something is there already."""
    if path.is_dir() and any(path.iterdir()):
        what = "a run" if (path / RECIPE).exists() else "something"
        raise OutputError(
            f"{path}: there is {what} here already; --resume goes on with a run, or name another folder"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path, error) from error


def write_text(path: Path, text: str) -> None:
    """At once or not at all."""
    with WholeFile(path) as file:
        file.write(text.encode())


def environment(device: torch.device, processes: int, facts: Mapping[str, object]) -> str:
    """With what a run is made, as JSON; `facts` are its data and first weights."""
    packages = ("torch", "numpy", "av", "pillow", "scipy", "safetensors", "lightning-fabric", "torchmetrics")
    return json.dumps(
        {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {
                "tased": tased.__version__,
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "processes": processes,
            "command": sys.argv,
            **facts,
        },
        indent=2,
    )
