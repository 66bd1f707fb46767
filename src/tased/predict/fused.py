"""Convolutions of the network as the CPU runs them best: normalization folded in, in two dimensions.

Axes: B batch, T time, H rows, W columns, C channels; every tensor is contiguous as (B, T, H, W, C).
In that order a 1 x k x k convolution is a 2-D one over B*T pictures, and a k x 1 x 1 convolution a 2-D one
over B pictures of T rows and H*W columns: both are views, nothing is copied.
"""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tased.network.encoder import Conv

# Not public; as torch._inductor calls it. Its signature as PyTorch states it has an argument too few.
reorder: Callable[..., Tensor] = torch._C._nn.mkldnn_reorder_conv2d_weight


def packs(dtype: torch.dtype) -> bool:
    """Whether oneDNN, PyTorch's library for convolutions on CPUs, has this type on this machine."""
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32


def pictures(x: Tensor) -> Tensor:
    """(B, T, H, W, C) -> (B*T, C, H, W), a view in PyTorch's channels-last format."""
    return x.flatten(0, 1).permute(0, 3, 1, 2)


def convolution(module: nn.Module) -> nn.Conv3d | nn.ConvTranspose3d:
    """The convolution itself, without what follows it."""
    conv = module.conv if isinstance(module, Conv) else module
    if not isinstance(conv, nn.Conv3d | nn.ConvTranspose3d):
        raise TypeError(f"a convolution is needed, not {type(conv).__name__}")
    return conv


def folded(module: nn.Module) -> tuple[nn.Conv3d | nn.ConvTranspose3d, Tensor, Tensor | None]:
    """The convolution, and its weight and bias with the normalization in them.

    In evaluation a normalization is y = (x - mean) / sqrt(variance + eps) * weight + bias: for each channel
    an offset, what it makes of 0, and a factor, that goes into the convolution's weight. Exact up to
    rounding, so it is done in float64.
    """
    if not isinstance(module, Conv):
        conv = convolution(module)
        return conv, conv.weight.detach().double(), None if conv.bias is None else conv.bias.detach().double()
    conv, norm = module.conv, copy.deepcopy(module.norm).double().eval()
    points = torch.tensor([0.0, 1.0], dtype=torch.float64).view(2, 1, 1, 1, 1)
    with torch.no_grad():
        offset, one = norm(points.expand(2, norm.num_features, 1, 1, 1)).view(2, -1)
    shape = (1, -1, 1, 1, 1) if isinstance(conv, nn.ConvTranspose3d) else (-1, 1, 1, 1, 1)
    return conv, conv.weight.detach().double() * (one - offset).view(shape), offset


class Planar:
    """A 2-D convolution, with ReLU or not: (N, C, H, W) channels-last -> (N, c_out, H', W') channels-last.

    Where oneDNN has the type, the weight is kept as oneDNN wants it (in bfloat16, putting it in that order at
    every call takes as long as convolving) and ReLU is done while a result is still at hand. PyTorch's own
    compiler, inductor, calls the same two operators.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, relu: bool, dtype: torch.dtype):
        self._weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        self._bias = None if bias is None else bias.to(dtype)
        self._relu = relu
        self._packs = packs(dtype)
        self._packed = False

    def __call__(self, x: Tensor, stride: int, padding: tuple[int, int], dilation: int = 1) -> Tensor:
        """Convolve; `stride` and `dilation` are those of both axes, `padding` is (rows, columns)."""
        return self.strided(x, (stride, stride), padding, dilation)

    def strided(
        self, x: Tensor, stride: tuple[int, int], padding: tuple[int, int], dilation: int = 1
    ) -> Tensor:
        """Convolve with a stride of its own for rows and columns."""
        if not self._packs:
            y = F.conv2d(x, self._weight, self._bias, stride, padding, dilation)
            return y.relu_() if self._relu else y
        spread = [dilation, dilation]
        if not self._packed:
            self._weight = reorder(self._weight.to_mkldnn(), padding, stride, spread, 1, x.shape)
            self._packed = True
        after = "relu" if self._relu else "none"
        y = torch.ops.mkldnn._convolution_pointwise(
            x, self._weight, self._bias, padding, stride, spread, 1, after, [], ""
        )
        return y.contiguous(memory_format=torch.channels_last)


class Spatial:
    """A 1 x k x k convolution, transposed or not: (B, T, H, W, C) -> (B, T, H', W', c_out).

    Transposed with stride 1 it is a convolution with the kernel turned around. With stride 2 every second row
    and column of the result is a convolution of its own (kernel 1 for the transposed one of 2, kernel 2 for
    that of 4), so four of them side by side give the result's pixels, which are then put in their places:

        kernel 4, padding 1:   y[2i] = k3 x[i-1] + k1 x[i],   y[2i+1] = k2 x[i] + k0 x[i+1]
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype):
        conv, weight, bias = folded(module)
        kernel, self._stride, pad = conv.kernel_size[1], conv.stride[1], int(conv.padding[1])
        self._dilation = conv.dilation[1]
        self._doubles = isinstance(conv, nn.ConvTranspose3d) and self._stride == 2
        weight = weight.squeeze(2)
        if self._doubles:
            taps = ((3, 1), (2, 0)) if kernel == 4 else ((0,), (1,))
            weight = torch.cat([weight[:, :, r][:, :, :, c] for r in taps for c in taps], 1).transpose(0, 1)
            bias = None if bias is None else bias.repeat(4)
            self._stride = 1
        elif isinstance(conv, nn.ConvTranspose3d):
            weight, pad = weight.flip(2, 3).transpose(0, 1), kernel - 1 - pad
        self._pad = (pad, pad)
        self._planar = Planar(weight, bias, relu=isinstance(module, Conv), dtype=dtype)

    def __call__(self, x: Tensor) -> Tensor:
        time, rows, columns = x.shape[1:4]
        y = self._planar(pictures(x), self._stride, self._pad, self._dilation).permute(0, 2, 3, 1)
        if self._doubles:
            quarters = y.unflatten(-1, (4, -1))
            y = y.new_empty(len(y), rows, 2, columns, 2, quarters.shape[-1])
            for n, (r, c) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
                at = (r, c) if self._pad == (1, 1) else (0, 0)
                y[:, :, r, :, c] = quarters[:, at[0] : at[0] + rows, at[1] : at[1] + columns, n]
            y = y.flatten(3, 4).flatten(1, 2)
        return y.unflatten(0, (-1, time))


class Temporal:
    """A k x 1 x 1 convolution: (B, T, H, W, C) -> (B, T', H, W, c_out).

    `pad` false leaves out the zeros around the clip: T' = T - k + 1 for stride 1.
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype):
        conv, weight, bias = folded(module)
        self._stride, self._pad = conv.stride[0], int(conv.padding[0])
        self._planar = Planar(weight.squeeze(4), bias, relu=isinstance(module, Conv), dtype=dtype)

    def __call__(self, x: Tensor, *, pad: bool = True) -> Tensor:
        y = self._planar.strided(
            x.flatten(2, 3).permute(0, 3, 1, 2), (self._stride, 1), (self._pad if pad else 0, 0)
        )
        return y.permute(0, 2, 3, 1).unflatten(2, x.shape[2:4])


def fuse(module: nn.Module, dtype: torch.dtype) -> Spatial | Temporal:
    """The fused form of a convolution, with its normalization and ReLU where it has them."""
    return Temporal(module, dtype) if convolution(module).kernel_size[0] > 1 else Spatial(module, dtype)


class ChannelsFirst(nn.Module):
    """A fused convolution in a network's own order of axes: (B, C, T, H, W) -> (B, c_out, T', H', W')."""

    def __init__(self, fused: Spatial | Temporal):
        super().__init__()
        self._fused = fused

    def forward(self, x: Tensor) -> Tensor:
        return self._fused(x.permute(0, 2, 3, 4, 1).contiguous()).permute(0, 4, 1, 2, 3)


def with_fused(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Replace every convolution in a module, and what belongs to it, by its fused form; in place."""
    for name, child in module.named_children():
        if isinstance(child, Conv | nn.Conv3d | nn.ConvTranspose3d):
            setattr(module, name, ChannelsFirst(fuse(child, dtype)))
        else:
            with_fused(child, dtype)
    return module
