"""How much of a file is missing, by what the file itself says of its size.

A count of frames or a duration in a header may be wrong in a healthy file (edit lists, variable frame
rate, estimates); the sizes of the outermost boxes are not, since players find everything by them.
"""

from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def missing_bytes(path: Path) -> int:
    """Bytes that a MP4, MOV, MKV, WebM or AVI file promises beyond its end; 0 for whole or other files."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp"):
            end = _mp4_end(file, size)
        elif start[:4] == _EBML:
            end = _matroska_end(file)
        elif start[:4] == b"RIFF" and start[8:12] == b"AVI ":
            end = _avi_end(file, size)
        else:
            end = 0
    return max(0, end - size)


def _mp4_end(file: BinaryIO, size: int) -> int:
    end = 0
    while end + 8 <= size:
        file.seek(end)
        header = file.read(16)
        length = int.from_bytes(header[:4])
        if length == 1:  # the size follows in 64 bits
            length = int.from_bytes(header[8:16])
        if length < 8:  # 0 is "to the end of the file", as a recorder leaves it
            return size
        if not header[4:8].isalnum():  # what follows the last box is not a box
            return end
        end += length
    return end


def _matroska_end(file: BinaryIO) -> int:
    file.seek(4)
    header = _ebml_size(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return 0
    length = _ebml_size(file)
    return 0 if length is None else file.tell() + length


def _ebml_size(file: BinaryIO) -> int | None:
    """A size of 1 to 8 bytes, its width in its leading zeros; None for "unknown", as live recordings have."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    width = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(width - 1)) - (1 << 7 * width)
    return None if value == (1 << 7 * width) - 1 else value


def _avi_end(file: BinaryIO, size: int) -> int:
    end = 0
    while end + 8 <= size:  # beyond 1 GB a file is several RIFF lists
        file.seek(end)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "little")
        if header[:4] != b"RIFF" or length == 0:
            return end
        end += 8 + length
    return end
