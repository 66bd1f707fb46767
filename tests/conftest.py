"""What every room's tests share."""

import os

# Tests run side by side, and their tensors are small: more threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import signal
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

# A shell that starts the tests with `&` has SIGINT ignored, and every process they start would inherit it;
# a handler of our own is not inherited, so a test's Ctrl-C arrives wherever the tests run.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Shapes and types in signatures are checked while the tests run.
install_import_hook(["tased.video.frame", "tased.video.levels", "tased.video.pixels"], "beartype.beartype")

NOBODY = 65534


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory):
    """A small network whose maps differ from frame to frame, as trained ones do."""
    import torch

    from tased.network.config import NetworkConfig
    from tased.network.tased import TASEDNet
    from tased.network.weights import save_weights

    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48, blur=0))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv3d | torch.nn.ConvTranspose3d):
            torch.nn.init.kaiming_normal_(module.weight)
    with torch.no_grad():
        network.prediction.aggregation[-1].weight *= 50
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(network, path)
    return path


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
def small_disk(tmp_path, request):
    """A file system of 200 kB, or of the size that a test names."""
    size = getattr(request, "param", "200k")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True
    )
    if not made or made.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
