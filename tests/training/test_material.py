"""What is made by code, and what a teacher makes of it."""

from dataclasses import replace

import numpy as np
import torch
from training.material import Amounts, opened, prepare, rehearsal

from tased.network.config import LiteConfig
from tased.network.lite import TASEDLite
from tased.network.weights import read_weights, save_weights
from tased.predict.predictor import load
from tased.video.read import open_video


def test_maps_are_the_teachers_without_its_share_of_the_centre(tmp_path):
    rehearsal(tmp_path)
    torch.manual_seed(3)
    teacher = tmp_path / "teacher.safetensors"
    save_weights(TASEDLite(LiteConfig(rows=64, columns=96, centre=0.3, motion=0.8)), teacher)
    material = prepare(
        tmp_path / "material",
        opened(tmp_path / "pictures"),
        None,
        [teacher],
        amounts=Amounts(movers=1, stirred=1, scenes=1, frames=12, rows=64, columns=96),
        device="cpu",
        workers=0,
        report=lambda *_: None,
    )
    bare = tmp_path / "material" / "teacher-0.safetensors"
    assert read_weights(bare).config == replace(read_weights(teacher).config, centre=0.0)
    sources = {source.data.name: source for source in material.sources(float("inf"), moving=True)}
    assert len(sources) == 4
    assert len(material.sources(float("inf"), moving=False)) == 3
    for name in ("movers", "stirred"):
        (clip,) = sources[name].data.clips()
        seen = [m.values.numpy() for m in load(bare).predict(open_video(clip.video_path), size="network")][9]
        rows, columns = seen.shape
        cells = seen.reshape(rows // 4, 4, columns // 4, 4).mean((1, 3))
        np.testing.assert_allclose(clip.density(9), cells / cells.sum(), rtol=0.08, atol=1e-5)
