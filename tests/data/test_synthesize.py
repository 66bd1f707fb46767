"""Data sets made by code: the same again for a seed, and gaze that follows the density that is written."""

import hashlib

import numpy as np
import pytest

from tased.data.layouts import LAYOUTS, open_data_set
from tased.data.synthesize import KNOWN, synthesize
from tased.data.viewers import gaze, known_density
from tased.errors import OutputError, UsageError
from tased.video.synthetic import Scene

SMALL = {"videos": 1, "frames": 3, "width": 48, "height": 32, "observers": 2}


def gaze_bytes(path):
    """Of every file that says where people looked."""
    kinds = ("gaze.csv", "*/fixation/*.png", "*.json", KNOWN)
    files = sorted({file for kind in kinds for file in path.rglob(kind)})
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_seed_is_a_data_set(layout, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        synthesize(tmp_path / name, layout=layout, seed=seed, **SMALL)
    assert gaze_bytes(tmp_path / "a") == gaze_bytes(tmp_path / "b")
    assert len(gaze_bytes(tmp_path / "a")) >= 2
    assert gaze_bytes(tmp_path / "a") != gaze_bytes(tmp_path / "c")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_known_density_is_written(layout, made):
    with np.load(made(layout) / KNOWN) as known:
        clips = open_data_set(layout, made(layout)).clips()
        assert {clip.name for clip in clips} <= set(known.files)
        density = known[clips[0].name].astype(np.float64)
    assert density.shape == (12, 48, 64)
    np.testing.assert_allclose(density.mean(axis=(1, 2)), 1, atol=1e-3)
    scene = Scene(seed=3000, frames=12, height=48, width=64, rate=25)
    np.testing.assert_allclose(density[6] / density[6].size, known_density(scene, 6), rtol=1e-3)


def test_gaze_follows_the_density():
    """Fixations of many observers, counted in cells, against what the density says; chi-squared."""
    scene = Scene(seed=5, frames=10, height=48, width=64, rate=25)
    started = [f for f in gaze(scene, 6000) if f.start < 0.1]
    seen, expected = np.zeros((4, 4)), np.zeros((4, 4))
    for fixation in started:
        seen[int(fixation.y) // 12, int(fixation.x) // 16] += 1
        frame = int(fixation.start * 25 + 1e-6)
        expected += known_density(scene, frame).reshape(4, 12, 4, 16).sum(axis=(1, 3))
    assert len(started) > 5000
    assert expected.sum() == pytest.approx(len(started))
    chi_squared = ((seen - expected) ** 2 / expected).sum()
    assert chi_squared < 37.7  # 15 degrees of freedom: one in a thousand is beyond


def test_the_density_is_drawn_to_what_moves_and_what_appears():
    scene = Scene(seed=0, frames=40, height=96, width=160, rate=25)
    where = {body.name: body for body in scene.bodies(20)}

    def at(name, frame):
        body = where[name]
        return known_density(scene, frame)[int(body.y * 96), int(body.x * 160)]

    assert at("pinwheel", 20) > 3 * at("pinwheel", 19)
    assert at("pinwheel", 20) > at("pinwheel", 39)
    assert known_density(scene, 20).min() > 0


def test_observers_look_at_one_place_at_a_time():
    scene = Scene(seed=0, frames=100, height=48, width=64, rate=25)
    found = gaze(scene, 8)
    for observer in range(8):
        own = [f for f in found if f.observer == observer]
        ends = [f.start + f.duration for f in own]
        assert all(end < f.start for end, f in zip(ends, own[1:], strict=False))
        assert ends[-1] >= 4 - 0.05
    lengths = [f.duration for f in found]
    assert 0.2 < np.median(lengths) < 0.35
    assert min(lengths) >= 0.1
    assert max(lengths) <= 1
    assert all(0 <= f.x < 64 and 0 <= f.y < 48 for f in found)


def test_what_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/gaze.csv").write_text("precious")
    with pytest.raises(OutputError, match="something in this folder"):
        synthesize(tmp_path / "mine", layout="table", **SMALL)
    assert (tmp_path / "mine/gaze.csv").read_text() == "precious"


def test_whole_or_not_at_all(tmp_path):
    def interrupt(name, done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "new", layout="dhf1k", report=interrupt, **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "new").mkdir()
    assert synthesize(tmp_path / "new", layout="table", **SMALL) == ["clip-1"]
    assert (tmp_path / "new" / "gaze.csv").exists()


@pytest.mark.parametrize(
    "change", [{"videos": 0}, {"observers": 0}, {"frames": 0}, {"width": 8}, {"layout": "dhf2k"}]
)
def test_what_cannot_be_made(change, tmp_path):
    with pytest.raises(UsageError):
        synthesize(tmp_path / "new", **({"layout": "table"} | SMALL | change))
    assert list(tmp_path.iterdir()) == []
