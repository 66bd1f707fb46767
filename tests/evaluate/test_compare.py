import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from tests.evaluate.handmade_results import a_hundred, results

from tased.errors import DataError, UsageError
from tased.evaluate.compare import bootstrap_mean, compare
from tased.metrics import METRICS

A = {"v1": 2.0, "v2": 3.0, "v3": 1.0, "v4": 1.5}
B = {"v1": 1.0, "v2": 3.0, "v3": 1.75, "v4": 1.0}


def test_paired_by_hand():
    found = compare(results(A, model="a"), results(B, model="b"))
    # Differences: +1, 0, -0.75, +0.5; their mean is 0.1875.
    assert [(video.name, video.difference) for video in found.videos] == [
        ("v1", 1.0), ("v4", 0.5), ("v2", 0.0), ("v3", -0.75),
    ]  # fmt: skip
    assert found.mean == 0.1875
    assert (found.a_wins, found.b_wins) == (1, 1)  # half a NSS is not more than half a NSS
    assert (found.a, found.b, found.threshold) == ("a", "b", 0.5)
    assert found.interval[0] < found.mean < found.interval[1]
    assert not found.settled


def test_the_order_of_videos_does_not_matter():
    shuffled = dict(sorted(B.items(), reverse=True))
    found, again = compare(results(A), results(B)), compare(results(A), results(shuffled))
    assert found == again


def test_the_other_way_round_is_the_mirror():
    one, other = compare(results(A), results(B)), compare(results(B), results(A))
    assert one.mean == -other.mean
    assert (one.a_wins, one.b_wins) == (other.b_wins, other.a_wins)
    assert [v.name for v in one.videos] == [v.name for v in other.videos][::-1]


def test_the_papers_count():
    """37 videos better by more than 0.5, 7 worse by more, as in section 4.2."""
    gaps = [0.8] * 37 + [-0.7] * 7 + [0.3] * 56
    a = results({f"{i}": 2 + gap for i, gap in enumerate(gaps)}, model="TASED-Net")
    b = results({f"{i}": 2.0 for i in range(100)}, model="ACLNet")
    found = compare(a, b)
    assert (found.a_wins, found.b_wins) == (37, 7)
    assert "TASED-Net beats ACLNet by more than 0.5 NSS on 37 videos, ACLNet beats TASED-Net on 7." in str(
        found
    )
    assert found.settled


def test_threshold_is_of_the_metric():
    a, b = results(A, model="a", cc=0.5), results(B, model="b", cc=0.4)
    assert compare(a, b, metric="cc").a_wins == 4  # any gap counts, by default
    assert compare(a, b, metric="cc", threshold=0.2).a_wins == 0
    assert compare(a, b, threshold=0.4).a_wins == 2


def test_less_is_better_for_kld():
    a, b = (
        results({"x": 1.0, "y": 1.0}, model="a", kld=0.5),
        results({"x": 1.0, "y": 1.0}, model="b", kld=1.5),
    )
    b = replace(b, videos=(b.videos[0], replace(b.videos[1], scores={"kld": 0.6})))
    found = compare(a, b, metric="kld")
    assert (found.a_wins, found.b_wins) == (2, 0)
    assert found.mean < 0
    assert [video.name for video in found.videos] == ["x", "y"]  # A's best first


def test_videos_of_one_alone_are_listed():
    found = compare(results(A | {"z": 1.0}), results(B | {"y": math.nan, "w": 2.0}))
    assert found.only_a == ("z",)
    assert found.only_b == ("w",)
    assert len(found.videos) == 4


def test_one_video_has_no_interval():
    found = compare(results({"x": 2.0}, model="a"), results({"x": 1.0}, model="b"))
    assert found.interval is None
    assert not found.settled
    assert "one video has no interval" in str(found)
    assert "on 1 video," in str(found)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"fingerprint": "e" * 64}, "fingerprint"),
        ({"protocol": "exact"}, "protocol is 'dhf1k' in one and 'exact' in the other"),
        ({"data": "Mine"}, "data is 'DHF1K'"),
    ],
)
def test_other_terms_are_refused(change, what):
    with pytest.raises(DataError, match=what):
        compare(results(A), results(B, **change))


def test_nothing_in_common_is_refused():
    with pytest.raises(DataError, match="no video in common"):
        compare(results(A), results({"other": 1.0}))
    with pytest.raises(DataError, match="score in KLD"):
        compare(results(A), results(B), metric="kld")


def test_a_name_twice_is_refused():
    twice = results(A, model="odd")
    twice = replace(twice, videos=twice.videos + twice.videos[:1])
    with pytest.raises(DataError, match="odd: holds the video 'v1' twice"):
        compare(twice, results(B))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"metric": "speed"}, "'speed' is not a metric"),
        ({"threshold": -1.0}, "threshold of -1"),
        ({"threshold": math.nan}, "threshold of nan"),
        ({"resamples": 1}, "1 resamples"),
    ],
)
def test_wrong_use(options, what):
    with pytest.raises(UsageError, match=what):
        compare(results(A), results(B), **options)


def test_every_metric_has_a_name():
    scores = dict.fromkeys(METRICS[1:], 0.5)
    for metric in METRICS:
        assert str(compare(results(A, **scores), results(A, **scores), metric=metric))


def test_what_weakens_the_pairing_is_told():
    found = compare(results(A, seed=1), results(B, seed=2, frames=11))
    assert "seed 1 and seed 2" in found.notes[0]
    assert found.notes[1].startswith("4 videos had another number of frames")
    assert "fewer than 20 videos" in found.notes[2]
    assert compare(a_hundred(2.0), a_hundred(1.0)).notes == ()


def test_the_interval_is_reproducible():
    a, b = a_hundred(2.0), results({f"{601 + i:04d}": 1.9 + math.sin(i) for i in range(100)})
    assert compare(a, b) == compare(a, b)
    assert compare(a, b).interval != compare(a, b, seed=1).interval


@pytest.mark.parametrize("size", [5, 40, 300])
@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_the_interval_is_scipys(size, draw):
    values = getattr(np.random.default_rng(size), draw)(size=size)
    low, high = bootstrap_mean(values, resamples=20_000)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    # Two draws of 20,000 resamples agree within a few hundredths of the interval's width.
    width = theirs.high - theirs.low
    assert [low, high] == pytest.approx([theirs.low, theirs.high], abs=0.04 * width)


def test_the_interval_is_scipys_with_many_ties():
    values = np.repeat([0.0, 1.0, 4.0], [6, 3, 1])
    low, high = bootstrap_mean(values, resamples=50_000)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=50_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert [low, high] == pytest.approx([theirs.low, theirs.high], abs=0.101)  # a step of the resampled means


def test_the_interval_covers_what_it_says():
    """Of 400 samples of 50 skewed values about 95% of the intervals hold the true mean."""
    generator = np.random.default_rng(0)
    covered = 0
    for i in range(400):
        low, high = bootstrap_mean(generator.exponential(size=50), resamples=1000, seed=i)
        covered += low <= 1 <= high
    assert 0.90 <= covered / 400 <= 0.98


def test_equal_values_have_an_interval_of_no_width():
    assert bootstrap_mean(np.full(7, 0.1)) == pytest.approx((0.1, 0.1))
    assert not compare(results(A), results(A)).settled


def test_resamples_in_blocks_are_all_there(monkeypatch):
    """However few are drawn at a time, the numbers drawn are the same."""
    values = np.random.default_rng(0).normal(size=30)
    whole = bootstrap_mean(values, resamples=1001)
    monkeypatch.setattr("tased.evaluate.compare.BLOCK", 64)
    assert bootstrap_mean(values, resamples=1001) == whole
