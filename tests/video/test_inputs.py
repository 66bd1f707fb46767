"""What a path stands for, and pictures as videos."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.media import flat, flats, number_of, write_video

from tased.errors import UsageError, VideoError
from tased.video.inputs import is_picture, is_video_name, list_inputs, natural_key
from tased.video.read import open_video


def save(folder, name, pixels, **options):
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name, **options)
    return folder / name


def test_kinds_of_names():
    assert is_picture("a.PNG")
    assert is_picture("b.jpeg")
    assert not is_picture("a.gif")
    assert is_video_name("a.GIF")
    assert is_video_name("b.mp4")
    assert not is_video_name("notes.txt")


def test_natural_order():
    names = ["a1.png", "a2.png", "a10.png", "A11.png", "a012.png", "b1.png"]
    shuffled = random.Random(0).sample(names, len(names))
    assert sorted(shuffled, key=natural_key) == names
    assert sorted(["10.png", "9.png", "x.png"], key=natural_key) == ["9.png", "10.png", "x.png"]


@settings(deadline=None)
@given(st.lists(st.text("aB10²٣.-", max_size=6), unique=True))
def test_natural_order_is_one_order(names):
    backwards = names[::-1]
    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


def test_a_folder_of_videos_is_each_of_them(tmp_path):
    for name in ("v10.mp4", "v2.mp4", ".hidden.mp4", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.mp4").mkdir()
    assert [path.name for path in list_inputs(tmp_path)] == ["v2.mp4", "v10.mp4"]
    assert list_inputs(tmp_path / "v2.mp4") == [tmp_path / "v2.mp4"]
    with pytest.raises(VideoError, match="folder of 2 videos, not of pictures"):
        open_video(tmp_path)


def test_a_folder_of_pictures_is_one_input(tmp_path):
    save(tmp_path, "1.png", flat(0))
    assert list_inputs(str(tmp_path)) == [tmp_path]


def test_a_folder_of_both_is_refused(tmp_path):
    save(tmp_path, "1.png", flat(0))
    (tmp_path / "a.mp4").touch()
    with pytest.raises(VideoError, match="holds 1 pictures and 1 videos"):
        list_inputs(tmp_path)


@pytest.mark.parametrize("read", [list_inputs, open_video])
def test_folders_with_nothing_to_see(tmp_path, read):
    with pytest.raises(VideoError, match="the folder is empty"):
        read(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(VideoError, match="none of its 1 files"):
        read(tmp_path)
    with pytest.raises(VideoError, match="no such file or folder"):
        read(tmp_path / "elsewhere")


def test_a_folder_or_file_that_may_not_be_read(unprivileged):
    closed = unprivileged / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(VideoError, match="cannot be read"):
        list_inputs(closed)
    path = write_video(unprivileged / "a.mp4", flats(1))
    path.chmod(0)
    with pytest.raises(VideoError, match="no permission"):
        open_video(path)


def test_pictures_in_natural_order_with_their_names(tmp_path):
    for number in (10, 1, 2):
        save(tmp_path / "clip.v1", f"f{number}.png", flat(number))
    (tmp_path / "clip.v1" / ".DS_Store").touch()
    (tmp_path / "clip.v1" / "notes.txt").touch()
    video = open_video(tmp_path / "clip.v1")
    assert (video.name, video.width, video.height, video.rate, video.frames) == ("clip.v1", 64, 48, 25, 3)
    assert video.picture_names == ("f1.png", "f2.png", "f10.png")
    assert video.duration == pytest.approx(0.12)
    for _ in range(2):
        frames = list(video)
        assert [number_of(frame.pixels) for frame in frames] == [1, 2, 10]
        assert [frame.seconds for frame in frames] == [0, 0.04, 0.08]


def test_one_picture_is_a_video_of_one_frame(tmp_path):
    video = open_video(save(tmp_path, "photo.png", flat(3)))
    assert (video.name, video.frames, video.picture_names) == ("photo", 1, ("photo.png",))
    assert [number_of(frame.pixels) for frame in video] == [3]
    with pytest.raises(UsageError, match="no numbered streams"):
        open_video(tmp_path / "photo.png", stream=0)


CORNER = np.zeros((32, 64, 3), np.uint8)
CORNER[:16, :32] = 255
# What a viewer sees for each EXIF orientation, from the standard's table (CIPA DC-008, 4.6.5.1).
SEEN = {
    1: CORNER,
    2: CORNER[:, ::-1],
    3: CORNER[::-1, ::-1],
    4: CORNER[::-1],
    5: CORNER.transpose(1, 0, 2),
    6: CORNER.transpose(1, 0, 2)[:, ::-1],
    7: CORNER.transpose(1, 0, 2)[::-1, ::-1],
    8: CORNER.transpose(1, 0, 2)[::-1],
}


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("orientation", SEEN)
def test_exif_orientation_is_obeyed(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path, f"a{suffix}", CORNER, exif=exif)
    video = open_video(path)
    expected = SEEN[orientation]
    assert (video.height, video.width) == expected.shape[:2]
    assert np.abs(next(iter(video)).pixels.astype(int) - expected).max() < 12


def test_another_size_is_named_before_anything_is_read(tmp_path):
    save(tmp_path, "1.png", flat(0))
    save(tmp_path, "2.png", flat(0, 48, 60))
    save(tmp_path, "3.png", flat(0, 10, 10))
    with pytest.raises(VideoError, match=r"2\.png: is 60x48, but the first picture of the folder is 64x48"):
        open_video(tmp_path)


def test_a_picture_that_changes_while_it_is_read(tmp_path):
    save(tmp_path, "1.png", flat(0))
    save(tmp_path, "2.png", flat(0))
    frames = iter(open_video(tmp_path))
    next(frames)
    save(tmp_path, "2.png", flat(0, 10, 10))
    with pytest.raises(VideoError, match=r"2\.png: is 10x10"):
        next(frames)


@pytest.mark.parametrize("keep", [0, 5, 60])
def test_a_broken_picture_is_named(tmp_path, keep):
    save(tmp_path, "1.png", flat(0))
    path = save(tmp_path, "2.png", np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[: keep or None] if keep else b"no picture")
    with pytest.raises(VideoError, match=r"2\.png: cannot be read as a picture") as caught:
        list(open_video(tmp_path))
    assert "\n" not in str(caught.value)


def rgba(alpha):
    return np.dstack([np.full((8, 8, 3), 200, np.uint8), np.full((8, 8), alpha, np.uint8)])


@pytest.mark.parametrize(
    ("pixels", "mode", "expected"),
    [
        (np.full((8, 8), 77, np.uint8), "L", 77),
        (np.full((8, 8), 257 * 77, np.uint16), "I;16", 77),
        (np.full((8, 8), 65535, np.uint16), "I;16", 255),
        (np.full((8, 8), True), "1", 255),
        (rgba(255), "RGBA", 200),
        (rgba(51), "RGBA", 40),
        (rgba(0), "RGBA", 0),
    ],
)
def test_kinds_of_pixels(tmp_path, pixels, mode, expected):
    path = save(tmp_path, "a.png", pixels)
    with Image.open(path) as image:
        assert image.mode == mode
    frame = next(iter(open_video(path)))
    assert frame.pixels.shape == (8, 8, 3)
    assert np.abs(frame.pixels.astype(int) - expected).max() <= 1


def test_palettes_and_cmyk(tmp_path):
    tmp_path.joinpath("p").mkdir()
    Image.fromarray(flat(5)).convert("P").save(tmp_path / "p" / "1.png", transparency=0)
    Image.fromarray(flat(5)).convert("CMYK").save(tmp_path / "p" / "2.jpg")
    assert [frame.pixels.shape for frame in open_video(tmp_path / "p")] == [(48, 64, 3)] * 2


def test_pictures_without_a_known_range_are_refused(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(VideoError, match="floating-point values of unknown range"):
        list(open_video(tmp_path / "a.tiff"))


def test_animations_are_refused(tmp_path):
    first, *others = (Image.fromarray(flat(index)) for index in range(3))
    first.save(tmp_path / "a.png", save_all=True, append_images=others)
    with pytest.raises(VideoError, match="animation of 3 pictures"):
        open_video(tmp_path / "a.png")
