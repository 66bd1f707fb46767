"""How well a map tells where people looked: eight metrics, each a pure function of tensors.

    from tased.metrics import auc_judd, nss

    nss(saliency, fixations)                          # (B, H, W) -> (B,); (H, W) -> a scalar
    auc_judd(saliency, fixations, protocol="dhf1k")

Nothing is averaged in here: one score a frame comes out, NaN for a frame that has none, and it is the caller
who skips it (average.py accumulates, also across processes). Two protocols: `exact` is the
definition, with AUCs from ranks and no randomness; `dhf1k` is what the DHF1K benchmark's MATLAB code
computes. Where a function has no `protocol`, the two agree.
"""

from tased.metrics.densities import cc, kld, sim
from tased.metrics.fixated import information_gain, nss
from tased.metrics.frames import METRICS, score_frames
from tased.metrics.rank import auc_borji, auc_judd, shuffled_auc

__all__ = [
    "METRICS",
    "auc_borji",
    "auc_judd",
    "cc",
    "information_gain",
    "kld",
    "nss",
    "score_frames",
    "shuffled_auc",
    "sim",
]
