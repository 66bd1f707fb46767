"""The published TASED-Net and the two published S3Ds, written as flat functions of a state dict.

Independent of `tased.network`: no module of it is used, the names are the checkpoints' own, and the
unpooling is PyTorch's. Made from the layer table of github.com/MichiganCOG/TASED-Net (MIT); the counts
(513 entries, 21,260,693 parameters, 78.46 GMAC) are asserted by the tests that use it.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

State = dict[str, torch.Tensor]
MIXED = {  # name: in, direct, reduce3, conv3, reduce5, conv5, pool
    "base2.0": (192, 64, 96, 128, 16, 32, 32),
    "base2.1": (256, 128, 128, 192, 32, 96, 64),
    "base3.0": (480, 192, 96, 208, 16, 48, 64),
    "base3.1": (512, 160, 112, 224, 24, 64, 64),
    "base3.2": (512, 128, 128, 256, 24, 64, 64),
    "base3.3": (512, 112, 144, 288, 32, 64, 64),
    "base3.4": (528, 256, 160, 320, 32, 128, 128),
    "base4.0": (832, 256, 160, 320, 32, 128, 128),
    "base4.1": (832, 384, 192, 384, 48, 128, 128),
}


class Maker:
    """Random tensors under the published names."""

    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)
        self.state: State = {}

    def weight(self, name: str, *shape: int, fan: int) -> None:
        self.state[name] = torch.randn(shape, generator=self.generator) * (2 / fan) ** 0.5

    def norm(self, name: str, channels: int) -> None:
        def draw() -> torch.Tensor:
            return torch.rand(channels, generator=self.generator)

        self.state |= {
            f"{name}.weight": 0.5 + draw(),
            f"{name}.bias": draw() - 0.5,
            f"{name}.running_mean": draw() - 0.5,
            f"{name}.running_var": 0.5 + draw(),
            f"{name}.num_batches_tracked": torch.tensor(7),
        }

    def basic(self, name: str, i: int, o: int) -> None:
        self.weight(f"{name}.conv.weight", o, i, 1, 1, 1, fan=i)
        self.norm(f"{name}.bn", o)

    def separable(self, name: str, i: int, o: int, k: int) -> None:
        self.weight(f"{name}.conv_s.weight", o, i, 1, k, k, fan=i * k * k)
        self.norm(f"{name}.bn_s", o)
        self.weight(f"{name}.conv_t.weight", o, o, k, 1, 1, fan=o * k)
        self.norm(f"{name}.bn_t", o)

    def mixed(self, name: str, i: int, b0: int, b1r: int, b1: int, b2r: int, b2: int, b3: int) -> None:
        self.basic(f"{name}.branch0.0", i, b0)
        self.basic(f"{name}.branch1.0", i, b1r)
        self.separable(f"{name}.branch1.1", b1r, b1, 3)
        self.basic(f"{name}.branch2.0", i, b2r)
        self.separable(f"{name}.branch2.1", b2r, b2, 3)
        self.basic(f"{name}.branch3.1", i, b3)


def tased_state(seed: int = 0) -> State:
    """Random weights for the published network, as `TASED_v2.pt` names them."""
    m = Maker(seed)
    m.separable("base1.0", 3, 64, 7)
    m.basic("base1.2", 64, 64)
    m.separable("base1.3", 64, 192, 3)
    for name, widths in MIXED.items():
        m.mixed(name, *widths)
    for name, shape, fan in (
        ("convtsp1.0", (1024, 1024, 1, 1, 1), 1024),
        ("convtsp1.3", (1024, 832, 1, 3, 3), 1024 * 9),
        ("convtsp2.0", (832, 480, 1, 3, 3), 832 * 9),
        ("convtsp3.0", (480, 192, 1, 3, 3), 480 * 9),
        ("convtsp4.0", (192, 64, 1, 4, 4), 192 * 4),
        ("convtsp4.3", (64, 64, 2, 1, 1), 128),
        ("convtsp4.6", (64, 4, 1, 1, 1), 64),
        ("convtsp4.9", (4, 4, 2, 1, 1), 8),
    ):
        m.weight(f"{name}.weight", *shape, fan=fan)
        block, index = name.split(".")
        m.norm(f"{block}.{int(index) + 1}", shape[0] if name.endswith(("4.3", "4.9", "1.0")) else shape[1])
    m.weight("convtsp4.12.weight", 4, 4, 1, 4, 4, fan=16)
    m.weight("convtsp4.13.weight", 1, 4, 1, 1, 1, fan=4)
    m.state["convtsp4.13.bias"] = torch.tensor([0.1])
    return m.state


def norm_relu(s: State, name: str, x: torch.Tensor) -> torch.Tensor:
    values = (s[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
    return F.relu(F.batch_norm(x, *values, training=False, eps=1e-3))


def basic(s: State, name: str, x: torch.Tensor) -> torch.Tensor:
    return norm_relu(s, f"{name}.bn", F.conv3d(x, s[f"{name}.conv.weight"]))


def separable(s: State, name: str, x: torch.Tensor, k: int, stride: int) -> torch.Tensor:
    p = k // 2
    x = F.conv3d(x, s[f"{name}.conv_s.weight"], None, (1, stride, stride), (0, p, p))
    x = norm_relu(s, f"{name}.bn_s", x)
    x = F.conv3d(x, s[f"{name}.conv_t.weight"], None, (stride, 1, 1), (p, 0, 0))
    return norm_relu(s, f"{name}.bn_t", x)


def mixed(s: State, name: str, x: torch.Tensor) -> torch.Tensor:
    b = f"{name}.branch"
    return torch.cat(
        [
            basic(s, f"{b}0.0", x),
            separable(s, f"{b}1.1", basic(s, f"{b}1.0", x), 3, 1),
            separable(s, f"{b}2.1", basic(s, f"{b}2.0", x), 3, 1),
            basic(s, f"{b}3.1", F.max_pool3d(x, 3, 1, 1)),
        ],
        1,
    )


def spatial_pool(x: torch.Tensor, *, indices: bool = False) -> torch.Tensor:
    return F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1), return_indices=indices)


def encoder(s: State, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    x = spatial_pool(separable(s, "base1.0", x, 7, 2))
    y3 = separable(s, "base1.3", basic(s, "base1.2", x), 3, 1)
    y2 = mixed(s, "base2.1", mixed(s, "base2.0", spatial_pool(y3)))
    y = F.max_pool3d(y2, 3, 2, 1)
    for n in range(5):
        y = mixed(s, f"base3.{n}", y)
    y, i0 = F.max_pool3d(F.max_pool3d(y, (2, 1, 1)), (1, 2, 2), return_indices=True)
    return y3, y2, i0, mixed(s, "base4.1", mixed(s, "base4.0", y))


def tased(s: State, clip: torch.Tensor) -> torch.Tensor:
    """The published forward pass: (B, 3, 32, H, W) -> (B, H, W)."""
    y3, y2, i0, y = encoder(s, clip)
    y3, y2 = F.max_pool3d(y3, (4, 1, 1)), F.max_pool3d(y2, (4, 1, 1))
    _, i2 = spatial_pool(y3, indices=True)
    _, i1 = spatial_pool(y2, indices=True)

    def up(block: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = s[f"{block}.weight"]
        pad = 0 if weight.shape[-1] == 1 else 1
        return F.conv_transpose3d(x, weight, None, (1, stride, stride), (0, pad, pad))

    z = norm_relu(s, "convtsp1.1", F.conv3d(y, s["convtsp1.0.weight"]))
    z = norm_relu(s, "convtsp1.4", up("convtsp1.3", z))
    z = F.max_unpool3d(z, i0, (1, 2, 2), (1, 2, 2))
    z = norm_relu(s, "convtsp2.1", up("convtsp2.0", z))
    z = F.max_unpool3d(z, i1, (1, 3, 3), (1, 2, 2), (0, 1, 1), output_size=y2.shape[2:])
    z = norm_relu(s, "convtsp3.1", up("convtsp3.0", z))
    z = F.max_unpool3d(z, i2, (1, 3, 3), (1, 2, 2), (0, 1, 1), output_size=y3.shape[2:])
    z = norm_relu(s, "convtsp4.1", up("convtsp4.0", z, 2))
    z = norm_relu(s, "convtsp4.4", F.conv3d(z, s["convtsp4.3.weight"], stride=(2, 1, 1)))
    z = norm_relu(s, "convtsp4.7", up("convtsp4.6", z))
    z = norm_relu(s, "convtsp4.10", F.conv3d(z, s["convtsp4.9.weight"], stride=(2, 1, 1)))
    z = F.conv3d(up("convtsp4.12", z, 2), s["convtsp4.13.weight"], s["convtsp4.13.bias"])
    return torch.sigmoid(z)[:, 0, 0]


_NUMBER = {"base1": 0, "base2": 5, "base3": 8, "base4": 14}


def s3d_state(state: State) -> State:
    """The encoder of a TASED state under the names of github.com/kylemin/S3D, with its classifier."""
    out = {}
    for name, tensor in state.items():
        if name.startswith("base"):
            block, n, rest = name.split(".", 2)
            out[f"base.{_NUMBER[block] + int(n)}.{rest}"] = tensor
    return out | {"fc.0.weight": torch.zeros(400, 1024, 1, 1, 1), "fc.0.bias": torch.zeros(400)}


def torchvision_state(state: State) -> State:
    """The same under the names of torchvision.models.video.s3d, whose layers are Sequentials."""
    leaf: dict[str, Callable[[str], str]] = {
        "conv": lambda key: f"0.{key}",
        "bn": lambda key: f"1.{key}",
        "conv_s": lambda key: f"0.0.{key}",
        "bn_s": lambda key: f"0.1.{key}",
        "conv_t": lambda key: f"1.0.{key}",
        "bn_t": lambda key: f"1.1.{key}",
    }
    out = {}
    for name, tensor in s3d_state(state).items():
        if not name.startswith("base."):
            continue
        block, layer, key = name.removeprefix("base.").rsplit(".", 2)
        block = block.replace("branch0.0", "branch0")
        out[f"features.{block}.{leaf[layer](key)}"] = tensor
    return out | {
        "classifier.1.weight": torch.zeros(400, 1024, 1, 1, 1),
        "classifier.1.bias": torch.zeros(400),
    }
