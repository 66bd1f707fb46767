"""What other programs may depend on."""

import subprocess
import sys

import pytest

import tased

PUBLIC = [
    "Area",
    "AttentionOutputs",
    "Frame",
    "LivePage",
    "LiveWindow",
    "NetworkConfig",
    "OverlayStyle",
    "Predictor",
    "SaliencyMap",
    "ServerSettings",
    "Stream",
    "TASEDNet",
    "attention",
    "bench",
    "encode",
    "errors",
    "live",
    "load",
    "metrics",
    "open_video",
    "overlay",
    "reframe",
    "serve",
]
HEAVY = ("torch", "av", "numpy", "scipy", "PIL", "matplotlib")


def test_the_list():
    assert tased.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_is_there(name):
    assert getattr(tased, name).__doc__
    assert name in dir(tased)


def test_others_are_not():
    with pytest.raises(AttributeError, match="'Lode'"):
        tased.Lode  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import tased",
        "from tased.cli import main; main(['--help'])",
        "from tased import NetworkConfig, errors",
    ],
    ids=["import", "help", "config"],
)
def test_what_needs_no_library_loads_none(code):
    ask = f"{code}\nimport sys\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
