"""`tased predict`, from the command line to the files."""

import csv
import json

import av
import numpy as np
import pytest
from PIL import Image
from tests.media import flash_and_click, textured, write_flash_and_click, write_video

import tased
from tased.cli import main
from tased.video.read import open_video

FRAMES = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("media") / "clip.mp4", textured(FRAMES), rate=10)


def run(*arguments):
    return main([str(a) for a in ("predict", *arguments)])


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def gray(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.iterdir())])


def test_all_outputs_in_one_pass_agree(clip, tmp_path):
    names = {"video": "v.mkv", "overlay": "o.mp4", "array": "a.npz", "table": "t.csv"}
    out = {kind: tmp_path / name for kind, name in names.items()}
    options = [f"--{kind}={path}" for kind, path in out.items()]
    assert run(clip, "--maps", tmp_path / "maps", *options, "--model", "spectral", "--codec", "ffv1") == 0

    arrays = np.load(out["array"])
    assert arrays["maps"].shape == (FRAMES, 96, 160)
    assert arrays["maps"].dtype == np.float32
    np.testing.assert_allclose(arrays["seconds"], np.arange(FRAMES) / 10)
    np.testing.assert_array_equal(arrays["index"], np.arange(FRAMES))
    np.testing.assert_allclose(arrays["maps"].max(axis=(1, 2)), 1)  # --scale frame

    maps = sorted((tmp_path / "maps").iterdir())
    assert [p.name for p in maps] == [f"{i + 1:04d}.png" for i in range(FRAMES)]
    np.testing.assert_allclose(gray(tmp_path / "maps") / 255, arrays["maps"], atol=0.501 / 255)

    with av.open(str(out["video"])) as movie:
        levels = np.stack([f.to_ndarray(format="gray16le") for f in movie.decode(video=0)]) / 65535
    assert np.abs(levels - arrays["maps"]).max() < 2 / 1023

    overlays, sources = list(open_video(out["overlay"])), list(open_video(clip))
    assert [f.seconds for f in overlays] == [f.seconds for f in sources]
    for before, after, values in zip(sources, overlays, arrays["maps"], strict=True):
        assert after.pixels.shape == before.pixels.shape
        change = np.abs(after.pixels.astype(float) - before.pixels).mean(axis=2)
        assert change[values > 0.5].mean() > 3 * change[values < 0.05].mean()

    rows = table(out["table"])
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    for row, values in zip(rows, arrays["maps"], strict=True):
        at = round(float(row["peak_y"])), round(float(row["peak_x"]))
        assert values[at] > 0.97
        assert sum(float(v) for k, v in row.items() if k.startswith("share")) == pytest.approx(1)


def test_nothing_but_what_was_asked_for_is_left(clip, tmp_path):
    run(clip, "--table", tmp_path / "t.csv", "--model", "centre")
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_without_outputs_an_overlay_is_written_here(clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(clip, "--model", "centre") == 0
    assert [p.name for p in tmp_path.iterdir()] == ["clip-overlay.mp4"]


def test_without_weights_lite_is_taken(clip, tmp_path, capsys):
    assert run(clip, "--table", tmp_path / "a.csv") == 0
    assert run(clip, "--table", tmp_path / "b.csv", "--model", "lite") == 0
    told = capsys.readouterr()
    assert told.out == told.err == ""  # quiet in a pipe
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_the_overlay_keeps_the_sound_in_step(tmp_path):
    source = tmp_path / "source.mp4"
    write_flash_and_click(source)
    assert run(source, "--overlay", tmp_path / "o.mp4", "--model", "centre") == 0
    assert flash_and_click(tmp_path / "o.mp4") == pytest.approx(flash_and_click(source), abs=0.005)
    assert [f.seconds for f in open_video(tmp_path / "o.mp4")] == [f.seconds for f in open_video(source)]


def test_side_by_side_is_twice_as_wide_and_keeps_times_and_sound(tmp_path):
    source = tmp_path / "source.mp4"
    write_flash_and_click(source)
    out = tmp_path / "o.mp4"
    assert run(source, "--overlay", out, "--model", "centre", "--style", "side-by-side") == 0
    before, after = list(open_video(source)), list(open_video(out))
    assert [f.seconds for f in after] == [f.seconds for f in before]
    assert flash_and_click(out) == pytest.approx(flash_and_click(source), abs=0.005)
    width = before[0].pixels.shape[1]
    for source_frame, frame in zip(before, after, strict=True):
        assert frame.pixels.shape[1] == 2 * width
        left = frame.pixels[:, :width].astype(float)
        assert np.abs(left - source_frame.pixels).mean() < 6


def test_styles_look_different_and_reach_overlays_without_a_name(clip, tmp_path, monkeypatch):
    """The more colour the more saturated, the more blur the less contrast."""
    monkeypatch.chdir(tmp_path)
    shown = {}
    for style in ("heat", "contours", "foveated"):
        assert run(clip, "--model", "centre", "--style", style, "--opacity", 1) == 0
        shown[style] = next(iter(open_video("clip-overlay.mp4"))).pixels.astype(float)
    source = next(iter(open_video(clip))).pixels.astype(float)
    change = {style: np.abs(pixels - source).mean(axis=2) for style, pixels in shown.items()}
    assert change["heat"][40:56, 70:90].mean() > 2 * change["foveated"][40:56, 70:90].mean()
    assert shown["foveated"][:16].std() < 0.6 * source[:16].std()
    assert shown["contours"][:16].std() > 0.8 * source[:16].std()


def test_sixteen_bits_and_a_size(clip, tmp_path):
    outputs = ("--maps", tmp_path / "m", "--array", tmp_path / "a.npz")
    run(clip, *outputs, "--bits", 16, "--size", "50x30", "--model", "gbvs")
    maps = np.load(tmp_path / "a.npz")["maps"]
    assert maps.shape == (FRAMES, 30, 50)
    np.testing.assert_allclose(gray(tmp_path / "m") / 65535, maps, atol=0.501 / 65535)


def test_the_size_of_the_network(clip, tmp_path):
    run(clip, "--array", tmp_path / "a.npz", "--size", "network", "--dtype", "float16", "--model", "centre")
    maps = np.load(tmp_path / "a.npz")["maps"]
    assert maps.shape == (FRAMES, 224, 384)
    assert maps.dtype == np.float16


def test_the_scale_of_the_whole_video_keeps_frames_comparable(clip, tmp_path, tiny_weights):
    found = {}
    for scale in ("video", "frame"):
        path = tmp_path / f"{scale}.npz"
        run(clip, "--array", path, "--scale", scale, "--weights", tiny_weights, "--size", "network")
        found[scale] = np.load(path)["maps"]
    raw = np.stack([m.values for m in tased.load(tiny_weights).predict(clip, size="network")])
    assert np.ptp(raw.max((1, 2))) > 0.01  # the frames' maxima differ
    np.testing.assert_allclose(found["video"], raw / raw.max(), atol=2e-5)
    np.testing.assert_allclose(found["frame"], raw / raw.max((1, 2), keepdims=True), atol=1e-6)


def test_densities_sum_to_one_and_show_multiples_of_the_uniform_one(clip, tmp_path):
    outputs = ("--array", tmp_path / "a.npz", "--maps", tmp_path / "m")
    run(clip, *outputs, "--scale", "density", "--model", "centre")
    density = np.load(tmp_path / "a.npz")["maps"]
    np.testing.assert_allclose(density.sum((1, 2), dtype=np.float64), 1, rtol=1e-5)
    shown = (density * density[0].size).clip(0, 255)
    np.testing.assert_allclose(gray(tmp_path / "m"), shown, atol=0.501)


def test_every_fifth_frame_costs_no_frames(clip, tmp_path):
    run(clip, "--array", tmp_path / "a.npz", "--every", 5, "--model", "spectral", "--size", "network")
    run(clip, "--array", tmp_path / "b.npz", "--model", "spectral", "--size", "network")
    some, all_ = np.load(tmp_path / "a.npz"), np.load(tmp_path / "b.npz")
    assert len(some["index"]) == FRAMES
    for predicted in (0, 5, 10, 11):
        np.testing.assert_array_equal(some["maps"][predicted], all_["maps"][predicted])
    assert not np.array_equal(some["maps"][3], all_["maps"][3])


@pytest.mark.parametrize("suffix", ["parquet", "zarr"])
def test_the_extras_write_the_same(clip, tmp_path, suffix):
    pytest.importorskip("pyarrow" if suffix == "parquet" else "zarr")
    option, plain = ("--table", "csv") if suffix == "parquet" else ("--array", "npz")
    for kind in (plain, suffix):
        assert run(clip, option, tmp_path / f"out.{kind}", "--model", "centre") == 0
    if suffix == "parquet":
        rows = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "out.parquet").to_pylist()
        assert [{k: str(v) for k, v in row.items()} for row in rows] == table(tmp_path / "out.csv")
    else:
        found = pytest.importorskip("zarr").open(tmp_path / "out.zarr")["maps"][:]
        np.testing.assert_array_equal(found, np.load(tmp_path / "out.npz")["maps"])


def pictures(folder, names):
    folder.mkdir()
    for i, name in enumerate(names):
        Image.fromarray(textured(len(names))[i]).save(folder / name)
    return folder


def test_a_folder_of_pictures_keeps_its_names(tmp_path):
    pictures(tmp_path / "shots", ["b2.jpg", "b10.png", "a.png"])
    assert run(tmp_path / "shots", "--maps", tmp_path / "maps", "--model", "centre") == 0
    assert sorted(p.name for p in (tmp_path / "maps").iterdir()) == ["a.png", "b10.png", "b2.png"]


def test_several_inputs_and_folders_of_videos(clip, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    (many / "one.mp4").write_bytes(clip.read_bytes())
    write_video(many / "two.avi", textured(3), codec="mjpeg", pixels="yuvj420p")
    out = tmp_path / "out"
    assert run(many, clip, "--maps", out / "maps", "--table", out / "tables", "--model", "centre") == 0
    assert sorted(p.name for p in (out / "maps").iterdir()) == ["clip", "one", "two"]
    assert sorted(p.name for p in (out / "tables").iterdir()) == ["clip.csv", "one.csv", "two.csv"]
    assert len(list((out / "maps" / "two").iterdir())) == 3


def test_two_inputs_of_one_name_keep_their_suffixes(clip, tmp_path):
    write_video(tmp_path / "clip.avi", textured(3), codec="mjpeg", pixels="yuvj420p")
    assert run(clip, tmp_path / "clip.avi", "--table", tmp_path / "t", "--model", "centre") == 0
    assert sorted(p.name for p in (tmp_path / "t").iterdir()) == ["clip.avi.csv", "clip.mp4.csv"]


def test_one_that_fails_does_not_stop_the_others(clip, tmp_path, capsys):
    text = tmp_path / "text.mp4"
    text.write_text("not a video at all")
    code = run(tmp_path / "gone.mp4", text, clip, "--table", tmp_path / "t", "--model", "centre")
    assert code == 1
    assert [p.name for p in (tmp_path / "t").iterdir()] == ["clip.csv"]
    told = capsys.readouterr().err
    assert "2 of 3 inputs failed" in told
    assert "gone.mp4" in told
    assert "text.mp4" in told


def test_progress_as_json_lines(clip, tmp_path, capsys):
    run(clip, "--table", tmp_path / "t.csv", "--model", "centre", "--progress", "json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["frames"] for e in events if e["event"] == "frame"] == list(range(1, FRAMES + 1))
    assert events[3] == {"event": "frame", "input": str(clip), "frames": 4, "total": FRAMES, "seconds": 0.3}
    assert events[-1]["event"] == "done"
    assert events[-1]["outputs"] == {"table": str(tmp_path / "t.csv")}


def test_cuts_make_shots_of_their_own(tmp_path):
    """After the cut the motion model must not take the change of picture for motion."""
    first = [np.full((96, 160, 3), 40, np.uint8)] * 12
    second = [np.full((96, 160, 3), 200, np.uint8)] * 12
    for frame in second:
        frame[30:60, 20:50] = (255, 0, 0)
    write_video(tmp_path / "two.mkv", first + second, codec="ffv1", pixels="bgr0")
    write_video(tmp_path / "second.mkv", second, codec="ffv1", pixels="bgr0")
    run(
        tmp_path / "two.mkv",
        "--cuts",
        "--array",
        tmp_path / "two.npz",
        "--model",
        "motion",
        "--size",
        "network",
    )
    run(tmp_path / "second.mkv", "--array", tmp_path / "b.npz", "--model", "motion", "--size", "network")
    np.testing.assert_array_equal(
        np.load(tmp_path / "two.npz")["maps"][12:], np.load(tmp_path / "b.npz")["maps"]
    )


def test_a_picture_is_a_video_of_one_frame(tmp_path):
    Image.fromarray(textured(1)[0]).save(tmp_path / "one.png")
    assert run(tmp_path / "one.png", "--maps", tmp_path / "maps", "--model", "gbvs") == 0
    assert [p.name for p in (tmp_path / "maps").iterdir()] == ["one.png"]
