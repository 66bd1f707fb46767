"""What moves, as parts of the network are to know it: where things move, and read off where they say."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tased.network.config import NetworkConfig
from tased.network.prediction import auxiliary_switches
from tased.network.tased import TASEDNet
from tased.predict.network import to_network
from tased.train.movement import Movement, moving


def textured(rows, columns, seed):
    """Smooth noise: there is something to see at all places."""
    draw = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 3, rows // 4, columns // 4, generator=draw)
    return 255 * F.interpolate(noise, (rows, columns), mode="bilinear")[0]


def clip_of(background, thing, places, camera=0):
    """A square at some places before a background that goes to the left."""
    frames = []
    for index, (row, column) in enumerate(places):
        frame = background[:, :, camera * index : camera * index + 192].clone()
        size = thing.shape[-1]
        frame[:, row : row + size, column : column + size] = thing
        frames.append(frame.round().to(torch.uint8))
    return torch.stack(frames)


PLACES = [(60, 40 + 3 * t) for t in range(8)]
WAY = (slice(15, 20), slice(10, 20))  # in cells of 4 pixels, from the first place of 16 pixels to the last


@pytest.mark.parametrize("camera", [0, 2])
def test_what_moves_by_itself_has_the_density_whatever_the_camera_does(camera):
    density = moving(clip_of(textured(128, 256, 0), textured(16, 16, 1), PLACES, camera))
    assert density.shape == (32, 48)
    assert density.sum() == pytest.approx(1, rel=1e-5)
    assert density.max() == density[WAY].max()
    elsewhere = density.copy()
    elsewhere[WAY] = np.nan
    assert density[WAY].mean() > 5 * np.nanmean(elsewhere)


def test_where_nothing_moves_no_place_is_more_likely():
    still = textured(128, 192, 0).to(torch.uint8)[None].repeat(8, 1, 1, 1)
    np.testing.assert_allclose(moving(still), 1 / (32 * 48), rtol=1e-5)


@pytest.mark.parametrize("length", [1, 4, 7, 32])
def test_a_clip_of_any_length_ends_with_its_last_frame(length):
    clip = clip_of(textured(64, 192, 0), textured(8, 8, 1), [(20, 40 + 3 * t) for t in range(length)])
    density = moving(clip)
    if length == 1:
        np.testing.assert_allclose(density, density.mean(), rtol=1e-5)
    else:
        assert (40 + 3 * length) / 4 - 6 < density.argmax() % 48 < (48 + 3 * length) / 4


def logits(head, x, stride):
    """What a head says of features (C, h, w), cell by cell."""
    a = stride // 4
    kernel, bias = head.logits.weight[:, :, 0, 0, 0], head.logits.bias
    squares = torch.einsum("oc,chw->ohw", kernel, x) + bias[:, None, None]
    return squares.unflatten(0, (a, a)).permute(2, 0, 3, 1).flatten(0, 1).flatten(1, 2)


@pytest.mark.parametrize("decoder", ["tased", "fcn"])
def test_heads_read_the_mean_over_time_of_every_part(decoder):
    torch.manual_seed(1)
    network = TASEDNet(NetworkConfig(clip_length=16, rows=64, columns=64, decoder=decoder)).eval()
    heads = Movement(network)
    places = [(30, 20 + t) for t in range(16)]
    clips = torch.stack(
        [clip_of(textured(64, 256, n), textured(16, 16, 9), places)[..., :64] for n in (0, 1)]
    )
    with torch.no_grad():
        network(to_network(clips))
        found = heads(clips)
        with pytest.raises(RuntimeError, match="must see"):
            heads(clips)
        expected = torch.stack([by_hand(network, heads, clip) for clip in clips])
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def by_hand(network, heads, clip):
    known = network.encoder(to_network(clip[None]))
    stem = network.encoder.stem(to_network(clip[None]))
    parts = [(stem, 4), (known.x8, 8), (known.x16, 16), (known.x32, 32)]
    decoder = network.prediction.decoder
    if network.config.decoder == "tased":
        x = decoder.redistribute(known.x32)
        time = network.config.decoder_time
        for block, switches, like, stride in (
            (decoder.to16, known.switches16, known.x16, 32),
            (decoder.to8, auxiliary_switches(known.x8, time), known.x8, 16),
            (decoder.to4, auxiliary_switches(known.x4, time), known.x4, 8),
        ):
            parts.append((block.convs(x), stride))
            x = block(x, switches, like=like)
    density = torch.from_numpy(moving(clip)).double()
    found = []
    for (x, stride), head in zip(parts, heads.heads, strict=True):
        q = logits(head, x[0].mean(1), stride).double().flatten().softmax(0)
        p = density.flatten()
        found.append(float((p * (p / q).log()).sum()))
    return torch.tensor(np.mean(found), dtype=torch.float32)
