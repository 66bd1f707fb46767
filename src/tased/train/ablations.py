"""The paper's experiments: which networks are trained for which table. A plan; imports no torch."""

from dataclasses import dataclass, replace
from typing import Literal

from tased.errors import UsageError
from tased.network.config import CLIP_LENGTHS, Aggregation, LiteConfig, NetworkConfig
from tased.train.recipe import Recipe

TableName = Literal["1", "4", "5", "decoders"]

_NAMES: dict[str, Aggregation] = {
    "Late-aggregation": "late",
    "Early two-step": "early-two-step",
    "Late two-step": "late-two-step",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One network of a table."""

    name: str  # as the paper prints the row, where it does
    network: NetworkConfig  # its frames' size and the finish of its maps are the recipe's
    kinetics: bool = True  # its encoder begins with Kinetics weights


@dataclass(frozen=True, slots=True)
class Variant:
    """A row with the recipe to train it by."""

    name: str
    network: NetworkConfig
    recipe: Recipe
    kinetics: bool

    @property
    def run(self) -> str:
        """The name of its folder: the same in every table that has this network, which is trained once."""
        network = self.network
        parts = [
            network.aggregation,
            str(network.clip_length),
            *([network.upsampling] if network.upsampling != "unpool" else []),
            *([network.decoder] if network.decoder != "tased" else []),
            *(["dense"] if network.dense else []),
            *([f"{network.maps}-maps"] if network.maps > 1 else []),
            *([] if self.kinetics else ["from-scratch"]),
        ]
        return "-".join(parts)


_TABLE_1 = tuple(
    Row(f"{name} ({length})", NetworkConfig(aggregation=aggregation, clip_length=length))
    for name, aggregation in _NAMES.items()
    for length in (16, 32)
)

ABLATIONS: dict[TableName, tuple[Row, ...]] = {
    # "The scores drop by 0.5 NSS (0.06 CC, 0.04 SIM, 0.015 AUC) without Kinetics pre-training for most cases"
    # (section 4.2): of the rows without it the paper prints no more than that.
    "1": (
        *_TABLE_1,
        *(Row(f"{row.name}, from scratch", row.network, kinetics=False) for row in _TABLE_1),
    ),
    "4": (
        Row("TASED-Net-tri", NetworkConfig(upsampling="trilinear")),
        Row("TASED-Net-trp", NetworkConfig(upsampling="transposed")),
        Row("TASED-Net", NetworkConfig()),
    ),
    # Of the last two rows section 4.5 says that they are slightly worse; their numbers are in a supplement
    # that is not public, and so is how many maps were predicted at once.
    "5": (
        *(Row(f"TASED-Net ({length})", NetworkConfig(clip_length=length)) for length in CLIP_LENGTHS),
        Row("TASED-Net (32), dense", NetworkConfig(dense=True)),
        Row("TASED-Net (32), 4 maps at once", NetworkConfig(maps=4)),
    ),
    # Section 4.4 names them; their numbers are in the supplement.
    "decoders": (
        Row("FCN", NetworkConfig(decoder="fcn")),
        Row("U-Net", NetworkConfig(decoder="unet")),
        Row("DeepLab", NetworkConfig(decoder="deeplab")),
        Row("TASED-Net", NetworkConfig()),
    ),
}


def variants(table: TableName, recipe: Recipe, *, encoder_given: bool) -> list[Variant]:
    """The rows of a table, each with its network in a recipe that says everything else.

    The recipe's own network gives the frames' size and the finish of maps alone. Without an encoder all are
    trained from scratch, and rows that differ only in that are left out.
    """
    size = recipe.network
    if isinstance(size, LiteConfig):
        raise UsageError("the paper's tables are of TASED-Net; take a recipe of it, not lite")
    found = []
    for row in ABLATIONS[table]:
        network = replace(
            row.network,
            rows=size.rows,
            columns=size.columns,
            blur=size.blur,
            sharpness=size.sharpness,
            centre=size.centre,
        )
        found.append(
            Variant(row.name, network, replace(recipe, network=network), row.kinetics and encoder_given)
        )
    first = {variant.run: variant for variant in reversed(found)}
    return [variant for variant in found if first[variant.run] is variant]
