import pytest

from tased.cli import main

COMMAND = ["ablate", "--table", "4", "--dataset", "table", "--data", "nowhere", "--out", "out"]


def test_help_says_what_is_needed(capsys):
    main(["ablate", "--help"])
    assert "--table CHOICE --dataset CHOICE --data PATH --out PATH" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--table", "3"], 2, "--table"),
        (["--workers", "-1"], 2, "--workers -1: give 0 or more"),
        (["--recipe", "papr"], 2, "did you mean 'paper'?"),
        (["--set", "clip_length=16"], 2, "did you mean 'network.clip_length'?"),
        ([], 1, "nowhere"),
    ],
)
def test_what_cannot_be(more, code, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [*COMMAND, *more] if more[:1] != ["--table"] else [COMMAND[0], *more, *COMMAND[3:]]
    assert main(command) == code
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()
