"""What a network costs: parameters, and multiply-accumulates by torch's own counter. Runs nothing."""

from dataclasses import dataclass, replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from tased.network.build import build
from tased.network.config import CLIP_LENGTHS, RELEASED, Config, NetworkConfig


@dataclass(frozen=True, slots=True)
class Counts:
    """The size and the cost of one network."""

    parameters: int
    encoder_parameters: int
    multiply_accumulates: int  # for one clip; torch counts two operations for each
    encoder_multiply_accumulates: int


def variants() -> dict[str, NetworkConfig]:
    """Every variant that the paper or its code names, by a short name."""
    paper = NetworkConfig()
    return {
        "released": RELEASED,
        "late two-step (32)": paper,
        **{f"late two-step ({t})": replace(paper, clip_length=t) for t in CLIP_LENGTHS if t != 32},
        **{f"late ({t})": replace(paper, aggregation="late", clip_length=t) for t in (16, 32)},
        **{
            f"early two-step ({t})": replace(paper, aggregation="early-two-step", clip_length=t)
            for t in (16, 32)
        },
        "TASED-Net-tri": replace(paper, upsampling="trilinear"),
        "TASED-Net-trp": replace(paper, upsampling="transposed"),
        "dense": replace(paper, dense=True),
        "4 maps at once": replace(paper, maps=4),
        "FCN": replace(paper, decoder="fcn"),
        "U-Net": replace(paper, decoder="unet"),
        "DeepLab": replace(paper, decoder="deeplab"),
    }


def count(config: Config, *, rows: int | None = None, columns: int | None = None) -> Counts:
    """Count one network, at its own frame size or another."""
    with torch.device("meta"):
        network = build(config).eval()
        clip = torch.empty(1, 3, config.clip_length, rows or config.rows, columns or config.columns)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(clip)
    encoder = counter.get_flop_counts()[f"{type(network).__name__}.encoder"]
    return Counts(
        parameters=sum(p.numel() for p in network.parameters()),
        encoder_parameters=sum(p.numel() for p in network.encoder.parameters()),
        multiply_accumulates=counter.get_total_flops() // 2,
        encoder_multiply_accumulates=sum(encoder.values()) // 2,
    )
