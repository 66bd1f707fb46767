"""Encoding for where people look: real codecs, real files."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from tests.media import flash_and_click, flat, textured, write_flash_and_click, write_video

import tased
from tased.apps.encode import encode
from tased.apps.offsets import offsets
from tased.apps.setting import Setting
from tased.errors import OutputError, TruncatedVideoError, UsageError
from tased.video.read import open_video
from tased.video.synthetic import clip
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_kvazaar import KvazaarFile

HEIGHT, WIDTH, FRAMES = 96, 160, 32
CENTRE = tased.load("centre")
QUICK = {"predictor": CENTRE, "preset": "veryfast"}


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "clip.mp4"
    with ColourMovie(path, width=WIDTH, height=HEIGHT, rate=Fraction(25)) as movie:
        for frame in clip(frames=FRAMES, height=HEIGHT, width=WIDTH):
            movie.write(frame)
    return path


def packets(path):
    """Bytes of the video stream."""
    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))


@pytest.mark.parametrize("codec", ["x264", "x265"])
def test_better_where_people_look_at_the_same_size(video, tmp_path, codec):
    page = tmp_path / "report.json"
    done = encode(video, tmp_path / "a.mp4", codec=codec, bitrate=120_000, comparison=page, curve=3, **QUICK)
    report = json.loads(page.read_text())
    plain, regions = report["pairs"][1]["plain"], report["pairs"][1]["regions"]
    assert report["pairs"][1]["setting"] == "120 kbit/s"
    assert regions["kbps"] == pytest.approx(plain["kbps"], rel=0.08)
    assert regions["weighted_psnr"] > plain["weighted_psnr"] + 0.2
    assert regions["psnr"] < plain["psnr"]  # which is its price
    assert report["bd_rate"]["weighted_psnr"] < 0 < report["bd_rate"]["psnr"]
    assert report["bd_quality"]["weighted_psnr"] > 0
    assert done.frames == report["frames"] == FRAMES
    assert done.comparison.asked.gain > 0.2
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == {"x264": "h264", "x265": "hevc"}[codec]
    assert packets(tmp_path / "a.mp4") * 8 * 25 / FRAMES / 1000 == pytest.approx(regions["kbps"], rel=0.05)


@pytest.mark.parametrize("codec", ["x264", "x265"])
def test_constant_quality_is_smaller_and_as_good_where_people_look(video, tmp_path, codec):
    page = tmp_path / "report.json"
    encode(video, codec=codec, crf=30, comparison=page, **QUICK)
    (pair,) = json.loads(page.read_text())["pairs"]
    assert pair["regions"]["kbps"] < 0.97 * pair["plain"]["kbps"]
    assert pair["regions"]["weighted_psnr"] > pair["plain"]["weighted_psnr"] - 0.4


def test_the_page_holds_what_was_measured(video, tmp_path):
    page = tmp_path / "report.html"
    done = encode(video, bitrate=60_000, comparison=page, curve=2, **QUICK)
    text = page.read_text()
    for pair in done.comparison.pairs:
        assert pair.setting in text
        for quality in (pair.plain, pair.regions):
            assert f"<td>{quality.kbps:.1f}</td><td>{quality.weighted_psnr:.2f}</td>" in text
    assert done.comparison.summary() in text.replace("&#43;", "+")
    assert "data:image/png;base64," in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_one_point_is_no_curve(video, tmp_path):
    encode(video, crf=30, comparison=tmp_path / "report.html", **QUICK)
    assert "<img" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("aim", [{"bitrate": 1500}, {"bitrate": 1000}, {"crf": 1}, {"crf": 50}, {"crf": 51}])
def test_no_point_of_a_curve_is_measured_twice(aim):
    """The range ends near these."""
    settings = Setting(**aim).around(5)
    assert len({str(setting) for setting in settings}) == len(settings) >= 3
    assert str(Setting(**aim)) in map(str, settings)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_frames_keep_their_times_and_odd_sizes(tmp_path, suffix):
    times = [0, 0.04, 0.12, 0.2, 0.21, 0.5, 0.54]
    pictures = [flat(index, 49, 67) for index in range(len(times))]
    source = write_video(tmp_path / "a.mkv", pictures, codec="ffv1", pixels="bgr0", seconds=times)
    out = tmp_path / f"out{suffix}"
    encode(source, out, bitrate=100_000, **QUICK)
    frames = list(open_video(out))
    assert [frame.seconds for frame in frames] == pytest.approx(times, abs=1e-3)
    assert all(frame.pixels.shape == (50, 68, 3) for frame in frames)
    assert [round((np.median(f.pixels) - 20) / 6) for f in frames] == list(range(len(times)))


def test_the_sound_is_copied(tmp_path):
    source = write_flash_and_click(tmp_path / "a.mp4")
    encode(source, tmp_path / "out.mp4", codec="x265", bitrate=100_000, **QUICK)
    flash, click = flash_and_click(tmp_path / "out.mp4")
    assert flash == pytest.approx(1.0, abs=0.01)
    assert click == pytest.approx(1.0, abs=0.03)
    tracks = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            tracks.append([bytes(packet) for packet in container.demux(audio=0) if packet.size])
    assert tracks[0] == tracks[1]


@pytest.mark.parametrize("codec", ["x264", "x265"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_videos(tmp_path, codec, count):
    source = write_video(tmp_path / "a.mp4", textured(count, 48, 64), codec="mpeg4")
    encode(source, tmp_path / "out.mp4", codec=codec, bitrate=200_000, **QUICK)
    assert len(list(open_video(tmp_path / "out.mp4"))) == count


def test_pictures_are_a_video(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(4):
        Image.fromarray(flat(index)).save(folder / f"{index}.png")
    assert encode(folder, tmp_path / "out.mkv", **QUICK).frames == 4


def test_a_truncated_video_is_encoded_as_far_as_it_goes(tmp_path):
    cut = tmp_path / "cut.mkv"
    write_video(cut, textured(40), codec="mpeg4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    with pytest.raises(TruncatedVideoError):
        encode(cut, tmp_path / "out.mp4", plan=tmp_path / "plan.npz", bitrate=200_000, **QUICK)
    count = len(list(open_video(tmp_path / "out.mp4")))
    assert 10 < count < 40
    assert len(np.load(tmp_path / "plan.npz")["maps"]) == count


def expected_offsets(video, block):
    """Of the centre, which is the same in every frame, so that smoothing changes nothing."""
    m = next(CENTRE.predict(video, size="network"))
    return offsets(m.values.numpy(), block, width=WIDTH, height=HEIGHT)


def test_the_plan_as_an_array(video, tmp_path):
    encode(video, plan=tmp_path / "plan.npz", bitrate=60_000, **QUICK)
    found = np.load(tmp_path / "plan.npz")
    assert found["maps"].dtype == np.int8
    assert found["maps"].shape == (FRAMES, 6, 10)
    assert found["seconds"] == pytest.approx(np.arange(FRAMES) / 25)
    assert np.abs(found["maps"] - expected_offsets(video, 16)).max() <= 1  # the maps were kept in 16 bits


def test_the_plan_as_a_table(video, tmp_path):
    encode(video, plan=tmp_path / "plan.csv", crf=30, **QUICK)
    with (tmp_path / "plan.csv").open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == FRAMES * 60
    picture = np.full((HEIGHT, WIDTH), 99)
    for row in rows[-60:]:
        assert row["frame"] == FRAMES - 1
        x, y, size = (int(row[name]) for name in ("x", "y", "size"))
        picture[y : y + size, x : x + size] = row["offset"]
    grid = np.maximum(expected_offsets(video, 16), 0)
    assert np.abs(picture - np.kron(grid, np.ones((16, 16)))).max() <= 1


def kvazaar_grids(path):
    """Read as Kvazaar's help defines it: columns, rows and offsets, frame after frame, until the end."""
    grids = []
    if path.suffix == ".txt":
        words = path.read_text().split()
        while words:
            columns, rows = int(words[0]), int(words[1])
            grids.append(np.array(words[2 : 2 + rows * columns], int).reshape(rows, columns))
            words = words[2 + rows * columns :]
    else:
        data = path.read_bytes()
        while data:
            columns, rows = np.frombuffer(data[:8], np.int32)
            grids.append(np.frombuffer(data[8 : 8 + rows * columns], np.int8).reshape(rows, columns))
            data = data[8 + rows * columns :]
    return grids


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_the_plan_for_kvazaar(video, tmp_path, suffix):
    encode(video, plan=tmp_path / f"plan{suffix}", bitrate=60_000, **QUICK)
    grids = kvazaar_grids(tmp_path / f"plan{suffix}")
    assert len(grids) == FRAMES
    assert all(np.abs(grid - expected_offsets(video, 64)).max() <= 1 for grid in grids)


def ffmpeg_with_kvazaar():
    """The ffmpeg on the path, if it has the encoder; PyAV's has not."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("no ffmpeg is installed")
    if b"libkvazaar" not in subprocess.run([ffmpeg, "-encoders"], capture_output=True, check=True).stdout:
        pytest.skip("the installed ffmpeg is without Kvazaar")
    return ffmpeg


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_kvazaar_itself_heeds_the_plan(tmp_path, suffix):
    """Frames whose left half is fine and whose right half is coarse, every other one reversed."""
    ffmpeg = ffmpeg_with_kvazaar()
    plan = tmp_path / f"plan{suffix}"
    with KvazaarFile(plan) as file:
        for index in range(6):
            file.write(np.array([[-10, 10], [-10, 10]], np.int8) * (-1) ** index)
    pictures = textured(6, 128, 128)
    source = write_video(tmp_path / "a.mkv", pictures, codec="ffv1")
    options = f"qp=32,gop=0,period=1,threads=0,owf=0,wpp=0,roi={plan}"
    command = [ffmpeg, "-v", "error", "-i", source, "-c:v", "libkvazaar", "-kvazaar-params", options]
    subprocess.run([*command, tmp_path / "out.mp4"], check=True, capture_output=True)
    for index, (before, after) in enumerate(
        zip(open_video(source), open_video(tmp_path / "out.mp4"), strict=True)
    ):
        square = (before.pixels.astype(float) - after.pixels) ** 2
        left, right = square[:, :64].mean(), square[:, 64:].mean()
        assert (left < 0.7 * right) if index % 2 == 0 else (right < 0.7 * left)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, UsageError, "nothing is asked for"),
        ({"out": "out.webm"}, UsageError, "a movie of x264 is written as"),
        ({"out": "out.mp4", "codec": "svtav1"}, UsageError, "SVT-AV1 does not"),
        ({"out": "out.mp4", "strength": 0}, UsageError, "a strength is more than 0"),
        ({"out": "out.mp4", "strength": 30}, UsageError, "at most 20"),
        ({"out": "out.mp4", "passes": 3}, UsageError, "1 or 2 passes"),
        ({"out": "out.mp4", "comparison": "report.pdf"}, UsageError, "a report is written as"),
        ({"out": "out.mp4", "comparison": "a.html", "curve": 0}, UsageError, "1 to 9 points"),
        ({"out": "out.mp4", "plan": "plan.dat"}, UsageError, "a plan of QP offsets is written as"),
        ({"out": "a.bin", "plan": "./a.bin"}, UsageError, "two outputs"),
        ({"out": "source"}, UsageError, "is the input itself"),
        ({"out": "there/out.mp4"}, OutputError, "is a file, not a folder"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_predicted(
    video, tmp_path, monkeypatch, arguments, error, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").write_text("a file")
    if arguments.get("out") == "source":
        arguments = {"out": video}
    seen = []
    before = video.read_bytes()
    with pytest.raises(error, match=message) as raised:
        encode(video, **arguments, predictor=CENTRE, report=lambda *now: seen.append(now))
    assert "\n" not in str(raised.value)
    assert not seen
    assert video.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_is_done_is_reported(video, tmp_path):
    seen = []
    encode(video, tmp_path / "a.mp4", bitrate=60_000, report=lambda *now: seen.append(now), **QUICK)
    stages = {}
    for what, at in seen:
        stages.setdefault(what, []).append(at.frames)
    assert list(stages) == ["predicting", "first pass", "encoding"]
    assert all(frames == list(range(1, FRAMES + 1)) for frames in stages.values())


@pytest.mark.parametrize("small_disk", ["16k"], indirect=True)
def test_a_full_disk_leaves_nothing(video, small_disk):
    with pytest.raises(OutputError, match="disk full"):
        encode(video, small_disk / "out.mkv", crf=1, **QUICK)
    assert list(small_disk.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter on Windows")
def test_an_interruption_leaves_nothing(tmp_path):
    source = tmp_path / "clip.mp4"
    with ColourMovie(source, width=640, height=360, rate=Fraction(25)) as movie:
        for frame in clip(frames=80):
            movie.write(frame)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    options = ["--bitrate", "300k", "--preset", "veryslow", "--model", "centre", "--progress", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tased", "encode", str(source), "-o", str(tmp_path / "out.mp4"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    for line in process.stdout:
        if json.loads(line).get("input") == "encoding":
            break
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines() == ["tased: interrupted; nothing half-written is left"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "temporary"]
    assert list(temporary.iterdir()) == []
