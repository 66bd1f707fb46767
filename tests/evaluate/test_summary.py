"""A few numbers of an evaluation: by hand, and held against SciPy's bootstrap."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.evaluate.handmade_results import results

from tased.evaluate.summary import summary

NSS = {"a": 1.0, "b": 2.5, "c": 4.0, "d": 0.5}


def test_all_metrics_over_all_clips_and_over_each_group():
    found = summary(results(NSS, cc=0.25, kld=1.5), [["d", "b"], ["a"], ["c", "b", "a"]])
    assert set(found) == {"nss", "cc", "kld", "by_group"}
    assert found["nss"]["mean"] == 2.0
    assert [group["nss"]["mean"] for group in found["by_group"]] == [1.5, 1.0, 2.5]
    assert all(group["cc"]["mean"] == 0.25 for group in found["by_group"])
    assert all(set(group) == {"nss", "cc", "kld"} for group in found["by_group"])


def test_intervals_are_those_of_a_bootstrap_over_the_clips_and_one_has_none():
    found = summary(results(NSS), [["a", "b", "d"], ["c"]])
    low, high = found["nss"]["interval"]
    other = stats.bootstrap((np.array([*NSS.values()]),), np.mean, method="BCa", rng=1).confidence_interval
    assert (low, high) == pytest.approx(tuple(other), abs=0.1)
    low, high = found["by_group"][0]["nss"]["interval"]
    assert 0.5 <= low < found["by_group"][0]["nss"]["mean"] < high <= 2.5
    assert found["by_group"][1]["nss"]["interval"] is None


def test_a_metric_is_of_the_clips_that_have_it():
    """Clips without gaze have no NSS; what no clip has is left out."""
    whole = results(NSS, cc=0.5)
    bare = replace(whole.videos[0], scores={"cc": 0.5})
    found = summary(replace(whole, videos=(bare, *whole.videos[1:])), [["a"], ["a", "c"]])
    assert found["nss"]["mean"] == pytest.approx((2.5 + 4.0 + 0.5) / 3, abs=5e-4)
    assert "nss" not in found["by_group"][0]
    assert found["by_group"][1]["nss"] == {"mean": 4.0, "interval": None}
    assert found["by_group"][1]["cc"]["mean"] == 0.5
