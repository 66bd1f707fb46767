"""A teacher's maps as what is learnt: their files, and their mixture with gaze."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.train.handmade import HandmadeClip, HandmadeData

from tased.data.clip import Truth
from tased.errors import DataError, UsageError
from tased.predict.predictor import load
from tased.train.losses import kld
from tased.train.taught import Files, Taught, maps_of, save_maps, share_of, unwatched, write_maps


@dataclass(frozen=True)
class Blind(HandmadeClip):
    """Nobody looked at its odd frames."""

    def gaze(self, index):
        return Truth(np.empty((0, 2), np.int64), None, None) if index % 2 else super().gaze(index)


@pytest.fixture
def folder(tmp_path):
    for name in ("set/one", "two"):
        maps = np.random.default_rng(len(name)).random((4, 10, 15)).astype(np.float16)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save_maps(tmp_path / f"{name}.npy", maps)
    return tmp_path


class Data(HandmadeData):
    def fingerprint(self, split=None):
        return "handmade"


DATA = Data((Blind("set/one", 4), Blind("two", 4)))


def gradient(density, logits):
    logits = logits.clone().requires_grad_()
    kld(logits.sigmoid(), torch.as_tensor(density)).backward()
    return logits.grad


def test_a_mixture_teaches_what_both_teach(folder):
    """Its gradient is that of gaze at weight 1 and of the teacher at weight 0.3, but for the sum's scale."""
    torch.manual_seed(0)
    logits = torch.randn(20, 30, dtype=torch.float64)
    clip = Taught(DATA, folder, share_of(0.3)).clips()[0]
    alone = replace(clip, share=1.0)
    teacher = np.array(Image.fromarray(alone.density(2)).resize((30, 20), Image.Resampling.BILINEAR))
    both = gradient(DATA.all[0].density(2), logits) + 0.3 * gradient(teacher, logits)
    torch.testing.assert_close(1.3 * gradient(clip.density(2), logits), both, rtol=1e-4, atol=1e-8)
    assert clip.density(2).sum() == pytest.approx(1, abs=1e-5)
    assert clip.truth(2).fixations.shape == (7, 2)


def test_where_nobody_looked_the_teacher_teaches_alone(folder):
    clip = Taught(DATA, folder, 0.25).clips()[1]
    maps = np.load(folder / "two.npy").astype(np.float64)
    np.testing.assert_allclose(clip.density(3), maps[3] / maps[3].sum(), rtol=1e-5)
    everywhere = Taught(DATA, folder).clips()[1]
    np.testing.assert_allclose(everywhere.density(2), maps[2] / maps[2].sum(), rtol=1e-5)


def test_what_is_missing_is_told(folder):
    with pytest.raises(UsageError, match="share is 0"):
        Taught(DATA, folder, 0)
    (folder / "two.npy").unlink()
    with pytest.raises(DataError, match="lacks the maps of 1 clips, first 'two'"):
        Taught(DATA, folder).clips()
    save_maps(folder / "two.npy", np.ones((3, 2, 2), np.float16))
    with pytest.raises(DataError, match=r"no map of frame 3 of two"):
        Taught(DATA, folder).clips()[1].density(3)
    assert Taught(DATA, folder, 0.5).fingerprint() != Taught(DATA, folder).fingerprint()
    assert share_of(0.3) == pytest.approx(0.3 / 1.3)
    assert share_of(float("inf")) == 1


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_the_files_are_the_mean_of_what_the_teachers_predict(workers, recordings, tmp_path):
    videos = sorted((recordings / "videos").iterdir())
    clips = unwatched(videos[:2], recordings)
    assert [(c.name, c.frames, c.rows, c.columns) for c in clips] == [
        ("videos/clip-1", 9, 48, 64),
        ("videos/clip-2", 9, 48, 64),
    ]
    assert not len(clips[0].gaze(8).fixations)
    with pytest.raises(DataError, match="no frame 9"):
        clips[0].gaze(9)
    teachers = [load("motion"), load("centre")]
    told = []
    write_maps(clips, ["motion", "centre"], tmp_path, workers=workers, report=lambda *n: told.append(n))
    assert told == [(1, 2), (2, 2)]
    data = Taught(Files("all", recordings, tuple(clips)), tmp_path)
    for index in (0, 8):
        mean = 0
        for teacher in teachers:
            values = [m.values.numpy() for m in teacher.predict(videos[1], size="network")][index]
            mean = mean + values.astype(np.float64) / values.sum() / 2
        rows, columns = mean.shape
        blocks = mean.reshape(rows // 4, 4, columns // 4, 4).sum((1, 3))
        found = data.clips()[1].density(index)
        assert np.corrcoef(found.ravel(), blocks.ravel())[0, 1] > 0.98
        assert found.sum() == pytest.approx(1, abs=1e-4)


def test_an_interrupted_call_goes_on_with_the_next_clip(recordings, tmp_path):
    clips = unwatched(sorted((recordings / "videos").iterdir()), recordings)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_maps(clips, ["centre"], tmp_path, report=stop)
    first = maps_of(tmp_path, clips[0])
    written = first.stat().st_mtime_ns
    assert not maps_of(tmp_path, clips[1]).exists()
    write_maps(clips, ["centre"], tmp_path, change=lambda clip, index, density: 0 * density)
    assert first.stat().st_mtime_ns == written
    assert not np.diff(np.load(maps_of(tmp_path, clips[1])).ravel()).any()  # 0 stands for the uniform one
