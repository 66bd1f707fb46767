"""All metrics of some frames in one call, which reads, checks and sorts each map once."""

import torch
from torch import Tensor

from tased.metrics.densities import cc_of, kld_of, sim_of
from tased.metrics.fixated import information_gain_of, nss_of
from tased.metrics.inputs import Fixations, Maps, Protocol, check_protocol, read_beside
from tased.metrics.rank import (
    auc_borji_drawn,
    auc_borji_of,
    auc_judd_of,
    seeds,
    shuffled_auc_of,
    sorted_frames,
)

# In the order of the paper's tables, then what the field reports besides.
METRICS = ("nss", "cc", "sim", "auc_judd", "shuffled_auc", "auc_borji", "kld", "information_gain")


def score_frames(
    saliency: Tensor,
    fixations: Tensor | None = None,
    density: Tensor | None = None,
    negatives: Tensor | None = None,
    baseline: Tensor | None = None,
    *,
    protocol: Protocol = "exact",
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Every metric that can be computed from what is given, by its name in `METRICS`.

    All arguments are (B, H, W) or (H, W); each score is (B,) or a scalar, float64, and equals what the
    metric's own function gives for the same arguments and a generator in the same state. `fixations` gives
    NSS, AUC-Judd and AUC-Borji, with `negatives` shuffled AUC, with `baseline` information gain; `density`
    gives CC, SIM and KLD. `generator` seeds what `dhf1k` draws; one number of it is taken a frame, so frames
    score the same in batches of any size.
    """
    check_protocol(protocol)
    maps = Maps.read("saliency", saliency)
    scores: dict[str, Tensor] = {}
    if density is not None:
        truth = read_beside("density", density, maps)
        scores["cc"] = cc_of(maps, truth)
        scores["sim"] = sim_of(maps, truth, protocol)
        scores["kld"] = kld_of(maps, truth, protocol)
    if fixations is not None:
        points = Fixations.read("fixations", fixations, maps)
        draws = seeds(generator, len(maps.given)) if protocol == "dhf1k" else None
        ranked = sorted_frames(maps)
        scores["nss"] = nss_of(maps, points, protocol)
        scores["auc_judd"] = auc_judd_of(maps, points, ranked, protocol)
        scores["auc_borji"] = (
            auc_borji_of(maps, points, ranked) if draws is None else auc_borji_drawn(maps, points, draws)
        )
        if negatives is not None:
            others = Fixations.read("negatives", negatives, maps)
            scores["shuffled_auc"] = shuffled_auc_of(maps, points, others, draws)
        if baseline is not None:
            beside = read_beside("baseline", baseline, maps)
            scores["information_gain"] = information_gain_of(maps, points, beside)
    return {name: maps.score(scores[name]) for name in METRICS if name in scores}
