"""The recipes that are known to work, by name. Imports no torch."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tased.errors import UsageError
from tased.network.config import LiteConfig, NetworkConfig
from tased.train.recipe import Recipe


def paper() -> Recipe:
    """Section 4.1 of the paper: 1,000 steps of 40 clips, SGD, KL divergence."""
    return Recipe()


def published() -> Recipe:
    """What the published script does, quirks and all.

    Its network; batches of 8 on two GPUs, so that statistics are those of 4 clips; prediction and target
    normalised over the batch, not each map; the losses of five batches summed, not averaged; no validation.
    """
    return Recipe(
        network=NetworkConfig(aggregation="released"),
        kld_over="batch",
        accumulation="sum",
        statistics_over=4,
        validation_clips=0,
    )


def small_gpu() -> Recipe:
    """For a GPU that holds two clips: the setting that the authors found to work there.

    10 clips a step in batches of 2, and more steps; their script sums the losses of the five batches.
    """
    return Recipe(steps=1750, clips_per_step=10, clips_per_batch=2, drops=(1000, 1500), accumulation="sum")


def finetune() -> Recipe:
    """From a trained network to other data, such as Hollywood2 (section 4.3, which gives no rates).

    A tenth of the rates, half the steps, and the encoder's statistics stay.
    """
    return Recipe(
        steps=500,
        encoder_rate=1e-4,
        prediction_rate=0.01,
        drops=(375, 475),
        statistics="frozen",
    )


def lite() -> Recipe:
    """For tased-lite, on pictures with gaze: AdamW and cosine rates; the encoder stays as ImageNet made it.

    Tuned on the pictures it predicted videos worse in trials (docs/models.md).
    """
    return Recipe(
        network=LiteConfig(),
        steps=200,
        clips_per_step=16,
        clips_per_batch=16,
        optimizer="adamw",
        schedule="cosine",
        warmup=20,
        encoder_rate=0,
        prediction_rate=1.5e-3,
        weight_decay=1e-4,
        average=0.99,
        cc=0.5,
        statistics="frozen",
        validate_every=100,
        validation_clips=500,
    )


def encoder() -> Recipe:
    """The full network from scratch, stage 1: its encoder sees what a tased-lite's does, on still pictures.

    A network of T = 1 costs a tenth of one of T = 32, and most that is to be learnt does not move. Frames are
    smaller than the network's own; what `crop` leaves of pictures is as large in them, on average, as there.
    """
    return Recipe(
        network=NetworkConfig(clip_length=1, rows=128, columns=224, blur=4.1),
        steps=1100,
        clips_per_step=16,
        clips_per_batch=16,
        optimizer="muon",
        schedule="cosine",
        warmup=20,
        encoder_rate=2e-3,
        prediction_rate=2e-3,
        weight_decay=0.05,
        kld=0.0,
        features=1.0,
        sampling="videos",
        crop=0.6,
        colour=0.4,
        statistics_momentum=0.1,
        validate_every=1100,
        validation_clips=0,
        save_every=100,
    )


def stills() -> Recipe:
    """Stage 2, after `encoder`: the prediction network, too, of a tased-lite's maps of what is seen."""
    return replace(
        encoder(),
        steps=1400,
        encoder_rate=5e-4,
        average=0.99,
        taught=1.0,
        validate_every=700,
        validation_clips=100,
        best_by="nss",
    )


def large() -> Recipe:
    """Stage 3, after `stills`: the same at full size, where a teacher sees more, for a few steps."""
    return replace(
        stills(),
        network=NetworkConfig(clip_length=1),
        steps=300,
        encoder_rate=2.5e-4,
        prediction_rate=1e-3,
        average=0.98,
        crop=0.4,
        validate_every=300,
        save_every=50,
    )


def distil() -> Recipe:
    """Stage 4, after `large`: clips of 32 frames, in which things move."""
    return replace(
        stills(),
        network=NetworkConfig(rows=128, columns=224, blur=4.1),
        kld=1.0,
        cc=0.5,
        taught=0.0,
        steps=120,
        clips_per_step=8,
        clips_per_batch=8,
        warmup=5,
        encoder_rate=5e-5,
        prediction_rate=2e-4,
        average=0.95,
        crop=0.4,
        pan=0.3,
        zoom=0.3,
        reverse=0.5,
        speed=2.0,
        validate_every=120,
        save_every=20,
    )


def gaze() -> Recipe:
    """Stage 5, after `distil`: real gaze, at full size; the encoder learns at a fifth of the rate.

    The teacher's part is in the maps that are learnt from (train/taught.py).
    """
    return replace(
        distil(),
        network=NetworkConfig(),
        steps=40,
        clips_per_batch=4,
        warmup=2,
        encoder_rate=2e-5,
        prediction_rate=1e-4,
        average=0.95,
        features=0.0,
        crop=0.2,
        colour=0.2,
        pan=0.15,
        zoom=0.2,
        reverse=0.2,
        speed=1.5,
        validate_every=40,
        save_every=5,
    )


RECIPES: dict[str, Callable[[], Recipe]] = {
    "paper": paper,
    "published": published,
    "small_gpu": small_gpu,
    "finetune": finetune,
    "lite": lite,
    "encoder": encoder,
    "stills": stills,
    "large": large,
    "distil": distil,
    "gaze": gaze,
}


def read_recipe(name: str | Path) -> Recipe:
    """A recipe by its name, or from a TOML file; raises UsageError for neither."""
    if str(name) in RECIPES:
        return RECIPES[str(name)]()
    path = Path(name)
    try:
        return Recipe.from_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        near = difflib.get_close_matches(str(name), RECIPES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"recipes by name are {', '.join(RECIPES)}"
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{name}: cannot be read as a recipe ({reason}); {hint}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
