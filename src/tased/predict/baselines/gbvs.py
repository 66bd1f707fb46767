"""Graph-based visual saliency (Harel, Koch & Perona, NIPS 2006), with its authors' channels for video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from jaxtyping import Float32
from scipy import ndimage

from tased.predict.baselines.causal import CausalShot
from tased.predict.baselines.features import LONGEST, Channel, Level, feature_maps, pyramid
from tased.predict.baselines.grid import Plane, resize, unit_range
from tased.video.frame import Frame

GRAPH = 32  # nodes along the longer side of the map
NEGLIGIBLE = 1e-12  # closeness taken as none: subnormal numbers slow the products tenfold
FLAT = 1e-4  # range of a feature map that is rounding error
BORDER = 4  # nodes over which the map fades at its border, as in the toolbox

Closeness = Float32[np.ndarray, "nodes nodes"]
Lattices = Float32[np.ndarray, "maps nodes"]  # several maps, each row by row


@lru_cache(maxsize=8)
def closeness(size: tuple[int, int], sigma_share: float) -> Closeness:
    """F(a, b) = exp(-|a - b|^2 / (2 sigma^2)) between all nodes of a lattice (section 3.1).

    sigma is a share of the lattice's mean side, as in the toolbox; nodes are numbered row by row.
    """
    sigma = sigma_share * (size[0] + size[1]) / 2
    y, x = (grid.ravel() for grid in np.indices(size))
    squared = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    near: Closeness = np.exp(-squared / (2 * sigma**2)).astype(np.float32)
    near[near < NEGLIGIBLE] = 0
    near.flags.writeable = False  # every caller of this size shares it
    return near


def activation(features: Lattices, near: Closeness) -> Lattices:
    """The equilibria of walks drawn to what differs (section 3.1): edge weight |M(a) - M(b)| F(a, b).

    The weights are symmetric, so each walk is reversible and its equilibrium needs no iteration: it is each
    node's share of all weight. A flat map, whose walk has no edges, gives every node the same.
    """
    pull = np.empty_like(features)
    for feature, row in zip(features, pull, strict=True):  # one at a time stays in the processor's cache
        np.einsum("ab,ab->a", np.abs(feature[:, None] - feature), near, out=row)
    pull[np.ptp(features, axis=1) < FLAT] = 0
    return _shares(pull)


def concentration(active: Lattices, near: Closeness) -> Lattices:
    """The equilibria of walks drawn to mass (section 3.2): edge weight from a to b is A(b) F(a, b).

    Detailed balance holds with A(a) A(b) F(a, b), so the equilibrium is A(a) times the mass near a.
    """
    return _shares(active * (active @ near))


def _shares(weights: Lattices) -> Lattices:
    total = weights.sum(axis=1, keepdims=True)
    shares: Lattices = np.full_like(weights, 1 / weights.shape[1])
    np.divide(weights, total, out=shares, where=total > 1e-12)
    return shares


@dataclass(frozen=True, slots=True)
class GBVS:
    """Where random walkers over feature maps spend their time, first drawn to what differs, then to mass.

    The paper's two steps with the toolbox's constants, except that the second is the paper's graph (the
    toolbox now raises to the power 1.5), and that nothing is iterated: `activation` and `concentration` are
    exact.
    """

    name: str = "gbvs"
    activation_sigma: float = 0.15  # share of the graph's mean side (toolbox: sigma_frac_act)
    concentration_sigma: float = 0.06  # share of the graph's mean side (toolbox: sigma_frac_norm)
    blur: float = 0.02  # of the final map, share of its longer side (toolbox: blurfrac)
    colour: float = 1.0  # weight of each of the channel's maps, as of the four below
    intensity: float = 1.0
    orientation: float = 1.0
    flicker: float = 1.0
    motion: float = 1.0

    def shot(self) -> CausalShot:
        """Begin a new shot with no memory of earlier ones."""
        return CausalShot(_Walkers(self))


class _Walkers:
    """A viewer who compares the frame with itself and with the one before."""

    def __init__(self, model: GBVS) -> None:
        self._model = model
        self._before: tuple[Level, ...] | None = None

    def see(self, frame: Frame) -> Callable[[], Plane]:
        levels = pyramid(frame)
        befores = self._before or (None,) * len(levels)
        self._before = levels
        return partial(_saliency, self._model, levels, befores)


def _saliency(model: GBVS, levels: Sequence[Level], befores: Sequence[Level | None]) -> Plane:
    weights: dict[Channel, float] = {
        "colour": model.colour,
        "intensity": model.intensity,
        "orientation": model.orientation,
        "flicker": model.flicker,
        "motion": model.motion,
    }
    size = lattice(levels[0])
    features, weight_of_each = [], []
    for now, before in zip(levels, befores, strict=True):
        for channel, maps in feature_maps(now, before).items():
            features += [resize(plane, size).ravel() for plane in maps]
            weight_of_each += [weights[channel]] * len(maps)
    active = activation(np.stack(features), closeness(size, model.activation_sigma))
    sharp = concentration(active, closeness(size, model.concentration_sigma))
    total = np.asarray(weight_of_each, dtype=np.float32) @ sharp
    faded = unit_range(total.reshape(size) * _fade(size))
    blurred: Plane = ndimage.gaussian_filter(faded, model.blur * max(size), mode="nearest")
    return blurred


def lattice(finest: Level) -> tuple[int, int]:
    """The graph's rows and columns, in the frame's proportions."""
    rows, columns = finest.intensity.shape
    return round(rows * GRAPH / LONGEST), round(columns * GRAPH / LONGEST)


def _fade(size: tuple[int, int]) -> Plane:
    """1 inside, falling linearly over the outermost `BORDER` nodes."""
    sides = []
    for length in size:
        from_edge = np.minimum(np.arange(length), np.arange(length)[::-1])
        sides.append(np.minimum(1.0, (from_edge + 1) / (BORDER + 1)))
    return np.outer(sides[0], sides[1]).astype(np.float32)
