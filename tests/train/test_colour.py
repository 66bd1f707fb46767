"""Clips in other colours, against Pillow's definitions and the laws."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from tased.train.colour import Colour, recoloured


@pytest.fixture
def clips():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 3, 6, 8), np.uint8))


def test_without_a_change_it_is_the_clip(clips):
    assert recoloured(clips, [None, None]) is clips
    assert torch.equal(recoloured(clips, [Colour(), None]), clips)


def test_each_clip_has_its_own(clips):
    found = recoloured(clips, [Colour(0.7, 1.3, 0.1), None])
    assert torch.equal(found[1], clips[1])
    assert torch.equal(found[:1], recoloured(clips[:1], [Colour(0.7, 1.3, 0.1)]))
    assert not torch.equal(found[0], clips[0])


@pytest.mark.parametrize("contrast", [0.6, 1.4])
def test_contrast_is_pillows_about_mid_grey(clips, contrast):
    """Pillow takes a picture's own mean: beside its negative it is mid-grey."""
    frame = clips[0, 0].permute(1, 2, 0).numpy()
    both = Image.fromarray(np.concatenate([frame, 255 - frame]))
    expected = np.asarray(ImageEnhance.Contrast(both).enhance(contrast))[:6]
    found = recoloured(clips, [Colour(contrast), None])[0, 0].permute(1, 2, 0).numpy()
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def test_brightness_is_added_as_far_as_there_is_room(clips):
    found = recoloured(clips, [Colour(brightness=0.2), Colour(brightness=-0.2)]).int()
    assert torch.equal(found[0], (clips[0].int() + 51).clamp(max=255))
    assert torch.equal(found[1], (clips[1].int() - 51).clamp(min=0))


def test_saturation_changes_neither_luma_nor_hue(clips):
    mild = 96 + clips // 4  # nothing is cut off
    found = recoloured(mild, [Colour(saturation=0.5), Colour(saturation=0.0)])
    luma = torch.tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1)
    torch.testing.assert_close((found * luma).sum(2), (mild * luma).sum(2), rtol=0, atol=0.51)
    assert (found[1].amax(1) == found[1].amin(1)).all()  # grey
    for before, after in zip(
        mild[0, 0].flatten(1).T.tolist(), found[0, 0].flatten(1).T.tolist(), strict=True
    ):
        if max(before) - min(before) < 30:  # rounding turns faint colours
            continue
        turned = abs(colorsys.rgb_to_hsv(*before)[0] - colorsys.rgb_to_hsv(*after)[0])
        assert min(turned, 1 - turned) < 0.02
