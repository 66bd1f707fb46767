"""What every room's tests share."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Test helpers are imported as `tests.NAME`, also when `pytest` is not started as `python -m pytest`.
ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# Shapes and types in signatures are checked while the tests run.
install_import_hook(["tased.video.frame", "tased.video.levels", "tased.video.pixels"], "beartype.beartype")

NOBODY = 65534


@pytest.fixture
def unprivileged():
    """A folder, and the rights of an ordinary user, for whom alone permissions mean something."""
    if os.name == "nt":
        pytest.skip("permissions are another matter on Windows")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    yield folder
    if root:
        os.seteuid(0)
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=200k", "none", folder], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
