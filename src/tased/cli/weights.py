"""`tased weights`: list, describe and convert files of weights."""

from pathlib import Path
from typing import Literal

from cyclopts import App
from rich.console import Console
from rich.table import Table

app = App(name="weights", help="List, describe and convert weights.")


@app.command(name="list")
def list_() -> None:
    """List what `--weights` and `--model` take by name, and the checkpoints that others publish.

    Example: `tased weights list`
    """
    from tased.network.names import PUBLISHED
    from tased.predict.packaged import DEFAULT, PACKAGED
    from tased.predict.predictor import TRAINING_FREE

    table = Table("name", "what it is", title="In this package")
    for one in PACKAGED.values():
        default = " (the default)" if one.name == DEFAULT else ""
        table.add_row(one.name, f"{one.what}{default}; {one.licence}; model card: {one.card}")
    for name, model in TRAINING_FREE.items():
        what = " ".join((model.__doc__ or "").split("\n\n")[0].split())
        table.add_row(name, what)
    Console().print(table)
    table = Table(title="Published by others; download them yourself")
    for column in ("file", "what it is", "from"):
        table.add_column(column, overflow="fold")
    for known in PUBLISHED:
        table.add_row(*known)
    Console().print(table)


@app.command
def info(file: Path | None = None, /) -> None:
    """Say which network a file holds; without a file, what every variant of the network costs.

    Examples: `tased weights info TASED_v2.pt`, `tased weights info`

    Parameters
    ----------
    file
        Weights: tased's own .safetensors, a published TASED-Net, or an S3D.

    """
    from tased.network.counts import count, variants

    if file is None:
        table = Table("network", "parameters", "multiply-accumulates a clip", title="At 384x224")
        for name, config in variants().items():
            counts = count(config)
            cost = f"{counts.multiply_accumulates / 1e9:.2f} G"
            table.add_row(name, f"{counts.parameters / 1e6:.2f} M", cost)
        Console().print(table)
        return
    from tased.network.weights import network_from, read_weights

    weights = read_weights(file)
    network = network_from(weights)
    table = Table(show_header=False, title=str(file))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("holds", weights.origin if weights.config else f"{weights.origin}, an encoder alone")
    table.add_row("sha256", weights.sha256)
    if weights.config is not None:
        counts = count(weights.config)
        table.add_row("network", weights.config.to_json())
        table.add_row("parameters", f"{counts.parameters:,} ({counts.encoder_parameters:,} in the encoder)")
        table.add_row("multiply-accumulates", f"{counts.multiply_accumulates / 1e9:.2f} G a clip")
    else:
        table.add_row("parameters", f"{sum(p.numel() for p in network.encoder.parameters()):,}")
    for note, text in weights.notes.items():
        table.add_row(note, text)
    Console().print(table)


@app.command
def convert(
    source: Path,
    target: Path,
    /,
    *,
    dtype: Literal["float32", "float16"] = "float32",
    licence: str | None = None,
    blur: float | None = None,
    sharpness: float | None = None,
    centre: float | None = None,
) -> None:
    """Write weights as safetensors that say which network they are, and how its maps are finished.

    Examples: `tased weights convert TASED_v2.pt tased-v2.safetensors`,
    `tased weights convert run/best.safetensors sharper.safetensors --sharpness 1.5 --centre 0.1`

    Parameters
    ----------
    source
        A published TASED-Net (.pt), or tased's own.
    target
        The .safetensors to write.
    dtype
        float16 halves the file; it is computed in float32 all the same.
    licence
        A note for whoever gets the file: under which terms.
    blur
        Sigma of the Gaussian on finished maps, in pixels of the network's frames; default: the file's.
    sharpness
        Power of the map after that: above 1 it is more peaked.
    centre
        Share of the map that is a prior for the middle of the frame, from 0 to below 1.

    """
    from dataclasses import replace

    from tased.errors import CheckpointError, UsageError
    from tased.network.weights import DTYPES, network_from, read_weights, save_weights

    if target.suffix != ".safetensors":
        raise UsageError(f"{target} is to be written as .safetensors; give it that suffix")
    weights = read_weights(source)
    if weights.config is None:
        raise CheckpointError(
            f"{source}: holds an encoder alone ({weights.origin}), not a network; use the file as it is to "
            "begin a training with"
        )
    notes = {"origin": weights.origin, "source_file": source.name, "source_sha256": weights.sha256}
    if licence is not None:
        notes["licence"] = licence
    network, config = network_from(weights), weights.config
    network.config = replace(
        config,
        blur=config.blur if blur is None else blur,
        sharpness=config.sharpness if sharpness is None else sharpness,
        centre=config.centre if centre is None else centre,
    )
    save_weights(network, target, dtype=DTYPES[dtype], notes=weights.notes | notes)
