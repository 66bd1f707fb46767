import pytest

from tased.errors import UsageError
from tased.network.config import CLIP_LENGTHS, NetworkConfig


@pytest.mark.parametrize("length", [16, 32, 48, 64])
def test_time_follows_the_papers_rule(length):
    config = NetworkConfig(clip_length=length)
    assert config.temporal_kernels == (2, length // 16)  # section 3.2: p and q
    assert config.decoder_time == length // 8
    assert config.temporal_strides == (2, 2)


@pytest.mark.parametrize(("length", "strides"), [(4, (1, 1)), (8, (2, 1))])
def test_short_clips_keep_two_steps_to_aggregate(length, strides):
    config = NetworkConfig(clip_length=length)
    assert config.temporal_kernels == (2, 1)
    assert config.temporal_strides == strides


def test_a_still_picture_has_no_time():
    config = NetworkConfig(clip_length=1)
    assert config.temporal_kernels == config.temporal_strides == (1, 1)
    assert config.decoder_time == 1


@pytest.mark.parametrize("length", CLIP_LENGTHS)
def test_time_ends_at_one(length):
    config = NetworkConfig(clip_length=length)
    p, q = config.temporal_kernels
    before4, before5 = config.temporal_strides
    assert length // 2 // before4 // before5 == config.decoder_time == p * q


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"clip_length": 12}, "4, 8, 16, 32, 48, 64"),
        ({"aggregation": "early"}, "late-two-step"),
        ({"upsampling": "nearest"}, "trilinear"),
        ({"decoder": "segnet"}, "deeplab"),
        ({"maps": 0}, "1"),
        ({"maps": 33}, "32"),
        ({"decoder": "unet", "dense": True}, "dense off"),
        ({"rows": 16}, "32x32"),
        ({"blur": float("nan")}, "sigma"),
        ({"sharpness": 0}, "above 0"),
        ({"centre": 1}, "below 1"),
    ],
)
def test_what_cannot_be_is_refused_when_built(values, words):
    with pytest.raises(UsageError, match=words):
        NetworkConfig(**values)


def test_json_round_trip():
    config = NetworkConfig(clip_length=16, aggregation="late", maps=3)
    assert NetworkConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "[]", '{"depth": 3}', '{"maps": "two"}', "null"])
def test_foreign_json_is_one_clear_error(text):
    with pytest.raises(UsageError):
        NetworkConfig.from_json(text)
