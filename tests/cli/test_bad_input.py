"""Bad input: one clear line on stderr, the right exit code, and nothing half-written."""

import json
import os
import signal
import subprocess
import sys

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.media import textured, write_video

from tased.cli import main


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("media") / "clip.mp4", textured(12), rate=10)


@pytest.fixture
def fails(capsys):
    """Run a command that must fail: gives its exit code and its one line."""

    def run(*arguments):
        code = main([str(a) for a in arguments])
        told = capsys.readouterr()
        lines = told.err.splitlines()
        assert told.out == ""
        assert len(lines) == 1, lines
        assert lines[0].startswith("tased: ")
        assert "Traceback" not in lines[0]
        return code, lines[0]

    return run


def silent_movie(path):
    """Sound without a picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def no_frames(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


def text(path):
    path.write_text("This is a text, whatever its name says.\n" * 30)


def folder_of_text(path):
    path.mkdir()
    text(path / "a.txt")


SOURCES = {
    "missing": (lambda _: None, "no such file or folder"),
    "empty folder": (lambda path: path.mkdir(), "folder is empty"),
    "folder without pictures": (
        lambda path: (path.mkdir(), (path / "a.txt").write_text("a")),
        "none of its 1",
    ),
    "text called mp4": (text, "is it"),
    "empty file": (lambda path: path.write_bytes(b""), "empty"),
    "only sound": (silent_movie, "only audio"),
    "no frames": (no_frames, ""),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_sources_that_are_no_video(fails, tmp_path, kind):
    make, words = SOURCES[kind]
    source = tmp_path / "clip.mp4"
    make(source)
    code, line = fails("predict", source, "--maps", tmp_path / "maps", "--model", "centre")
    assert code == 1
    assert "clip.mp4" in line
    assert words in line
    assert not (tmp_path / "maps").exists()


def test_a_truncated_video_gives_what_it_has_and_fails(fails, tmp_path):
    frames = textured(60)
    whole = write_video(tmp_path / "w.mp4", frames, container_options={"movflags": "+faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    code, line = fails("predict", cut, "--maps", tmp_path / "maps", "--model", "centre")
    assert code == 1
    written = len(list((tmp_path / "maps").iterdir()))
    assert 10 < written < 60
    assert f"{written} of 60 frames" in line


def test_a_truncated_video_says_in_json_what_was_written(tmp_path, capsys):
    whole = write_video(tmp_path / "w.mp4", textured(60), container_options={"movflags": "+faststart"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    table = tmp_path / "t.csv"
    assert main(["predict", str(cut), "--table", str(table), "--model", "centre", "--progress", "json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "failed"
    assert last["outputs"] == {"table": str(table)}
    assert last["frames"] == len(table.read_text().splitlines()) - 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "gvbs"], 'Did you mean "gbvs"?'),
        (["--scale", "frames"], 'Did you mean "frame"?'),
        (["--modle", "gbvs"], "Did you mean --model?"),
        (["--bits", "12"], "8"),
        (["--every", "0"], "every is 0"),
        (["--every", "x"], "unable to convert"),
        (["--size", "640"], "WIDTHxHEIGHT"),
        (["--size", "0x9"], "WIDTHxHEIGHT"),
        (["--size", "99999x99999"], "8192x8192"),
        (["--device", "tpu"], "cuda"),
        (["--published", "--model", "lite"], "runs a TASED-Net"),
        (["--published", "--model", "gbvs"], "'gbvs' is none"),
        (["--published", "--weights", "x.pt", "--every", "2"], "leave out"),
        (["--weights", "x.pt", "--model", "gbvs"], "leave one of them out"),
        (["--overlay", "a.txt"], ".mp4"),
        (["--style", "heatmap"], "side-by-side"),
        (["--colours", "jet"], "cividis"),
        (["--opacity", "7"], "from 0"),
        (["--array", "a.csv"], ".npz or .zarr"),
        (["--table", "a.npz"], ".csv or .parquet"),
        (["--video", "a.mp4", "--codec", "ffv1"], ".mkv"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_what_is_valid(
    fails, clip, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    model = [] if {"--model", "--weights", "--published"} & set(arguments) else ["--model", "centre"]
    code, line = fails("predict", clip, *arguments, *model)
    assert code == 2
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_no_input_and_unknown_commands(fails):
    assert fails("predict")[0] == 2
    code, line = fails("predcit", "a.mp4")
    assert code == 2
    assert "predict" in line


def test_the_input_is_never_overwritten(fails, clip):
    before = clip.read_bytes()
    code, line = fails("predict", clip, "--overlay", clip, "--model", "centre")
    assert code == 2
    assert "is the input itself" in line
    assert clip.read_bytes() == before


def test_two_outputs_at_one_place(fails, clip, tmp_path):
    movie = tmp_path / "a.mp4"
    code, line = fails("predict", clip, "--overlay", movie, "--video", movie, "--model", "centre")
    assert code == 2
    assert "two outputs" in line


def test_one_file_for_several_inputs(fails, clip, tmp_path):
    other = write_video(tmp_path / "other.mp4", textured(2))
    code, line = fails("predict", clip, other, "--table", tmp_path / "t.csv", "--model", "centre")
    assert code == 2
    assert "give a folder" in line


def test_an_input_given_twice_is_done_once(clip, tmp_path):
    assert (
        main(["predict", str(clip), str(clip), "--table", str(tmp_path / "t.csv"), "--model", "centre"]) == 0
    )
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


@pytest.fixture
def content(clip):
    return clip.read_bytes()


def test_an_output_that_cannot_be_written(fails, content, unprivileged):
    (unprivileged / "locked").mkdir(mode=0o500)
    (unprivileged / "clip.mp4").write_bytes(content)
    outputs = ("--table", unprivileged / "locked" / "t.csv")
    code, line = fails("predict", unprivileged / "clip.mp4", *outputs, "--model", "centre")
    assert code == 1
    assert "no permission" in line


def test_a_full_disk_leaves_nothing(fails, clip, small_disk):
    code, line = fails("predict", clip, "--array", small_disk / "a.npz", "--model", "centre")
    assert code == 1
    assert "disk full" in line
    assert list(small_disk.iterdir()) == []


def test_a_full_disk_keeps_the_old_file(fails, clip, small_disk):
    (small_disk / "maps.mkv").write_bytes(b"old")
    code, _ = fails(
        "predict", clip, "--video", small_disk / "maps.mkv", "--codec", "ffv1", "--size", "1600x900",
        "--model", "spectral",
    )  # fmt: skip
    assert code == 1
    assert [p.name for p in small_disk.iterdir()] == ["maps.mkv"]
    assert (small_disk / "maps.mkv").read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a process")
def test_control_c_leaves_nothing_half_written(tmp_path):
    source = write_video(tmp_path / "long.mp4", (f for _ in range(60) for f in textured(30)))
    out = tmp_path / "out"
    outputs = ["--maps", out / "maps", "--overlay", out / "o.mp4", "--table", out / "t.csv"]
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from tased.cli import main; sys.exit(main())"]
        + [str(a) for a in ("predict", source, *outputs, "--model", "gbvs", "--progress", "json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(5):  # it is in the middle of it
        assert '"frame"' in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines() == ["tased: interrupted; nothing half-written is left"]
    assert list(out.iterdir()) == []


def spoiled(path, weights, how):
    tensors = load_file(weights)
    how(tensors)
    metadata = {"tased_config": read_config(weights)}
    save_file(tensors, path, metadata)
    return path


def read_config(weights):
    from tased.network.weights import read_weights

    return read_weights(weights).config.to_json()


def test_weights_of_another_network(fails, clip, tmp_path):
    torch.save({"layer1.weight": torch.ones(3)}, tmp_path / "resnet.pt")
    code, line = fails("predict", clip, "--weights", tmp_path / "resnet.pt", "--table", tmp_path / "t.csv")
    assert code == 1
    assert "another network" in line


def test_weights_of_another_shape(fails, clip, tmp_path, tiny_weights):
    name = "prediction.aggregation.4.weight"
    wide = {name: torch.ones(2, 32, 1, 1, 1)}
    path = spoiled(tmp_path / "w.safetensors", tiny_weights, lambda tensors: tensors.update(wide))
    code, line = fails("predict", clip, "--weights", path, "--table", tmp_path / "t.csv")
    assert code == 1
    assert f"'{name}' should have shape (1, 32, 1, 1, 1), and has (2, 32, 1, 1, 1)" in line


def test_corrupted_weights(fails, clip, tmp_path, tiny_weights):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(tiny_weights.read_bytes()[:100_000])
    code, line = fails("predict", clip, "--weights", path, "--table", tmp_path / "t.csv")
    assert code == 1
    assert "damaged" in line


def test_weights_that_are_not_numbers(fails, clip, tmp_path, tiny_weights):
    path = spoiled(
        tmp_path / "nan.safetensors",
        tiny_weights,
        lambda t: t["encoder.stem.2.conv.weight"].fill_(float("nan")),
    )
    code, line = fails("predict", clip, "--weights", path, "--table", tmp_path / "t.csv")
    assert code == 1
    assert "NaN or infinity, first 'encoder.stem.2.conv.weight'" in line
    assert not (tmp_path / "t.csv").exists()


def test_debug_shows_where_an_error_comes_from(clip):
    with pytest.raises(ValueError, match="no such file"):
        main(["predict", "gone.mp4", "--model", "centre", "--debug"])


def test_a_closed_pipe_is_no_traceback(clip, tmp_path):
    arguments = f"predict {clip} --table {tmp_path / 't.csv'} --model centre --progress json"
    command = f"{sys.executable} -m tased {arguments} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert '"event": "frame"' in done.stdout
    assert "Traceback" not in done.stderr
