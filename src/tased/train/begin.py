"""What a run begins with: its processes, its network, and the state that an earlier run has left."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from lightning_fabric import Fabric

from tased.errors import CheckpointError, DataError, UsageError
from tased.network.build import Network, build
from tased.network.config import Config, LiteConfig, NetworkConfig
from tased.network.inflate import inflated
from tased.network.tased import TASEDNet
from tased.network.weights import Weights, load_encoder, read_weights
from tased.predict.device import bfloat16_instructions, resolve_device
from tased.train.heap import keep_memory
from tased.train.recipe import Recipe
from tased.train.recompute import recompute
from tased.train.run_folder import STATE
from tased.train.samples import Source
from tased.train.state import State, read_state

_PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}


def device_for(recipe: Recipe, device: str) -> torch.device:
    """Where it trains; UsageError for a precision that this device cannot train in."""
    where = resolve_device(device)
    if recipe.precision == "float16" and where.type == "cpu":
        raise UsageError("recipe: precision float16 needs a GPU; on a CPU take float32")
    slow = where.type == "cpu" and isinstance(recipe.network, NetworkConfig) and not bfloat16_instructions()
    if recipe.precision == "bfloat16" and slow:
        raise UsageError(
            "recipe: precision bfloat16 needs, for a TASED-Net, a GPU or a CPU that multiplies matrices of "
            "it (AMX or AVX512_BF16), which this one does not; take float32"
        )
    return where


def launch(recipe: Recipe, device: str) -> Fabric:
    """One process, or as many as torchrun started."""
    where = device_for(recipe, device)
    if where.type == "cpu":
        keep_memory()
    world, local = (int(os.environ.get(name, 1)) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    fabric = Fabric(
        accelerator=where.type,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision=_PRECISIONS[recipe.precision],  # type: ignore[arg-type]  # a name that Fabric knows
    )
    fabric.launch()
    return fabric


def check_recipe(recipe: Recipe, processes: int) -> None:
    """Raise UsageError for a recipe that so many processes cannot follow."""
    if recipe.clips_per_step % processes:
        raise UsageError(
            f"recipe: {recipe.clips_per_step} clips a step cannot be shared by {processes} processes; "
            "take a clips_per_step that they divide"
        )
    if recipe.recompute and isinstance(recipe.network, LiteConfig):
        raise UsageError("recipe: recompute is for TASED-Net; tased-lite needs little memory: leave it out")
    if recipe.statistics == "synchronised" and recipe.statistics_over:
        raise UsageError(
            "recipe: synchronised statistics are those of all devices; leave statistics_over at 0"
        )


def first_network(recipe: Recipe, encoder: Path | None, weights: Path | None) -> Network:
    """The network with its first weights."""
    if encoder is not None and weights is not None:
        raise UsageError("an encoder and the weights of a whole network were given; give one of them")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build(recipe.network)
    if encoder is not None:
        load_encoder(network, read_weights(encoder))
    if weights is not None:
        found = read_weights(weights)
        theirs = _config_of(found)
        if isinstance(theirs, NetworkConfig) and theirs.clip_length == 1:
            theirs = replace(theirs, clip_length=recipe.network.clip_length)
        if _architecture(theirs) != _architecture(recipe.network):
            raise UsageError(
                f"{weights}: is of another network than the recipe's: {_differences(theirs, recipe.network)}"
            )
        network.load_state_dict(inflated(found.tensors, network.state_dict()))
    if recipe.recompute and isinstance(network, TASEDNet):
        recompute(network)
    return network


def for_weights(recipe: Recipe, weights: Path) -> Recipe:
    """The recipe for the network of these weights; CheckpointError if they are an encoder's alone."""
    return replace(recipe, network=_config_of(read_weights(weights)))


def _config_of(weights: Weights) -> Config:
    if weights.config is None:
        raise CheckpointError(f"{weights.path}: holds an encoder alone; give it as --encoder")
    return weights.config


def _architecture(config: Config) -> Config:
    """All of it but the size of the frames and the finish of the maps, which weights do not depend on."""
    if isinstance(config, LiteConfig):
        return LiteConfig(width=config.width, upsampling=config.upsampling, prior=config.prior)
    return replace(config, rows=224, columns=384, blur=7.0, sharpness=1.0, centre=0.0)


def _differences(one: object, other: object) -> str:
    names = [n for n in one.__dataclass_fields__ if getattr(one, n) != getattr(other, n)]  # type: ignore[attr-defined]
    return ", ".join(f"{n} {getattr(one, n)}, not {getattr(other, n)}" for n in names)


def described(sources: Sequence[Source]) -> list[dict[str, object]]:
    """What tells one choice of data from another, for people and for JSON."""
    return [
        {
            "data": source.data.name,
            "split": source.split,
            "weight": source.weight,
            "videos": len(source.clips),
            "fingerprint": source.data.fingerprint(source.split),
        }
        for source in sources
    ]


def identity_of(
    recipe: Recipe, sources: Sequence[Source], validation: Sequence[Source], teacher: Path | None = None
) -> str:
    """What a state belongs to: a resumed run must have the same."""
    found = {"recipe": recipe.to_toml(), "data": described(sources), "validation": described(validation)}
    if teacher is not None:
        found["teacher"] = read_weights(teacher).sha256
    return json.dumps(found)


def resumed(run: Path, recipe: Recipe, identity: str) -> State:
    """The state to go on from, or an error that says what is not as it was."""
    state = read_state(run / STATE)
    then, now = json.loads(state.run), json.loads(identity)
    before = Recipe.from_toml(then.pop("recipe"))
    now.pop("recipe")
    if replace(before, steps=recipe.steps) != recipe:
        raise UsageError(
            f"{run}: was begun with another recipe: {_differences(before, recipe)}; only steps may change"
        )
    if recipe.steps < state.step:
        raise UsageError(
            f"{run}: has done {state.step} steps already, more than the {recipe.steps} of the recipe"
        )
    if then != now:
        raise DataError(
            f"{run}: was begun with other data; it was {json.dumps(then)}, and is {json.dumps(now)}"
        )
    return state
