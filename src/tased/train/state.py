"""All that a run needs to go on exactly where it was, in one file that holds no code.

One file, because a run may be killed between two: weights, momentum and step always belong together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from tased.atomic import WholeFile
from tased.errors import CheckpointError
from tased.train.average import Average
from tased.train.schedule import Validation

FORMAT = "1"


@dataclass(frozen=True, slots=True)
class State:
    """Of a run at the end of a step, with what identifies what it is the state of."""

    step: int  # that are done
    validations: tuple[Validation, ...]
    scaler: Mapping[str, float]  # of the loss, in float16; empty otherwise
    run: str  # the recipe and the data, as `identity` gives them
    tensors: Mapping[str, Tensor]

    def restore(self, network: nn.Module, teacher: nn.Module, optimizer: Optimizer, average: Average) -> None:
        """Put weights, their mean, a teacher's heads, the optimizer's state and the random state back."""
        average.restore(_part(self.tensors, "average."))
        network.load_state_dict(_part(self.tensors, "network."))
        teacher.load_state_dict(_part(self.tensors, "teacher."))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _part(self.tensors, "optimizer.").items():
            number, _, what = name.partition(".")
            state.setdefault(int(number), {})[what] = tensor
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        torch.set_rng_state(self.tensors["random"])
        if torch.cuda.is_available() and "random.cuda" in self.tensors:
            torch.cuda.set_rng_state(self.tensors["random.cuda"])


def save_state(
    path: Path,
    network: nn.Module,
    teacher: nn.Module,
    optimizer: Optimizer,
    average: Average,
    *,
    step: int,
    validations: Sequence[Validation],
    scaler: Mapping[str, float],
    run: str,
) -> None:
    """Write the state, at once or not at all: an older file stays until the new one is whole."""
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"teacher.{name}": tensor for name, tensor in teacher.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in average.tensors().items()}
    for number, state in optimizer.state_dict()["state"].items():
        for what, tensor in state.items():
            if tensor is not None:  # momentum, before the first step
                tensors[f"optimizer.{number}.{what}"] = tensor
    tensors["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    facts = {
        "format": FORMAT,
        "step": str(step),
        "validations": json.dumps([[v.step, v.scores] for v in validations]),
        "scaler": json.dumps(scaler),
        "run": run,
    }
    with WholeFile(path) as file:
        file.write(save({name: t.detach().contiguous().cpu() for name, t in tensors.items()}, facts))


def read_state(path: Path) -> State:
    """Read what `save_state` wrote; raises CheckpointError for anything else."""
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if facts.get("format") != FORMAT:
            raise CheckpointError(f"{path}: is no training state of this version of tased")
        return State(
            step=int(facts["step"]),
            validations=tuple(Validation(step, scores) for step, scores in json.loads(facts["validations"])),
            scaler=json.loads(facts["scaler"]),
            run=facts["run"],
            tensors=tensors,
        )
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no training state to go on from") from error
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path}: a damaged training state ({error})") from error


def _part(tensors: Mapping[str, Tensor], mark: str) -> dict[str, Tensor]:
    return {name.removeprefix(mark): t for name, t in tensors.items() if name.startswith(mark)}
