"""A network of still pictures becomes one of clips, which predicts the same while nothing moves.

As in Carreira & Zisserman, CVPR 2017 (section 2.2), what was learnt from pictures is what a network of clips
begins with. They repeat every filter along time; ours sees the middle of its reach alone at first, so that
what moves is not blurred, and the ends of a clip, beyond which there is nothing, are no exception.
"""

from collections.abc import Mapping

from torch import Tensor


def inflated(still: Mapping[str, Tensor], clips: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a network of T = 1 with the shapes of `clips`, the state of one of any T.

    Where a filter has no middle, which is where the prediction network aggregates time, it sees the last
    moment alone: maps are of the last frame, and a mean over the past blurs what moves.
    """
    return {name: _along_time(tensor, clips[name].shape) for name, tensor in still.items()}


def _along_time(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    if tensor.shape == shape:
        return tensor
    time = shape[2]
    found = tensor.new_zeros(shape)
    found[:, :, time // 2 if time % 2 else -1] = tensor[:, :, 0]
    return found
