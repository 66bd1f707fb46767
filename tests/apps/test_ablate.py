"""Training is played by a stand-in here, which leaves what `train` leaves; so is evaluating, but twice."""

import json
import os
import shutil
from types import SimpleNamespace

import pytest
from tests.evaluate.handmade_results import results

from tased.apps import ablate as module
from tased.apps.ablate import Setup, ablate, beside_the_paper
from tased.cli import main
from tased.data.layouts import open_data_set
from tased.data.synthesize import synthesize
from tased.errors import UsageError
from tased.evaluate.predictions import ModelPredictions
from tased.evaluate.run import Evaluation, evaluate
from tased.train.ablations import variants
from tased.train.begin import described
from tased.train.loop import Outcome
from tased.train.recipe import with_settings
from tased.train.recipes import paper
from tased.train.samples import Source

SMALL = ("size=48x32", "steps=1", "clips_per_step=1", "clips_per_batch=1", "drops=", "validation_clips=1")
RECIPE = with_settings(paper(), SMALL)
RUNS = ["trilinear", "transposed", None]
RUNS = [f"late-two-step-32{'-' + run if run else ''}-from-scratch" for run in RUNS]


@pytest.fixture(scope="module")
def dhf1k(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablate") / "dhf1k"
    synthesize(folder, layout="dhf1k", videos=2, frames=6, width=64, height=48, observers=4)
    return folder


@pytest.fixture
def setup(dhf1k, tmp_path):
    data = open_data_set("dhf1k", dhf1k)
    return Setup(learnt=[Source(data, "train")], held=Source(data, None), out=tmp_path / "out", workers=0)


class Stand:
    """In for `train`: keeps what it was asked for, and leaves small weights; may be killed or stopped."""

    def __init__(self, weights):
        self.weights = weights
        self.calls = []
        self.dies_at = self.stops_at = None

    def __call__(
        self, run, recipe, sources, validation, *, encoder, resume, device, workers, report, weights=None
    ):
        self.calls.append((run.name, recipe, encoder, resume))
        assert resume == (run / "state.safetensors").exists()
        assert resume or not run.exists()
        run.mkdir(parents=True, exist_ok=True)
        (run / "recipe.toml").write_text(recipe.to_toml())
        (run / "environment.json").write_text(json.dumps({"data": described(sources)}))
        if len(self.calls) == self.dies_at:
            raise KeyboardInterrupt
        (run / "state.safetensors").touch()
        stopped = len(self.calls) == self.stops_at
        if not stopped and not (run / "last.safetensors").exists():
            os.link(self.weights, run / "last.safetensors")
        return Outcome(0 if stopped else recipe.steps, recipe.steps, None, run / "last.safetensors", 0)


@pytest.fixture
def stand(monkeypatch, tiny_weights):
    stand = Stand(tiny_weights)
    monkeypatch.setattr(module, "train", stand)
    return stand


@pytest.fixture
def evaluated(monkeypatch):
    """In for `evaluate`: the sources it was given."""
    sources = []

    def stand(data, given, *, split, protocol, max_frames, workers, parts, report):
        sources.extend(given)
        found = results({"v": 1.0}, split="val", fingerprint=data.fingerprint(split), protocol=protocol)
        return [Evaluation(found, ())]

    monkeypatch.setattr(module, "evaluate", stand)
    monkeypatch.setattr(module, "read_weights", lambda path: SimpleNamespace(sha256="0" * 64))
    return sources


def asked(stand):
    return [(run, resume) for run, _, _, resume in stand.calls]


def test_all_rows_are_trained_evaluated_and_set_beside_the_paper(setup, stand, tiny_weights):
    told = []
    found = ablate("4", RECIPE, setup, report=lambda *step: told.append(step))
    assert asked(stand) == [(run, False) for run in RUNS]
    assert [call[1].network.upsampling for call in stand.calls] == ["trilinear", "transposed", "unpool"]
    assert (found.missing, found.stopped) == ((), False)
    names = [("TASED-Net-tri",) * 2, ("TASED-Net-trp",) * 2, ("TASED-Net",) * 2]
    assert [row.method for row in found.table.rows] == [name for pair in names for name in pair]
    assert [row.origin for row in found.table.rows] == ["paper", "ours"] * 3
    [expected] = evaluate(setup.held.data, [ModelPredictions(str(tiny_weights))], protocol="dhf1k", workers=1)
    saved = json.loads((setup.out / "table-4.json").read_text())
    assert [row["from"] for row in saved["rows"]] == ["paper", "ours"] * 3
    for row in saved["rows"][1::2]:
        assert row["scores"]["NSS"] == pytest.approx(expected.results.over_frames["nss"])
    assert saved["rows"][0]["scores"]["NSS"] == 2.452
    notes = " ".join(saved["notes"])
    for reason in ("synthetic data", "48x32, the paper's are 384x224", "from scratch", "1 of the 100 videos"):
        assert f"{reason}" in notes
    assert "WARNING" in (setup.out / "table-4.txt").read_text()
    assert "| TASED-Net | 2.706 |" in (setup.out / "table-4.md").read_text().replace("**", "")
    assert any("scoring" in what for what, *_ in told)
    ablate("4", RECIPE, setup)
    assert len(stand.calls) == 3  # nothing again


def test_a_network_is_shared_between_tables(setup, stand, evaluated):
    ablate("4", RECIPE, setup, only=[RUNS[2]])
    found = ablate("5", RECIPE, setup, only=[RUNS[2]])
    assert len(stand.calls) == 1
    ours = [row.method for row in found.table.rows if row.origin == "ours"]
    assert ours == ["TASED-Net (32)"]
    assert len(found.missing) == 7


@pytest.mark.parametrize("when", ["as the run began", "after its first state", "before its evaluation"])
def test_going_on_after_being_killed(setup, stand, evaluated, monkeypatch, when):
    if when == "as the run began":
        stand.dies_at = 2
    elif when == "after its first state":
        stand.stops_at = 2
    else:
        played = module.evaluate

        def killed(*given, **named):
            if len(evaluated) == 1:
                evaluated.append("killed")
                raise KeyboardInterrupt
            return played(*given, **named)

        monkeypatch.setattr(module, "evaluate", killed)
    if when == "after its first state":
        found = ablate("4", RECIPE, setup)
        assert found.stopped
        assert found.missing == tuple(RUNS[1:])
    else:
        with pytest.raises(KeyboardInterrupt):
            ablate("4", RECIPE, setup)
    stand.calls.clear()
    stand.dies_at = stand.stops_at = None
    assert ablate("4", RECIPE, setup).missing == ()
    assert asked(stand) == [(RUNS[1], when != "as the run began"), (RUNS[2], False)]


def test_another_recipe_or_other_data_is_not_taken_for_done(setup, stand, evaluated, dhf1k, tmp_path):
    ablate("4", RECIPE, setup, only=RUNS[:1])
    longer = with_settings(RECIPE, ["steps=2"])
    found = ablate("4", longer, setup, only=RUNS[1:2])
    assert RUNS[0] in found.missing
    ablate("4", longer, setup, only=RUNS[:1])
    assert asked(stand)[-1] == (RUNS[0], True)
    other = tmp_path / "other"
    synthesize(other, layout="dhf1k", videos=2, frames=7, width=64, height=48, observers=4)
    data = open_data_set("dhf1k", other)
    elsewhere = Setup(
        learnt=[Source(data, "train")], held=setup.held, out=setup.out, workers=0, protocol=setup.protocol
    )
    assert elsewhere.found(variants("4", longer, encoder_given=False)[0]) is None


def test_the_encoder_goes_to_the_rows_that_have_it(setup, stand, evaluated, tmp_path):
    given = Setup(learnt=setup.learnt, held=setup.held, out=setup.out, workers=0, encoder=tmp_path / "s3d.pt")
    found = ablate("1", RECIPE, given, only=["late-16", "late-16-from-scratch"])
    assert [call[2] for call in stand.calls] == [tmp_path / "s3d.pt", None]
    ours = [row.method for row in found.table.rows if row.origin == "ours"]
    assert ours == ["Late-aggregation (16)", "Late-aggregation (16), from scratch"]
    assert any("0.5 NSS" in note for note in found.table.notes)
    assert not any("trained from scratch" in note for note in found.table.notes)


def test_what_cannot_be(setup, stand, monkeypatch):
    with pytest.raises(UsageError, match=r"^'late-32' is no run of table 4; there are late-two-step-32-tril"):
        ablate("4", RECIPE, setup, only=["late-32"])
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="for several GPUs start it once on each"):
        ablate("4", RECIPE, setup)
    assert stand.calls == []


def test_other_data_stands_below_the_paper_s():
    planned = variants("4", paper(), encoder_given=True)
    ours = [results({"v": 1.0}, model="TASED-Net", data="gaze", split="held-out")]
    table = beside_the_paper("4", planned, ours)
    assert [row.origin for row in table.rows] == ["paper"] * 3 + ["ours"]
    assert table.data == ("DHF1K", "gaze")


@pytest.mark.parametrize("data", ["DHF1K", "gaze", "Hollywood2"])
def test_decoders_have_no_rows_of_the_paper(data):
    planned = variants("decoders", paper(), encoder_given=True)
    ours = [results({"v": 1.0}, model=name, data=data, split="test") for name in ("FCN", "TASED-Net")]
    table = beside_the_paper("decoders", planned, ours)
    assert [(row.method, row.origin) for row in table.rows] == [("FCN", "ours"), ("TASED-Net", "ours")]
    assert "supplement" in " ".join(table.notes)


@pytest.mark.parametrize("name", ["1", "4", "5", "decoders"])
def test_nothing_trained_yet_is_the_paper_s_table(name):
    table = beside_the_paper(name, variants(name, paper(), encoder_given=True), [])
    assert len(table.rows) == {"1": 6, "4": 3, "5": 6, "decoders": 0}[name]
    assert all(row.origin == "paper" for row in table.rows)


@pytest.mark.slow
def test_in_earnest(dhf1k, tmp_path, capsys):
    """Two networks of Table 5; the second is begun by another process than the first."""
    run = "late-two-step-{}-from-scratch"
    command = ["ablate", "--table", "5", "--dataset", "dhf1k", "--data", str(dhf1k), "--workers", "0"]
    command += ["--out", str(tmp_path / "out"), "--device", "cpu"]
    command += [part for setting in SMALL for part in ("--set", setting)]
    assert main([*command, "--only", run.format(4)]) == 0
    first = (tmp_path / "out" / "results" / f"{run.format(4)}.json").stat().st_mtime_ns
    assert main([*command, "--only", run.format(4), "--only", run.format(8)]) == 0
    assert (tmp_path / "out" / "results" / f"{run.format(4)}.json").stat().st_mtime_ns == first
    assert "not trained yet: late-two-step-16-from-scratch" in capsys.readouterr().err
    rows = json.loads((tmp_path / "out" / "table-5.json").read_text())["rows"]
    assert [row["method"] for row in rows if row["from"] == "ours"] == ["TASED-Net (4)", "TASED-Net (8)"]
    shutil.rmtree(tmp_path / "out")
