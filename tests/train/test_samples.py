"""The plan: what is learnt from at which step."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.train.handmade import HandmadeClip, HandmadeData, Noise

from tased.errors import DataError, UsageError
from tased.network.config import NetworkConfig
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Source, View, check_sources, past, validation_samples

NETWORK = NetworkConfig(clip_length=4, rows=32, columns=32)
RECIPE = Recipe(network=NETWORK)


def source(*frames, weight=1.0, name="clip"):
    clips = tuple(HandmadeClip(f"{name}-{number}", count) for number, count in enumerate(frames))
    return Source(HandmadeData(clips), None, weight)


def drawn(plan, number):
    """So many samples of steps of ten places."""
    return [plan.sample(step, place) for step in range(1, number // 10 + 1) for place in range(10)]


def alike(counts, expected):
    """Whether counts fit expected shares: each within five standard deviations."""
    total = sum(counts.values())
    assert counts.keys() == expected.keys()
    for key, share in expected.items():
        assert abs(counts[key] - total * share) < 5 * (total * share * (1 - share)) ** 0.5 + 1, key


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**40),
    step=st.integers(1, 10**6),
    place=st.integers(0, 99),
    attempt=st.integers(0, 9),
)
def test_the_same_numbers_give_the_same_sample(seed, step, place, attempt):
    recipe = replace(RECIPE, seed=seed, crop=0.3)
    first, again = (Plan([source(9, 2), source(1)], recipe) for _ in range(2))
    numbers = (step, place, attempt)
    assert first.sample(*numbers) == again.sample(*numbers)
    others = {first.sample(step, place, other).views for other in range(5)}
    assert len(others) == 5


def test_every_frame_with_a_full_past_has_the_same_chance():
    plan = Plan([source(9, 4, 3, 1)], RECIPE)
    counts = Counter((s.clip.name, s.targets[-1]) for s in drawn(plan, 6000))
    possible = [("clip-0", i) for i in range(3, 9)] + [("clip-1", 3)]
    possible += [("clip-2", 0), ("clip-2", 1), ("clip-2", 2), ("clip-3", 0)]  # looped: all their frames
    alike(counts, dict.fromkeys(possible, 1 / len(possible)))


def test_every_video_has_the_same_chance_and_then_its_frames():
    plan = Plan([source(9, 4, 3)], replace(RECIPE, sampling="videos"))
    samples = drawn(plan, 6000)
    alike(Counter(s.clip.name for s in samples), dict.fromkeys(("clip-0", "clip-1", "clip-2"), 1 / 3))
    within = Counter(s.targets[-1] for s in samples if s.clip.name == "clip-0")
    alike(within, dict.fromkeys(range(3, 9), 1 / 6))


def test_sources_have_their_weights_whatever_their_sizes():
    plan = Plan([source(100, 100, name="a"), source(1, weight=3, name="b")], RECIPE)
    alike(Counter(s.clip.name[0] for s in drawn(plan, 4000)), {"a": 0.25, "b": 0.75})


def test_flips_are_as_often_as_asked_for_and_change_no_frames():
    chosen = {}
    for flip in (0.0, 0.3, 1.0):
        samples = drawn(Plan([source(50)], replace(RECIPE, flip=flip)), 2000)
        chosen[flip] = [s.frames for s in samples]
        assert abs(np.mean([s.flip for s in samples]) - flip) < 0.05
    assert chosen[0.0] == chosen[0.3] == chosen[1.0]


def test_the_past_is_the_papers():
    """Consecutive frames; a short video is laid end to end with itself before."""
    for frames in range(1, 12):
        tape = [*range(frames)] * 20
        for target in range(4 - 1 if frames >= 4 else 0, frames):
            end = 10 * frames + target
            assert past(target, frames, 4) == tuple(tape[end - 3 : end + 1])


def test_several_maps_are_of_the_last_frames():
    plan = Plan([source(9)], replace(RECIPE, network=replace(NETWORK, maps=3)))
    for sample in drawn(plan, 50):
        assert sample.targets == sample.frames[1:]
        assert len(sample.frames) == 4


def test_crops_are_in_the_picture_and_as_large_as_asked_for():
    samples = drawn(Plan([source(9)], replace(RECIPE, crop=0.4)), 3000)
    views = [s.views[0] for s in samples]
    assert all(s.view(0) == s.view(1) == s.view(3) for s in samples)
    for size, place in (("height", "top"), ("width", "left")):
        sizes = np.array([getattr(view, size) for view in views])
        ends = np.array([getattr(view, place) for view in views]) + sizes
        assert 0.6 <= sizes.min() < 0.62
        assert 0.98 < sizes.max() <= 1
        assert min(getattr(view, place) for view in views) >= 0
        assert ends.max() <= 1 + 1e-9
        assert abs(ends.mean() - (1 + sizes.mean()) / 2) < 0.01  # neither side is preferred


def test_pictures_are_wandered_over_on_a_straight_way():
    plan = Plan([source(1)], replace(RECIPE, pan=0.3))
    ways = []
    for sample in drawn(plan, 500):
        tops, lefts = ([getattr(sample.view(i), side) for i in range(4)] for side in ("top", "left"))
        np.testing.assert_allclose(np.diff(tops, n=2), 0, atol=1e-12)
        np.testing.assert_allclose(np.diff(lefts, n=2), 0, atol=1e-12)
        assert (sample.view(0), sample.view(3)) == sample.views
        assert all(view.height == pytest.approx(0.7) for view in sample.views)
        ways.append(tops[-1] - tops[0])
    assert 0.25 < max(ways) <= 0.3
    assert -0.25 > min(ways) >= -0.3
    assert Plan([source(9)], replace(RECIPE, pan=0.3)).sample(1, 1).views is None  # of a picture alone


@given(
    view=st.tuples(st.floats(0.01, 1), st.floats(0, 1)),
    size=st.integers(1, 300),
)
def test_views_are_within_any_picture(view, size):
    height, place = view
    rows, columns = View(place * (1 - height), 0, height, 1).pixels(size, size)
    assert 0 <= rows.start < rows.stop <= size
    assert abs((rows.stop - rows.start) - height * size) <= 1
    assert columns == slice(0, size)


def test_validation_is_over_all_frames_and_always_the_same():
    sources = [source(40, 3, name="a"), source(9, weight=100, name="b")]
    recipe = replace(RECIPE, crop=0.5, flip=1.0, validation_clips=20)
    found = validation_samples(sources, recipe)
    assert found == validation_samples(sources, recipe)
    assert len({str(sample) for sample in found}) == 20
    assert all(sample.views is None and not sample.flip for sample in found)
    everything = validation_samples(sources, replace(recipe, validation_clips=1000))
    expected = [("a-0", i) for i in range(3, 40)] + [("a-1", i) for i in range(3)]
    expected += [("b-0", i) for i in range(3, 9)]
    assert [(s.clip.name, s.targets[-1]) for s in everything] == expected
    counts = Counter(
        s.clip.name for seed in range(60) for s in validation_samples(sources, replace(recipe, seed=seed))
    )
    alike(counts, {"a-0": 37 / 46, "a-1": 3 / 46, "b-0": 6 / 46})


def test_samples_say_what_they_are():
    plan = Plan([source(4)], RECIPE)
    assert str(plan.sample(1, 1)) == "clip-0, frames 0 to 3"
    assert str(Plan([source(1)], RECIPE).sample(1, 1)) == "clip-0, frame 0 after a loop of 1"


class Longer(HandmadeClip):
    def video(self):
        return Noise(self.video_path, self.frames + 2)


def test_what_could_not_be_learnt_from_is_told_before():
    check_sources([source(5, 1)], RECIPE)
    with pytest.raises(DataError, match="no data"):
        check_sources([], RECIPE)
    with pytest.raises(DataError, match="no clip of 'all' has frames"):
        check_sources([source(0)], RECIPE)
    data = HandmadeData((HandmadeClip("good", 5), Longer("bad", 5), Longer("worse", 3)))
    with pytest.raises(DataError, match=r"videos/bad: has 7 frames, and .* bad 5 \(and 1 more such clips\)"):
        check_sources([Source(data, None)], RECIPE)
    with pytest.raises(UsageError, match="weight is 0"):
        source(5, weight=0)


def test_backwards_every_frame_with_a_full_future_has_the_same_chance():
    """As often as asked for; and it is the plan of the video shown backwards."""
    plain = drawn(Plan([source(9)], RECIPE), 4000)
    found = drawn(Plan([source(9)], replace(RECIPE, reverse=0.4)), 4000)
    backwards = [s.frames != p.frames for s, p in zip(found, plain, strict=True)]
    assert abs(np.mean(backwards) - 0.4) < 0.05
    for sample, before, turned in zip(found, plain, backwards, strict=True):
        assert sample.frames == (tuple(8 - i for i in before.frames) if turned else before.frames)
        assert sample.flip == before.flip
    targets = Counter(s.targets[-1] for s, turned in zip(found, backwards, strict=True) if turned)
    alike(targets, dict.fromkeys(range(6), 1 / 6))
    assert str(next(s for s in found if s.frames == (4, 3, 2, 1))) == "clip-0, 4 frames from 4 to 1"


def test_speeds_are_drawn_alike_slow_and_fast():
    """Of long steps in time, as a viewer would measure them: from first to last frame."""
    recipe = replace(RECIPE, network=replace(NETWORK, clip_length=32), speed=2.0)
    samples = [s for s in drawn(Plan([source(1000)], recipe), 3000) if s.frames[-1] > 100]
    paces = np.array([(s.frames[-1] - s.frames[0]) / 31 for s in samples])
    assert 0.48 < paces.min() < 0.52
    assert 1.95 < paces.max() < 2.02
    assert abs(np.mean(paces < 1) - 0.5) < 0.05
    assert abs(np.log(paces).mean()) < 0.03
    for sample, pace in zip(samples, paces, strict=True):
        exact = sample.frames[-1] - pace * np.arange(31, -1, -1)
        assert np.abs(np.array(sample.frames) - exact).max() <= 1
        assert sample.frames[-1] == sample.targets[-1]


@given(
    target=st.integers(0, 40), frames=st.integers(1, 41), length=st.integers(1, 8), pace=st.floats(0.25, 4)
)
def test_at_any_pace_a_full_past_is_not_looped(target, frames, length, pace):
    if target >= frames or (frames >= length > target + 1):
        return
    found = past(target, frames, length, pace)
    assert len(found) == length
    assert found[-1] == target
    assert all(0 <= index < frames for index in found)
    if frames >= length:
        assert list(found) == sorted(found)
    assert past(target, frames, length, 1.0) == past(target, frames, length)


def test_speed_and_direction_of_a_picture_are_none():
    recipe = replace(RECIPE, speed=4.0, reverse=1.0)
    assert {s.frames for s in drawn(Plan([source(1)], recipe), 50)} == {(0, 0, 0, 0)}


def test_pictures_are_zoomed_into_and_out_of():
    plan = Plan([source(1)], replace(RECIPE, zoom=0.4, crop=0.2))
    ratios = []
    for sample in drawn(plan, 500):
        views = [sample.view(place) for place in range(4)]
        for side in ("top", "left", "height", "width"):
            np.testing.assert_allclose(np.diff([getattr(v, side) for v in views], n=2), 0, atol=1e-12)
        assert all(v.top >= 0 and v.left >= 0 for v in views)
        assert all(v.top + v.height < 1 + 1e-9 and v.left + v.width < 1 + 1e-9 for v in views)
        assert views[0].height / views[0].width == pytest.approx(views[3].height / views[3].width)
        ratios.append(views[3].height / views[0].height)
    assert 0.6 < min(ratios) < 0.7 < 1.4 < max(ratios) < 1 / 0.6
    assert Plan([source(9)], replace(RECIPE, zoom=0.3)).sample(1, 1).views is None  # of a picture alone


def test_colours_are_drawn_alike_to_either_side():
    plain = drawn(Plan([source(9)], RECIPE), 2000)
    found = drawn(Plan([source(9)], replace(RECIPE, colour=0.4)), 2000)
    assert [replace(sample, colour=None) for sample in found] == plain
    for name, centre, most in (("contrast", 1, 0.4), ("saturation", 1, 0.4), ("brightness", 0, 0.2)):
        changes = np.array([getattr(sample.colour, name) for sample in found]) - centre
        assert 0.98 * most < np.abs(changes).max() <= most
        assert abs(changes.mean()) < 0.05 * most
        assert np.quantile(changes, 0.75) == pytest.approx(most / 2, rel=0.1)


def test_what_is_new_changes_nothing_where_it_is_not_asked_for():
    """The plan as it was before reversal, speed, zoom and colours: of the same chances, the same clips."""
    plan = Plan([source(9, 30), source(1, name="p")], replace(RECIPE, crop=0.3, pan=0.2))
    found = [plan.sample(1, place) for place in range(8)]
    rng = [np.random.default_rng([0, 1, place, 0]).random(12) for place in range(8)]
    for sample, chances in zip(found, rng, strict=True):
        clips = [(9, 6), (30, 27)] if chances[0] < 0.5 else [(1, 1)]
        number = int(chances[1] * sum(count for _, count in clips))
        if number >= clips[0][1]:
            number -= clips.pop(0)[1]
        frames, _ = clips[0]
        assert sample.clip.frames == frames
        assert sample.frames == ((0,) * 4 if frames == 1 else tuple(range(number, number + 4)))
        assert sample.flip == (chances[3] < 0.5)
        height = 1 - 0.3 * chances[4]
        seen = height * (0.8 if frames == 1 else 1)
        assert sample.views[0].height == seen
        assert sample.views[1].top == (1 - height) * chances[6] + (height - seen) * chances[10]
