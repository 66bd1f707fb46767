"""Every writer: whole or not at all, and one clear line when it cannot be."""

from fractions import Fraction

import numpy as np
import pytest

from tased.errors import OutputError, UsageError
from tased.video.frame import Frame
from tased.video.write_array import ArrayFile
from tased.video.write_colour_movie import ColourMovie
from tased.video.write_movie import GrayMovie
from tased.video.write_pictures import GrayPictures
from tased.video.write_table import TableFile

RATE = Fraction(25)
NOISE = np.random.default_rng(0).random((96, 160), np.float32)


def write_map(writer, index):
    writer.write(np.random.default_rng(index).random((96, 160), np.float32), index, index / 25)


def write_frame(writer, index):
    pixels = np.random.default_rng(index).integers(0, 255, (96, 160, 3), np.uint8)
    writer.write(Frame(pixels, index, index / 25))


def write_rows(writer, index):
    for row in range(400):
        writer.write({"frame": index, "value": float(np.sin(400 * index + row))})


MAKERS = {
    "maps": (lambda path: GrayPictures(path), write_map),
    "maps16": (lambda path: GrayPictures(path, bits=16), write_map),
    "a.mp4": (lambda path: GrayMovie(path, rate=RATE), write_map),
    "b.mkv": (lambda path: GrayMovie(path, rate=RATE, codec="ffv1"), write_map),
    "c.mkv": (lambda path: GrayMovie(path, rate=RATE, codec="x265"), write_map),
    "d.mp4": (lambda path: ColourMovie(path, width=160, height=96, rate=RATE), write_frame),
    "e.mkv": (lambda path: ColourMovie(path, width=160, height=96, rate=RATE), write_frame),
    "f.webm": (lambda path: ColourMovie(path, width=160, height=96, rate=RATE), write_frame),
    "g.npz": (lambda path: ArrayFile(path), write_map),
    "h.zarr": (lambda path: ArrayFile(path), write_map),
    "i.csv": (lambda path: TableFile(path, columns=("frame", "value")), write_rows),
    "j.parquet": (lambda path: TableFile(path, columns=("frame", "value")), write_rows),
}
every_writer = pytest.mark.parametrize("name", MAKERS)
FILES = [name for name in MAKERS if "." in name and not name.endswith(".zarr")]


def write(path, count):
    make, put = MAKERS[path.name]
    with make(path) as writer:
        for index in range(count):
            put(writer, index)


def content(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {str(file.relative_to(path.parent)): file.read_bytes() for file in files}


@every_writer
def test_it_appears_when_it_is_whole_and_nothing_else_does(tmp_path, name):
    path = tmp_path / "new" / "folder" / name
    make, put = MAKERS[name]
    with make(path) as writer:
        assert not (tmp_path / "new").exists() or not path.exists()
        put(writer, 0)
        assert not path.exists()
    assert [file.name for file in path.parent.iterdir()] == [name]


@every_writer
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("older", [True, False])
def test_an_interruption_leaves_what_was_there(tmp_path, name, error, older):
    path = tmp_path / name
    if older:
        write(path, 2)
    before = content(tmp_path)
    make, put = MAKERS[name]
    with pytest.raises(error), make(path) as writer:  # noqa: PT012
        put(writer, 0)
        raise error
    assert content(tmp_path) == before
    assert [file.name for file in tmp_path.iterdir()] == ([name] if older else [])


@every_writer
def test_an_interruption_before_the_first_frame(tmp_path, name):
    with pytest.raises(KeyboardInterrupt), MAKERS[name][0](tmp_path / name):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@every_writer
def test_a_newer_one_replaces_an_older_one(tmp_path, name):
    path = tmp_path / name
    write(path, 3)
    write(tmp_path / "other" / name, 2)
    write(path, 2)
    assert content(path).keys() >= content(tmp_path / "other" / name).keys()
    if name not in ("maps", "maps16"):
        assert content(path).keys() == content(tmp_path / "other" / name).keys()
    assert [file.name for file in sorted(tmp_path.iterdir())] == sorted([name, "other"])


@every_writer
def test_a_full_disk(small_disk, name):
    path = small_disk / name
    with pytest.raises(OutputError, match=f"disk full while writing {path}: free some space") as caught:
        write(path, 80)
    assert "\n" not in str(caught.value)
    assert not list(small_disk.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "d.mp4", "e.mkv", "g.npz", "i.csv", "j.parquet"])
def test_a_disk_that_is_full_for_the_last_bytes_only(small_disk, tmp_path, name):
    count = 3
    write(tmp_path / name, count)
    need = (tmp_path / name).stat().st_size
    page = 4096
    for spare in range(1, 4):
        filler = small_disk / "filler"
        filler.write_bytes(b"\0" * (50 * page - (-(-need // page) - spare) * page))
        with pytest.raises(OutputError, match="disk full"):
            write(small_disk / name, count)
        assert [file.name for file in small_disk.iterdir()] == ["filler"]


@every_writer
def test_no_permission_is_known_before_any_work(unprivileged, name):
    closed = unprivileged / "closed"
    closed.mkdir(mode=0o500)
    for path in (closed / name, closed / "deeper" / name):
        with pytest.raises(OutputError, match=f"{path}: no permission to write in {closed}"):
            MAKERS[name][0](path)


@every_writer
def test_a_file_in_the_way(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file, not a folder"):
        MAKERS[name][0](tmp_path / "file" / name)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_the_way(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(OutputError, match="is a folder, but a file is to be written"):
        MAKERS[name][0](tmp_path / name)


@pytest.mark.parametrize("name", ["maps", "h.zarr"])
def test_a_file_where_a_folder_goes(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(OutputError, match="is a file, but a folder is to be written"):
        MAKERS[name][0](tmp_path / name)


def test_a_device_is_not_replaced(tmp_path):
    (tmp_path / "null.csv").symlink_to("/dev/null")
    with pytest.raises(OutputError, match="is not a regular file"):
        TableFile(tmp_path / "null.csv", columns=("a",))


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with TableFile(tmp_path / "link.csv", columns=("a",)) as table:
        table.write({"a": 1})
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("make", "valid"),
    [
        (lambda path: GrayMovie(path, rate=RATE), ".mp4 or .mov or .mkv"),
        (lambda path: GrayMovie(path, rate=RATE, codec="ffv1"), ".mkv"),
        (lambda path: GrayMovie(path, rate=RATE, codec="x265"), ".mkv or .mp4"),
        (lambda path: ColourMovie(path, width=2, height=2, rate=RATE), ".mp4 or .mov or .mkv or .webm"),
        (lambda path: ArrayFile(path), ".npz or .zarr"),
        (lambda path: TableFile(path, columns=("a",)), ".csv or .parquet"),
    ],
)
def test_a_wrong_suffix_lists_the_right_ones(tmp_path, make, valid):
    with pytest.raises(UsageError, match=f"is written as {valid}, not '.avi'"):
        make(tmp_path / "a.avi")
    with pytest.raises(UsageError, match="not 'no suffix'"):
        make(tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "package", "extra"), [("a.zarr", "zarr", "zarr"), ("a.parquet", "pyarrow", "parquet")]
)
def test_a_missing_package_is_named_with_its_command(tmp_path, monkeypatch, name, package, extra):
    monkeypatch.setattr("importlib.util.find_spec", lambda wanted: None if wanted == package else object())
    with pytest.raises(UsageError, match=rf'needs one more package: pip install "tased\[{extra}\]"'):
        ArrayFile(tmp_path / name) if extra == "zarr" else TableFile(tmp_path / name, columns=("a",))


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "d.mp4", "g.npz", "h.zarr"])
def test_nothing_to_write_is_an_error(tmp_path, name):
    with pytest.raises(OutputError, match="was written"):
        write(tmp_path / name, 0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "c.mkv", "g.npz", "h.zarr"])
def test_maps_of_two_sizes(tmp_path, name):
    sized = pytest.raises(OutputError, match="has one size; got 20x10 after 160x96")
    with sized, MAKERS[name][0](tmp_path / name) as writer:
        writer.write(NOISE, 0, 0.0)
        writer.write(NOISE[:10, :20], 1, 0.04)


def test_a_long_name(tmp_path):
    path = tmp_path / ("雪" * 80 + ".csv")
    with TableFile(path, columns=("a",)):
        pass
    assert path.read_text() == "a\n"
