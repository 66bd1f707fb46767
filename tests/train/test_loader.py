"""Samples as tensors, against slow definitions; batches, in any number of processes."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.train.handmade import HandmadeClip, HandmadeData

from tased.data.layouts import open_data_set
from tased.data.synthesize import synthesize
from tased.errors import DataError, UsageError
from tased.network.config import NetworkConfig
from tased.predict.resize import resize
from tased.train import loader, workers
from tased.train.loader import training_batches, validation_batches
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Sample, Source, View, past, validation_samples
from tased.train.tensors import load_sample

NETWORK = NetworkConfig(clip_length=4, rows=32, columns=48)
RECIPE = Recipe(
    network=NETWORK, steps=3, clips_per_step=5, clips_per_batch=2, crop=0.3, validation_clips=7, seed=1
)
CLIP = HandmadeClip("one", 9)


def by_hand(sample, config):
    """Every pixel's fixations one at a time; densities as weights of triangles, in float64."""
    frames = {frame.index: frame.pixels for frame in sample.clip.video()}
    clip, densities, fixations = [], [], []
    for place, index in enumerate(sample.frames):
        view = sample.view(place) or View(0, 0, 1, 1)
        pixels = frames[index]
        made = resize(
            np.ascontiguousarray(pixels[view.pixels(*pixels.shape[:2])]), config.rows, config.columns
        )
        clip.append(made.numpy())
        if place < len(sample.frames) - sample.maps:
            continue
        rows, columns = view.pixels(sample.clip.rows, sample.clip.columns)
        cut = sample.clip.density(index)[rows, columns].astype(np.float64)
        densities.append(shrink(shrink(cut, config.rows).T, config.columns).T)
        counts = np.zeros((config.rows, config.columns))
        for row, column in sample.clip.gaze(index).fixations:
            if rows.start <= row < rows.stop and columns.start <= column < columns.stop:
                down = (row - rows.start + 0.5) / (rows.stop - rows.start) * config.rows
                across = (column - columns.start + 0.5) / (columns.stop - columns.start) * config.columns
                counts[int(down + 1e-9), int(across + 1e-9)] += 1
        fixations.append(counts)
    made = [np.stack(part) for part in (clip, densities, fixations)]
    return [part[..., ::-1].copy() for part in made] if sample.flip else made


def shrink(values, out):
    """Along rows: a triangle about each pixel, at least two input pixels wide, cut off at the borders."""
    size = len(values)
    scale = size / out
    reach = max(scale, 1)
    result = np.zeros((out, *values.shape[1:]))
    for row in range(out):
        centre = (row + 0.5) * scale
        weights = np.clip(1 - np.abs(np.arange(size) + 0.5 - centre) / reach, 0, None)
        result[row] = (weights / weights.sum()) @ values
    return result


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    "views",
    [
        None,
        (View(0.1, 0.25, 0.6, 0.7),) * 2,
        (View(0.0, 0.3, 0.6, 0.7), View(0.4, 0.0, 0.6, 0.7)),
    ],
)
@pytest.mark.parametrize(("clip", "maps"), [(CLIP, 1), (CLIP, 3), (HandmadeClip("big", 2, 70, 110), 4)])
def test_a_sample_is_its_definition(clip, maps, views, flip):
    config = replace(NETWORK, maps=maps)
    sample = Sample(clip, past(clip.frames - 1, clip.frames, 4), maps, flip, views)
    loaded = load_sample(sample, config)
    pixels, density, fixations = by_hand(sample, config)
    assert np.array_equal(loaded.clip.numpy(), pixels)
    np.testing.assert_allclose(loaded.density.numpy(), density, rtol=1e-4, atol=1e-6)
    assert np.array_equal(loaded.fixations.numpy(), fixations)
    assert loaded.density.min() >= 0
    assert loaded.truth.fixations.tolist() == clip.gaze(clip.frames - 1).fixations.tolist()
    assert all(part.is_contiguous() for part in (loaded.clip, loaded.density, loaded.fixations))
    if views is None:
        assert fixations[-1].sum() == 7


@pytest.mark.parametrize("frames", [(8, 6, 4, 2), (0, 0, 1, 1), (7, 5, 4, 2), (3, 3, 2, 2)])
def test_backwards_fast_and_slow_it_is_the_frames_that_the_plan_says(frames):
    sample = Sample(CLIP, frames)
    loaded = load_sample(sample, NETWORK)
    pixels, density, _ = by_hand(sample, NETWORK)
    assert np.array_equal(loaded.clip.numpy(), pixels)
    np.testing.assert_allclose(loaded.density.numpy(), density, rtol=1e-4, atol=1e-6)


def test_a_short_video_is_looped():
    found = load_sample(Sample(HandmadeClip("short", 3), past(1, 3, 4)), NETWORK).clip
    frames = [resize(frame.pixels, 32, 48) for frame in HandmadeClip("short", 3).video()]
    assert torch.equal(found, torch.stack([frames[1], frames[2], frames[0], frames[1]]))


def test_a_map_without_light_teaches_nothing():
    clip = HandmadeClip("dark", 6, blank=(4,))
    with pytest.raises(DataError, match=r"videos/dark: frame 0005 of dark .* its map is black"):
        load_sample(Sample(clip, (1, 2, 3, 4)), NETWORK)
    with pytest.raises(DataError, match="frame 0005 of dark"):
        load_sample(Sample(clip, (2, 3, 4, 5), maps=2), replace(NETWORK, maps=2))
    load_sample(Sample(clip, (2, 3, 4, 5)), NETWORK)


def flat(steps):
    """What is in some steps, as plain values."""
    return [
        (b.clips.tolist(), b.density.tolist(), b.fixations.tolist(), [str(s) for s in b.samples], b.skipped)
        for batches in steps
        for b in batches
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two videos to train on, with a file of fixations that is none and a frame that nobody looked at."""
    path = tmp_path_factory.mktemp("made") / "dhf1k"
    synthesize(path, layout="dhf1k", videos=4, frames=12, width=64, height=48, observers=5)
    (path / "annotation/0001/fixation/0006.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(path / "annotation/0002/maps/0008.png")
    return open_data_set("dhf1k", path)


@pytest.fixture(scope="module")
def steps(data):
    """All steps, read in this process."""
    return flat(training_batches(Plan([Source(data, "train")], RECIPE), RECIPE, first_step=1))


def test_batches_are_those_of_the_plan(data, steps):
    assert [len(names) for *_, names, _ in steps] == [2, 2, 1] * 3
    plan = Plan([Source(data, "train")], RECIPE)
    batch = next(training_batches(plan, RECIPE, first_step=2))[1]
    for place, sample in zip((2, 3), batch.samples, strict=True):
        attempts = [plan.sample(2, place, attempt) for attempt in range(4)]
        assert str(sample) in map(str, attempts)
        loaded = load_sample(sample, NETWORK)
        at = batch.samples.index(sample)
        assert torch.equal(batch.clips[at], loaded.clip)
        assert torch.equal(batch.density[at], loaded.density)
        assert torch.equal(batch.fixations[at], loaded.fixations)
    assert batch.truths == ()


def test_what_cannot_be_read_is_replaced_and_named(steps):
    skipped = [pair for *_, pairs in steps for pair in pairs]
    named = [name for *_, names, _ in steps for name in names]
    broken = {"0001, frames 2 to 5": "0006.png", "0002, frames 4 to 7": "its map is black"}
    assert {name for name, _ in skipped} == set(broken)  # the seed is one that meets both
    assert all(broken[name] in why for name, why in skipped)
    assert not set(broken) & set(named)


def test_workers_change_nothing(data, steps):
    assert (
        flat(training_batches(Plan([Source(data, "train")], RECIPE), RECIPE, first_step=1, workers=2))
        == steps
    )


def test_a_run_resumes_by_its_step(data, steps):
    plan = Plan([Source(data, "train")], RECIPE)
    assert flat(training_batches(plan, RECIPE, first_step=3)) == steps[6:]
    assert flat(training_batches(plan, RECIPE, first_step=4)) == []


def test_two_processes_share_what_one_reads(data):
    recipe = replace(RECIPE, clips_per_step=4)
    plan = Plan([Source(data, "train")], recipe)
    alone = list(training_batches(plan, recipe, first_step=1))
    shares = [list(training_batches(plan, recipe, first_step=1, rank=rank, world=2)) for rank in (0, 1)]
    for whole, *parts in zip(alone, *shares, strict=True):
        assert flat([whole]) == flat(parts)


@pytest.mark.parametrize("workers", [0, 2])
def test_ten_failures_in_a_row_stop_it(workers):
    clip = HandmadeClip("broken", 9, broken=tuple(range(9)))
    plan = Plan([Source(HandmadeData((clip,)), None)], RECIPE)
    with pytest.raises(DataError, match=r"step 1: 10 samples in a row .*broken, frames .* is broken"):
        next(training_batches(plan, RECIPE, first_step=1, workers=workers))


def test_a_step_is_made_while_the_one_before_is_used():
    made = []
    steps = loader._one_ahead(made.append(step) or step for step in range(1, 4))
    assert next(steps) == 1
    while len(made) < 2:  # by a thread, which needs no second call for it
        time.sleep(0.001)
    assert list(steps) == [2, 3]


def test_the_thread_that_makes_steps_is_alone_and_no_other_thread_is():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert list(loader._one_ahead(torch.get_num_threads() for _ in range(3))) == [1] * 3
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("workers", [0, 1])
def test_validation_leaves_out_and_names_what_cannot_be_read(data, workers):
    sources = [Source(data, "train")]
    samples = validation_samples(sources, replace(RECIPE, validation_clips=100))
    batches = list(validation_batches(samples, RECIPE, workers=workers))
    assert len(samples) == 2 * 9
    assert [len(batch.samples) for batch in batches] == [2] * 8
    named = [str(sample) for batch in batches for sample in batch.samples]
    skipped = [name for batch in batches for name, _ in batch.skipped]
    assert skipped == ["0001, frames 2 to 5", "0002, frames 4 to 7"]
    assert [str(s) for s in samples if str(s) not in skipped] == named
    for sample, truth in zip(batches[0].samples, batches[0].truths, strict=True):
        expected = sample.clip.truth(sample.targets[-1])
        assert np.array_equal(truth.density, expected.density)
        assert truth.fixations.tolist() == expected.fixations.tolist()
    halves = [list(validation_batches(samples, RECIPE, rank=rank, world=2)) for rank in (0, 1)]
    assert [str(s) for half in halves for batch in half for s in batch.samples] == named


def test_a_validation_that_ends_with_what_cannot_be_read_still_names_it():
    clip = HandmadeClip("one", 6, broken=(5,))
    sources = [Source(HandmadeData((clip,)), None)]
    batches = list(validation_batches(validation_samples(sources, RECIPE), RECIPE))
    assert [(len(batch.samples), len(batch.skipped)) for batch in batches] == [(2, 1)]
    nothing = [Sample(clip, (2, 3, 4, 5))]
    with pytest.raises(
        DataError, match="none of 1 clips to validate on can be read, first one, frames 2 to 5"
    ):
        list(validation_batches(nothing, RECIPE))
    assert list(validation_batches([], RECIPE)) == []


def test_a_video_that_vanishes_is_skipped_too(data, tmp_path):
    shutil.copytree(data.path, tmp_path / "dhf1k")
    (tmp_path / "dhf1k/video/001.AVI").unlink()
    copied = open_data_set("dhf1k", tmp_path / "dhf1k")
    (batches,) = training_batches(
        Plan([Source(copied, "train")], RECIPE), replace(RECIPE, steps=1), first_step=1
    )
    assert {s.clip.name for batch in batches for s in batch.samples} == {"0002"}
    assert any("no such file" in why for batch in batches for _, why in batch.skipped)


def test_shared_memory_holds_a_step_or_what_there_is(monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "_SHARED", tmp_path)
    free = workers.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(workers.shutil, "disk_usage", lambda path: free._replace(free=8_000))
    assert workers._per_worker(2, ahead=40, parcel_bytes=100) == 20
    assert workers._per_worker(2, ahead=1, parcel_bytes=100) == 2
    assert workers._per_worker(2, ahead=40, parcel_bytes=200) == 10
    with pytest.raises(UsageError, match="docker run --shm-size"):
        workers._per_worker(2, ahead=40, parcel_bytes=2_001)
