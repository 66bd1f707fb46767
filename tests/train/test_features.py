"""Feature distillation: heads beside the network, against the loop written out, and stopped and resumed."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from tased.errors import CheckpointError, UsageError
from tased.network.config import LiteConfig, NetworkConfig
from tased.network.efficientnet import STAGES
from tased.network.lite import TASEDLite
from tased.network.prediction import auxiliary_switches
from tased.network.tased import TASEDNet
from tased.network.weights import save_weights
from tased.predict.network import to_network
from tased.train.colour import recoloured
from tased.train.features import STATIONS, MapHead, NoTeacher, Outlook, Teacher, taught_by
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


def in_the_middle(layer, x):
    """A layer of the teacher's, its cells where S3D's are: all are computed, every second one is taken."""
    conv = layer.conv
    reach, stride = conv.kernel_size[0] // 2, conv.stride[0]
    y = F.conv2d(x, conv.weight, padding=reach, groups=conv.groups)[..., ::stride, ::stride]
    y = layer.norm(y)
    return F.relu6(y) if layer.active else y


def by_the_teacher(teacher, frame):
    """What its blocks give of a frame (1, 3, H, W), layer by layer, in the order of the stations."""
    x = in_the_middle(teacher.encoder.stem, (127.5 * frame + 0.5) / 128)
    found = []
    for number, stage in enumerate(teacher.encoder.stages):
        for place, block in enumerate(stage):
            y = x
            for layer in block.layers:
                y = in_the_middle(layer, y)
            x = x + y if block.added else y
            found.append(((number, place), x))
    seen = dict(found)
    return [seen[station.stage, station.block] for station in STATIONS]


def by_the_student(encoder, clip):
    """What its parts give, one after the other."""
    x2 = encoder.stem[0](clip)
    x4 = encoder.stem[3](encoder.stem[2](encoder.stem[1](x2)))
    found, x = [x2, x4], encoder.pool3(x4)
    for blocks, pool in ((encoder.mixed3, encoder.pool4), (encoder.mixed4, encoder.pool5_time)):
        for block in blocks:
            x = block(x)
            found.append(x)
        x = pool(x)
    x, _ = encoder.pool5_space(x)
    for block in encoder.mixed5:
        x = block(x)
        found.append(x)
    return found


# Of 32 frames the teacher alone sees 2, 10, 18 and 26; the steps in time they are in, by the length of time.
STEPS = {16: [1, 5, 9, 13], 8: [0, 2, 4, 6], 4: [0, 1, 2, 3]}


def extended(x, rows, columns):
    """Rows and columns more, by repeating the last ones."""
    return F.pad(x, (0, columns - x.shape[-1], 0, rows - x.shape[-2]), mode="replicate")


def by_hand(clips, encoder, teacher, heads, sizes):
    """A mean over stations, of frames as large as S3D and as the teacher take them."""
    seen, unlike = to_network(clips), 0
    looks = [
        by_the_teacher(teacher, extended(frame[None], *sizes[1]))
        for clip in seen[:, :, [2, 10, 18, 26]]
        for frame in clip.unbind(1)
    ]
    ours = by_the_student(encoder, torch.stack([extended(clip, *sizes[0]) for clip in seen]))
    for number, (x, head) in enumerate(zip(ours, heads, strict=True)):
        target = torch.cat([look[number] for look in looks])[..., : x.shape[-2], : x.shape[-1]]
        target = target.unflatten(0, (len(clips), 4)).transpose(1, 2)
        unlike = unlike + unexplained(head(x[:, :, STEPS[x.shape[2]]]), target)
    return unlike / len(STATIONS)


def divergences(clips, frames, seeing, cells_of, size):
    """Of the teacher's map of each frame from what a head says, cell by cell of 4x4 pixels; the means."""
    found = []
    for clip, said in zip(to_network(clips), cells_of, strict=True):
        for frame, logits in zip(clip[:, frames].unbind(1), said, strict=True):
            density = seeing.density(extended(frame[None], *size))[0].double()
            rows, columns = min(len(density), len(logits)), min(density.shape[1], logits.shape[1])
            p = density[:rows, :columns] / density[:rows, :columns].sum()
            q = logits[:rows, :columns].double().exp()
            found.append(float((p * (p / (q / q.sum())).log()).sum()))
    return torch.tensor(found).view(len(clips), -1).mean(1)


def cells(features, head, stride):
    """A head's logits, (T, rows, columns): its channels are the cells of a step of the stride, in rows."""
    a = stride // 4
    kernel, bias = head.logits.weight[:, :, 0, 0, 0], head.logits.bias
    _, steps, rows, columns = features.shape
    found = torch.empty(steps, rows * a, columns * a)
    for t in range(steps):
        for i in range(rows):
            for j in range(columns):
                square = (kernel @ features[:, t, i, j] + bias).view(a, a)
                found[t, i * a : (i + 1) * a, j * a : (j + 1) * a] = square
    return found


SIZES = [(32, 64, ((32, 64), (32, 64))), (48, 40, ((52, 52), (64, 64)))]


@pytest.mark.parametrize(("rows", "columns", "sizes"), SIZES)
def test_it_is_what_the_teachers_variance_leaves_unexplained(rows, columns, sizes):
    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(rows=rows, columns=columns)).eval()
    seeing = lite()
    teacher = Teacher(network, seeing)
    clips = torch.randint(0, 256, (2, 32, 3, rows, columns), dtype=torch.uint8)
    with torch.no_grad():
        network(to_network(clips))
        found = teacher.by_station(clips).mean(1)
        expected = by_hand(clips, network.encoder, seeing, teacher.heads, sizes)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("rows", "columns", "sizes"), SIZES)
def test_the_teachers_map_is_read_off_the_encoder_and_every_block_of_the_prediction_network(
    rows, columns, sizes
):
    torch.manual_seed(1)
    network = TASEDNet(NetworkConfig(rows=rows, columns=columns)).eval()
    seeing = lite()
    teacher = Teacher(network, seeing, answers=True)
    clips = torch.randint(0, 256, (2, 32, 3, rows, columns), dtype=torch.uint8)
    with torch.no_grad():
        maps = network(to_network(clips))[:, None]
        unlike = teacher(clips, maps)
        network(to_network(clips))
        features = teacher.by_station(clips).mean(1)

        seen = torch.stack([extended(clip, *sizes[0]) for clip in to_network(clips)])
        known, decoder = network.encoder(seen), network.prediction.decoder
        states = [known.x32, decoder.redistribute(known.x32)]
        x = states[-1]
        for block, switches, like in (
            (decoder.to16, known.switches16, known.x16),
            (decoder.to8, auxiliary_switches(known.x8, 4), known.x8),
            (decoder.to4, auxiliary_switches(known.x4, 4), known.x4),
        ):
            states.append(block.convs(x))
            x = block(x, switches, like=like)
        expected = []
        for state, head, stride in zip(states, teacher.maps, (32, 32, 32, 16, 8), strict=True):
            said = [cells(features, head, stride) for features in state]
            expected.append(divergences(clips, [2, 10, 18, 26], seeing, said, sizes[1]))
        last = torch.stack(
            [seeing.density(extended(clip[None, :, -1], *sizes[1]))[0] for clip in to_network(clips)]
        )
        last = F.interpolate(last[:, None], scale_factor=4, mode="bilinear")[:, 0, :rows, :columns]
        expected.append(kld(maps[:, 0], last))
    torch.testing.assert_close(unlike.features, features + expected[0], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(unlike.maps, torch.stack(expected[1:]).mean(0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "shape", [(2, 480, 1, 1, 1), (2, 480, 1, 1, 2), (1, 480, 3, 2, 1), (2, 480, 4, 3, 2)]
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_a_map_is_read_off_in_any_layout(shape, layout):
    """Of frames as small as rehearsals have, too; a density of each."""
    torch.manual_seed(2)
    head, x = MapHead(Outlook("", 480, 16)), torch.randn(shape)
    with torch.no_grad():
        found = head.to(memory_format=layout)(x.contiguous(memory_format=layout))
        expected = torch.stack([cells(features, head, 16) for features in x])
    batch, _, time, rows, columns = shape
    assert found.shape == (batch, time, 4 * rows, 4 * columns)
    torch.testing.assert_close(found.sum((2, 3)), torch.ones(batch, time))
    torch.testing.assert_close(found, expected.flatten(2).softmax(2).view_as(found), rtol=1e-4, atol=1e-6)


def test_stations_are_of_one_stride_and_in_order():
    network = TASEDNet(NetworkConfig(clip_length=1, rows=64, columns=64)).eval()
    with torch.no_grad():
        ours = by_the_student(network.encoder, torch.zeros(1, 3, 1, 64, 64))
        theirs = by_the_teacher(lite(), torch.zeros(1, 3, 64, 64))
    assert [x.shape[-2:] for x in ours] == [x.shape[-2:] for x in theirs]
    assert [x.shape[1] for x in ours] == [station.channels for station in STATIONS]
    order = [(station.stage, station.block) for station in STATIONS]
    assert order == sorted(set(order))
    assert order[-1] == (len(STAGES) - 1, 0)


def test_of_features_alone_the_encoder_learns_alone(taught, divided, weights, tmp_path):
    recipe = replace(taught, kld=0.0, steps=2, drops=())
    train(tmp_path / "run", recipe, *divided, teacher=weights, device="cpu", workers=0)
    torch.manual_seed(recipe.seed)
    first = TASEDNet(recipe.network).state_dict()
    found = load_file(tmp_path / "run" / "last.safetensors")
    assert found.keys() == first.keys()
    for name, tensor in found.items():
        learnt = name.startswith("encoder.")
        assert torch.equal(tensor, first[name]) != learnt, name


def test_the_teacher_does_not_learn_and_the_encoder_does():
    torch.manual_seed(0)
    network = TASEDNet(NetworkConfig(clip_length=4, rows=32, columns=48))
    seeing = lite()
    teacher = Teacher(network, seeing)
    clips = torch.randint(0, 256, (2, 4, 3, 32, 48), dtype=torch.uint8)
    network(to_network(clips))
    teacher(clips).features.sum().backward()
    assert all(p.grad is None for p in seeing.parameters())
    assert all(p.grad is None for p in network.prediction.parameters())
    assert all(p.grad is not None and p.grad.any() for p in network.encoder.mixed5.parameters())
    assert sorted(teacher.state_dict()) == [
        *(f"heads.{i}.{name}" for i in sorted(map(str, range(len(STATIONS)))) for name in ("bias", "weight")),
        "maps.0.logits.bias",
        "maps.0.logits.weight",
    ]
    with pytest.raises(RuntimeError, match="must see"):
        teacher(clips)


def test_the_loop_adds_it_to_the_loss(taught, divided, weights, tmp_path):
    recipe = replace(taught, taught=0.4, steps=2, drops=(1,))
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
            unlike = teacher(shown, maps[:, None])
            loss = kld(maps, batch.density[:, 0]) + 0.7 * unlike.features + 0.4 * unlike.maps
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
    with pytest.raises(UsageError, match="features is 0, taught is 0, and a teacher"):
        taught_by(recipe, network, weights)
    with pytest.raises(UsageError, match="already"):
        taught_by(taught, TASEDLite(LiteConfig(width=4)), weights)
    full = tmp_path / "full.safetensors"
    save_weights(network, full)
    with pytest.raises(CheckpointError, match="no tased-lite"):
        taught_by(taught, network, full)
