"""The metrics, slowly: one pixel at a time in float64, each from its definition and from nothing of ours.

Maps are NumPy arrays (H, W); fixations are count maps of the same size. The `matlab_` functions follow the
statements of the MIT saliency benchmark's MATLAB functions, loop by loop; `splits` stands for what its
random numbers chose, so that any implementation can be given the same draws.
"""

import math

import numpy as np

EPSILON = float(np.finfo(np.float64).eps)


def scene(seed, rows=36, columns=64, fixations=25, levels=None):
    """A map with a few bumps, count maps of fixations drawn to it, a density, other frames' fixations."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]

    def bumps(count):
        total = np.zeros((rows, columns))
        for _ in range(count):
            row, column, width = rng.uniform(0, rows), rng.uniform(0, columns), rng.uniform(2, rows / 3)
            total += np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
        return total

    density = bumps(3)
    saliency = density + bumps(4) + 0.01 * rng.random((rows, columns))
    if levels is not None:
        saliency = np.round(saliency / saliency.max() * levels) / levels
    counts = np.zeros((2, rows * columns))
    centre = np.exp(-((y - rows / 2) ** 2 + (x - columns / 2) ** 2) / (2 * (rows / 4) ** 2))
    for into, weight, number in ((0, density, fixations), (1, centre, 10 * fixations)):
        drawn = rng.choice(rows * columns, size=number, p=(weight / weight.sum()).ravel())
        np.add.at(counts[into], drawn, 1)
    here, others = counts.reshape(2, rows, columns)
    return {
        "saliency": saliency,
        "fixations": here,
        "density": density,
        "negatives": others,
        "baseline": centre,
    }


def pixels(values):
    return [float(value) for value in np.asarray(values, dtype=np.float64).ravel()]


def hits(saliency, counts):
    """The map's value at each fixation; a pixel that was hit twice stands twice."""
    return [
        value
        for value, count in zip(pixels(saliency), pixels(counts), strict=True)
        for _ in range(int(count))
    ]


def once(counts):
    return (np.asarray(counts) > 0).astype(np.float64)


def mean(values):
    return math.fsum(values) / len(values)


# Definitions


def nss(saliency, counts):
    values = pixels(saliency)
    centre = mean(values)
    spread = math.sqrt(mean([(value - centre) ** 2 for value in values]))
    return mean([(value - centre) / spread for value in hits(saliency, counts)])


def cc(saliency, density):
    a, b = pixels(saliency), pixels(density)
    ma, mb = mean(a), mean(b)
    together = math.fsum((p - ma) * (q - mb) for p, q in zip(a, b, strict=True))
    return together / math.sqrt(math.fsum((p - ma) ** 2 for p in a) * math.fsum((q - mb) ** 2 for q in b))


def normalised(values):
    values = pixels(values)
    total = math.fsum(values)
    return [value / total for value in values]


def sim(saliency, density):
    return math.fsum(min(p, q) for p, q in zip(normalised(saliency), normalised(density), strict=True))


def kld(saliency, density):
    """Divergence from a prediction in which every pixel keeps at least EPSILON."""
    p, q = normalised(saliency), normalised(density)
    total = 1 + EPSILON * len(p)
    return math.fsum(b * math.log(b * total / (a + EPSILON)) for a, b in zip(p, q, strict=True) if b > 0)


def information_gain(saliency, counts, baseline):
    p, b = normalised(saliency), normalised(baseline)
    bits = [math.log2((one + EPSILON) / (other + EPSILON)) for one, other in zip(p, b, strict=True)]
    return mean(hits(np.array(bits), counts))


def win_rate(positives, negatives):
    """How often a positive is above a negative, over all pairs; a tie is half a win."""
    wins = math.fsum(1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def auc_judd(saliency, counts):
    return win_rate(hits(saliency, counts), hits(saliency, 1 - once(counts)))


def auc_borji(saliency, counts):
    return win_rate(hits(saliency, counts), pixels(saliency))


def shuffled_auc(saliency, counts, negatives):
    return win_rate(hits(saliency, counts), hits(saliency, negatives))


# The MATLAB functions, statement by statement


def zero_to_one(saliency):
    values = pixels(saliency)
    low, high = min(values), max(values)
    return [(value - low) / (high - low) for value in values]


def trapezoids(fp, tp):
    return math.fsum((fp[i + 1] - fp[i]) * (tp[i + 1] + tp[i]) / 2 for i in range(len(fp) - 1))


def colon(step, stop):
    """MATLAB's 0:step:stop, as its makers describe it: counted from both ends towards the middle."""
    tolerance = 2 * EPSILON * abs(stop)
    n = math.floor(stop / step + 0.5)
    if n * step - stop > tolerance:
        n -= 1
    last = n * step
    if last - stop > -tolerance:
        last = stop
    out = [0.0] * (n + 1)
    for k in range(n // 2 + 1):
        out[k] = k * step
        out[n - k] = last - k * step
    if n % 2 == 0:
        out[n // 2] = last / 2
    return out


def matlab_nss(saliency, counts):
    values = pixels(saliency)
    centre = mean(values)
    spread = math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))
    return mean([(value - centre) / spread for value in hits(saliency, once(counts))])


def matlab_sim(saliency, density):
    return sim(np.array(zero_to_one(saliency)), np.array(zero_to_one(density)))


def matlab_kld(saliency, density):
    p = normalised(saliency) if any(pixels(saliency)) else pixels(saliency)
    q = normalised(density)
    return math.fsum(b * math.log(EPSILON + b / (a + EPSILON)) for a, b in zip(p, q, strict=True))


def matlab_auc_judd(saliency, counts):
    values = zero_to_one(saliency)
    thresholds = sorted((v for v, c in zip(values, pixels(counts), strict=True) if c > 0), reverse=True)
    number = len(thresholds)
    tp, fp = [0.0], [0.0]
    for i, threshold in enumerate(thresholds, start=1):
        above = sum(value >= threshold for value in values)
        tp.append(i / number)
        fp.append((above - i) / (len(values) - number))
    return trapezoids([*fp, 1.0], [*tp, 1.0])


def matlab_auc_of_splits(saliency, counts, splits, step=0.1):
    """AUC-Borji and shuffled AUC after their draws: `splits` lists the pixels that each split drew."""
    values = zero_to_one(saliency)
    fixated = [value for value, count in zip(values, pixels(counts), strict=True) if count > 0]
    areas = []
    for split in splits:
        drawn = [values[pixel] for pixel in split]
        tp, fp = [0.0], [0.0]
        for threshold in reversed(colon(step, max(fixated + drawn))):
            tp.append(sum(value >= threshold for value in fixated) / len(fixated))
            fp.append(sum(value >= threshold for value in drawn) / len(drawn))
        areas.append(trapezoids([*fp, 1.0], [*tp, 1.0]))
    return mean(areas)
