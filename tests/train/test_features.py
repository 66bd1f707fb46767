"""Feature distillation: heads beside the network, against the loop written out, and stopped and resumed."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from tased.errors import CheckpointError, UsageError
from tased.network.config import LiteConfig, NetworkConfig
from tased.network.lite import TASEDLite
from tased.network.tased import TASEDNet
from tased.network.weights import save_weights
from tased.predict.network import to_network
from tased.train.colour import recoloured
from tased.train.features import NoTeacher, Teacher, taught_by
from tased.train.loader import training_batches
from tased.train.loop import train
from tased.train.losses import kld
from tased.train.samples import Plan
from tased.train.state import read_state


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Of a small tased-lite that was never trained: its features are as good as any."""
    path = tmp_path_factory.mktemp("teacher") / "lite.safetensors"
    torch.manual_seed(5)
    save_weights(lite(), path)
    return path


@pytest.fixture
def taught(recipe):
    return replace(recipe, features=0.7, validation_clips=0, statistics_momentum=0.1)


def lite():
    """With statistics of some noise, so that its features are of the size that a trained one's have."""
    network = TASEDLite(LiteConfig(width=4, rows=64, columns=64))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train().encoder(torch.rand(16, 3, 64, 64) * 2 - 1)
    return network.eval()


def same(one, other):
    one, other = load_file(one), load_file(other)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def unexplained(predicted, target):
    """1 - R^2 with the mean of each channel as what explains nothing; (B, C, n, H, W)."""
    deviation = target.std((0, 2, 3, 4), correction=0, keepdim=True)
    mean = target.mean((0, 2, 3, 4), keepdim=True)
    return ((predicted - (target - mean) / deviation) ** 2).mean((1, 2, 3, 4))


def by_hand(clips, features, teacher, heads):
    """Frames 2, 10, 18 and 26 of 32, seen by the teacher alone, beside the steps in time they are in."""
    unlike = 0
    frames = to_network(clips)[:, :, [2, 10, 18, 26]]
    for level, (x, head, steps) in enumerate(
        zip(
            (features.x8, features.x16, features.x32),
            heads,
            ([1, 5, 9, 13], [0, 1, 2, 3], [0, 1, 2, 3]),
            strict=True,
        )
    ):
        seen = []
        for clip in frames:  # one clip after the other
            big = F.interpolate(clip.transpose(0, 1), (64, 64), mode="bilinear", align_corners=False)
            found = teacher.encoder(big)[level]
            seen.append(F.adaptive_avg_pool2d(found, x.shape[-2:]).transpose(0, 1))
        unlike = unlike + unexplained(head(x[:, :, steps]), torch.stack(seen))
    return unlike / 3


@pytest.mark.parametrize(("rows", "columns"), [(32, 64), (32, 32)])
def test_it_is_what_the_teachers_variance_leaves_unexplained(rows, columns):
    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(rows=rows, columns=columns)).eval()
    seeing = lite()
    teacher = Teacher(network, seeing)
    clips = torch.randint(0, 256, (2, 32, 3, rows, columns), dtype=torch.uint8)
    with torch.no_grad():
        network(to_network(clips))
        found = teacher(clips)
        expected = by_hand(clips, network.encoder(to_network(clips)), seeing, teacher.heads)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_the_teacher_does_not_learn_and_the_encoder_does():
    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48))
    seeing = lite()
    teacher = Teacher(network, seeing)
    clips = torch.randint(0, 256, (2, 4, 3, 32, 48), dtype=torch.uint8)
    network(to_network(clips))
    teacher(clips).sum().backward()
    assert all(p.grad is None for p in seeing.parameters())
    assert all(p.grad is None for p in network.prediction.parameters())
    assert all(p.grad is not None and p.grad.any() for p in network.encoder.mixed5.parameters())
    assert sorted(teacher.state_dict()) == [
        f"heads.{i}.{name}" for i in range(3) for name in ("bias", "weight")
    ]
    with pytest.raises(RuntimeError, match="must see"):
        teacher(clips)


def test_the_loop_adds_it_to_the_loss(taught, divided, weights, tmp_path):
    recipe = replace(taught, steps=2, drops=(1,))
    train(tmp_path / "run", recipe, *divided, teacher=weights, device="cpu", workers=0)
    torch.manual_seed(recipe.seed)
    network = TASEDNet(recipe.network).train().to(memory_format=torch.channels_last_3d)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.momentum = 0.1
    teacher = taught_by(recipe, network, weights)
    sgd = torch.optim.SGD(
        [
            {"params": network.encoder.parameters(), "lr": 1e-3},
            {"params": [*network.prediction.parameters(), *teacher.parameters()], "lr": 0.1},
        ],
        momentum=0.9,
        weight_decay=2e-7,
    )
    for step, batches in enumerate(training_batches(Plan(divided[0], recipe), recipe, first_step=1), 1):
        sgd.param_groups[1]["lr"] = 0.1 if step == 1 else 0.01
        sgd.zero_grad()
        for batch in batches:
            shown = recoloured(batch.clips, [sample.colour for sample in batch.samples])
            maps = network(to_network(shown).to(memory_format=torch.channels_last_3d))
            loss = kld(maps, batch.density[:, 0]) + 0.7 * teacher(shown)
            (loss.mean() / 2).backward()
        sgd.step()
    found = load_file(tmp_path / "run" / "last.safetensors")
    assert found.keys() == network.state_dict().keys()  # and no head among them
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_interrupted_and_resumed_it_ends_alike(taught, divided, weights, tmp_path, optimizer):
    recipe = replace(
        taught, average=0.9, optimizer=optimizer, encoder_rate=1e-3, prediction_rate=1e-3, steps=3
    )
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train(whole, recipe, *divided, teacher=weights, device="cpu", workers=0)

    def stop(progress):
        if progress.step == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(stopped, recipe, *divided, teacher=weights, device="cpu", workers=0, report=stop)
    train(stopped, recipe, *divided, teacher=weights, device="cpu", workers=0, resume=True)
    assert same(whole / "last.safetensors", stopped / "last.safetensors")
    assert same(whole / "state.safetensors", stopped / "state.safetensors")
    assert "teacher.heads.0.weight" in read_state(whole / "state.safetensors").tensors


def test_another_teacher_is_refused(taught, divided, weights, tmp_path):
    recipe = replace(taught, steps=1, drops=())
    train(tmp_path / "run", recipe, *divided, teacher=weights, device="cpu", workers=0)
    other = tmp_path / "other.safetensors"
    save_weights(lite(), other)
    with pytest.raises(Exception, match="begun with other data"):
        train(tmp_path / "run", replace(recipe, steps=2), *divided, teacher=other, device="cpu", resume=True)


def test_a_recipe_and_its_teacher_belong_together(taught, recipe, weights, tmp_path):
    network = TASEDNet(recipe.network)
    assert isinstance(taught_by(recipe, network, None), NoTeacher)
    with pytest.raises(UsageError, match="no teacher was given"):
        taught_by(taught, network, None)
    with pytest.raises(UsageError, match="features is 0 and a teacher"):
        taught_by(recipe, network, weights)
    with pytest.raises(UsageError, match="already"):
        taught_by(taught, TASEDLite(LiteConfig(width=4)), weights)
    full = tmp_path / "full.safetensors"
    save_weights(network, full)
    with pytest.raises(CheckpointError, match="no tased-lite"):
        taught_by(taught, network, full)
