"""What is written for other programs, read back by them."""

import csv
import logging
import math

import cv2
import numpy as np
import pyarrow.parquet
import pytest
import zarr

from tased.errors import OutputError, UsageError
from tased.video.read import open_video
from tased.video.write_array import ArrayFile
from tased.video.write_pictures import GrayPictures
from tased.video.write_table import TableFile

RNG = np.random.default_rng(0)
MAPS = RNG.random((5, 31, 47), np.float32)


def write_pictures(folder, maps, **options):
    with GrayPictures(folder, **options) as pictures:
        for index, values in enumerate(maps):
            pictures.write(values, index, index / 25)
    return folder


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_pictures_are_numbered_from_one_and_rounded(tmp_path, bits, kind):
    folder = write_pictures(tmp_path / "maps", MAPS, bits=bits)
    assert sorted(path.name for path in folder.iterdir()) == [f"{i:04d}.png" for i in range(1, 6)]
    for index, values in enumerate(MAPS):
        stored = cv2.imread(str(folder / f"{index + 1:04d}.png"), cv2.IMREAD_UNCHANGED)
        assert stored.dtype == kind
        assert (stored == np.rint(values.astype(np.float64) * (2**bits - 1))).all()


def test_every_level_survives(tmp_path):
    levels = np.arange(65536, dtype=np.float32).reshape(256, 256) / 65535
    write_pictures(tmp_path / "maps", [levels], bits=16)
    stored = cv2.imread(str(tmp_path / "maps" / "0001.png"), cv2.IMREAD_UNCHANGED)
    assert (stored.ravel() == np.arange(65536)).all()


def test_what_is_written_can_be_read_as_a_video(tmp_path):
    frames = list(open_video(write_pictures(tmp_path / "maps", MAPS, bits=16)))
    for values, frame in zip(MAPS, frames, strict=True):
        assert np.abs(frame.pixels - values[..., None] * 255).max() <= 0.51


def test_pictures_keep_the_names_of_their_frames(tmp_path):
    names = ("b.JPG", "a.x.png", "c")
    folder = write_pictures(tmp_path / "maps", MAPS[:3], names=names)
    assert sorted(path.name for path in folder.iterdir()) == ["a.x.png", "b.png", "c.png"]


def test_a_skipped_frame_keeps_its_number(tmp_path):
    with GrayPictures(tmp_path / "maps") as pictures:
        pictures.write(MAPS[0], 11, 0.44)
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["0012.png"]


@pytest.mark.parametrize("names", [["a.jpg", "a.png"], ["a.jpg", "b.png", "A.png"], ["a.png", "a.png"]])
def test_names_that_would_be_one_file(tmp_path, names):
    with pytest.raises(UsageError, match="would both be written as"):
        GrayPictures(tmp_path / "maps", names=names)


@pytest.mark.parametrize("name", ["../a.png", "a/b.png", "", ".."])
def test_names_that_lead_elsewhere(tmp_path, name):
    with pytest.raises(UsageError, match="not a plain file name"):
        GrayPictures(tmp_path / "maps", names=[name])


def test_more_frames_than_names(tmp_path):
    with pytest.raises(OutputError, match="frame 2 has no name, 2 names were given"):
        write_pictures(tmp_path / "maps", MAPS, names=["a.png", "b.png"])
    assert not list(tmp_path.iterdir())


def test_a_folder_in_place_is_filled_and_stale_maps_are_told_of(tmp_path, caplog):
    folder = write_pictures(tmp_path / "maps", MAPS)
    (folder / "notes.txt").write_text("mine")
    with caplog.at_level(logging.WARNING):
        write_pictures(folder, 1 - MAPS[:2])
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder}: 3 other .png files were left there, first 0003.png"
    ]
    assert (folder / "notes.txt").read_text() == "mine"
    stored = cv2.imread(str(folder / "0001.png"), cv2.IMREAD_UNCHANGED)
    assert (stored == np.rint((1 - MAPS[0]).astype(np.float64) * 255)).all()
    assert [path.name for path in tmp_path.iterdir()] == ["maps"]


def test_pictures_with_nan(tmp_path):
    with pytest.raises(OutputError, match="a map holds NaN"):
        write_pictures(tmp_path / "maps", [np.full((4, 4), np.nan, np.float32)])


def write_array(path, **options):
    with ArrayFile(path, **options) as file:
        for index, values in enumerate(MAPS):
            file.write(values, 2 * index, index / 12.5)
    return path


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("suffix", [".npz", ".zarr"])
def test_arrays_come_back(tmp_path, suffix, dtype):
    path = write_array(tmp_path / f"a{suffix}", dtype=dtype)
    stored = np.load(path) if suffix == ".npz" else zarr.open(path)
    assert set(stored) == {"maps", "seconds", "index"}
    assert (stored["maps"][:] == MAPS.astype(dtype)).all()
    assert stored["maps"].dtype == dtype
    assert stored["index"][:].tolist() == [0, 2, 4, 6, 8]
    assert stored["seconds"][:].tolist() == [0, 0.08, 0.16, 0.24, 0.32]
    if suffix == ".zarr":
        assert stored["maps"].chunks == (1, 31, 47)


def test_a_store_grows(tmp_path, monkeypatch):
    monkeypatch.setattr("tased.video.write_array._GROWTH", 2)
    assert (zarr.open(write_array(tmp_path / "a.zarr"))["maps"][:] == MAPS).all()


def test_a_map_that_is_a_view(tmp_path):
    with ArrayFile(tmp_path / "a.npz") as file:
        file.write(MAPS[0].T, 0, 0.0)
    assert (np.load(tmp_path / "a.npz")["maps"][0] == MAPS[0].T).all()


def test_a_folder_that_is_no_store_is_not_replaced(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").touch()
    with pytest.raises(OutputError, match="no Zarr store, so it is not replaced"):
        ArrayFile(tmp_path / "a.zarr")


ROWS = [
    {"frame": 0, "seconds": 0.1, "name": 'a, "b"', "nss": None, "hit": True},
    {"frame": 1, "seconds": 1 / 3, "name": "ü", "nss": 2.5, "hit": False},
    {"frame": np.int64(2), "seconds": np.float64(math.pi), "name": "", "nss": np.float32(0.1), "hit": True},
]


def write_table(path, rows=ROWS):
    with TableFile(path, columns=tuple(ROWS[0])) as table:
        for row in rows:
            table.write(row)
    return path


def test_csv_comes_back_digit_for_digit(tmp_path):
    with write_table(tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["seconds"]) for row in rows] == [0.1, 1 / 3, math.pi]
    assert [row["nss"] for row in rows] == ["", "2.5", "0.10000000149011612"]
    assert [row["name"] for row in rows] == ['a, "b"', "ü", ""]
    assert list(rows[0]) == ["frame", "seconds", "name", "nss", "hit"]


def test_parquet_comes_back_with_its_types(tmp_path):
    table = pyarrow.parquet.read_table(write_table(tmp_path / "a.parquet"))
    assert [str(kind) for kind in table.schema.types] == ["int64", "double", "string", "double", "bool"]
    assert table["seconds"].to_pylist() == [0.1, 1 / 3, math.pi]
    assert table["nss"].to_pylist() == [None, 2.5, float(np.float32(0.1))]


def test_parquet_in_groups(tmp_path):
    rows = [ROWS[1] | {"frame": index, "nss": None} for index in range(9000)]
    path = write_table(tmp_path / "a.parquet", rows)
    assert pyarrow.parquet.ParquetFile(path).num_row_groups == 3
    table = pyarrow.parquet.read_table(path)
    assert table["frame"].to_pylist() == list(range(9000))
    assert str(table.schema.field("nss").type) == "double"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_without_rows_has_columns(tmp_path, suffix):
    path = write_table(tmp_path / f"a{suffix}", [])
    names = path.read_text().split(",") if suffix == ".csv" else pyarrow.parquet.read_table(path).column_names
    assert len(names) == 5


def test_rows_that_do_not_fit(tmp_path):
    unfit = pytest.raises(ValueError, match="a row with frame in a table of frame, value")
    with unfit, TableFile(tmp_path / "a.csv", columns=("frame", "value")) as table:
        table.write({"frame": 1})
    with pytest.raises(UsageError, match="repeat a name"):
        TableFile(tmp_path / "a.csv", columns=("a", "a"))
