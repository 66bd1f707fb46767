"""Protocol dhf1k: what the benchmark's MATLAB code does, followed statement by statement."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.references import metrics as slow

from tased import metrics
from tased.metrics import dhf1k as metrics_dhf1k

few = settings(max_examples=15, deadline=None)
scenes = st.builds(
    slow.scene,
    st.integers(0, 10_000),
    rows=st.just(20),
    columns=st.just(31),
    fixations=st.integers(1, 40),
    levels=st.sampled_from([None, 255, 7, 1]),
)


def tensors(scene, *names):
    return [torch.from_numpy(scene[name]) for name in names]


@few
@given(scene=scenes)
def test_nss_sim_and_kld(scene):
    for name, other in (("nss", "fixations"), ("sim", "density"), ("kld", "density")):
        found = getattr(metrics, name)(*tensors(scene, "saliency", other), protocol="dhf1k")
        expected = getattr(slow, f"matlab_{name}")(scene["saliency"], scene[other])
        assert found.item() == pytest.approx(expected, rel=1e-9, abs=1e-12), name


@few
@given(scene=scenes)
def test_auc_judd(scene):
    found = metrics.auc_judd(*tensors(scene, "saliency", "fixations"), protocol="dhf1k")
    expected = slow.matlab_auc_judd(scene["saliency"], scene["fixations"])
    assert found.item() == pytest.approx(expected, abs=1e-12)


@few
@given(
    scene=scenes,
    seed=st.integers(0, 1000),
    number=st.integers(1, 50),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_areas_of_the_same_splits(scene, seed, number, dtype):
    saliency, pixels = scene["saliency"].astype(dtype), np.flatnonzero(scene["fixations"])
    drawn = np.random.default_rng(seed).integers(0, saliency.size, (6, number))
    found = metrics_dhf1k.auc_of_splits(
        torch.from_numpy(saliency).flatten(), torch.from_numpy(pixels), torch.from_numpy(drawn)
    )
    assert found.item() == pytest.approx(
        slow.matlab_auc_of_splits(saliency, scene["fixations"], drawn), abs=1e-12
    )


@given(st.one_of(st.floats(0, 1), st.integers(0, 255).map(lambda level: level / 255)))
def test_thresholds_are_the_colon_operators(highest):
    found = metrics_dhf1k.thresholds(torch.tensor([highest], dtype=torch.float64))[0]
    assert found[found.isfinite()].tolist() == slow.colon(0.1, highest)


@few
@given(scene=scenes, seed=st.integers(0, 1000))
def test_borji_draws_pixels(scene, seed):
    """Drawn with repetition, as many as there are fixated pixels, from all; and the area is of these."""
    saliency, hit = tensors(scene, "saliency", "fixations")
    number = int((hit > 0).sum())
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(saliency.numel(), (100, number), generator=generator)
    found = metrics_dhf1k.auc_borji(saliency.flatten(), hit.flatten().nonzero()[:, 0], seed)
    expected = slow.matlab_auc_of_splits(scene["saliency"], scene["fixations"], drawn.tolist())
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_shuffled_draws_without_repetition():
    """With as many negatives as fixations every split has them all, so nothing is left to chance."""
    scene = slow.scene(4, fixations=30)
    pixels = np.flatnonzero(scene["fixations"])
    others = np.roll(scene["fixations"], 7, axis=1) * 3  # counts do not matter, only where
    for keep in (len(pixels), len(pixels) // 2):  # as many, or fewer
        some = np.zeros(others.size)
        some[np.flatnonzero(others)[:keep]] = 2
        negatives = torch.from_numpy(some.reshape(others.shape))
        expected = slow.matlab_auc_of_splits(scene["saliency"], scene["fixations"], [np.flatnonzero(some)])
        for seed in (1, 2):
            found = metrics.shuffled_auc(
                *tensors(scene, "saliency", "fixations"),
                negatives,
                protocol="dhf1k",
                generator=torch.Generator().manual_seed(seed),
            )
            assert found.item() == pytest.approx(expected, abs=1e-12)


def test_single_precision_is_no_reason_to_round():
    """8-bit levels on a threshold: 51, 102, 153, 204 of 255, as they are and as float32 fractions."""
    levels = torch.arange(256.0).reshape(16, 16)
    hit = torch.zeros(16, 16)
    hit.view(-1)[[51, 102, 153, 204, 255]] = 1
    expected = metrics.auc_borji(levels.double(), hit, protocol="dhf1k")
    assert metrics.auc_borji(levels, hit, protocol="dhf1k") == expected
    assert metrics.auc_borji(levels.to(torch.uint8), hit, protocol="dhf1k") == expected
    assert metrics.auc_borji(levels / 255, hit, protocol="dhf1k") == expected
    tenths = torch.arange(11.0).repeat(11, 1) / 10  # 0.7 is a little less in float32, and under its threshold
    once = torch.eye(11)
    expected = metrics.auc_borji(tenths.double(), once, protocol="dhf1k")
    assert metrics.auc_borji(tenths, once, protocol="dhf1k") == expected


@pytest.mark.parametrize(("number", "total"), [(0, 3), (1, 1), (3, 3), (2, 40), (30, 40), (20, 40), (1, 500)])
def test_subsets_have_no_repetition(number, total):
    chosen = metrics_dhf1k.subsets(number, total, torch.Generator().manual_seed(1))
    assert chosen.shape == (100, number)
    assert all(len(set(split)) == number for split in chosen.tolist())
    assert all(0 <= pixel < total for split in chosen.tolist() for pixel in split)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_all_subsets_are_as_likely(number):
    """Of five; by Pearson's test on 30,000 of them."""
    generator = torch.Generator().manual_seed(7)
    seen = Counter(
        tuple(split) for _ in range(300) for split in metrics_dhf1k.subsets(number, 5, generator).tolist()
    )
    assert set(seen) == set(combinations(range(5), number))
    assert stats.chisquare(list(seen.values())).pvalue > 0.01


@pytest.mark.parametrize("name", ["auc_borji", "shuffled_auc"])
def test_draws_follow_from_the_generator(name):
    made = [slow.scene(seed) for seed in range(3)]
    names = ("saliency", "fixations", "negatives")[: 3 if name == "shuffled_auc" else 2]
    batch = [torch.stack(maps) for maps in zip(*(tensors(scene, *names) for scene in made), strict=True)]

    def score(maps, generator):
        return getattr(metrics, name)(*maps, protocol="dhf1k", generator=generator)

    first = score(batch, torch.Generator().manual_seed(1))
    assert torch.equal(first, score(batch, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, score(batch, torch.Generator().manual_seed(2)))
    assert torch.equal(score(batch, None), score(batch, torch.Generator().manual_seed(0)))
    one_by_one = torch.Generator().manual_seed(1)
    assert torch.equal(first, torch.stack([score([maps[i] for maps in batch], one_by_one) for i in range(3)]))


def test_splits_come_near_the_exact_area_on_even_maps():
    """The thresholds, not the draws, are what is biased: on a map spread evenly over 0..1 the two agree."""
    scene = slow.scene(2, rows=60, columns=80, fixations=300)
    order = scene["saliency"].ravel().argsort().argsort().reshape(60, 80) / 4799
    saliency, hit = torch.from_numpy(order), torch.from_numpy(scene["fixations"])
    exact, drawn = metrics.auc_borji(saliency, (hit > 0)), metrics.auc_borji(saliency, hit, protocol="dhf1k")
    assert drawn.item() == pytest.approx(exact.item(), abs=0.01)
    peaked = saliency**8
    assert metrics.auc_borji(peaked, hit > 0).item() == exact.item()
    assert metrics.auc_borji(peaked, hit, protocol="dhf1k").item() < exact.item() - 0.02


def test_judds_trapezoid_adds_up_to_half_a_fixation():
    saliency, hit = tensors(slow.scene(5, fixations=20), "saliency", "fixations")
    gained = metrics.auc_judd(saliency, hit, protocol="dhf1k") - metrics.auc_judd(saliency, hit > 0)
    assert 0 < gained.item() <= 1 / (2 * int((hit > 0).sum()))


def test_jitter_orders_ties_at_random():
    scene = slow.scene(6, levels=5)
    saliency, hit = tensors(scene, "saliency", "fixations")

    def score(seed):
        generator = torch.Generator().manual_seed(seed)
        return metrics.auc_judd(saliency, hit, protocol="dhf1k", jitter=generator).item()

    assert score(1) == score(1) != score(2)
    generator = torch.Generator().manual_seed(1)
    (seed,) = torch.randint(2**62, (1,), generator=generator).tolist()
    noise = torch.rand(saliency.numel(), generator=generator.manual_seed(seed), dtype=torch.float64)
    noisy = saliency + 1e-7 * noise.view_as(saliency)
    assert score(1) == pytest.approx(slow.matlab_auc_judd(noisy.numpy(), scene["fixations"]), abs=1e-12)
    tied = metrics.auc_judd(saliency, hit, protocol="dhf1k").item()
    half = metrics.auc_judd(saliency, hit > 0).item()
    assert tied < half < np.mean([score(seed) for seed in range(20)])  # the trapezoid's share on top
