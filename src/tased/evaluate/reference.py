"""The scores that the TASED-Net paper prints, Tables 1 to 5, to set ours beside.

The numbers are the paper's, digit for digit, in its order of rows and columns. Nothing here was
measured by us. The paper took the scores of other systems in Tables 2 and 3 from the DHF1K
benchmark (Wang et al., CVPR 2018), whose code also scored its own.
"""

from dataclasses import dataclass
from typing import Literal

from tased.evaluate.results import ProtocolName

PAPER = "Min and Corso, TASED-Net, ICCV 2019 (arXiv:1908.05786)"
CODE = "README of the authors' code, github.com/MichiganCOG/TASED-Net"

TableNumber = Literal[1, 2, 3, 4, 5]
# The paper's columns in its order; more is better in each of them.
COLUMNS = {"nss": "NSS", "cc": "CC", "sim": "SIM", "auc_judd": "AUC-J", "shuffled_auc": "s-AUC"}


@dataclass(frozen=True, slots=True)
class Reference:
    """One published row."""

    method: str
    scores: tuple[float, float, float, float, float]  # in the order of COLUMNS
    source: str = ""  # who proposed the method; empty for the paper's own
    origin: str = PAPER  # where the numbers are printed


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The rows of one table that were scored on the same data."""

    data: str
    split: str
    videos: int | None  # in that split, where the paper says; None where it does not
    rows: tuple[Reference, ...]
    protocol: ProtocolName = "dhf1k"


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperTable:
    """A table of the paper: one block for each data set in it."""

    number: TableNumber
    caption: str
    heading: str  # over the names of the rows
    blocks: tuple[Block, ...]

    @property
    def origin(self) -> str:
        """Where it is printed."""
        return f"{PAPER}, Table {self.number}"


GBVS = "Harel et al., 2007"
STSCONVNET = "Bak et al., 2018"  # printed as "STSCovNet" in the tables, and in full in the text
DEEP_NET = "Pan et al., 2016"
SALICON = "Huang et al., 2015"
OM_CNN = "Jiang et al., 2017"
DVA = "Wang and Shen, 2018"
SALGAN = "Pan et al., 2017"
ACLNET = "Wang et al., 2018"

TABLE_1 = PaperTable(
    number=1,
    caption="Strategies of temporal aggregation and clip lengths T (in brackets), DHF1K validation",
    heading="Aggregation strategy",
    blocks=(
        Block(
            data="DHF1K",
            split="validation",
            videos=100,
            rows=(
                Reference("Late-aggregation (16)", (2.555, 0.460, 0.340, 0.892, 0.712)),
                Reference("Late-aggregation (32)", (2.618, 0.467, 0.343, 0.897, 0.713)),
                Reference("Early two-step (16)", (2.591, 0.464, 0.343, 0.894, 0.708)),
                Reference("Early two-step (32)", (2.673, 0.475, 0.361, 0.891, 0.706)),
                Reference("Late two-step (16)", (2.622, 0.469, 0.349, 0.892, 0.713)),
                Reference("Late two-step (32)", (2.706, 0.481, 0.362, 0.894, 0.718)),
            ),
        ),
    ),
)

TABLE_2 = PaperTable(
    number=2,
    caption="TASED-Net and the systems before it, DHF1K test",
    heading="Method",
    blocks=(
        Block(
            data="DHF1K",
            split="test",
            videos=300,
            rows=(
                Reference("GBVS", (1.474, 0.283, 0.186, 0.828, 0.554), GBVS),
                Reference("STSConvNet", (1.632, 0.325, 0.197, 0.834, 0.581), STSCONVNET),
                Reference("Deep Net", (1.775, 0.331, 0.201, 0.855, 0.592), DEEP_NET),
                Reference("SALICON", (1.901, 0.327, 0.232, 0.857, 0.590), SALICON),
                Reference("OM-CNN", (1.911, 0.344, 0.256, 0.856, 0.583), OM_CNN),
                Reference("DVA", (2.013, 0.358, 0.262, 0.860, 0.595), DVA),
                Reference("SalGAN", (2.043, 0.370, 0.262, 0.866, 0.709), SALGAN),
                Reference("ACLNet", (2.354, 0.434, 0.315, 0.890, 0.601), ACLNET),
                Reference("TASED-Net", (2.667, 0.470, 0.361, 0.895, 0.712)),
            ),
        ),
    ),
)

TABLE_3 = PaperTable(
    number=3,
    caption="TASED-Net and the systems before it, Hollywood2 and UCFSports test",
    heading="Method",
    blocks=(
        Block(
            data="Hollywood2",
            split="test",
            videos=None,
            rows=(
                Reference("STSConvNet", (1.748, 0.382, 0.276, 0.863, 0.710), STSCONVNET),
                Reference("SALICON", (2.013, 0.425, 0.321, 0.856, 0.711), SALICON),
                Reference("Deep Net", (2.066, 0.451, 0.300, 0.884, 0.736), DEEP_NET),
                Reference("OM-CNN", (2.313, 0.446, 0.356, 0.887, 0.693), OM_CNN),
                Reference("DVA", (2.459, 0.482, 0.372, 0.886, 0.727), DVA),
                Reference("ACLNet", (3.086, 0.623, 0.542, 0.913, 0.757), ACLNET),
                Reference("TASED-Net", (3.302, 0.646, 0.507, 0.918, 0.768)),
            ),
        ),
        Block(
            data="UCFSports",
            split="test",
            videos=None,
            rows=(
                Reference("GBVS", (1.818, 0.396, 0.274, 0.859, 0.697), GBVS),
                Reference("Deep Net", (1.903, 0.414, 0.282, 0.861, 0.719), DEEP_NET),
                Reference("OM-CNN", (2.089, 0.405, 0.321, 0.870, 0.691), OM_CNN),
                Reference("DVA", (2.311, 0.439, 0.339, 0.872, 0.725), DVA),
                Reference("ACLNet", (2.567, 0.510, 0.406, 0.897, 0.744), ACLNET),
                Reference("TASED-Net", (2.920, 0.582, 0.469, 0.899, 0.752)),
            ),
        ),
    ),
)

TABLE_4 = PaperTable(
    number=4,
    caption="With and without Auxiliary pooling, DHF1K validation",
    heading="Method",
    blocks=(
        Block(
            data="DHF1K",
            split="validation",
            videos=100,
            rows=(
                Reference("TASED-Net-tri", (2.452, 0.448, 0.337, 0.891, 0.702)),
                Reference("TASED-Net-trp", (2.598, 0.470, 0.353, 0.894, 0.707)),
                Reference("TASED-Net", (2.706, 0.481, 0.362, 0.894, 0.718)),
            ),
        ),
    ),
)

TABLE_5 = PaperTable(
    number=5,
    caption="Clip lengths T (in brackets), DHF1K validation",
    heading="Method",
    blocks=(
        Block(
            data="DHF1K",
            split="validation",
            videos=100,
            rows=(
                Reference("TASED-Net (4)", (2.434, 0.441, 0.327, 0.887, 0.689)),
                Reference("TASED-Net (8)", (2.585, 0.460, 0.348, 0.889, 0.696)),
                Reference("TASED-Net (16)", (2.622, 0.469, 0.349, 0.892, 0.713)),
                Reference("TASED-Net (32)", (2.706, 0.481, 0.362, 0.894, 0.718)),
                Reference("TASED-Net (48)", (2.636, 0.472, 0.348, 0.894, 0.708)),
                Reference("TASED-Net (64)", (2.554, 0.459, 0.336, 0.893, 0.702)),
            ),
        ),
    ),
)

PAPER_TABLES: dict[TableNumber, PaperTable] = {
    1: TABLE_1,
    2: TABLE_2,
    3: TABLE_3,
    4: TABLE_4,
    5: TABLE_5,
}

# The network whose weights the authors released later: not in the paper, and not the paper's network.
UPDATED = Reference("TASED-Net (updated)", (2.797, 0.489, 0.393, 0.897, 0.712), origin=CODE)
