"""`tased train` as people call it."""

import json
import subprocess
import sys

import pytest
from tests.train.conftest import SMALL

from tased.cli import main
from tased.train.recipe import Recipe

SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train") / "recordings"
    main(["data", "synthesize", str(folder), "--videos", "2", "--frames", "6", "--size", "48x32"])
    return folder


def run(recordings, out, *more):
    return main(
        [
            *("train", "--dataset", "table", "--data", str(recordings), "--out", str(out)),
            *("--device", "cpu", *SETTINGS, *(more if "--workers" in more else ("--workers", "0", *more))),
        ]
    )


def test_a_run_and_going_on_with_it(recordings, tmp_path, capfd):
    out = tmp_path / "run"
    assert run(recordings, out, "--set", "steps=1", "--progress", "json") == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["step", "done"]
    assert events[0]["steps"] == events[0]["total"] == 1
    assert events[1]["stopped"] is False
    assert set(events[1]["best"]) >= {"loss", "nss", "cc"}
    resumed = ("--dataset", "table", "--data", str(recordings), "--out", str(out), "--workers", "0")
    assert main(["train", *resumed, "--device", "cpu", "--resume", "--set", "steps=2"]) == 0
    assert len((out / "metrics.csv").read_text().splitlines()) == 3
    assert Recipe.from_toml((out / "recipe.toml").read_text()).steps == 2
    assert run(recordings, out) == 1
    assert "--resume goes on" in capfd.readouterr().err


def test_two_data_sets_by_shares_and_a_recipe_file(recordings, tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        "steps = 1\nclips_per_step = 2\nvalidation_clips = 0\nsize = '48x32'\n[network]\nclip_length = 4\n"
    )
    code = main(
        [
            *("train", "--dataset", "table", "--data", str(recordings), "--data", str(recordings)),
            *("--share", "3", "--share", "1", "--recipe", str(recipe), "--out", str(tmp_path / "run")),
            *("--device", "cpu", "--workers", "0"),
        ]
    )
    assert code == 0
    told = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert [source["weight"] for source in told["data"]] == [3.0, 1.0]


def test_fine_tuning_takes_the_network_of_the_weights(recordings, tiny_weights, tmp_path):
    out = tmp_path / "run"
    more = ("--weights", str(tiny_weights), "--recipe", "finetune", "--out", str(out), "--set", "steps=1")
    small = ("--set", "clips_per_step=1", "--set", "clips_per_batch=1", "--set", "validation_clips=1")
    code = main(
        [
            *("train", "--dataset", "table", "--data", str(recordings), "--workers", "0", "--device", "cpu"),
            *more,
            *small,
        ]
    )
    assert code == 0
    assert Recipe.from_toml((out / "recipe.toml").read_text()).network.clip_length == 4


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--set", "stps=3"), 2, "no field 'stps'; did you mean 'steps'?"),
        (("--set", "steps=0"), 2, "steps is 0; it must be 1 or more"),
        (("--recipe", "papper"), 2, "did you mean 'paper'?"),
        (("--share", "1", "--share", "2"), 2, "--share is given 2 times, and --data 1 times"),
        (("--share", "-1"), 2, "weight is -1"),
        (("--encoder", "none.pt"), 1, "none.pt: cannot be read"),
        (("--weights", "none.pt"), 1, "none.pt: cannot be read"),
        (("--hold-out", "1.5"), 2, "must be between 0 and 1"),
        (("--workers", "-1"), 2, "--workers -1"),
        (("--resume",), 2, "recipe.toml: cannot be read as a recipe"),
    ],
)
def test_bad_input_is_told_in_one_line(more, code, message, recordings, tmp_path, capfd):
    assert run(recordings, tmp_path / "run", *more) == code
    told = capfd.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_empty_data_set(tmp_path, capfd):
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", tmp_path / "run") == 1
    assert "holds no table of gaze" in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", [("train",), ("ablate", "--table", "1")], ids=lambda words: words[0])
@pytest.mark.parametrize("package", ["tomli_w", "lightning_fabric", "tensorboardX", "torchmetrics"])
def test_without_its_packages_it_says_which_are_needed(command, package, tmp_path):
    """In a process that has imported nothing yet."""
    arguments = [*command, "--dataset", "table", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    without = f"import sys; sys.modules[{package!r}] = None"
    program = f"{without}; from tased.cli import main; sys.exit(main({arguments}))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith(f"tased: training needs more packages ({package})")
    assert told.stderr.count("\n") == 1
