"""The exact metrics against slow definitions, SciPy, scikit-learn and pysaliency."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from tests.references import metrics as slow

from tased import metrics
from tased.metrics import METRICS

ARGUMENTS = {
    "nss": ("saliency", "fixations"),
    "cc": ("saliency", "density"),
    "sim": ("saliency", "density"),
    "kld": ("saliency", "density"),
    "auc_judd": ("saliency", "fixations"),
    "auc_borji": ("saliency", "fixations"),
    "shuffled_auc": ("saliency", "fixations", "negatives"),
    "information_gain": ("saliency", "fixations", "baseline"),
}
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "pysaliency.json").read_text(encoding="utf-8"))
few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10_000)
levels = st.sampled_from([None, 255, 7, 1])
names = pytest.mark.parametrize("name", ARGUMENTS)


def tensors(scene, names):
    return [torch.from_numpy(np.asarray(scene[name])) for name in names]


def ours(name, scene, **options):
    return getattr(metrics, name)(*tensors(scene, ARGUMENTS[name]), **options)


def test_there_is_a_function_for_every_metric():
    assert sorted(["METRICS", *ARGUMENTS, "score_frames"]) == metrics.__all__
    assert set(ARGUMENTS) == set(METRICS)


@names
@few
@given(seed=seeds, levels=levels)
def test_it_is_its_definition(name, seed, levels):
    scene = slow.scene(seed, rows=15, columns=26, fixations=12, levels=levels)
    expected = getattr(slow, name)(*(scene[argument] for argument in ARGUMENTS[name]))
    assert ours(name, scene).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@names
@pytest.mark.parametrize("recorded", GOLDEN["scenes"], ids=["float", "255 levels", "8 levels"])
def test_pysaliency_agrees(name, recorded):
    assert ours(name, recorded["maps"]).item() == pytest.approx(recorded["scores"][name], rel=1e-9)


@pytest.mark.parametrize("recorded", GOLDEN["scenes"], ids=["float", "255 levels", "8 levels"])
def test_pysaliency_agrees_with_matlab(recorded):
    found = ours("kld", recorded["maps"], protocol="dhf1k").item()
    assert found == pytest.approx(recorded["scores"]["kld dhf1k"], rel=1e-12)


@few
@given(seed=seeds, levels=levels)
def test_statistics_libraries_agree_on_areas(seed, levels):
    scene = slow.scene(seed, rows=24, columns=31, levels=levels)
    saliency, hit, others = (scene[name] for name in ("saliency", "fixations", "negatives"))
    values, counts = saliency.ravel(), hit.ravel()
    free = counts == 0
    # scikit-learn takes counts as weights, ties and all
    labels = np.concatenate([np.ones_like(values), np.zeros_like(values)])
    for name, weights in (("auc_judd", free), ("auc_borji", free | True), ("shuffled_auc", others.ravel())):
        expected = roc_auc_score(labels, np.tile(values, 2), sample_weight=np.concatenate([counts, weights]))
        assert ours(name, scene).item() == pytest.approx(expected, abs=1e-12)
    # Mann and Whitney's statistic counts the pairs; so do ranks
    fixated = np.repeat(values, counts.astype(int))
    pairs = len(fixated) * free.sum()
    wins = stats.mannwhitneyu(fixated, values[free]).statistic
    assert ours("auc_judd", scene).item() == pytest.approx(wins / pairs, abs=1e-12)
    ranks = stats.rankdata(np.concatenate([fixated, values[free]]))[: len(fixated)].sum()
    wins = ranks - len(fixated) * (len(fixated) + 1) / 2
    assert ours("auc_judd", scene).item() == pytest.approx(wins / pairs, abs=1e-12)


@few
@given(seed=seeds, levels=levels)
def test_scipy_agrees_on_maps(seed, levels):
    scene = slow.scene(seed, levels=levels)
    saliency, density = scene["saliency"].ravel(), scene["density"].ravel()
    assert ours("cc", scene).item() == pytest.approx(stats.pearsonr(saliency, density).statistic, abs=1e-12)
    floor = saliency / saliency.sum() + slow.EPSILON
    assert ours("kld", scene).item() == pytest.approx(stats.entropy(density, floor), abs=1e-12)
    z = stats.zscore(saliency)
    assert ours("nss", scene).item() == pytest.approx(np.average(z, weights=scene["fixations"].ravel()))


@names
def test_batches_are_frames(name):
    scenes = [slow.scene(seed, fixations=5 + 7 * seed) for seed in range(4)]
    batch = {key: np.stack([scene[key] for scene in scenes]) for key in scenes[0]}
    together = ours(name, batch)
    assert together.shape == (4,)
    assert together.dtype == torch.float64
    assert together.tolist() == pytest.approx([ours(name, scene).item() for scene in scenes], rel=1e-14)
    assert ours(name, scenes[0]).shape == ()


@pytest.mark.parametrize("protocol", ["exact", "dhf1k"])
def test_all_at_once_are_each(protocol):
    scenes = [slow.scene(seed, levels=255) for seed in range(3)]
    batch = {key: torch.stack([torch.from_numpy(scene[key]) for scene in scenes]) for key in scenes[0]}
    found = metrics.score_frames(**batch, protocol=protocol, generator=torch.Generator().manual_seed(5))
    assert tuple(found) == METRICS
    for name, scores in found.items():
        options = {} if name in ("cc", "information_gain") else {"protocol": protocol}
        if protocol == "dhf1k" and name in ("auc_borji", "shuffled_auc"):
            options["generator"] = torch.Generator().manual_seed(5)
        assert torch.equal(scores, ours(name, batch, **options)), name


def test_what_is_not_given_is_left_out():
    scene = {key: torch.from_numpy(value) for key, value in slow.scene(0).items()}
    saliency = scene["saliency"]
    assert metrics.score_frames(saliency) == {}
    assert list(metrics.score_frames(saliency, density=scene["density"])) == ["cc", "sim", "kld"]
    assert list(metrics.score_frames(saliency, scene["fixations"])) == ["nss", "auc_judd", "auc_borji"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.uint8, torch.int64])
def test_kinds_of_numbers_do_not_matter(dtype):
    scene = {key: torch.from_numpy(value) for key, value in slow.scene(0, levels=100).items()}
    expected = metrics.score_frames(scene["saliency"] * 100, scene["fixations"], negatives=scene["negatives"])
    found = metrics.score_frames(
        (scene["saliency"] * 100).round().to(dtype),
        scene["fixations"].to(dtype),
        negatives=scene["negatives"].to(dtype),
    )
    assert all(found[name].item() == pytest.approx(expected[name].item(), rel=1e-12) for name in expected)


@pytest.mark.parametrize("name", ["nss", "cc", "sim", "kld", "information_gain"])
def test_gradients(name):
    scene = slow.scene(1, rows=7, columns=8, fixations=4)
    saliency, *rest = tensors(scene, ARGUMENTS[name])
    saliency.requires_grad_()
    for protocol in ("exact", "dhf1k"):
        options = {} if name in ("cc", "information_gain") else {"protocol": protocol}
        score = partial(getattr(metrics, name), **options)
        assert torch.autograd.gradcheck(lambda x, score=score: score(x, *rest), (saliency,))


@pytest.mark.parametrize("name", ["cc", "sim", "kld"])
def test_gradients_of_the_density(name):
    saliency, density = tensors(slow.scene(1, rows=7, columns=8, fixations=4), ("saliency", "density"))
    assert torch.autograd.gradcheck(
        lambda x: getattr(metrics, name)(saliency, x), (density.requires_grad_(),)
    )


@pytest.mark.parametrize("name", ["nss", "cc", "kld"])
def test_a_flat_map_has_a_finite_gradient(name):
    _, truth = tensors(slow.scene(1), ARGUMENTS[name])
    flat = torch.full_like(truth, 0.1, dtype=torch.float32).requires_grad_()
    getattr(metrics, name)(flat, truth).backward()
    assert flat.grad.isfinite().all()
