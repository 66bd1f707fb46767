"""The names that other people's checkpoints use, and ours: tables, applied in order to every name."""

import re
from typing import Literal, NamedTuple

Origin = Literal["tased", "published TASED-Net", "published S3D", "torchvision S3D"]


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
    Known("s3d-d76dad2f.pth", "torchvision's S3D, an encoder (BSD-3-Clause)", "https://pytorch.org/vision"),
)

_BLOCKS = (  # of the encoder that both S3Ds number from 0 to 15, their poolings included
    *((rf"^BLOCK\.{n}\.", rf"encoder.stem.{n}.") for n in (0, 2, 3)),
    *((rf"^BLOCK\.{n}\.", rf"encoder.mixed3.{n - 5}.") for n in (5, 6)),
    *((rf"^BLOCK\.{n}\.", rf"encoder.mixed4.{n - 8}.") for n in range(8, 13)),
    *((rf"^BLOCK\.{n}\.", rf"encoder.mixed5.{n - 14}.") for n in (14, 15)),
)
_LAYERS = (  # inside the blocks of both published networks
    (r"\.branch(\d)\.", r".branches.\1."),
    (r"\.conv_s\.", ".spatial.conv."),
    (r"\.bn_s\.", ".spatial.norm."),
    (r"\.conv_t\.", ".temporal.conv."),
    (r"\.bn_t\.", ".temporal.norm."),
    (r"\.bn\.", ".norm."),
)
TABLES: dict[Origin, tuple[tuple[str, str], ...]] = {
    "tased": (),
    "published TASED-Net": (
        (r"^base1\.", "encoder.stem."),
        (r"^base2\.", "encoder.mixed3."),
        (r"^base3\.", "encoder.mixed4."),
        (r"^base4\.", "encoder.mixed5."),
        *_LAYERS,
        (r"^convtsp1\.0\.", "prediction.decoder.redistribute.conv."),
        (r"^convtsp1\.1\.", "prediction.decoder.redistribute.norm."),
        (r"^convtsp1\.3\.", "prediction.decoder.to16.convs.0.conv."),
        (r"^convtsp1\.4\.", "prediction.decoder.to16.convs.0.norm."),
        (r"^convtsp2\.0\.", "prediction.decoder.to8.convs.0.conv."),
        (r"^convtsp2\.1\.", "prediction.decoder.to8.convs.0.norm."),
        (r"^convtsp3\.0\.", "prediction.decoder.to4.convs.0.conv."),
        (r"^convtsp3\.1\.", "prediction.decoder.to4.convs.0.norm."),
        (r"^convtsp4\.0\.", "prediction.aggregation.0.conv."),
        (r"^convtsp4\.1\.", "prediction.aggregation.0.norm."),
        (r"^convtsp4\.3\.", "prediction.aggregation.1.conv."),
        (r"^convtsp4\.4\.", "prediction.aggregation.1.norm."),
        (r"^convtsp4\.6\.", "prediction.aggregation.2.conv."),
        (r"^convtsp4\.7\.", "prediction.aggregation.2.norm."),
        (r"^convtsp4\.9\.", "prediction.aggregation.3.conv."),
        (r"^convtsp4\.10\.", "prediction.aggregation.3.norm."),
        (r"^convtsp4\.12\.", "prediction.aggregation.4."),
        (r"^convtsp4\.13\.", "prediction.aggregation.5."),
    ),
    "published S3D": (*((old.replace("BLOCK", "base"), new) for old, new in _BLOCKS), *_LAYERS),
    "torchvision S3D": (
        *((old.replace("BLOCK", "features"), new) for old, new in _BLOCKS),
        # A convolution and its normalization are 0 and 1 of a Sequential there,
        (r"\.0\.(weight)$", r".conv.\1"),
        (r"\.1\.(weight|bias|running_mean|running_var|num_batches_tracked)$", r".norm.\1"),
        # and so are the two halves of a separable convolution.
        (r"^(encoder\.stem\.[03])\.0\.", r"\1.spatial."),
        (r"^(encoder\.stem\.[03])\.1\.", r"\1.temporal."),
        (r"\.branch([12])\.1\.0\.", r".branches.\1.1.spatial."),
        (r"\.branch([12])\.1\.1\.", r".branches.\1.1.temporal."),
        (r"\.branch0\.", ".branches.0.0."),
        (r"\.branch(\d)\.", r".branches.\1."),
    ),
}
# What tells the files apart, and what of them is no part of TASED-Net.
MARKS: dict[Origin, str] = {
    "tased": "encoder.",
    "published TASED-Net": "convtsp",
    "published S3D": "base.",
    "torchvision S3D": "features.",
}
CLASSIFIERS = ("fc.", "classifier.")


def ours(name: str, origin: Origin) -> str:
    """The name of a tensor in our networks."""
    for old, new in TABLES[origin]:
        name = re.sub(old, new, name)
    return name
