"""A video in another aspect, from file to files."""

import csv
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from tests.media import flash_and_click, textured, write_flash_and_click, write_video

import tased
from tased.apps.crop_path import Limits
from tased.apps.fitted import fitted
from tased.apps.reframe import reframe
from tased.errors import TruncatedVideoError, UsageError
from tased.predict.maps import SaliencyMap
from tased.predict.predictor import Predictor

ROWS, COLUMNS = 64, 128


@dataclass(frozen=True)
class White:
    """People look at what is white."""

    name: str = "white"

    def shot(self):
        return self

    def push(self, frame, *, wanted=True):
        values = torch.from_numpy((frame.pixels.min(axis=2) > 200).astype(np.float32))
        return [SaliencyMap(values, frame.index, frame.seconds)]

    def drain(self):
        return []


WHITE = Predictor(White())


def scene(colour, centre, frames=25):
    """A white square on a texture of that colour; `centre` is its column in each frame, or in all."""
    noise = np.random.default_rng(1).integers(0, 60, (ROWS, COLUMNS, 1))
    for column in np.broadcast_to(centre, frames):
        pixels = np.clip(noise + colour, 0, 180).astype(np.uint8)
        pixels[24:40, max(0, int(column) - 8) : int(column) + 8] = 255
        yield pixels


@pytest.fixture
def two_shots(tmp_path):
    """A subject at the left, cut, a subject at the right."""
    frames = [*scene((90, 10, 10), 20), *scene((10, 90, 30), 108)]
    return write_video(tmp_path / "clip.mp4", frames, options={"crf": "10"})


def places(pixels):
    """The middle column of what is white."""
    return np.nonzero(pixels.min(axis=2) > 170)[1].mean()


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_crop_jumps_at_the_cut_and_only_there(two_shots, tmp_path):
    out, table = tmp_path / "tall.mp4", tmp_path / "crop.csv"
    done = reframe(two_shots, out, predictor=WHITE, track=table)
    rows = read(table)
    x = [int(row["x"]) for row in rows]
    assert (done.shots, done.whole, done.width, done.height) == (2, 0, 36, 64)
    assert len(set(x[:25])) == len(set(x[25:])) == 1
    assert x[0] + 18 == pytest.approx(20, abs=8)
    assert x[25] + 18 == pytest.approx(108, abs=8)
    assert done.kept > 0.98 > 0.02 > done.centre
    frames = list(tased.open_video(out))
    assert [f.seconds for f in frames] == [f.seconds for f in tased.open_video(two_shots)]
    for before, after, left in zip(tased.open_video(two_shots), frames, x, strict=True):
        assert after.pixels.shape == (64, 36, 3)
        crop = before.pixels[:, left : left + 36].astype(float)
        assert abs(crop - after.pixels).mean() < 5  # two encodings
        assert places(after.pixels) == pytest.approx(places(before.pixels) - left, abs=1)
    assert [float(row["seconds"]) for row in rows] == pytest.approx([f.seconds for f in frames])
    assert [int(row["shot"]) for row in rows] == [0] * 25 + [1] * 25


def test_a_subject_that_moves_is_followed_within_the_limits(tmp_path):
    clip = write_video(
        tmp_path / "clip.mp4", scene((90, 10, 10), np.linspace(20, 100, 100), 100), options={"crf": "10"}
    )
    limits = Limits(speed=0.4, acceleration=0.5)
    done = reframe(clip, tmp_path / "tall.mp4", predictor=WHITE, limits=limits)
    assert done.kept > 0.95 > done.centre
    speed = np.diff(done.track.moved) / COLUMNS * 25
    assert speed.max() <= 0.4 + 25 / COLUMNS  # whole pixels
    assert done.track.moved[-1] - done.track.moved[0] > 50
    tired = reframe(clip, tmp_path / "slow.mp4", predictor=WHITE, limits=Limits(0.05, 0.5), fallback="never")
    assert np.ptp(tired.track.moved) <= 0.05 * 4 * COLUMNS + 1
    assert tired.kept < done.kept


def test_times_of_a_variable_rate_are_kept(tmp_path):
    seconds = np.cumsum([0, *([0.02, 0.1, 0.05] * 10)])
    clip = write_video(tmp_path / "clip.mkv", scene((90, 10, 10), 64, len(seconds)), seconds=list(seconds))
    reframe(clip, tmp_path / "tall.mkv", predictor=WHITE)
    assert [f.seconds for f in tased.open_video(tmp_path / "tall.mkv")] == pytest.approx(
        list(seconds), abs=2e-3
    )


def test_wide_from_tall(tmp_path):
    frames = [np.rot90(pixels).copy() for pixels in scene((90, 10, 10), 20)]
    clip = write_video(tmp_path / "clip.mp4", frames)
    done = reframe(clip, tmp_path / "wide.mp4", predictor=WHITE, aspect="16:9", height=54)
    assert (done.width, done.height) == (96, 54)
    crop = done.track.crop
    assert (crop.width, crop.height, crop.moves_across) == (64, 36, False)
    assert crop.place(int(done.track.moved[0]))[1] + 18 == pytest.approx(128 - 20, abs=8)
    assert {f.pixels.shape for f in tased.open_video(tmp_path / "wide.mp4")} == {(54, 96, 3)}


def test_the_size_says_the_aspect(two_shots, tmp_path):
    done = reframe(two_shots, tmp_path / "feed.mp4", predictor=WHITE, size=(100, 80))
    assert (done.track.crop.width, done.track.crop.height) == (52, 64)  # 51.2, and even
    assert {f.pixels.shape for f in tased.open_video(tmp_path / "feed.mp4")} == {(100, 80, 3)}


def test_spread_attention_shows_the_whole_frame(tmp_path):
    def both(colour):
        for left, right in zip(scene(colour, 10), scene(colour, 118), strict=True):
            yield np.maximum(left, right)

    frames = [*scene((90, 10, 10), 20), *both((10, 90, 30)), *scene((10, 10, 90), 108)]
    frames[0:0] = both((60, 60, 10))
    for pixels in (*frames[:25], *frames[50:75]):
        pixels[28:36, ::6] = 255
    clip = write_video(tmp_path / "clip.mp4", frames, options={"crf": "10"})
    done = reframe(clip, tmp_path / "tall.mp4", predictor=WHITE, bars="black")
    assert (done.shots, done.whole) == (4, 2)
    seen = [f.pixels for f in tased.open_video(tmp_path / "tall.mp4")]
    for index, pixels in enumerate(seen):
        black = pixels[:20].max() < 30 and pixels[-20:].max() < 30
        assert black == (index // 25 in (0, 2)), index
    never = reframe(clip, tmp_path / "crop.mp4", predictor=WHITE, fallback="never")
    assert never.whole == 0
    assert never.kept == pytest.approx(done.kept)  # of the crop in either case


@pytest.mark.parametrize("bars", ["black", "blurred"])
@pytest.mark.parametrize("size", [(36, 64), (64, 64), (200, 50), (90, 40)])
def test_all_of_the_picture_is_in_the_fitted_one(bars, size):
    width, height = size
    picture = next(iter(scene((90, 10, 10), 64)))
    shown = fitted(picture, width, height, bars)
    assert shown.shape == (height, width, 3)
    scale = min(width / COLUMNS, height / ROWS)
    white = np.argwhere(shown.min(axis=2) > 200)
    assert len(white) == pytest.approx(256 * scale**2, rel=0.35)
    np.testing.assert_allclose(white.mean(axis=0) + 0.5, (height / 2, width / 2), atol=1)
    edge = shown[0] if width / height < COLUMNS / ROWS else shown[:, 0]
    assert (edge.max() == 0) == (bars == "black")


def test_sound_is_kept_and_in_step(tmp_path):
    clip = write_flash_and_click(tmp_path / "clip.mp4")
    reframe(clip, tmp_path / "tall.mp4", predictor=tased.load("centre"))
    flash, click = flash_and_click(tmp_path / "tall.mp4")
    assert flash == pytest.approx(1.0, abs=0.021)
    assert click == pytest.approx(flash, abs=0.021)


def test_json_says_the_same_as_csv(two_shots, tmp_path):
    for name in ("t.csv", "t.json"):
        reframe(two_shots, tmp_path / "tall.mp4", predictor=WHITE, track=tmp_path / name)
    told = json.loads((tmp_path / "t.json").read_text())
    assert told["frame"] == {"width": 128, "height": 64}
    assert told["crop"] == {"width": 36, "height": 64}
    for one, other in zip(read(tmp_path / "t.csv"), told["frames"], strict=True):
        assert one == {key: str(value) for key, value in other.items()}


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_ffmpeg_crops_as_we_do(tmp_path, shift):
    """By its own `sendcmd` and `crop`, on a subject that moves, with a cut, also where time begins later."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("there is no ffmpeg binary")
    moving = scene((90, 10, 10), np.linspace(20, 100, 60), 60)
    clip = write_video(
        tmp_path / "clip.mkv",
        [*moving, *scene((10, 90, 30), 30)],
        codec="ffv1",
        seconds=[shift + i / 25 for i in range(85)],
    )
    commands = tmp_path / "crop.cmd"
    done = reframe(clip, tmp_path / "tall.mp4", predictor=WHITE, sendcmd=commands, fallback="never")
    assert len(set(done.track.moved)) > 20
    filters = commands.read_text().splitlines()[0].removeprefix("# -vf ").replace("THIS_FILE", "crop.cmd")
    subprocess.run(
        [ffmpeg, "-v", "error", "-i", clip.name, "-vf", f"format=gbrp,{filters}", "-c:v", "ffv1", "out.mkv"],
        cwd=tmp_path,
        check=True,
    )
    theirs = list(tased.open_video(tmp_path / "out.mkv"))
    assert len(theirs) == 85
    for frame, other, moved in zip(tased.open_video(clip), theirs, done.track.moved, strict=True):
        ours = frame.pixels[:, moved : moved + 36]
        beside = [frame.pixels[:, m : m + 36] for m in (moved - 1, moved + 1) if 0 <= m <= 92]
        away = abs(ours.astype(int) - other.pixels).mean()
        assert away < 3
        assert all(away < abs(b.astype(int) - other.pixels).mean() for b in beside), frame.index


def test_an_editor_opens_the_timeline(two_shots, tmp_path):
    otio = pytest.importorskip("opentimelineio")
    done = reframe(two_shots, tmp_path / "tall.mp4", predictor=WHITE, otio=tmp_path / "cut.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    (video,) = timeline.video_tracks()
    clips = list(video.find_clips())
    assert len(clips) == done.shots == 2
    assert timeline.duration() == otio.opentime.RationalTime(50, 25)
    at = otio.opentime.RationalTime(0, 25)
    for clip, left in zip(clips, (20, 108), strict=True):
        assert clip.source_range.start_time == at
        assert clip.media_reference.available_range.end_time_exclusive() == timeline.duration()
        assert clip.media_reference.target_url == two_shots.resolve().as_uri()
        at = clip.source_range.end_time_exclusive()
        (effect,) = clip.effects
        facts = effect.metadata["tased"]
        ((frame, x, y),) = facts["places"]
        assert (effect.effect_name, facts["whole"], frame, y) == (
            "Crop",
            False,
            clip.source_range.start_time.value,
            0,
        )
        assert x + 18 == pytest.approx(left, abs=8)


def test_without_its_package_a_timeline_is_refused_at_once(two_shots, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"tased\[otio\]"):
        reframe(two_shots, tmp_path / "tall.mp4", predictor=WHITE, otio=tmp_path / "cut.otio")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


def test_a_truncated_video_is_written_as_far_as_it_goes(tmp_path):
    cut = tmp_path / "cut.mkv"
    write_video(cut, textured(40), codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    out, table = tmp_path / "tall.mp4", tmp_path / "t.csv"
    with pytest.raises(TruncatedVideoError):
        reframe(cut, out, predictor=tased.load("centre"), track=table)
    count = len(list(tased.open_video(out)))
    assert 10 < count < 40
    assert len(read(table)) == count


def test_pictures_make_a_silent_movie(tmp_path):
    from PIL import Image

    (tmp_path / "frames").mkdir()
    for index, pixels in enumerate(scene((90, 10, 10), 20, 5)):
        Image.fromarray(pixels).save(tmp_path / "frames" / f"{index}.png")
    done = reframe(tmp_path / "frames", tmp_path / "tall.mp4", predictor=WHITE)
    assert len(done.track.moved) == 5
    with av.open(str(tmp_path / "tall.mp4")) as container:
        assert not container.streams.audio


def test_progress_tells_both_passes(two_shots, tmp_path):
    seen = []
    reframe(
        two_shots, tmp_path / "o.mp4", predictor=WHITE, report=lambda what, at: seen.append((what, at.frames))
    )
    assert seen == [(what, i + 1) for what in ("predicting", "writing") for i in range(50)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aspect": "0:1"}, "WIDTH:HEIGHT"),
        ({"aspect": "2:1"}, "nothing to crop"),
        ({"height": 1}, "--height 1"),
        ({"height": 8192, "aspect": "99:1"}, "makes 811008x8192; the width may be 8192"),
        ({"size": (100, 101)}, "--size 101x100 was asked for; both must be even"),
        ({"size": (100, 100), "aspect": "1:1"}, "leave out --aspect"),
        ({"sendcmd": Path("x.cmd"), "fallback": "auto"}, "--fallback never"),
        ({"track": Path("t.xml")}, r"\.csv or \.json"),
        ({"otio": Path("t.edl")}, r"\.otio"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(two_shots, tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        reframe(two_shots, tmp_path / "tall.mp4", predictor=WHITE, **options)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4"]


def test_the_source_is_never_overwritten(two_shots, tmp_path):
    before = two_shots.read_bytes()
    with pytest.raises(UsageError, match=r"--out .* is the input itself"):
        reframe(two_shots, two_shots, predictor=WHITE)
    with pytest.raises(UsageError, match="two outputs"):
        reframe(two_shots, tmp_path / "o.mp4", predictor=WHITE, track=tmp_path / "t", otio=tmp_path / "t")
    with pytest.raises(UsageError, match=r"\.mp4 or"):
        reframe(two_shots, tmp_path / "o.avi", predictor=WHITE)
    assert two_shots.read_bytes() == before
