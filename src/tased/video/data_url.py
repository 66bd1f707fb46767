"""Files inside a page, as data URLs."""

import base64
import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def data_url(kind: str, content: bytes) -> str:
    """What to put into `src` or `href`; `kind` is a media type, such as video/mp4."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture_url(pixels: UInt8[np.ndarray, "H W *C"], *, longest: int, quality: int = 80) -> str:
    """A gray or RGB picture as a JPEG, made smaller where a side is longer than `longest` pixels."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((longest, longest))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=quality)
    return data_url("image/jpeg", jpeg.getvalue())
