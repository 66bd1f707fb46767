"""Every layout, read back, is what was drawn; found whatever its case; refused where it cannot be."""

import pickle

import numpy as np
import pytest

from tased.data.layouts import LAYOUTS, guess_layout, open_data_set
from tased.data.viewers import gaze
from tased.errors import DataError, UsageError
from tased.video.synthetic import Scene

EVALUATED = {
    "dhf1k": ("0601", ["0001", "0002"]),
    "hollywood2": ("actioncliptest00001_1", ["actioncliptest00001_00001", "actioncliptest00001_00002"]),
    "ucfsports": ("Diving-Side-001", ["Diving-Side_001_001", "Diving-Side_001_002"]),
    "challenge": ("test_1", ["0001", "0002"]),
    "table": ("clip-1", ["0001", "0002"]),
}
OTHER = {"dhf1k": "train", "hollywood2": "train", "ucfsports": "training", "challenge": "all", "table": "all"}


def shown(fixation, frame):
    """Whether frame i, from 40 i to 40 (i + 1) ms, is on the screen during a fixation; in whole ms."""
    start = round(1000 * fixation.start)
    end = start + round(1000 * fixation.duration)
    return start < 40 * (frame + 1) and end > 40 * frame


def drawn(number):
    """Rows and columns, frame by frame, of the gaze on a clip of the fixture's data sets."""
    scene = Scene(seed=3000 + number, frames=12, height=48, width=64, rate=25)
    found = gaze(scene, 5)
    return [sorted([int(f.y), int(f.x)] for f in found if shown(f, frame)) for frame in range(12)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_read_is_what_was_drawn(layout, made):
    data = open_data_set(layout, made(layout))
    clip = data.clips()[0]
    name, frame_names = EVALUATED[layout]
    assert clip.name == name
    assert (clip.frames, clip.rows, clip.columns) == (12, 48, 64)
    assert list(clip.frame_names[:2]) == frame_names
    assert len(clip.frame_names) == 12
    expected = drawn(0)
    for index in range(12):
        truth = clip.truth(index)
        found = sorted(truth.fixations.tolist())
        if layout in ("table", "challenge"):
            assert found == expected[index]
        else:  # a picture says of a pixel only that it was hit
            assert found == [list(p) for p in sorted({tuple(p) for p in expected[index]})]
        assert truth.fixations.dtype == np.int64
        assert truth.density.shape == (48, 64)
        assert truth.density.dtype == np.float32
        assert truth.outside == 0
        if len(truth.fixations):
            assert truth.density[tuple(truth.fixations.T)].mean() > truth.density.mean()
    assert sum(1 for _ in clip.video()) == 12
    assert data.strays() == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_other_split_is_the_other_clip(layout, made):
    data = open_data_set(layout, made(layout))
    other = data.clips(OTHER[layout])[-1]
    expected = {tuple(place) for place in drawn(1)[6]}
    assert {tuple(place) for place in other.truth(6).fixations.tolist()} == expected


def test_observers_of_a_table_are_numbered(made):
    clip = open_data_set("table", made("table")).clips()[0]
    scene = Scene(seed=3000, frames=12, height=48, width=64, rate=25)
    expected = sorted((f.observer, int(f.y), int(f.x)) for f in gaze(scene, 5) if shown(f, 7))
    truth = clip.truth(7)
    assert sorted((o, *p) for o, p in zip(truth.observers, truth.fixations.tolist(), strict=True)) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_clips_travel(layout, made):
    clip = open_data_set(layout, made(layout)).clips()[0]
    before = clip.truth(5)
    moved = pickle.loads(pickle.dumps(clip))
    after = moved.truth(5)
    assert np.array_equal(before.fixations, after.fixations)
    assert np.array_equal(before.density, after.density)
    assert len(pickle.dumps(clip)) < 20_000


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fingerprints_are_of_what_is_there(layout, made, copied):
    here, there = open_data_set(layout, made(layout)), open_data_set(layout, copied(layout))
    if layout == "table":  # its name is its folder's
        assert here.name == "table"
    assert here.fingerprint() == there.fingerprint()
    assert len(here.fingerprint()) == 64
    if OTHER[layout] != "all":
        assert here.fingerprint() != here.fingerprint(OTHER[layout])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_told_apart(layout, made):
    assert guess_layout(made(layout)) == layout


def test_a_folder_that_could_be_two_is_not_guessed(copied):
    path = copied("dhf1k")
    (path / "testing").mkdir()
    with pytest.raises(DataError, match="could be dhf1k or ucfsports"):
        guess_layout(path)


def test_nothing_known_is_not_guessed(tmp_path):
    with pytest.raises(DataError, match="no data set that is known"):
        guess_layout(tmp_path)


@pytest.mark.parametrize(
    ("given", "nearest"), [("DHF1K", "dhf1k"), ("holywood", "hollywood2"), ("tabel", "table")]
)
def test_an_unknown_layout_names_the_nearest(given, nearest, tmp_path):
    with pytest.raises(UsageError, match=f"did you mean '{nearest}'"):
        open_data_set(given, tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        open_data_set("dhf1k", tmp_path / "x")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_that_does_not_fit(layout, tmp_path):
    with pytest.raises(DataError, match=str(tmp_path)):
        open_data_set(layout, tmp_path).clips()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_split_that_is_not_there(layout, made):
    with pytest.raises(UsageError, match="split 'tset'"):
        open_data_set(layout, made(layout)).clips("tset")


def test_the_test_split_of_dhf1k_has_no_truth(made):
    with pytest.raises(UsageError, match="not public"):
        open_data_set("dhf1k", made("dhf1k")).clips("test")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_that_are_not_there(layout, made):
    clip = open_data_set(layout, made(layout)).clips()[0]
    for index in (-1, 12):
        with pytest.raises(DataError, match=clip.name):
            clip.truth(index)
