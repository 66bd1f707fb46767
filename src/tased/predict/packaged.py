"""The weights that are part of the package."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, slots=True)
class Packaged:
    """One file of weights, with its model card beside it."""

    name: str  # as `--model` and `tased.load` take it
    what: str
    licence: str
    sha256: str
    open: bool = True  # all that it learnt from has an open licence, and its scores are in the default's card

    @property
    def path(self) -> Path:
        """The file."""
        return FOLDER / f"{self.name}.safetensors"

    @property
    def card(self) -> Path:
        """What it was trained on, how well it predicts, and where it fails."""
        return FOLDER / f"{self.name}.md"


PACKAGED = {
    one.name: one
    for one in (
        Packaged(
            "lite",
            "tased-lite, trained on pictures with an open licence",
            "MIT; its encoder's weights are Apache-2.0",
            "a7578a5781607659536d8a66fe4434f0cde00aae40425e7711a7c0b8e95951b0",
        ),
        Packaged(
            "tased",
            "the full TASED-Net, T = 32, trained on pictures and clips made by code with lite as its teacher",
            "MIT; it learnt from lite, whose encoder's weights are Apache-2.0",
            "287d051f96a533c52e93fd2e4eef108e931efe748e233de9f33e85a91158257c",
        ),
        Packaged(
            "lite-research",
            "lite, trained on clips too that carry no licence; measured by folds it is no better",
            "research only: trained on clips that carry no licence; its encoder's weights are Apache-2.0",
            "51666bc4471f6ee9d77a7dfe0471f9781567b619f22aeb7e1177321f4c3d6469",
            open=False,
        ),
        Packaged(
            "tased-research",
            "tased, trained on clips too that carry no licence; measured by folds it is hardly better",
            "research only: trained on clips that carry no licence",
            "f319ec2df971bee6959b48f576808b55a3078010bf50baeb6b1813e56e89e60f",
            open=False,
        ),
    )
}
DEFAULT = "lite"
FULL = "tased"


@dataclass(frozen=True, slots=True)
class Scores:
    """How well the models of the package predict, as the default's model card has it measured."""

    columns: tuple[str, ...]  # the metrics
    rows: dict[str, tuple[str, ...]]  # by the model's name, and of "other observers"
    note: str  # on what


def measured_scores() -> Scores:
    """Read the scores from the model card."""
    card = PACKAGED[DEFAULT].card.read_text(encoding="utf-8")
    part = card.split("<!-- quality -->")[1].split("<!-- end quality -->")[0]
    lines = [line for line in part.splitlines() if line]
    cells = [tuple(c.strip() for c in line.strip("|").split("|")) for line in lines if line.startswith("|")]
    (_, *columns), _, *rows = cells
    return Scores(tuple(columns), {name: tuple(values) for name, *values in rows}, lines[-1])
