"""A picture as someone would see it who looks where attention is: sharp there, blurred elsewhere."""

import numpy as np
from jaxtyping import Float
from PIL import Image

from tased.apps.attention import held_above
from tased.apps.blur import blurred

SHARP = 0.5  # of the attention lies where the picture stays as it is
STEPS = 4  # of blur, each twice the one before
WIDEST = 1 / 20  # deviation of the last, share of the picture's shorter side


def foveated(picture: Image.Image, values: Float[np.ndarray, "H W"], opacity: float) -> Image.Image:
    """Blur a picture where little attention is, by `opacity` (0..1) of what is possible.

    With a the share of all attention that lies where the map is higher than at a pixel, the pixel is taken
    from step

        s = 4 opacity max(0, (a - 0.5) / 0.5)

    of a pyramid of Gaussian blurs whose deviation at step 1, 2, 3, 4 is 1/160, 1/80, 1/40, 1/20 of the
    picture's shorter side; step 0 is the picture itself, and between two steps their pictures are mixed
    linearly.
    """
    top = float(values.max())
    # Attention spread thinly has levels of its own: the root gives low values more of the 256.
    root = np.sqrt(values / np.float32(top)) if top > 0 else np.zeros_like(values)
    level = Image.fromarray((root * 255 + 0.5).astype(np.uint8))
    above = held_above(values, top * (np.arange(256) / 255) ** 2)
    step = STEPS * opacity * ((above - SHARP) / (1 - SHARP)).clip(0, 1)
    seen = picture
    for k in range(1, STEPS + 1):
        share = np.rint(255 * (step - (k - 1)).clip(0, 1)).astype(int)
        if share.any():
            sigma = WIDEST * min(picture.size) * 2.0 ** (k - STEPS)
            seen = Image.composite(blurred(picture, sigma), seen, level.point(share.tolist()))
    return seen
