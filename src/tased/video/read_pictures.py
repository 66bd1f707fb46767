"""A folder of pictures, or one picture, as a video."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from tased.errors import VideoError
from tased.video.frame import Frame

RATE = Fraction(25)  # frames per second, as FFmpeg assumes of pictures
_ORIENTATION = 0x0112  # EXIF; 5 to 8 swap width and height
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)  # what Pillow raises


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures of one size in the order given; each is read when its turn comes."""

    path: Path  # of the folder, or of the one picture
    name: str
    width: int  # pixels, upright as EXIF says
    height: int
    picture_names: tuple[str, ...]
    rate: Fraction = RATE

    @property
    def frames(self) -> int:
        """How many pictures."""
        return len(self.picture_names)

    @property
    def duration(self) -> float:
        """Seconds, at `rate`."""
        return float(self.frames / self.rate)

    def __iter__(self) -> Iterator[Frame]:
        folder = self.path if self.path.is_dir() else self.path.parent
        for index, name in enumerate(self.picture_names):
            pixels = read_picture(folder / name)
            check_size(folder / name, pixels.shape[1::-1], (self.width, self.height))
            yield Frame(pixels, index, float(index / self.rate))


def open_pictures(path: Path, pictures: list[Path]) -> Pictures:
    """Look at each header, so that a picture of another size is named before anything is computed.

    Raises
    ------
    VideoError
        For a file that is no picture, or the first of another size than the first picture.

    """
    size = _displayed_size(pictures[0])
    for picture in pictures[1:]:
        check_size(picture, _displayed_size(picture), size)
    name = path.name if path.is_dir() else path.stem
    return Pictures(path, name, *size, tuple(picture.name for picture in pictures))


def read_picture(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """RGB in 0..255, upright, what is transparent over black.

    16-bit gray is scaled to 8 bits; floating-point pictures have no known range and are refused.
    """
    try:
        with Image.open(path) as opened:
            check_still(path, opened)
            opened.load()
            image = ImageOps.exif_transpose(opened)
            return np.array(_rgb(path, image))  # a copy: Pillow's own cannot be written to, and torch warns
    except VideoError:
        raise
    except _UNREADABLE as error:
        raise unreadable(path, error) from error


def _rgb(path: Path, image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise VideoError(f"{path}: holds floating-point values of unknown range; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16-bit gray, which Pillow's convert would clip
        levels = np.clip(np.asarray(image, np.int64), 0, 65535)
        image = Image.fromarray(((levels + 128) // 257).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGB", image.size)
        image.paste(clear, mask=clear.getchannel("A"))
    return image.convert("RGB")


def _displayed_size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            check_still(path, image)
            # Asking a PNG for an orientation that is not in its header would decode all of it.
            known = image.format != "PNG" or "exif" in image.info
            turned = known and image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
            return image.size[::-1] if turned else image.size
    except VideoError:
        raise
    except _UNREADABLE as error:
        raise unreadable(path, error) from error


def check_still(path: Path, image: Image.Image) -> None:
    """Refuse an animated PNG or WebP: only its first picture would be seen."""
    count = getattr(image, "n_frames", 1) if image.format in ("PNG", "WEBP") else 1
    if count > 1:
        raise VideoError(f"{path}: is an animation of {count} pictures; convert it to .mp4 or .gif first")


def check_size(path: Path, size: tuple[int, ...], first: tuple[int, int]) -> None:
    """Raise VideoError when a picture differs in (width, height) from the first of its folder."""
    if size != first:
        raise VideoError(
            f"{path}: is {size[0]}x{size[1]}, but the first picture of the folder is {first[0]}x{first[1]}; "
            f"the frames of one video have one size, so resize it or move it elsewhere"
        )


def unreadable(path: Path, error: BaseException) -> VideoError:
    """The error for a file with a picture's name that Pillow cannot read."""
    reason = "not a picture" if isinstance(error, UnidentifiedImageError) else str(error).rstrip(".")
    return VideoError(f"{path}: cannot be read as a picture ({reason}); replace it or move it elsewhere")
