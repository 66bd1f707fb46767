"""`tased data cache`, and reading through it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.data.test_table import table

from tased.cli.data import app
from tased.data.layouts import open_data_set
from tased.data.synthesize import synthesize
from tased.errors import DataError, OutputError, UsageError, VideoError
from tased.network.config import NetworkConfig
from tased.predict.resize import resize
from tased.train import cache as caches
from tased.train.cache import cached_clips, plan_cache, write_cache
from tased.train.recipe import Recipe
from tased.train.samples import Plan, Source, check_sources, validation_samples
from tased.train.tensors import load_sample
from tased.video.read import open_video

NETWORK = NetworkConfig(clip_length=4, rows=32, columns=48)
RECIPE = Recipe(network=NETWORK)


def run(*arguments):
    return app(
        [str(argument) for argument in arguments],
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data set, and its cache."""
    folder = tmp_path_factory.mktemp("made")
    synthesize(folder / "set", layout="dhf1k", videos=2, frames=8, width=96, height=64, observers=4)
    run("cache", folder / "set", "-o", folder / "cache", "--size", "48x32", "--workers", "1")
    return folder


@pytest.fixture
def own(made, tmp_path):
    """The data set, and a folder for a cache of one's own."""
    return open_data_set("dhf1k", made / "set"), tmp_path / "cache"


def test_frames_are_those_of_prediction_but_for_jpeg(made):
    assert sorted(path.name for path in (made / "cache").iterdir()) == ["0001.mkv", "0601.mkv", "cache.json"]
    facts = json.loads((made / "cache/cache.json").read_text())
    assert (facts["rows"], facts["columns"], facts["quality"]) == (32, 48, 90)
    data = open_data_set("dhf1k", made / "set")
    assert facts["fingerprints"] == {split: data.fingerprint(split) for split in ("val", "train")}
    (clip,) = cached_clips(data, "train", made / "cache")
    originals = [resize(frame.pixels, 32, 48) for frame in clip.clip.video()]
    cached = [frame.pixels for frame in clip.video()]
    assert len(cached) == len(originals) == 8
    for one, other in zip(cached, originals, strict=True):
        error = one.astype(float) - other.permute(1, 2, 0).numpy()
        assert np.sqrt((error**2).mean()) < 8  # levels: colours at half the size are most of it
    with Image.open(made / "set/annotation/0001/maps/0003.png") as image:
        assert np.array_equal(clip.truth(2).density, np.asarray(image))


def test_every_frame_is_a_key_frame(made):
    import av

    with av.open(str(made / "cache/0601.mkv")) as container:
        assert all(packet.is_keyframe for packet in container.demux(video=0) if packet.size)


def test_samples_come_through_the_cache(made):
    data = open_data_set("dhf1k", made / "set")
    recipe = replace(RECIPE, crop=0.3)
    plain, cached = Source(data, "train"), Source(data, "train", cache=made / "cache")
    check_sources([cached], recipe)
    for place in range(5):
        one, other = (Plan([source], recipe).sample(1, place) for source in (plain, cached))
        assert (one.frames, one.flip, one.views) == (other.frames, other.flip, other.views)
        a, b = load_sample(one, NETWORK), load_sample(other, NETWORK)
        assert torch.equal(a.density, b.density)
        assert torch.equal(a.fixations, b.fixations)
        assert (a.clip.float() - b.clip.float()).abs().mean() < 12
    (whole, *_) = validation_samples([cached], recipe)
    frames = [
        torch.from_numpy(frame.pixels).permute(2, 0, 1) for frame in open_video(made / "cache/0001.mkv")
    ]
    assert torch.equal(load_sample(whole, NETWORK).clip, torch.stack([frames[i] for i in whole.frames]))


def test_a_cache_that_does_not_fit_is_told_before(made, own):
    data, out = own
    cached = Source(data, "train", cache=made / "cache")
    larger = replace(RECIPE, network=replace(NETWORK, rows=64))
    with pytest.raises(DataError, match="holds frames of 48x32, and the recipe's network sees 48x64"):
        check_sources([cached], larger)
    with pytest.raises(DataError, match="is no cache of frames"):
        check_sources([Source(data, "train", cache=out)], RECIPE)
    write_cache(plan_cache(data, out, rows=32, columns=48, split="val"))
    with pytest.raises(DataError, match="was made of the splits val, not of"):
        check_sources([Source(data, "train", cache=out)], RECIPE)
    (out / "0601.mkv").unlink()
    with pytest.raises(DataError, match="lacks 1 of 1 clips, first '0601'"):
        check_sources([Source(data, "val", cache=out)], RECIPE)
    (out / "cache.json").write_text('{"rows": 3}')
    with pytest.raises(DataError, match="is no cache of frames"):
        check_sources([Source(data, "val", cache=out)], RECIPE)


def test_the_size_is_told_first_and_about_right(made, tmp_path, capsys):
    arguments = ("--size", "48x32", "--workers", "1", "--progress", "json")
    assert run("cache", made / "set", "-o", tmp_path / "c", *arguments) is None
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (lines[0]["event"], lines[0]["clips"], lines[0]["there"]) == ("plan", 2, 0)
    assert lines[1]["frames"] == 8
    assert lines[-2]["total"] == lines[-2]["frames"] == 16
    actual = sum(path.stat().st_size for path in (tmp_path / "c").glob("*.mkv"))
    assert 0.6 * actual < lines[0]["expected_bytes"] < 1.2 * actual  # so small, containers count


def test_it_goes_on_where_it_was(made, own, monkeypatch):
    data, out = own
    plan = plan_cache(data, out, rows=32, columns=48)
    calls = []

    def interrupted(frame, facts, jpeg=caches._jpeg):
        calls.append(frame)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return jpeg(frame, facts)

    monkeypatch.setattr(caches, "_jpeg", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_cache(plan)
    assert sorted(path.name for path in out.iterdir()) == ["0601.mkv", "cache.json"]
    monkeypatch.undo()
    before = (out / "0601.mkv").stat().st_mtime_ns
    rest = plan_cache(data, out, rows=32, columns=48)
    assert ([clip.name for clip in rest.clips], rest.there) == (["0001"], 1)
    write_cache(rest)
    assert (out / "0601.mkv").stat().st_mtime_ns == before
    for name in ("0001.mkv", "0601.mkv"):
        assert (out / name).read_bytes()[-200:] == (made / "cache" / name).read_bytes()[-200:]
    assert plan_cache(data, out, rows=32, columns=48).expected_bytes == 0


def test_workers_write_the_same_frames(made, own):
    data, out = own
    write_cache(plan_cache(data, out, rows=32, columns=48), workers=2)
    for name in ("0001.mkv", "0601.mkv"):
        mine, theirs = ([f.pixels for f in open_video(folder / name)] for folder in (out, made / "cache"))
        assert np.array_equal(mine, theirs)


def test_what_does_not_fit_on_the_disk_is_not_begun(own, monkeypatch):
    data, out = own
    plan = replace(plan_cache(data, out, rows=32, columns=48), free_bytes=1000)
    with pytest.raises(OutputError, match=r"are needed and 0\.0 GB are free"):
        write_cache(plan)
    assert not out.exists()


def test_folders_that_hold_something_else(made, own, tmp_path):
    data, _ = own
    with pytest.raises(DataError, match="cache of 48x32 at quality 90, and 48x32 at quality 80"):
        plan_cache(data, made / "cache", rows=32, columns=48, quality=80)
    with pytest.raises(DataError, match="there is something else here already"):
        plan_cache(data, made / "set", rows=32, columns=48)
    synthesize(tmp_path / "other", layout="dhf1k", videos=2, frames=9, width=96, height=64, observers=4)
    other = open_data_set("dhf1k", tmp_path / "other")
    with pytest.raises(DataError, match="is a cache of other data"):
        plan_cache(other, made / "cache", rows=32, columns=48)
    with pytest.raises(DataError, match="was made of other data"):
        cached_clips(other, "train", made / "cache")


def test_broken_videos_are_named_and_the_others_cached(made, tmp_path):
    synthesize(tmp_path / "set", layout="dhf1k", videos=3, frames=6, width=96, height=64, observers=4)
    (tmp_path / "set/video/602.AVI").write_bytes(b"no video")
    with pytest.raises(DataError, match=r"1 of 3 clips are not in the cache: .*602\.AVI: not a video"):
        run("cache", tmp_path / "set", "-o", tmp_path / "cache", "--size", "48x32", "--workers", "1")
    assert sorted(path.name for path in (tmp_path / "cache").glob("*.mkv")) == ["0001.mkv", "0601.mkv"]
    for name in ("001", "601"):
        (tmp_path / f"set/video/{name}.AVI").write_bytes(b"no video")
    with pytest.raises(VideoError, match="no video of 3 can be read, first: "):
        run("cache", tmp_path / "set", "-o", tmp_path / "new", "--size", "48x32")


def test_pictures_in_folders_are_cached_too(tmp_path):
    (tmp_path / "set/images/one").mkdir(parents=True)
    Image.new("RGB", (64, 48), (90, 120, 30)).save(tmp_path / "set/images/one/7.png")
    table(tmp_path / "set/gaze.csv", "image x_px y_px", ["one/7", 3, 4])
    run("cache", tmp_path / "set", "-o", tmp_path / "cache", "--size", "48x32", "--workers", "1")
    data = open_data_set("table", tmp_path / "set")
    source = Source(data, None, cache=tmp_path / "cache")
    check_sources([source], RECIPE)
    clip = load_sample(Plan([source], RECIPE).sample(1, 1), NETWORK).clip
    assert (clip.float().mean((0, 2, 3)) - torch.tensor([90.0, 120.0, 30.0])).abs().max() < 3


@pytest.mark.parametrize("arguments", [["--size", "big"], ["--quality", "0"], ["--workers", "0"]])
def test_what_cannot_be_asked_for(arguments, made, tmp_path):
    with pytest.raises(UsageError):
        run("cache", made / "set", "-o", tmp_path / "cache", *arguments)
