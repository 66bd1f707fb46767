"""Weights in and out of files, strictly: a tensor too many, too few or of another shape is an error.

Nothing here runs code that a file brings: safetensors holds none, and .pt files are read with
`weights_only=True`.
"""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tased.atomic import WholeFile
from tased.errors import CheckpointError, UsageError
from tased.network.build import Network, build
from tased.network.config import RELEASED, Config, LiteConfig, NetworkConfig, config_from_json
from tased.network.names import CLASSIFIERS, MARKS, Origin, theirs

DTYPES = {"float32": torch.float32, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Weights:
    """What a file holds, under our names."""

    path: Path
    origin: Origin
    config: Config | None  # None: an encoder alone, which fits every network of its kind
    tensors: dict[str, Tensor]
    notes: dict[str, str]  # further metadata of the file: licence, source, ...

    @property
    def sha256(self) -> str:
        """Of the file, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: Path) -> Weights:
    """Read a file of weights: ours, a published TASED-Net, or an S3D with Kinetics weights.

    Raises CheckpointError if it is damaged, of no known network, or not finite.
    """
    tensors, notes = _read_safetensors(path) if _is_safetensors(path) else (_read_pickled(path), {})
    if all(name.startswith("module.") for name in tensors):  # saved from DataParallel
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    origin = next((o for o, mark in MARKS.items() if any(n.startswith(mark) for n in tensors)), None)
    if origin is None:
        first = next(iter(tensors), None)
        raise CheckpointError(
            f"{path}: holds weights of another network (its first tensor is {first!r}); "
            "needed are tased's own, a published TASED-Net, or an S3D or EfficientNet-Lite0 encoder"
        )
    config = _config(path, origin, notes)
    fitting = _fit(path, origin, config, tensors)
    wrong = [
        theirs(name, origin)
        for name, tensor in fitting.items()
        if tensor.is_floating_point() and not bool(tensor.isfinite().all())
    ]
    if wrong:
        raise CheckpointError(
            f"{path}: {len(wrong)} of {len(fitting)} tensors hold NaN or infinity, first {wrong[0]!r}; "
            "the file is damaged or its training diverged"
        )
    return Weights(path, origin, config, fitting, notes)


def network_from(weights: Weights) -> Network:
    """The network that the file describes, ready for inference.

    Of an encoder's file the prediction network is left as initialised (from seed 0): train it first.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(_of_encoder(weights.origin) if weights.config is None else weights.config)
    if weights.config is None:
        load_encoder(network, weights)
    else:
        network.load_state_dict(weights.tensors)
    return network.eval()


def load_encoder(network: Network, weights: Weights) -> None:
    """Put the encoder of a file into a network in place; its prediction network is not touched.

    Raises CheckpointError for the encoder of another kind of network.
    """
    if type(network.config) is not type(weights.config or _of_encoder(weights.origin)):
        raise CheckpointError(
            f"{weights.path}: holds the encoder of another kind of network ({weights.origin})"
        )
    mark = "encoder."
    encoder = {n.removeprefix(mark): t for n, t in weights.tensors.items() if n.startswith(mark)}
    network.encoder.load_state_dict(encoder)


def save_weights(
    network: Network,
    path: Path,
    *,
    dtype: torch.dtype = torch.float32,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write a network as safetensors with its config in the metadata, at once or not at all.

    `dtype` is that of the file's floating-point tensors; `notes` is further metadata (licence, source).
    """
    tensors = {
        name: (t.to(dtype) if t.is_floating_point() else t).contiguous().cpu()
        for name, t in network.state_dict().items()
    }
    metadata = {**(notes or {}), "tased_config": network.config.to_json()}
    with WholeFile(path) as file:
        file.write(save(tensors, metadata))


def _of_encoder(origin: Origin) -> Config:
    """A network that an encoder of this origin is part of."""
    return LiteConfig() if origin == "EfficientNet-Lite0" else NetworkConfig()


def _is_safetensors(path: Path) -> bool:
    """By content, not by name: eight bytes of header length, then JSON."""
    try:
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from error


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: a damaged safetensors file ({error}); fetch it again") from error


def _read_pickled(path: Path) -> dict[str, Tensor]:
    try:
        with path.open("rb") as file:  # opened here: torch would judge the file by its name
            content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: not a file of weights, or one that brings code, which is never run; "
            "save the network's state_dict() alone"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: a damaged file of weights ({reason}); fetch it again") from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path}: holds {type(content).__name__}, not the tensors of a network by name")
    for name, value in content.items():
        if not isinstance(value, Tensor):
            raise CheckpointError(f"{path}: {name!r} is {type(value).__name__}, not a tensor")
    return {str(name): tensor for name, tensor in content.items()}


def _config(path: Path, origin: Origin, notes: dict[str, str]) -> Config | None:
    """Of the file's network; takes it out of the notes."""
    if origin == "published TASED-Net":
        return RELEASED
    if origin != "tased":
        return None
    text = notes.pop("tased_config", None)
    if text is None:
        raise CheckpointError(f"{path}: does not say which network it is; write it with tased's save_weights")
    try:
        return config_from_json(text)
    except UsageError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _fit(path: Path, origin: Origin, config: Config | None, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under our names; raises CheckpointError unless they are exactly those of the network."""
    with torch.device("meta"):
        expected = build(_of_encoder(origin) if config is None else config).state_dict()
    if config is None:
        expected = {name: tensor for name, tensor in expected.items() if name.startswith("encoder.")}
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(CLASSIFIERS)}
    # Counters that older PyTorch did not save, and nothing here uses.
    zero = {
        theirs(name, origin): torch.tensor(0) for name in expected if name.endswith("num_batches_tracked")
    }
    tensors = zero | tensors
    names = {theirs(name, origin): name for name in expected}
    problems = [
        *(f"{name!r} is missing" for name in names if name not in tensors),
        *(f"{name!r} is not part of it" for name in tensors if name not in names),
        *(
            f"{name!r} should have shape {tuple(expected[ours].shape)}, and has {tuple(tensors[name].shape)}"
            for name, ours in names.items()
            if name in tensors and tensors[name].shape != expected[ours].shape
        ),
    ]
    if problems:
        raise CheckpointError(
            f"{path}: {len(problems)} of {len(expected)} tensors do not fit this network ({origin}), "
            f"first: {problems[0]}"
        )
    return {ours: tensors[name] for name, ours in names.items()}
