"""Laws that must hold, awkward frames, and values that cannot be."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.references import metrics as slow

from tased import metrics
from tased.errors import DataError, TasedError, UsageError

few = settings(max_examples=20, deadline=None)
AREAS = ("auc_judd", "auc_borji", "shuffled_auc")
ON_FIXATIONS = ("nss", *AREAS, "information_gain")
WITH_PROTOCOL = ("nss", "sim", "kld", *AREAS)
protocols = pytest.mark.parametrize("protocol", ["exact", "dhf1k"])


def scene(seed, **options):
    return {name: torch.from_numpy(values) for name, values in slow.scene(seed, **options).items()}


scenes = st.builds(
    scene,
    st.integers(0, 10_000),
    fixations=st.integers(1, 40),
    levels=st.sampled_from([None, 255, 7]),
)


def test_densities_that_agree():
    p = scene(1)["density"]
    for protocol in ("exact", "dhf1k"):
        assert metrics.sim(p, 3 * p, protocol=protocol).item() == pytest.approx(1, abs=1e-12)
        assert metrics.kld(p, 3 * p, protocol=protocol).item() == pytest.approx(0, abs=1e-9)
    assert metrics.cc(p, 5 - 2 * p).item() == pytest.approx(-1)
    assert metrics.cc(p, 5 + 2 * p).item() == pytest.approx(1)


@few
@given(one=scenes, shift=st.floats(0, 10), scale=st.floats(0.1, 10))
def test_scaling_and_shifting(one, shift, scale):
    saliency, moved = one["saliency"], scale * one["saliency"] + shift
    for name, other in (("nss", "fixations"), ("cc", "density")):
        metric = getattr(metrics, name)
        assert metric(moved, one[other]).item() == pytest.approx(
            metric(saliency, one[other]).item(), abs=1e-9
        )
    scaled = scale * saliency
    for name in ("sim", "kld"):
        metric = getattr(metrics, name)
        expected = metric(saliency, one["density"]).item()
        assert metric(scaled, one["density"]).item() == pytest.approx(expected, abs=1e-9)
    assert metrics.sim(moved, one["density"], protocol="dhf1k").item() == pytest.approx(
        metrics.sim(saliency, one["density"], protocol="dhf1k").item(), abs=1e-9
    )


@few
@given(one=scenes)
def test_monotone_transformations_leave_areas_alone(one):
    saliency, hit, others = one["saliency"], one["fixations"], one["negatives"]
    for change in (lambda x: x**3, torch.exp, lambda x: torch.log(x + 1e-3), lambda x: 2 * x - 7):
        changed = change(saliency)
        assert metrics.auc_borji(changed, hit) == metrics.auc_borji(saliency, hit)
        assert metrics.shuffled_auc(changed, hit, others) == metrics.shuffled_auc(saliency, hit, others)
        for protocol in ("exact", "dhf1k"):
            expected = metrics.auc_judd(saliency, hit, protocol=protocol)
            assert metrics.auc_judd(changed, hit, protocol=protocol) == expected


@few
@given(one=scenes)
def test_opposites_and_bounds(one):
    saliency, hit, others = one["saliency"], one["fixations"], one["negatives"]
    assert metrics.auc_judd(-saliency, hit).item() == pytest.approx(
        1 - metrics.auc_judd(saliency, hit).item()
    )
    swapped = metrics.shuffled_auc(saliency, others, hit).item()
    assert swapped == pytest.approx(1 - metrics.shuffled_auc(saliency, hit, others).item())
    assert metrics.nss(-saliency, hit).item() == pytest.approx(-metrics.nss(saliency, hit).item())
    for name in ("sim", "kld"):
        assert getattr(metrics, name)(saliency, one["density"]).item() >= 0
    gain = metrics.information_gain(saliency, hit, one["baseline"]).item()
    loss = metrics.information_gain(one["baseline"], hit, saliency).item()
    assert gain == pytest.approx(-loss)


@few
@given(one=scenes)
def test_duplicates_count_in_exact_only(one):
    saliency, hit, others = one["saliency"], one["fixations"], one["negatives"]
    for name, rest in (("nss", ()), ("auc_judd", ()), ("auc_borji", ()), ("shuffled_auc", (others,))):
        metric = getattr(metrics, name)
        assert metric(saliency, 255 * hit, *rest).item() == pytest.approx(metric(saliency, hit, *rest).item())
        once = metric(saliency, hit > 0, *rest, protocol="dhf1k")
        assert metric(saliency, hit, *rest, protocol="dhf1k") == once


@protocols
@pytest.mark.parametrize("value", [0.0, 0.1, 255.0])
def test_flat_maps(protocol, value):
    one = scene(3)
    flat = torch.full_like(one["saliency"], value, dtype=torch.float32)
    found = metrics.score_frames(
        flat, *(one[name] for name in ("fixations", "density", "negatives", "baseline")), protocol=protocol
    )
    assert found["nss"] == found["cc"] == 0
    assert all(found[name] == 0.5 for name in AREAS)
    uniform = torch.ones_like(flat)
    if protocol == "dhf1k":
        assert found["sim"] == 0
    else:
        assert found["sim"].item() == pytest.approx(metrics.sim(uniform, one["density"]).item())
    assert (found["kld"] > 20).item() == (protocol == "dhf1k" and value == 0)
    gain = metrics.information_gain(uniform, one["fixations"], one["baseline"])
    assert found["information_gain"].item() == pytest.approx(gain.item())


@protocols
def test_frames_without_fixations(protocol):
    """NaN, beside frames that have scores; and a flat density is no frame without fixations."""
    one = {name: torch.stack([values, values]) for name, values in scene(3).items()}
    one["fixations"][0] = 0
    one["density"][0] = 0
    found = metrics.score_frames(**one, protocol=protocol)
    assert len(found) == 8
    for scores in found.values():
        assert scores[0].isnan()
        assert scores[1].isfinite()
    flat = torch.ones(9, 12)
    assert metrics.cc(scene(1, rows=9, columns=12)["saliency"], flat) == 0
    assert metrics.sim(flat, flat) == 1


@protocols
def test_nothing_to_compare_with(protocol):
    one = scene(3)
    everywhere, nowhere = torch.ones_like(one["saliency"]), torch.zeros_like(one["saliency"])
    assert metrics.auc_judd(one["saliency"], everywhere, protocol=protocol).isnan()
    assert metrics.shuffled_auc(one["saliency"], one["fixations"], nowhere, protocol=protocol).isnan()
    assert metrics.auc_borji(one["saliency"], everywhere).item() == pytest.approx(0.5)


@protocols
@pytest.mark.parametrize("place", [(0, 0), (0, -1), (-1, 0), (-1, -1), (11, 5)], ids=str)
def test_one_fixation_on_the_greatest_value(protocol, place):
    saliency = torch.rand(24, 32, generator=torch.Generator().manual_seed(0)) * 0.01
    saliency[place] = 1
    hit, others = torch.zeros(24, 32), torch.ones(24, 32)
    hit[place], others[place] = 1, 0
    assert metrics.auc_judd(saliency, hit, protocol=protocol) == 1
    assert metrics.shuffled_auc(saliency, hit, others, protocol=protocol) == 1
    assert metrics.auc_borji(saliency, hit, protocol=protocol) > 0.99
    assert metrics.nss(saliency, hit, protocol=protocol) > 20
    assert 0 < metrics.information_gain(saliency, hit, others + hit) < math.log2(24 * 32)


def test_a_fixation_that_the_map_rules_out_is_finite():
    saliency, hit = torch.ones(8, 8), torch.zeros(8, 8)
    saliency[2, 3], hit[2, 3] = 0, 1
    gain = metrics.information_gain(saliency, hit, torch.ones(8, 8)).item()
    assert gain == pytest.approx(-52 + math.log2(64), abs=1e-6)
    assert metrics.kld(saliency, hit).item() == pytest.approx(52 * math.log(2), abs=1e-6)


def call(name, **changes):
    one = scene(1) | changes
    others = {
        "nss": ["fixations"],
        "cc": ["density"],
        "sim": ["density"],
        "kld": ["density"],
        "shuffled_auc": ["fixations", "negatives"],
        "information_gain": ["fixations", "baseline"],
    }.get(name, ["fixations"])
    return getattr(metrics, name)(one["saliency"], *(one[other] for other in others))


ALL = [name for name in metrics.__all__ if name not in ("METRICS", "score_frames")]


@pytest.mark.parametrize("name", ALL)
def test_maps_that_cannot_be(name):
    good = scene(1)["saliency"]
    for value in (math.nan, math.inf, -math.inf):
        bad = good.clone()
        bad[3, 4] = value
        with pytest.raises(DataError, match="saliency has values that are NaN or infinite"):
            call(name, saliency=bad)
    for bad in (good[None, None], good[0], torch.empty(0, 5), good[:, :0]):
        with pytest.raises(UsageError, match=r"saliency must be \(H, W\) or \(B, H, W\)"):
            call(name, saliency=bad)
    for bad in (good.numpy(), good.to(torch.complex64)):
        with pytest.raises(UsageError, match="saliency must be a tensor of real numbers"):
            call(name, saliency=bad)
    with pytest.raises(UsageError, match=r"is \(36, 64\) but saliency is \(36, 63\); resize the saliency"):
        call(name, saliency=good[:, 1:])
    with pytest.raises(UsageError, match="but saliency is"):
        call(name, saliency=good[None])


@pytest.mark.parametrize("name", ["sim", "kld", "information_gain"])
def test_densities_are_not_negative(name):
    with pytest.raises(DataError, match=r"saliency has negative values \(down to -1\)"):
        call(name, saliency=-torch.ones(36, 64))


@pytest.mark.parametrize("name", ON_FIXATIONS)
def test_fixations_are_counts(name):
    for value in (0.25, -1, math.nan, math.inf):
        hit = scene(1)["fixations"]
        hit[0, 0] = value
        with pytest.raises(DataError, match="fixations must be a map of counts"):
            call(name, fixations=hit)


@pytest.mark.parametrize("name", WITH_PROTOCOL)
def test_protocols_that_are_not(name):
    maps = [torch.ones(3, 4)] * (3 if name == "shuffled_auc" else 2)
    with pytest.raises(UsageError, match="protocol must be one of exact, dhf1k, not 'mit'"):
        getattr(metrics, name)(*maps, protocol="mit")


def test_jitter_is_no_part_of_the_exact_area():
    with pytest.raises(UsageError, match="jitter"):
        metrics.auc_judd(torch.ones(3, 4), torch.ones(3, 4), jitter=torch.Generator())


def test_messages_are_one_line():
    with pytest.raises(TasedError) as caught:
        call("nss", fixations=scene(1)["density"])
    assert "\n" not in str(caught.value)
    assert "is it a density?" in str(caught.value)


@pytest.mark.gpu
@protocols
def test_a_gpu_gives_the_same(protocol):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    one = {name: torch.stack([values, values.flip(0)]) for name, values in scene(3, levels=255).items()}
    here = metrics.score_frames(**one, protocol=protocol)
    there = metrics.score_frames(**{name: values.cuda() for name, values in one.items()}, protocol=protocol)
    for name, scores in here.items():
        torch.testing.assert_close(there[name].cpu(), scores, rtol=1e-10, atol=1e-12)
