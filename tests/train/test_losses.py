import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references.metrics import scene
from torch.autograd import gradcheck

import tased.metrics
from tased.errors import DataError
from tased.train.losses import cc_loss, clip_losses, kld, kld_over_batch, nss_loss
from tased.train.recipe import Recipe
from tased.train.recipes import published

ROWS, COLUMNS = 12, 20
RECIPE = Recipe(kld=1.0, cc=0.5, nss=0.25)


def batch(seed=0, clips=3, maps=2, dtype=torch.float64):
    """Predictions, densities and fixation counts, (B, K, H, W) each."""
    scenes = [scene(seed + n, ROWS, COLUMNS) for n in range(clips * maps)]

    def stacked(name):
        values = torch.from_numpy(np.stack([s[name] for s in scenes])).to(dtype)
        return values.view(clips, maps, ROWS, COLUMNS)

    saliency = stacked("saliency")
    return saliency / saliency.amax((-2, -1), keepdim=True), stacked("density"), stacked("fixations")


def slow_kld(p, q):
    """Between two arrays of any shape, each of which becomes one distribution; in nats."""
    p, q = p / p.sum(), q / q.sum()
    return sum(float(b) * np.log(float(b) / float(a)) for a, b in zip(p.flat, q.flat, strict=True) if b > 0)


def slow_published(p, q):
    """As the published loss states it, for a whole batch, one pixel at a time."""
    eps = 2.220446049250313e-16
    sum_p, sum_q, total = float(p.sum()), float(q.sum()), 0.0
    for a, b in zip(p.flat, q.flat, strict=True):
        total += b / sum_q * np.log(eps + (b / sum_q) / (a / sum_p + eps))
    return total


def each(function, *stacks):
    """A function of single NumPy maps, over all clips and maps: (B, K)."""
    shape = stacks[0].shape
    return torch.tensor(
        [[function(*(s[b, k].numpy() for s in stacks)) for k in range(shape[1])] for b in range(shape[0])],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("seed", range(3))
def test_losses_are_their_definitions(seed):
    p, density, counts = batch(seed)
    torch.testing.assert_close(kld(p, density), each(slow_kld, p, density), rtol=0, atol=1e-10)
    correlation = each(lambda a, b: np.corrcoef(a.ravel(), b.ravel())[0, 1], p, density)
    torch.testing.assert_close(cc_loss(p, density), 1 - correlation)
    z_scores = each(lambda a, n: (((a - a.mean()) / a.std()) * n).sum() / n.sum(), p, counts)
    torch.testing.assert_close(nss_loss(p, counts), -z_scores)


def test_losses_are_the_metrics():
    p, density, counts = (values.flatten(0, 1) for values in batch(7))
    torch.testing.assert_close(kld(p, density), tased.metrics.kld(p, density), rtol=0, atol=1e-10)
    torch.testing.assert_close(cc_loss(p, density), 1 - tased.metrics.cc(p, density))
    torch.testing.assert_close(nss_loss(p, counts), -tased.metrics.nss(p, counts))


@pytest.mark.parametrize("black", [False, True])
def test_the_batch_s_divergence_is_the_published_one(black):
    p, density, _ = batch(1, maps=1)
    if black:
        p[0, 0, :4] = 0
    loss = kld_over_batch(p, density)
    assert loss.shape == (3, 1)
    assert loss.sum().item() == pytest.approx(slow_published(p.numpy(), density.numpy()), abs=1e-10)


def test_over_a_batch_is_not_over_maps():
    """A clip whose density is brighter weighs more; with all sums equal, the two still are the same."""
    p, density, _ = batch(2, maps=1)
    p, density = (values / values.sum((-2, -1), keepdim=True) for values in (p, density))
    torch.testing.assert_close(kld_over_batch(p, density).sum(), kld(p, density).mean(), rtol=0, atol=1e-9)
    brighter = density * torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64).view(3, 1, 1, 1)
    torch.testing.assert_close(kld(p, brighter), kld(p, density))
    assert kld_over_batch(p, brighter).sum() > kld_over_batch(p, density).sum() + 0.1


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_scaling_the_prediction_changes_nothing(seed, scale):
    p, density, counts = batch(seed, clips=1, maps=1)
    for loss, truth in ((kld, density), (cc_loss, density), (nss_loss, counts), (kld_over_batch, density)):
        torch.testing.assert_close(loss(p * scale, truth), loss(p, truth))
    for loss, truth in ((cc_loss, density), (nss_loss, counts)):  # nor does shifting these
        torch.testing.assert_close(loss(p + scale, truth), loss(p, truth), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_perfect_prediction_has_no_loss(dtype):
    _, density, _ = batch(3, dtype=dtype)
    assert kld(density * 3, density).abs().max() < 1e-6
    assert cc_loss(density, density).abs().max() < 1e-6
    assert kld_over_batch(density, density).sum().abs() < 1e-6
    p, *_ = batch(4, dtype=dtype)
    assert (kld(p, density) > 0).all()


@pytest.mark.parametrize("over", ["map", "batch"])
def test_gradients(over):
    p, density, counts = batch(5, clips=2, maps=2)
    recipe = replace(RECIPE, kld_over=over)
    for loss, truth in ((kld, density), (cc_loss, density), (nss_loss, counts), (kld_over_batch, density)):
        assert gradcheck(loss, (p.clone().requires_grad_(), truth))
    assert gradcheck(lambda x: clip_losses(recipe, x, density, counts), (p.clone().requires_grad_(),))


EXTREMES = {
    "black": lambda x: torch.zeros_like(x),
    "grey": lambda x: torch.full_like(x, 0.3),
    "white": lambda x: torch.ones_like(x),
    "faint": lambda x: x * 1e-28,
    "below float32": lambda x: x * 1e-43,
    "one pixel": lambda x: torch.zeros_like(x).index_fill(-1, torch.tensor([3]), 1.0),
    "black but where nobody looked": lambda x: (x < x.mean()).to(x.dtype),
    "one unit in the last place": lambda x: torch.full_like(x, 0.3).index_fill(
        -1, torch.tensor([0]), 0.3 + 3e-8
    ),
}


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("over", ["map", "batch"])
def test_losses_and_gradients_are_finite(extreme, over):
    p, density, counts = batch(6, clips=2, maps=1, dtype=torch.float32)
    prediction = EXTREMES[extreme](p).requires_grad_()
    losses = clip_losses(replace(RECIPE, kld_over=over), prediction, density, counts)
    losses.mean().backward()
    assert losses.isfinite().all()
    assert prediction.grad is not None
    assert prediction.grad.isfinite().all()


def test_a_constant_map_has_a_known_loss_and_no_gradient():
    p, density, counts = batch(6, dtype=torch.float32)
    for value in (0.0, 0.3, 1.0):
        flat = torch.full_like(p, value).requires_grad_()
        assert (cc_loss(flat, density) == 1).all()
        assert (nss_loss(flat, counts) == 0).all()
        (cc_loss(flat, density) + nss_loss(flat, counts)).sum().backward()
        assert (flat.grad == 0).all()
        uniform = kld(torch.full_like(p, 0.5), density)
        torch.testing.assert_close(kld(flat.detach(), density), uniform)
    assert (cc_loss(p, torch.ones_like(p)) == 1).all()


def test_a_map_that_underflowed_is_led_back():
    """Its logits have a gradient as long as the sigmoid is not 0 itself."""
    _, density, counts = batch(8, clips=1, maps=1, dtype=torch.float32)
    logits = torch.full_like(density, -60.0).requires_grad_()  # 9e-27 in each pixel
    clip_losses(Recipe(), logits.sigmoid(), density, counts).mean().backward()
    peak = (density == density.amax()).nonzero()[0]
    assert logits.grad[tuple(peak)] < -1e-4


def test_a_map_without_fixations_adds_nothing_to_nss():
    p, _, counts = batch(9, clips=1, maps=2)
    alone = nss_loss(p, counts)[0, 1]
    counts[0, 0] = 0
    p.requires_grad_()
    losses = nss_loss(p, counts)
    assert losses.tolist() == [[0.0, pytest.approx(alone.item())]]
    losses.sum().backward()
    assert (p.grad[0, 0] == 0).all()


def test_clip_losses_are_the_weighted_sum_and_the_batch_is_their_mean():
    p, density, counts = batch(10)
    expected = kld(p, density) + 0.5 * cc_loss(p, density) + 0.25 * nss_loss(p, counts)
    losses = clip_losses(RECIPE, p, density, counts)
    assert losses.shape == (3,)
    torch.testing.assert_close(losses, expected.mean(1))
    only_nss = clip_losses(Recipe(kld=0, nss=2), p, torch.zeros_like(density), counts)
    torch.testing.assert_close(only_nss, 2 * nss_loss(p, counts).mean(1))
    nothing = clip_losses(Recipe(kld=0, taught=1, validation_clips=0), p, torch.zeros_like(density), counts)
    assert nothing.tolist() == [0, 0, 0]  # of these: a teacher has it
    p, density, counts = batch(10, maps=1)
    losses = clip_losses(published(), p, density, counts)
    assert losses.mean().item() == pytest.approx(slow_published(p.numpy(), density.numpy()), abs=1e-10)


@pytest.mark.parametrize("counts_dtype", [torch.uint8, torch.bool, torch.int64])
def test_targets_may_be_counts_of_any_type(counts_dtype):
    p, density, counts = batch(11, dtype=torch.float32)
    counts = counts.clamp(max=1)
    expected = clip_losses(RECIPE, p, density, counts)
    assert torch.equal(clip_losses(RECIPE, p, density, counts.to(counts_dtype)), expected)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_half_precision_predictions_are_judged_in_float32(precision):
    p, density, counts = batch(12, dtype=torch.float32)
    low = p.to(precision)
    with torch.autocast("cpu", precision):
        losses = clip_losses(RECIPE, low, density, counts)
    assert losses.dtype == torch.float32
    assert torch.equal(losses, clip_losses(RECIPE, low.float(), density, counts))


def test_an_empty_target_is_refused_by_name():
    p, density, counts = batch(13, clips=5, maps=2)
    density[1, 1] = 0
    with pytest.raises(DataError, match=r"^0601 frame 31: 1 of 5 clips .* leave such frames out"):
        clip_losses(Recipe(), p, density, counts, names=["a", "0601 frame 31", "c", "d", "e"])
    with pytest.raises(DataError, match=r"^clip 2 of the batch: 1 of 5"):
        clip_losses(published(), p, density, counts)
    density[:] = 0
    with pytest.raises(DataError, match=re.escape("a, b, c, ...: 5 of 5 clips")):
        clip_losses(Recipe(kld=0, cc=1), p, density, counts, names="abcde")
