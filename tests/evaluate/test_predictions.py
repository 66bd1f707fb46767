"""Where predictions are found, and what is refused."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.handmade import HandmadeClip
from tests.media import textured, write_video
from tests.predict.networks import network_of

from tased.errors import DataError
from tased.evaluate.predictions import FilePredictions, ModelPredictions, Observers
from tased.network.config import NetworkConfig
from tased.network.weights import save_weights
from tased.predict.predictor import load

CLIP = HandmadeClip("one")
MAPS = (np.random.default_rng(0).random((6, 9, 16)) * 200).astype(np.uint8)


def pngs(folder, name="{:04d}.png", bits=8):
    folder.mkdir(parents=True)
    for i, values in enumerate(MAPS):
        Image.fromarray(values if bits == 8 else values.astype(np.uint16) * 257).save(
            folder / name.format(i + 1)
        )


def npz(path):
    np.savez(path, maps=MAPS.astype(np.float16), seconds=np.arange(6.0), index=np.arange(6))


def zarr(path):
    group = pytest.importorskip("zarr").open_group(path, mode="w")
    group["maps"], group["index"] = MAPS.astype(np.float32), np.arange(6)


def movie(path):
    frames = [np.repeat(values[..., None], 3, 2) for values in MAPS]
    write_video(path, [av.VideoFrame.from_ndarray(f, "rgb24") for f in frames], codec="ffv1", pixels="bgr0")


KINDS = {
    "pictures": lambda folder: pngs(folder / "one"),
    "16 bits": lambda folder: pngs(folder / "one", bits=16),
    "other numbers": lambda folder: pngs(folder / "one", name="{}.png"),
    "npz": lambda folder: npz(folder / "one.npz"),
    "zarr": lambda folder: zarr(folder / "one.zarr"),
    "movie": lambda folder: movie(folder / "one.mkv"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [range(6), (1, 4)])
def test_maps_are_found_in_every_form(tmp_path, kind, frames):
    KINDS[kind](tmp_path)
    found = list(FilePredictions(tmp_path).scored(CLIP, tuple(frames)))
    assert [s.frame for s in found] == list(frames)
    scale = 257 if kind == "16 bits" else 1
    for index, values, truth in found:
        np.testing.assert_allclose(values, MAPS[index] * np.float32(scale), rtol=1e-3)
        np.testing.assert_array_equal(truth.fixations, CLIP.truth(index).fixations)


def missing_frame(folder):
    pngs(folder / "one")
    (folder / "one" / "0004.png").unlink()


def broken_frame(folder):
    pngs(folder / "one")
    (folder / "one" / "0004.png").write_bytes(b"PNG")


def negative(folder):
    np.savez(folder / "one.npz", maps=-np.ones((6, 4, 4)))


def not_numbers(folder):
    np.savez(folder / "one.npz", maps=np.full((6, 4, 4), np.nan))


def short_movie(folder):
    write_video(folder / "one.mp4", textured(3))


def flat_array(folder):
    np.savez(folder / "one.npz", maps=np.ones((6, 4)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "no predictions for one"),
        (missing_frame, "no map for frame 4 of 6"),
        (broken_frame, "0004.png: is no readable PNG"),
        (negative, "frame 1 holds NaN, infinity or negative"),
        (not_numbers, "frame 1 holds NaN"),
        (short_movie, "3 frames"),
        (flat_array, r"\(N, H, W\)"),
        (lambda folder: (folder / "one.npz").write_bytes(b"zip"), "can be read"),
    ],
)
def test_what_is_missing_or_broken_is_named(tmp_path, make, words):
    make(tmp_path)
    with pytest.raises(DataError, match=words):
        list(FilePredictions(tmp_path).scored(CLIP, range(6)))


def test_identity_changes_with_the_files(tmp_path):
    pngs(tmp_path / "one")
    before = FilePredictions(tmp_path).identity
    assert FilePredictions(tmp_path).identity == before
    Image.fromarray(MAPS[0]).resize((8, 8)).save(tmp_path / "one" / "0001.png")
    assert FilePredictions(tmp_path).identity != before


def test_models_predict_on_the_fly(tmp_path):
    clip = HandmadeClip("one", path=write_video(tmp_path / "one.mp4", textured(6)))
    found = list(ModelPredictions("spectral").scored(clip, (0, 5)))
    assert [s.frame for s in found] == [0, 5]
    short = HandmadeClip("two", path=clip.path, frames=9)
    with pytest.raises(DataError, match="ends before frame 9"):
        list(ModelPredictions("spectral").scored(short, (0, 8)))


@pytest.mark.parametrize("weights", ["spectral", "motion", "lite", "network"])
def test_frames_that_are_not_asked_for_are_the_past_of_those_that_are(tmp_path, weights):
    clip = HandmadeClip("one", path=write_video(tmp_path / "one.mp4", textured(12)), frames=12)
    if weights == "network":
        weights = str(tmp_path / "network.safetensors")
        save_weights(network_of(NetworkConfig(clip_length=4, rows=64, columns=96)), Path(weights))
    whole = {m.index: m.values.numpy() for m in load(weights).predict(clip.video_path, size="network")}
    found = list(ModelPredictions(weights).scored(clip, (1, 7, 11)))
    assert [s.frame for s in found] == [1, 7, 11]
    for s in found:
        np.testing.assert_allclose(s.values, whole[s.frame], atol=1e-6)


def test_people_predict_other_people():
    [half] = Observers(sigma=0.05).scored(CLIP, (2,))
    whole = CLIP.truth(2)
    assert len(half.truth.fixations) == 3
    assert set(half.truth.observers) < set(whole.observers)
    mine = [tuple(p) for p in whole.fixations[~np.isin(whole.observers, half.truth.observers)]]
    assert len(mine) == 3
    assert half.values[tuple(np.transpose(mine))].min() > half.values.mean()
    [again] = Observers(sigma=0.05).scored(CLIP, (2,))
    np.testing.assert_array_equal(half.values, again.values)
