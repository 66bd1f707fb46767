"""EfficientNet-Lite0 as one flat function of a state dict, under the names that are published.

Independent of `tased.network`: made from Table 1 of the paper (Tan & Le, ICML 2019) and what the Lite variant
changes of it (github.com/tensorflow/tpu, models/official/efficientnet/lite: no squeeze-and-excitation, ReLU6,
a stem of 32 channels). Padding is TensorFlow's SAME, computed from sizes; batch normalisation is written out.
"""

import torch
import torch.nn.functional as F

State = dict[str, torch.Tensor]
TABLE = (  # kernel, stride, expansion, in, out: Table 1, a row a block
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24),
    (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40),
    (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 80),
    (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112),
    (5, 1, 6, 112, 112),
    (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
)


def state(seed: int = 0) -> State:
    """Random tensors of a whole published file, its classifier too."""
    generator = torch.Generator().manual_seed(seed)
    made: State = {}

    def conv(name: str, c_out: int, c_in: int, kernel: int) -> None:
        weight = torch.randn(c_out, c_in, kernel, kernel, generator=generator)
        made[f"{name}.weight"] = weight * (2 / (c_in * kernel**2)) ** 0.5

    def norm(name: str, channels: int) -> None:
        draws = torch.rand(4, channels, generator=generator)
        made[f"{name}.weight"] = 0.5 + draws[0]
        made[f"{name}.bias"] = draws[1] - 0.3
        made[f"{name}.running_mean"] = draws[2] - 0.5
        made[f"{name}.running_var"] = 0.5 + draws[3]
        made[f"{name}.num_batches_tracked"] = torch.tensor(7)

    conv("_conv_stem", 32, 3, 3)
    norm("_bn0", 32)
    for number, (kernel, _, expansion, c_in, c_out) in enumerate(TABLE):
        block, wide = f"_blocks.{number}", c_in * expansion
        if expansion > 1:
            conv(f"{block}._expand_conv", wide, c_in, 1)
            norm(f"{block}._bn0", wide)
        conv(f"{block}._depthwise_conv", wide, 1, kernel)
        norm(f"{block}._bn1", wide)
        conv(f"{block}._project_conv", c_out, wide, 1)
        norm(f"{block}._bn2", c_out)
    conv("_conv_head", 1280, 320, 1)
    norm("_bn1", 1280)
    made["_fc.weight"] = torch.randn(1000, 1280, generator=generator)
    made["_fc.bias"] = torch.zeros(1000)
    return made


def features(tensors: State, x: torch.Tensor) -> list[torch.Tensor]:
    """What the blocks 4, 10 and 15 give for pictures (B, 3, H, W), prepared as (pixel - 127) / 128."""
    x = relu6(norm(tensors, "_bn0", same_conv(x, tensors["_conv_stem.weight"], 2)))
    found = []
    for number, (_, stride, expansion, c_in, c_out) in enumerate(TABLE):
        block, before = f"_blocks.{number}", x
        if expansion > 1:
            x = relu6(
                norm(tensors, f"{block}._bn0", same_conv(x, tensors[f"{block}._expand_conv.weight"], 1))
            )
        weight = tensors[f"{block}._depthwise_conv.weight"]
        x = relu6(norm(tensors, f"{block}._bn1", same_conv(x, weight, stride, groups=c_in * expansion)))
        x = norm(tensors, f"{block}._bn2", same_conv(x, tensors[f"{block}._project_conv.weight"], 1))
        if stride == 1 and c_in == c_out:
            x = x + before
        if number in (4, 10, 15):
            found.append(x)
    return found


def same_conv(x: torch.Tensor, weight: torch.Tensor, stride: int, groups: int = 1) -> torch.Tensor:
    """TensorFlow's SAME: ceil(n / stride) outputs; of an odd margin the larger half is at the end."""
    margins = []
    for length, kernel in ((x.shape[3], weight.shape[3]), (x.shape[2], weight.shape[2])):
        outputs = -(-length // stride)
        whole = max((outputs - 1) * stride + kernel - length, 0)
        margins += [whole // 2, whole - whole // 2]
    return F.conv2d(F.pad(x, margins), weight, stride=stride, groups=groups)


def norm(tensors: State, name: str, x: torch.Tensor) -> torch.Tensor:
    """With the running statistics; TensorFlow's epsilon."""
    gamma, beta, mean, var = (
        tensors[f"{name}.{what}"][:, None, None] for what in ("weight", "bias", "running_mean", "running_var")
    )
    return gamma * (x - mean) / (var + 1e-3) ** 0.5 + beta


def relu6(x: torch.Tensor) -> torch.Tensor:
    return x.clamp(0, 6)
