"""Files of weights, good and bad."""

import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.references import published

from tased.errors import CheckpointError, OutputError
from tased.network.config import RELEASED, NetworkConfig
from tased.network.tased import TASEDNet
from tased.network.weights import load_encoder, network_from, read_weights, save_weights

SMALL = NetworkConfig(clip_length=4, aggregation="early-two-step")


@pytest.fixture(scope="module")
def state():
    return published.tased_state()


def saved(content, path):
    torch.save(content, path)
    return path


def test_a_file_says_which_network_it_is(tmp_path):
    network = TASEDNet(SMALL)
    save_weights(network, tmp_path / "a.safetensors", notes={"licence": "MIT"})
    weights = read_weights(tmp_path / "a.safetensors")
    assert (weights.origin, weights.config, weights.notes) == ("tased", SMALL, {"licence": "MIT"})
    for name, tensor in network_from(weights).state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name


def test_half_precision_files_load_as_float32(tmp_path):
    save_weights(TASEDNet(SMALL), tmp_path / "a.safetensors", dtype=torch.float16)
    assert (tmp_path / "a.safetensors").stat().st_size < 43_500_000
    assert {p.dtype for p in network_from(read_weights(tmp_path / "a.safetensors")).parameters()} == {
        torch.float32
    }


def test_the_name_of_a_file_does_not_matter(state, tmp_path):
    save_weights(TASEDNet(SMALL), tmp_path / "a.bin")
    assert read_weights(tmp_path / "a.bin").config == SMALL
    assert read_weights(saved(state, tmp_path / "b.safetensors")).config == RELEASED


def test_a_nested_state_dict_is_found(state, tmp_path):
    assert read_weights(saved({"state_dict": state, "epoch": 3}, tmp_path / "a.pt")).config == RELEASED


def test_the_counters_of_old_checkpoints_may_be_missing(state, tmp_path):
    old = {name: t for name, t in state.items() if not name.endswith("num_batches_tracked")}
    network_from(read_weights(saved(old, tmp_path / "a.pt")))


def test_an_encoder_goes_into_any_network(state, tmp_path):
    network = TASEDNet(SMALL)
    before = network.prediction.state_dict()["aggregation.4.weight"].clone()
    load_encoder(network, read_weights(saved(published.s3d_state(state), tmp_path / "a.pt")))
    assert torch.equal(network.encoder.stem[2].conv.weight, state["base1.2.conv.weight"])
    assert torch.equal(network.prediction.state_dict()["aggregation.4.weight"], before)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.pop("base1.2.conv.weight"), "1 of 513.*'base1.2.conv.weight' is missing"),
        (lambda s: s.update({"convtsp9.w": torch.ones(1)}), "1 of 513.*'convtsp9.w' is not part of it"),
        (
            lambda s: s.update({"convtsp4.13.weight": torch.ones(2, 4, 1, 1, 1)}),
            r"'convtsp4.13.weight' should have shape \(1, 4, .*, and has \(2, 4, 1, 1, 1\)",
        ),
        (
            lambda s: s["convtsp4.13.bias"].fill_(float("nan")),
            "1 of 513.*NaN.*'convtsp4.13.bias'",
        ),
        (lambda s: s.update({"epoch": 4}), "'epoch' is int, not a tensor"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, spoil, words):
    state = published.tased_state()
    spoil(state)
    with pytest.raises(CheckpointError, match=words):
        network_from(read_weights(saved(state, tmp_path / "a.pt")))


def test_an_encoder_must_be_whole(state, tmp_path):
    s3d = published.s3d_state(state)
    del s3d["base.15.branch0.0.bn.bias"]
    with pytest.raises(CheckpointError, match=r"'base.15.branch0.0.bn.bias' is missing"):
        network_from(read_weights(saved(s3d, tmp_path / "a.pt")))


def test_another_network_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"another network.*'layer1.weight'"):
        read_weights(saved({"layer1.weight": torch.ones(1)}, tmp_path / "a.pt"))


class Code:
    def __reduce__(self):
        return (print, ("this must never be printed",))


def test_code_in_a_file_is_never_run(tmp_path, capsys):
    with pytest.raises(CheckpointError, match="brings code"):
        read_weights(saved({"encoder.x": Code()}, tmp_path / "a.pt"))
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Code(), protocol=2))
    with pytest.raises(CheckpointError):
        read_weights(tmp_path / "b.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keep", [0, 5, 100, 20_000, -1000])
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_damaged_file_is_one_clear_error(tmp_path, keep, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "pt":
        saved({"encoder.x": torch.rand(9000)}, path)
    else:
        save_file({"encoder.x": torch.rand(9000)}, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"a\.(pt|safetensors): "):
        read_weights(path)


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        read_weights(tmp_path / "none.pt")


def test_safetensors_without_a_config_are_refused(tmp_path):
    save_weights(TASEDNet(SMALL), tmp_path / "a.safetensors")
    save_file(load_file(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    with pytest.raises(CheckpointError, match="does not say which network"):
        read_weights(tmp_path / "b.safetensors")


def test_a_full_disk_leaves_the_old_file(small_disk):
    path = small_disk / "a.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="disk full"):
        save_weights(TASEDNet(SMALL), path)
    assert path.read_bytes() == b"old"
    assert list(small_disk.iterdir()) == [path]
