"""What is learnt from and what is validated on."""

import pytest

from tased.data.held_out import HeldOut
from tased.data.layouts import open_data_set
from tased.data.synthesize import synthesize
from tased.errors import DataError, UsageError
from tased.train.sources import Named, divide


def names(source):
    return [clip.name for clip in source.clips]


def test_a_table_holds_videos_out(recordings, data):
    (learnt,), (held,) = divide([Named("table", recordings, weight=2.0)], hold_out=0.4)
    everything = [clip.name for clip in data.clips()]
    assert sorted(names(learnt) + names(held)) == sorted(everything)
    assert len(names(held)) == 1
    assert learnt.weight == 2.0
    assert divide([Named("table", recordings)], hold_out=0.4)[1][0].clips[0].name == names(held)[0]


def test_other_seeds_hold_other_videos_out(recordings):
    held = {names(divide([Named("table", recordings)], seed=seed)[1][0])[0] for seed in range(20)}
    assert len(held) == 3


def test_data_with_splits_is_divided_by_them(tmp_path):
    synthesize(tmp_path / "d", layout="dhf1k", videos=2, frames=2, width=48, height=32, observers=2)
    (learnt,), (held,) = divide([Named("dhf1k", tmp_path / "d")])
    assert names(learnt) == ["0001"]
    assert names(held) == ["0601"]


def test_with_data_to_validate_on_nothing_is_held_out(recordings, tmp_path):
    synthesize(tmp_path / "d", layout="ucfsports", videos=2, frames=2, width=48, height=32, observers=2)
    (learnt,), (held,) = divide([Named("table", recordings)], validation=[Named("ucfsports", tmp_path / "d")])
    assert len(names(learnt)) == 3
    assert names(held) == ["Diving-Side-001"]


def test_what_is_held_out_is_a_data_set(data):
    held = HeldOut(data, 0.3)
    (clip,) = held.clips()
    assert held.name == data.name
    assert held.path == data.path
    assert held.gaussian(clip) == data.gaussian(clip)
    assert held.strays() == data.strays()
    assert len({held.fingerprint(), held.fingerprint("training"), data.fingerprint()}) == 3
    with pytest.raises(UsageError, match="has no split 'testing'"):
        held.clips("testing")
    for share in (0, 1, -1):
        with pytest.raises(UsageError, match="between 0 and 1"):
            HeldOut(data, share)


def test_one_video_cannot_be_divided(tmp_path):
    synthesize(tmp_path / "d", layout="table", videos=1, frames=2, width=48, height=32, observers=2)
    with pytest.raises(DataError, match="has one video, so none can be held out"):
        HeldOut(open_data_set("table", tmp_path / "d"), 0.2).clips()
