"""The plan of windows, the stream that carries it out, and what lies around them."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tased
from tased.errors import UsageError
from tased.predict.maps import SaliencyMap
from tased.predict.sliding import SlidingShot
from tased.predict.stream import Stream
from tased.predict.windows import windows
from tased.video.frame import Frame

lengths = st.sampled_from([4, 8, 16])
counts = st.integers(1, 60)


def frame(index):
    return Frame(np.full((2, 3, 3), index, np.uint8), index, index / 25)


def shot(length, calls=None, together=1):
    """A shot whose maps say which frames were seen, in which order: a number in base 64."""

    def prepare(f):
        return torch.from_numpy(f.pixels.transpose(2, 0, 1).copy())

    def predict(clips):
        assert len(clips) <= together + 1
        maps = []
        for clip in clips:
            seen = clip.stacked()[:, 0, 0, 0].tolist()
            if calls is not None:
                calls.append(tuple(seen))
            maps.append(torch.full((2, 3), code(seen), dtype=torch.float64))
        return maps

    return SlidingShot(length, prepare, predict, together)


def code(frames):
    return sum(n * 64.0**i for i, n in enumerate(frames))


def published_schedule(num_frames, length):
    """As the published script goes through a video, frame by frame."""
    seen = {}
    for i in range(length - 1, num_frames):
        clip = list(range(i - length + 1, i + 1))
        seen[i] = clip
        if i < 2 * length - 2:
            seen[i - length + 1] = clip[::-1]
    return seen


@given(lengths, st.integers(0, 40))
def test_long_videos_follow_the_published_schedule(length, extra):
    n = 2 * length - 1 + extra
    assert {w.target: list(w.frames) for w in windows(n, length)} == published_schedule(n, length)


@given(counts, lengths)
def test_every_frame_is_predicted_once_and_in_order(n, length):
    plan = list(windows(n, length))
    assert [w.target for w in plan] == list(range(n))
    assert all(len(w.frames) == length and 0 <= min(w.frames) <= max(w.frames) < n for w in plan)


@given(st.integers(1, 30), lengths)
def test_short_videos_are_looped(n, length):
    looped = [i % n for i in range(max(n, 2 * length - 1))]
    expected = published_schedule(len(looped), length)
    assert [list(w.frames) for w in windows(n, length)] == [
        [looped[i] for i in expected[t]] for t in range(n)
    ]


@settings(deadline=None)
@given(counts, lengths, st.sampled_from([1, 2, 3, 8, 100]))
def test_the_stream_is_the_plan(n, length, together):
    calls = []
    stream = Stream(lambda: shot(length, calls, together), size="network")
    maps = [m for i in range(n) for m in stream.push(frame(i))] + stream.drain()
    assert [m.index for m in maps] == list(range(n))
    assert [m.values[0, 0].item() for m in maps] == [code(w.frames) for w in windows(n, length)]
    assert sorted(calls) == sorted(tuple(w.frames) for w in windows(n, length))  # each once


@given(st.integers(31, 60))
def test_a_map_lags_no_more_than_it_must(n):
    stream = Stream(lambda: shot(16), size="network")
    given = [[m.index for m in stream.push(frame(i))] for i in range(n)]
    assert given[:15] == [[]] * 15
    assert given[15:29] == [[i] for i in range(14)]
    assert given[29] == list(range(14, 30)) if n > 29 else True
    assert given[30:] == [[i] for i in range(30, n)]


@given(st.integers(31, 60), st.integers(1, 20))
def test_a_map_that_waits_for_others_waits_for_few(n, together):
    stream = Stream(lambda: shot(16, together=together), size="network")
    due = 0
    for i in range(n):
        due += 1
        due -= len(stream.push(frame(i)))
        assert i < 30 + together or due <= together - 1
    assert len(stream.drain()) == due


@settings(deadline=None)
@given(counts, lengths, st.integers(2, 9), st.sampled_from([1, 3, 8]))
def test_every_nth_is_predicted_and_the_rest_interpolated(n, length, every, together):
    calls = []
    stream = Stream(lambda: shot(length, calls, together), every=every, size="network")
    maps = [m for i in range(n) for m in stream.push(frame(i))] + stream.drain()
    full = [code(w.frames) for w in windows(n, length)]
    known = sorted({*range(0, n, every), n - 1})
    assert [m.index for m in maps] == list(range(n))
    assert [m.seconds for m in maps] == [i / 25 for i in range(n)]
    np.testing.assert_allclose(
        [m.values[1, 2].item() for m in maps], np.interp(range(n), known, [full[i] for i in known]), rtol=1e-6
    )
    assert len(calls) == len(known)  # no window in vain


@dataclass
class Counting:
    """A shot that gives every frame the number of frames it has seen."""

    seen: int = 0

    def push(self, f, *, wanted=True):
        self.seen += 1
        return [SaliencyMap(torch.full((2, 3), self.seen / 100), f.index, f.seconds)] if wanted else []

    def drain(self):
        return []


def scene(colour, frames, first=0):
    rng = np.random.default_rng(colour)
    picture = rng.integers(0, 256, (36, 64, 3), dtype=np.uint8) // 2 + colour
    for i in range(frames):
        yield Frame(np.roll(picture, 2 * i, axis=1), first + i, (first + i) / 25)


def test_a_cut_begins_a_new_shot():
    stream = Stream(Counting, cuts=True, size="network")
    frames = [*scene(0, 20), *scene(120, 15, first=20)]
    seen = [round(m.values[0, 0].item() * 100) for f in frames for m in stream.push(f)]
    assert seen == [*range(1, 21), *range(1, 16)]
    whole = Stream(Counting, size="network")
    assert [round(m.values[0, 0].item() * 100) for f in frames for m in whole.push(f)] == list(range(1, 36))


def test_interpolation_does_not_cross_a_cut():
    stream = Stream(Counting, cuts=True, every=7, size="network")
    frames = [*scene(0, 20), *scene(120, 15, first=20)]
    maps = [m for f in frames for m in stream.push(f)] + stream.drain()
    assert [round(m.values[0, 0].item() * 100) for m in maps] == [*range(1, 21), *range(1, 16)]


def test_motion_noise_flicker_and_fades_are_no_cuts():
    rng = np.random.default_rng(0)
    noise = [Frame(rng.integers(0, 256, (36, 64, 3), dtype=np.uint8), i, i / 25) for i in range(30)]
    flicker = [Frame(np.full((36, 64, 3), 100 + 60 * (i % 2), np.uint8), i, i / 25) for i in range(30)]
    fade = [Frame(np.full((36, 64, 3), 8 * i, np.uint8), i, i / 25) for i in range(30)]
    pan = list(scene(10, 30))
    for frames in (noise, flicker, fade, pan):
        stream = Stream(Counting, cuts=True, size="network")
        assert round([m for f in frames for m in stream.push(f)][-1].values[0, 0].item() * 100) == 30


def test_maps_come_at_the_size_asked_for():
    def sizes(size):
        stream = Stream(Counting, size=size)
        return [
            tuple(m.values.shape)
            for i in range(3)
            for m in stream.push(Frame(np.zeros((50, 70, 3), np.uint8), i, 0.0))
        ]

    assert sizes("network") == [(2, 3)] * 3
    assert sizes("source") == [(50, 70)] * 3
    assert sizes((9, 16)) == [(9, 16)] * 3


def test_plain_arrays_are_frames_too():
    stream = Stream(Counting, size="network", rate=50)
    maps = [m for _ in range(3) for m in stream.push(np.zeros((4, 4, 3), np.uint8))]
    assert [(m.index, m.seconds) for m in maps] == [(0, 0.0), (1, 0.02), (2, 0.04)]


def test_views_and_read_only_arrays_are_taken():
    bgr = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    fixed = bgr[..., ::-1].copy()
    fixed.flags.writeable = False
    given = [tased.load("spectral").stream().push(frame)[0].values for frame in (bgr[..., ::-1], fixed)]
    assert torch.equal(*given)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8), "a.png"],
)
def test_other_things_are_refused(wrong):
    with pytest.raises(UsageError, match=r"RGB,? uint8,? \(H, W, 3\)"):
        Stream(Counting).push(wrong)


def test_a_stream_has_one_size_until_it_is_reset():
    stream = Stream(Counting)
    stream.push(np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(UsageError, match="a frame of 8x4 came after frames of 6x4"):
        stream.push(np.zeros((4, 8, 3), np.uint8))
    stream.reset()
    assert stream.push(np.zeros((4, 8, 3), np.uint8))[0].values.shape == (4, 8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every": 0}, "every is 0"),
        ({"size": (9, 0)}, "0x9"),
        ({"size": (9, 9000)}, "8192x8192"),
        ({"size": "big"}, "'big'"),
        ({"rate": 0}, "rate is 0"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        Stream(Counting, **options)


def test_reset_forgets():
    stream = Stream(lambda: shot(4), size="network")
    first = [m for i in range(9) for m in stream.push(frame(i))]
    stream.reset()
    again = [m for i in range(9) for m in stream.push(frame(i))]
    assert [m.values[0, 0].item() for m in first] == [m.values[0, 0].item() for m in again]
