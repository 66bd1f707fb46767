"""Evaluating a data set: what the numbers are means of, and that nothing is done twice or lost."""

import numpy as np
import pytest
from PIL import Image
from tests.handmade import HandmadeClip, HandmadeData

from tased.errors import DataError, UsageError
from tased.evaluate import run
from tased.evaluate.predictions import FilePredictions, Observers
from tased.evaluate.results import Results

CLIPS = (
    HandmadeClip("a", seed=1, frames=4),
    HandmadeClip("b", seed=2, frames=6, empty=(0, 3)),
    HandmadeClip("c", seed=3, frames=3, rows=20, columns=30),
)


def evaluate(data, predictions, **options):
    [evaluation] = run.evaluate(data, [predictions], **options)
    return evaluation


@pytest.fixture
def data(tmp_path):
    return HandmadeData(tmp_path, CLIPS)


@pytest.fixture
def predictions(tmp_path):
    """The truth with noise, at another size."""
    rng = np.random.default_rng(0)
    for clip in CLIPS:
        maps = []
        for index in range(clip.frames):
            picture = Image.fromarray(clip.truth(index).density).resize((24, 15))
            maps.append(np.asarray(picture) + 0.3 * rng.random((15, 24), dtype=np.float32))
        path = tmp_path / "maps" / f"{clip.name}.npz"
        path.parent.mkdir(exist_ok=True)
        np.savez(path, maps=np.stack(maps), index=np.arange(clip.frames))
    return FilePredictions(tmp_path / "maps")


def test_means_are_over_frames_and_over_videos(data, predictions):
    """NSS by hand, from the files on."""
    found = evaluate(data, predictions, workers=1)
    by_video = {}
    for clip in CLIPS:
        maps = np.load(predictions.path / f"{clip.name}.npz")["maps"]
        for index in range(clip.frames):
            fixations = clip.truth(index).fixations
            if len(fixations) == 0:
                continue
            grown = np.asarray(Image.fromarray(maps[index]).resize((clip.columns, clip.rows), Image.BILINEAR))
            z = (grown - grown.mean(dtype=np.float64)) / grown.std(dtype=np.float64)
            by_video.setdefault(clip.name, []).append(z[tuple(fixations.T)].mean())
    results = found.results
    over_frames = np.mean([score for scores in by_video.values() for score in scores])
    over_videos = np.mean([np.mean(scores) for scores in by_video.values()])
    assert abs(over_frames - over_videos) > 1e-3  # they are not the same thing
    assert results.over_frames["nss"] == pytest.approx(over_frames, rel=1e-4)
    assert results.over_videos["nss"] == pytest.approx(over_videos, rel=1e-4)
    assert [(v.name, v.frames, v.skipped) for v in results.videos] == [("a", 4, 0), ("b", 4, 2), ("c", 3, 0)]
    assert results.counts == {
        "videos": 3,
        "frames": 11,
        "frames_without_fixations": 2,
        "fixations": 11 * 6,
        "fixations_outside": 2 + 3 + 1,
    }
    assert len(found.frames) == 13


@pytest.mark.parametrize("protocol", ["exact", "dhf1k"])
def test_more_processes_change_nothing(data, predictions, protocol):
    one = evaluate(data, predictions, protocol=protocol, workers=1, seed=5)
    two = evaluate(data, predictions, protocol=protocol, workers=2, seed=5)
    assert one == two
    assert set(one.results.over_frames) == set(run.METRICS)


def test_the_seed_matters_only_where_something_is_drawn(data, predictions):
    def scores(protocol, seed):
        return evaluate(data, predictions, protocol=protocol, seed=seed, workers=1).results.over_frames

    assert scores("exact", 0) == scores("exact", 1)
    first, second = scores("dhf1k", 0), scores("dhf1k", 1)
    assert {name for name in first if first[name] != second[name]} <= {
        "shuffled_auc",
        "auc_borji",
        "auc_judd",
    }
    assert first["shuffled_auc"] != second["shuffled_auc"]


def test_a_rerun_goes_on_where_it_stopped(data, predictions, tmp_path, monkeypatch):
    whole = evaluate(data, predictions, workers=1)
    parts = tmp_path / "parts"
    score = run._score_clip
    scored = []

    def stops_at_c(task):
        if task.clip.name == "c":
            raise DataError("the power went")
        scored.append(task.clip.name)
        return score(task)

    monkeypatch.setattr(run, "_score_clip", stops_at_c)
    with pytest.raises(DataError, match="power"):
        evaluate(data, predictions, workers=1, parts=parts)
    assert scored == ["a", "b"]

    def counts(task):
        scored.append(task.clip.name)
        return score(task)

    monkeypatch.setattr(run, "_score_clip", counts)
    again = evaluate(data, predictions, workers=1, parts=parts)
    assert scored == ["a", "b", "c"]  # none of them twice
    assert again == whole
    assert not parts.exists()


def test_parts_of_another_evaluation_are_not_taken(data, predictions, tmp_path, monkeypatch):
    parts = tmp_path / "parts"
    score = run._score_clip

    def stops_at_b(task):
        if task.clip.name == "b":
            raise DataError("stop")
        return score(task)

    monkeypatch.setattr(run, "_score_clip", stops_at_b)
    with pytest.raises(DataError):
        evaluate(data, predictions, workers=1, parts=parts, protocol="dhf1k")
    monkeypatch.setattr(run, "_score_clip", score)
    assert evaluate(data, predictions, workers=1, parts=parts) == evaluate(data, predictions, workers=1)


def test_caps_choose_uniformly_and_repeatably(data, predictions):
    some = evaluate(data, predictions, max_frames=5, workers=1, seed=3)
    assert len(some.frames) == 5
    assert (some.results.max_frames, some.results.max_videos) == (5, None)
    assert some == evaluate(data, predictions, max_frames=5, workers=1, seed=3)
    drawn = {
        (frame.video, frame.frame)
        for seed in range(12)
        for frame in evaluate(data, predictions, max_frames=4, workers=1, seed=seed).frames
    }
    assert len(drawn) == 13  # every frame has its chance
    assert len(evaluate(data, predictions, max_videos=2, workers=1).results.videos) == 2
    with pytest.raises(UsageError, match="max_frames is 0"):
        evaluate(data, predictions, max_frames=0)


def test_one_video_has_no_others_to_shuffle_with(tmp_path, predictions):
    found = evaluate(HandmadeData(tmp_path, CLIPS[:1]), predictions, workers=1).results
    assert "nss" in found.over_frames
    assert {"shuffled_auc", "information_gain"}.isdisjoint(found.over_frames)


def test_constant_maps_are_chance(data, tmp_path):
    folder = tmp_path / "flat"
    folder.mkdir()
    for clip in CLIPS:
        np.savez(folder / f"{clip.name}.npz", maps=np.ones((clip.frames, 5, 8)))
    scores = evaluate(data, FilePredictions(folder), workers=1).results.over_frames
    assert (scores["nss"], scores["cc"], scores["auc_judd"], scores["shuffled_auc"]) == (0, 0, 0.5, 0.5)


def test_broken_predictions_stop_it_with_the_clip_named(data, predictions):
    (predictions.path / "b.npz").unlink()
    with pytest.raises(DataError, match="no predictions for b"):
        evaluate(data, predictions, workers=2)


def test_people_are_a_ceiling_above_the_noise(data, predictions):
    people = evaluate(data, Observers(sigma=0.08), workers=1).results
    assert people.over_frames["nss"] > 0.5
    assert people.model == "other observers"


def test_several_are_evaluated_on_the_same_frames(data, predictions):
    people = Observers(sigma=0.08)
    both = run.evaluate(data, [predictions, people], max_frames=7, workers=1)
    assert [e.results.model for e in both] == ["maps", "other observers"]
    assert [(f.video, f.frame) for f in both[0].frames] == [(f.video, f.frame) for f in both[1].frames]
    assert both[0] == evaluate(data, predictions, max_frames=7, workers=1)


def test_results_survive_their_file(data, predictions, tmp_path):
    results = evaluate(data, predictions, workers=1).results
    results.save(tmp_path / "a.json")
    assert Results.load(tmp_path / "a.json") == results
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(DataError, match="no result of tased evaluate"):
        Results.load(tmp_path / "b.json")
