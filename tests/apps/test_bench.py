"""`tased.bench`: what is timed, what the figures let one expect, and two runs compared."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import torch

from tased.apps.bench import bench, both
from tased.apps.bench_result import Bench, Timing, duration, expected
from tased.apps.endless import EndlessShot, endless
from tased.apps.machine import this_machine
from tased.apps.stand_in import random_network, scene_frames
from tased.apps.turns import Took, in_turns, median, timed
from tased.errors import DataError, UsageError
from tased.network.config import NetworkConfig
from tased.predict.network import NetworkModel
from tased.predict.predictor import Predictor, load

SMALL = NetworkConfig(aggregation="released", clip_length=4, rows=32, columns=64)


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch):
    monkeypatch.setattr("tased.apps.bench.PRODUCT", 64)
    monkeypatch.setattr("tased.apps.bench.FRAMES", 6)
    monkeypatch.setattr("tased.apps.endless.TURN", 0.02)


def timing(name="lite", seconds=0.02, **changes):
    values = {"precision": "float32", "device": "cpu", "rows": 224, "columns": 384, "maps": 9} | changes
    return Timing(name=name, seconds=seconds, cpu_seconds=2 * seconds, **values)


def result(*timings):
    return Bench(machine=this_machine(), width=640, height=360, products={"float32": 1e9}, timings=timings)


def small_model(**changes):
    network = random_network(SMALL)
    return NetworkModel("small", network, torch.device("cpu"), torch.float32, **changes)


def test_a_network_is_timed_beside_itself_window_by_window():
    told = []
    found = bench(
        [Predictor(small_model()), load("centre")],
        seconds=0,
        height=64,
        width=96,
        report=lambda what, seconds: told.append((what, seconds)),
    )
    engine, plain, centre = found.timings
    assert [t.name for t in found.timings] == ["small, engine", "small, plain", "centre"]
    assert [t.precision for t in found.timings] == ["float32", "float32", None]
    assert (engine.rows, engine.columns) == (SMALL.rows, SMALL.columns)
    assert all(t.seconds > 0 and t.cpu_seconds > 0 and t.maps % 3 == 0 and t.maps >= 3 for t in found.timings)
    assert found.times_plain() == {engine.name: pytest.approx(plain.seconds / engine.seconds)}
    assert found.products["float32"] > 0
    assert centre.plain is None
    whats, seconds = zip(*told, strict=True)
    assert [w for w, _ in itertools.groupby(whats)] == [
        "preparing",
        "round 1",
        "round 2",
        "round 3",
        "round 4",
    ]
    assert list(seconds) == sorted(seconds)


@pytest.mark.parametrize("model", [small_model(engine=False), small_model()], ids=["plain", "engine"])
def test_without_plain_there_is_one_way(model):
    found = bench([Predictor(model)], plain=False, seconds=0, height=64, width=96)
    assert [t.plain for t in found.timings] == [None]


def test_the_precision_is_told():
    model = replace(small_model(), precision=torch.bfloat16)
    found = bench([Predictor(model)], seconds=0, height=64, width=96)
    assert [t.precision for t in found.timings] == ["bfloat16", "float32"]
    assert found.products.keys() == {"bfloat16", "float32"}


def test_both_networks_of_the_package_are_timed():
    lite, full = both()
    assert [lite.model.name, full.model.name] == ["lite", "tased"]
    assert full.model.uses_engine


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_seconds_that_cannot_be(seconds):
    with pytest.raises(UsageError, match=r"seconds is .*; give 0 \(three rounds\) or more"):
        bench([load("centre")], seconds=seconds)


def test_two_of_one_name():
    with pytest.raises(UsageError, match="two models are called 'centre'"):
        bench([load("centre"), load("centre")], seconds=0, height=64, width=96)


def test_random_networks_are_the_same_every_time_and_leave_the_generator_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, other = (random_network(SMALL).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not random_network(SMALL).training


@pytest.mark.parametrize("engine", [True, False])
def test_maps_of_an_endless_shot_are_those_of_a_stream(engine):
    """Of the same frames, from the first that has nothing but a past."""
    model, frames = small_model(engine=engine), scene_frames(9, 32, 64)
    shot = EndlessShot(model, frames)
    stream = Predictor(model).stream(size="network")
    maps = [m for frame in itertools.islice(endless(frames), 12) for m in stream.push(frame)]
    for expected_map in maps[6:]:
        (found,) = shot()
        assert found.index == expected_map.index
        torch.testing.assert_close(found.values, expected_map.values, rtol=0, atol=1e-4)


def test_every_nth_frame_is_asked_for():
    shot = EndlessShot(load("centre").model, scene_frames(2, 64, 96), every=3)
    assert [m.index for _ in range(4) for m in shot()] == [2, 5, 8, 11]


def test_tasks_take_turns():
    done, rounds = [], []
    tasks = {"a": lambda: done.append("a"), "b": lambda: done.append("b")}

    def more(n):
        rounds.append(n)
        return n < 2

    found = in_turns(tasks, more, times={"b": 2})
    assert done == ["a", "b", "b", "a", "b", "b"]
    assert rounds == [0, 1, 2]
    assert {name: len(took) for name, took in found.items()} == {"a": 2, "b": 2}


def test_the_median_is_of_each_by_itself():
    assert median([Took(1, 9), Took(3, 7), Took(2, 8)]) == (2, 8)


def test_time_is_a_tasks_own_and_a_mean():
    took = timed(lambda: sum(range(200_000)), 3)
    assert 0 < took.cpu_seconds < 1
    assert 0 < took.seconds < 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "0.4 s"),
        (9.5, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (857, "14 min 17 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (7199, "2 h 0 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_what_to_expect():
    """A minute of 30 frames a second has 1800 maps."""
    slow = expected(timing("TASED-Net, engine", 1 / 2.1))
    assert (
        slow == "TASED-Net, engine: 2.1 maps a second at 224x384; a minute of 30 fps video takes 14 min 17 s"
    )
    quick = expected(timing("lite", 0.025), rate=25)
    assert quick == (
        "lite: 40.0 maps a second at 224x384; a minute of 25 fps video takes 38 s; "
        "keeps up with live video of 25 fps"
    )
    assert "0.16 maps a second" in expected(timing(seconds=6.2))
    assert "250 maps a second" in expected(timing(seconds=0.004))


def test_two_runs_are_compared_where_they_timed_the_same():
    before = result(timing("lite", 0.04), timing("a", 1.0))
    after = result(timing("lite", 0.02), timing("b", 1.0))
    assert after.times(before) == {"lite": 2.0}
    with pytest.raises(DataError, match="the earlier run timed a, and this one b; time the same"):
        result(timing("b")).times(result(timing("a")))


def test_a_result_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "bench.json"
    found = result(timing("engine", plain="plain"), timing("plain", 0.2))
    found.save(path)
    again = Bench.load(path)
    assert again == found
    assert again.times_plain() == {"engine": pytest.approx(10)}
    assert json.loads(path.read_text())["date"] == datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"machine": {}}', '{"results": 1, "timings": []}'])
def test_other_files_are_told(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"other.json: is no file of `tased bench --json`"):
        Bench.load(path)
    with pytest.raises(DataError, match=r"none.json: cannot be read \(No such file"):
        Bench.load(tmp_path / "none.json")


def test_a_machine_is_busy_when_half_of_it_is_wanted():
    machine = replace(this_machine(), cores=4, load=2.5)
    assert machine.busy
    assert not replace(machine, load=2.0).busy
    assert not replace(machine, load=None).busy
