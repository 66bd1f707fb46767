"""Gaussian blur of large pictures, fast enough for every frame of a video."""

from PIL import Image, ImageFilter


def blurred(picture: Image.Image, sigma: float) -> Image.Image:
    """A picture blurred by a Gaussian of `sigma` pixels, computed at a size at which that is a few."""
    factor = max(1, int(sigma / 2))
    small = picture.reduce(factor).filter(ImageFilter.GaussianBlur(sigma / factor))
    if factor == 1:
        return small
    # The last block may hang over the edge, and must not stretch the others.
    box = (0, 0, picture.width / factor, picture.height / factor)
    return small.resize(picture.size, Image.Resampling.BILINEAR, box=box)
