"""What is made by code, and what a teacher makes of it."""

from dataclasses import replace

import numpy as np
import torch
from training.material import MOTION, Amounts, opened, prepare, rehearsal, without_prior

from tased.network.config import LiteConfig
from tased.network.lite import TASEDLite
from tased.network.weights import read_weights, save_weights
from tased.predict.predictor import load
from tased.video.read import open_video


def test_vivid_maps_have_what_moves_to_a_power(tmp_path):
    """Maps are p (motion + unmoved)^k: so the steps from one k to another are alike, in logarithms."""
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
    vivid = read_weights(tmp_path / "material" / "vivid-0.safetensors").config
    plain = read_weights(tmp_path / "material" / "teacher-0.safetensors").config
    assert plain == replace(read_weights(teacher).config, centre=0.0)
    assert vivid == replace(plain, motion=MOTION * 0.8)
    still = without_prior(teacher, tmp_path / "still.safetensors", 0.0)
    plainly, vividly = (
        {s.data.name: s.data for s in material.sources(float("inf"), moving=True, vivid=v)}
        for v in (False, True)
    )
    for name in ("movers", "stirred"):
        clip = plainly[name].clips()[0]
        seen = [m.values.numpy() for m in load(still).predict(open_video(clip.video_path), size="network")][9]
        rows, columns = seen.shape
        cells = seen.reshape(rows // 4, 4, columns // 4, 4).mean((1, 3))
        found = [data[name].clips()[0].density(9) for data in (plainly, vividly)]
        without, with_motion, with_more = (np.log(p / p.sum() + 1e-6).ravel() for p in (cells, *found))
        first, second = with_motion - without, with_more - with_motion
        assert np.corrcoef(first, second)[0, 1] > 0.97
        assert second.std() / first.std() > 0.8 * (MOTION - 1)
    others = plainly.keys() - {"movers", "stirred"}
    assert len(others) == 2  # pictures and landscapes have no others
    for name in others:
        assert np.array_equal(*(data[name].clips()[0].density(0) for data in (plainly, vividly)))
