"""--published against a literal transcription of what the published script does."""

from dataclasses import replace

import cv2
import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from tests.references import published

from tased.apps.outputs import Outputs
from tased.apps.predict import predict_video
from tased.network.config import RELEASED
from tased.network.weights import network_from, read_weights
from tased.predict.network import NetworkModel
from tased.predict.predictor import Predictor

LENGTH = 32


def published_script(state, pictures, out, rows, columns, sigma):
    """Read, resize, slide, reverse, floor, blur, divide, write: step by step, with OpenCV and SciPy."""
    out.mkdir()
    snippet = []
    for i, path in enumerate(pictures):
        snippet.append(cv2.resize(cv2.imread(str(path)), (columns, rows))[..., ::-1])
        if i < LENGTH - 1:
            continue
        clip = torch.from_numpy(np.stack(snippet)).permute(3, 0, 1, 2)[None].float()
        clip = clip.mul(2.0).sub(255).div(255)
        write_map(published.tased(state, clip)[0], out / f"{i + 1:04d}.png", sigma)
        if i < 2 * LENGTH - 2:
            write_map(published.tased(state, clip.flip(2))[0], out / f"{i - LENGTH + 2:04d}.png", sigma)
        del snippet[0]


def write_map(values, path, sigma):
    values = (values.numpy() * 255.0).astype(int) / 255.0
    values = gaussian_filter(values, sigma=sigma)
    cv2.imwrite(str(path), (values / np.max(values) * 255.0).astype(np.uint8))


def test_maps_are_those_of_the_published_script(tmp_path):
    """On frames of a seventh of the size, with the blur in proportion; the arithmetic is the same."""
    rows, columns, sigma, frames = 32, 64, 1.0, 66
    folder = tmp_path / "frames"
    folder.mkdir()
    rng = np.random.default_rng(0)
    scene = cv2.resize(
        rng.integers(0, 256, (12, 40, 3), dtype=np.uint8), (400, 120), interpolation=cv2.INTER_CUBIC
    )
    pictures = [folder / f"{i + 1:04d}.png" for i in range(frames)]
    for i, path in enumerate(pictures):
        frame = scene[:, 2 * i : 2 * i + 200].copy()
        cv2.circle(frame, (30 + 2 * i, 60), 12, (20, 220, 250), -1)
        cv2.imwrite(str(path), frame)
    state = published.tased_state(3)
    torch.save(state, tmp_path / "TASED_v2.pt")
    network = network_from(read_weights(tmp_path / "TASED_v2.pt"))
    network.config = replace(RELEASED, rows=rows, columns=columns, blur=sigma)
    model = NetworkModel("TASED_v2", network, torch.device("cpu"), torch.float32, published=True)

    with torch.inference_mode():
        published_script(state, pictures, tmp_path / "expected", rows, columns, sigma)
    predict_video(folder, Outputs(maps=tmp_path / "found"), predictor=Predictor(model))

    names = sorted(p.name for p in (tmp_path / "expected").iterdir())
    assert sorted(p.name for p in (tmp_path / "found").iterdir()) == names
    for name in names:
        expected = np.asarray(Image.open(tmp_path / "expected" / name)).astype(int)
        found = np.asarray(Image.open(tmp_path / "found" / name)).astype(int)
        assert found.shape == (rows, columns)
        assert np.abs(found - expected).max() <= 1, name
        assert expected.std() > 3
