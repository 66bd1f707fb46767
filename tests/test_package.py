"""The wheel, as a stranger gets it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def test_help_needs_no_torch():
    code = """
import sys
from tased.cli import main
for arguments in (["--help"], ["predict", "--help"], ["demo", "--help"], ["weights", "convert", "--help"]):
    assert main(arguments) == 0
heavy = {"torch", "av", "scipy", "matplotlib", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"tased", wheel.stem.rsplit("-", 3)[0] + ".dist-info"}
    assert "tased/apps/templates/page.html" in names
    assert "tased/py.typed" in names


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_wheel_installs_into_an_empty_environment_and_works(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    bin_ = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", wheel], check=True, cwd=tmp_path)

    def tased(*arguments):
        done = subprocess.run(
            [bin_ / "tased", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "predict" in tased("--help")
    assert tased("--version").strip() in wheel.name
    tased("demo", "-o", "seen", "--frames", "4")
    tased("predict", "seen/clip.mp4", "--maps", "maps", "--model", "centre")
    assert len(list((tmp_path / "maps").iterdir())) == 4
