"""Record what pysaliency gives for three small scenes; the tests read the numbers, and never import it.

    python -m tests.golden.record_pysaliency       # where `pip install pysaliency torch` was run

Writes pysaliency.json beside this file: the maps themselves, so that nothing depends on a random generator,
and the scores, with the version that gave them.
"""

import importlib.metadata
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pysaliency import metrics, roc
from tests.references.metrics import scene


def scores(maps):
    """Each metric that pysaliency defines on plain arrays, by our names."""
    saliency, density = maps["saliency"], maps["density"]
    hit = [
        np.repeat(np.argwhere(c > 0), c[c > 0].astype(int), axis=0)
        for c in (maps["fixations"], maps["negatives"])
    ]
    (rows, columns), (other_rows, other_columns) = (points.T for points in hit)
    fixated = saliency[rows, columns]

    def area(negatives):
        return float(np.mean(roc.general_rocs_per_positive(fixated, negatives)))

    gain = [
        np.log2(metrics.convert_saliency_map_to_density(m)[rows, columns])
        for m in (saliency, maps["baseline"])
    ]
    return {
        "nss": float(np.mean(metrics.NSS(saliency, columns, rows))),
        "cc": float(metrics.CC(saliency, density)),
        "sim": float(metrics.SIM(saliency, density)),
        "kld": float(metrics.image_based_kl_divergence(saliency, density)),
        "kld dhf1k": float(metrics.MIT_KLDiv(saliency, density)),
        "auc_judd": area(saliency[maps["fixations"] == 0]),
        "auc_borji": area(saliency.ravel()),
        "shuffled_auc": area(saliency[other_rows, other_columns]),
        "information_gain": float(np.mean(gain[0] - gain[1])),
    }


def main():
    scenes = []
    for seed, levels in ((1, None), (2, 255), (3, 8)):
        made = scene(seed, rows=12, columns=20, fixations=15, levels=levels)
        if levels is not None:
            made["saliency"] = np.round(made["saliency"] * levels) + 1.0
        maps = {name: np.round(values, 4) for name, values in made.items()}
        scenes.append({"maps": {name: m.tolist() for name, m in maps.items()}, "scores": scores(maps)})
    origin = {
        "library": f"pysaliency {importlib.metadata.version('pysaliency')}",
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m tests.golden.record_pysaliency",
    }
    path = Path(__file__).parent / "pysaliency.json"
    path.write_text(json.dumps({"origin": origin, "scenes": scenes}) + "\n")


if __name__ == "__main__":
    main()
