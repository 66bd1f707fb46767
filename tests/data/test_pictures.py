"""DHF1K, Hollywood2 and UCFSports as people have them on disk, and as they should not."""

import shutil
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from scipy.sparse import csc_array

from tased.data.layouts import open_data_set
from tased.errors import DataError, VideoError
from tased.video.read import open_video


def fixated(folder, name):
    with Image.open(folder / name) as picture:
        return np.asarray(picture) > 0


def first(layout, path):
    return open_data_set(layout, path).clips()[0]


def as_matrices(fixation, variable="I", change=lambda matrix: matrix):
    """Pictures of fixations as the .mat that are distributed beside them."""
    (fixation / "maps").mkdir()
    for picture in sorted(fixation.glob("*.png")):
        savemat(
            fixation / "maps" / f"{picture.stem}.mat",
            {variable: change(fixated(fixation, picture.name).astype(np.uint8))},
        )
        picture.unlink()


@pytest.mark.parametrize("layout", ["dhf1k", "hollywood2"])
@pytest.mark.parametrize(
    "change", [np.asarray, lambda m: m.astype(float), csc_array], ids=["bytes", "double", "sparse"]
)
def test_matrices(layout, change, made, copied):
    before = first(layout, made(layout))
    path = copied(layout)
    folder = {"dhf1k": "annotation/0601", "hollywood2": f"testing/{before.name}"}[layout]
    as_matrices(path / folder / "fixation", "anything", change)
    clip = first(layout, path)
    assert (clip.rows, clip.columns, clip.frame_names) == (48, 64, before.frame_names)
    for index in range(12):
        assert np.array_equal(clip.truth(index).fixations, before.truth(index).fixations)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"a": np.eye(48, 64), "b": np.eye(48, 64)},
        {"a": np.zeros((2, 3, 4))},
        {"a": np.arange(12).reshape(3, 4)},
    ],
    ids=["nothing", "two", "three axes", "levels"],
)
def test_matrices_that_are_not_fixations(content, copied):
    path = copied("dhf1k")
    fixation = path / "annotation/0601/fixation"
    as_matrices(fixation)
    savemat(fixation / "maps/0003.mat", content)
    with pytest.raises(DataError, match=r"0003\.mat"):
        first("dhf1k", path).truth(2)


def test_a_matrix_that_is_none(copied):
    path = copied("dhf1k")
    fixation = path / "annotation/0601/fixation"
    as_matrices(fixation)
    (fixation / "maps/0003.mat").write_bytes(b"no matrix" * 40)
    with pytest.raises(DataError, match=r"0003\.mat: cannot be read"):
        first("dhf1k", path).truth(2)


@pytest.mark.parametrize("place", ["video/0601", "video/601", "frames/0601", "annotation/0601/images"])
def test_frames_instead_of_a_video(place, copied):
    path = copied("dhf1k")
    pixels = [frame.pixels for frame in open_video(path / "video/601.AVI")]
    (path / "video/601.AVI").unlink()
    if place.startswith("frames"):
        shutil.rmtree(path / "video")
    (path / place).mkdir(parents=True)
    for index, picture in enumerate(pixels):
        Image.fromarray(picture).save(path / place / f"{index + 1:04d}.png")
    video = first("dhf1k", path).video()
    assert all(np.array_equal(f.pixels, p) for f, p in zip(video, pixels, strict=True))

    (path / place / "0004.png").unlink()
    with pytest.raises(VideoError, match=r"0004\.png: is missing"):
        first("dhf1k", path).video()


def test_whatever_the_case_and_the_zeros(made, copied):
    before = first("dhf1k", made("dhf1k"))
    path = copied("dhf1k")
    (path / "video/601.AVI").rename(path / "video/0601.avi")
    (path / "video").rename(path / "Video")
    (path / "annotation/0601/maps").rename(path / "annotation/0601/Maps")
    (path / "annotation/0601").rename(path / "annotation/601")
    for picture in (path / "annotation/601/fixation").iterdir():
        picture.rename(picture.with_name(f"{int(picture.stem)}.PNG"))
    (path / "annotation").rename(path / "Annotation")
    clip = first("dhf1k", path)
    assert clip.name == "601"
    assert clip.frame_names[:2] == ("1", "2")
    assert clip.video().frames == 12
    for index in (0, 9, 11):
        assert np.array_equal(clip.truth(index).fixations, before.truth(index).fixations)
        assert np.array_equal(clip.truth(index).density, before.truth(index).density)


def test_a_video_that_is_not_there(copied):
    path = copied("dhf1k")
    (path / "video/601.AVI").unlink()
    clip = first("dhf1k", path)
    assert clip.frames == 12  # maps can be compared without it
    with pytest.raises(VideoError, match=r"601\.AVI"):
        clip.video()


def test_frames_of_an_action_that_are_not_there(copied):
    path = copied("ucfsports")
    shutil.rmtree(path / "testing/Diving-Side-001/images")
    clip = first("ucfsports", path)
    assert clip.frames == 12
    with pytest.raises(VideoError, match="no pictures"):
        clip.video()


@pytest.mark.parametrize("kind", ["maps", "fixation"])
@pytest.mark.parametrize("number", ["0001", "0005"])
def test_a_missing_picture_moves_no_frame(kind, number, made, copied):
    before = first("dhf1k", made("dhf1k"))
    path = copied("dhf1k")
    (path / f"annotation/0601/{kind}/{number}.png").unlink()
    clip = first("dhf1k", path)
    assert clip.frame_names == before.frame_names
    with pytest.raises(DataError, match=rf"{kind}/{number}\.png: is missing"):
        clip.truth(int(number) - 1)
    assert np.array_equal(clip.truth(7).fixations, before.truth(7).fixations)


def test_a_missing_first_picture_of_an_action_moves_no_frame(made, copied):
    before = first("hollywood2", made("hollywood2"))
    path = copied("hollywood2")
    folder = path / "testing/actioncliptest00001_1"
    (folder / "fixation/actioncliptest00001_00001.png").unlink()
    (folder / "maps/actioncliptest00001_00001.png").unlink()
    clip = first("hollywood2", path)
    assert clip.frame_names == before.frame_names
    with pytest.raises(DataError, match="is missing"):
        clip.truth(0)
    assert np.array_equal(clip.truth(1).fixations, before.truth(1).fixations)


def test_shots_go_on_counting(tmp_path):
    from tased.data.synthesize import synthesize

    synthesize(tmp_path / "h", layout="hollywood2", videos=3, frames=3, width=48, height=32, observers=2)
    clip = open_data_set("hollywood2", tmp_path / "h").clips()[1]
    assert clip.name == "actioncliptest00001_2"
    assert clip.frame_names == tuple(f"actioncliptest00001_{number:05d}" for number in (4, 5, 6))
    assert clip.video().frames == 3
    clip.truth(0)


@pytest.mark.parametrize("kind", ["maps", "fixation"])
def test_sizes_that_differ(kind, copied):
    path = copied("dhf1k")
    picture = path / f"annotation/0601/{kind}/0004.png"
    with Image.open(picture) as image:
        smaller = image.resize((32, 24), Image.Resampling.NEAREST)
    smaller.save(picture)
    with pytest.raises(DataError, match=rf"{kind}/0004\.png: is 32x24, but .* 64x48"):
        first("dhf1k", path).truth(3)


def gradient(mode):
    return Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1))).convert(mode)


@pytest.mark.parametrize(
    ("kind", "picture", "why"),
    [
        ("fixation", gradient("L"), "64 levels"),
        ("fixation", Image.new("L", (64, 48), 255), "no picture of fixations"),
        (
            "maps",
            Image.fromarray(np.dstack([np.eye(48, 64, dtype=np.uint8)] * 2 + [np.zeros((48, 64), np.uint8)])),
            "colour",
        ),
    ],
    ids=["levels", "white", "colour"],
)
def test_pictures_of_something_else(kind, picture, why, copied):
    path = copied("dhf1k")
    picture.save(path / f"annotation/0601/{kind}/0004.png")
    with pytest.raises(DataError, match=rf"0004\.png: .*{why}"):
        first("dhf1k", path).truth(3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_gray_may_be_stored_in_any_way(mode, made, copied):
    before = first("dhf1k", made("dhf1k")).truth(3)
    path = copied("dhf1k")
    picture = path / "annotation/0601/fixation/0004.png"
    with Image.open(picture) as image:
        stored = (
            Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
            if mode == "I;16"
            else image.convert(mode)
        )
    stored.save(picture)
    assert np.array_equal(first("dhf1k", path).truth(3).fixations, before.fixations)


@pytest.mark.parametrize("content", [b"", b"not a picture", None], ids=["empty", "text", "cut"])
@pytest.mark.parametrize("kind", ["maps", "fixation"])
def test_pictures_that_cannot_be_read(kind, content, copied):
    path = copied("dhf1k")
    picture = path / f"annotation/0601/{kind}/0004.png"
    picture.write_bytes(picture.read_bytes()[:-30] if content is None else content)
    with pytest.raises(DataError, match=r"0004\.png: cannot be read"):
        first("dhf1k", path).truth(3)


def test_two_pictures_of_one_number(copied):
    path = copied("dhf1k")
    folder = path / "annotation/0601/fixation"
    shutil.copy(folder / "0004.png", folder / "04.png")
    with pytest.raises(DataError, match="number 4 too"):
        first("dhf1k", path).truth(3)


def test_two_folders_that_differ_in_case(copied):
    path = copied("dhf1k")
    shutil.copytree(path / "annotation/0601/maps", path / "annotation/0601/MAPS", dirs_exist_ok=True)
    if len(list((path / "annotation/0601").iterdir())) < 3:
        pytest.skip("this file system does not tell upper from lower case")
    with pytest.raises(DataError, match="holds MAPS and maps, and either could be meant"):
        first("dhf1k", path)


def test_two_folders_of_one_number(copied):
    path = copied("dhf1k")
    shutil.copytree(path / "annotation/0601", path / "annotation/601")
    with pytest.raises(DataError, match="number 601 too"):
        first("dhf1k", path)


def test_a_split_without_clips_says_which_there_are(copied):
    path = copied("dhf1k")
    shutil.rmtree(path / "annotation/0601")
    with pytest.raises(DataError, match="601 to 700; there are 1, 0001 to 0001"):
        first("dhf1k", path)


def test_without_maps_they_are_made(copied, made):
    before = first("dhf1k", made("dhf1k"))
    path = copied("dhf1k")
    shutil.rmtree(path / "annotation/0601/maps")
    clip = first("dhf1k", path)
    assert before.maps_given
    assert not clip.maps_given
    made_here, distributed = clip.truth(6).density, before.truth(6).density
    assert np.abs(made_here - distributed / 255).max() <= 0.51 / 255


def test_the_rate_of_frames_is_kept(made):
    assert first("dhf1k", made("dhf1k")).video().rate == Fraction(25)
