"""The container of a video file: what may be opened from strangers, and what browsers play."""

from pathlib import Path

import av

from tased.errors import VideoError

# Formats of FFmpeg that hold all they show. Others are lists of further files and addresses (HLS, DASH,
# concat, SDP): whoever sends one chooses what this machine opens.
SELF_CONTAINED = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "h264", "hevc",
    "av1", "obu", "ivf", "asf", "flv", "ogg", "gif", "mxf", "dv", "rm", "nut", "wtv", "yuv4mpegpipe",
)  # fmt: skip
_SOUNDS = frozenset(("aac", "mp3"))


def check_self_contained(path: Path) -> None:
    """Raise VideoError for a file that is no video of a format that stands for itself.

    FFmpeg is stopped before it has opened anything else. What it takes the file for it will take it for
    again, so that afterwards `open_video` is safe from this.
    """
    try:
        av.open(str(path.absolute()), options={"format_whitelist": ",".join(SELF_CONTAINED)}).close()
    except (av.error.FFmpegError, OSError) as error:
        if path.stat().st_size == 0:
            raise VideoError(f"{path}: is empty (0 bytes); copy or download it again") from error
        raise VideoError(
            f"{path}: not a video in a file of its own (MP4, MOV, MKV, WebM, AVI, ...); is it the right file?"
        ) from error


def plays_in_browsers(path: Path) -> bool:
    """Whether every browser plays the file as it is: MP4 of 8-bit H.264, with AAC or MP3 or no sound."""
    with av.open(str(path.absolute()), metadata_errors="replace") as container:
        if "mp4" not in container.format.name or len(container.streams.video) != 1:
            return False
        video = container.streams.video[0].codec_context
        pixels = video.pix_fmt in ("yuv420p", "yuvj420p")
        sounds = {stream.codec_context.name for stream in container.streams.audio}
        return video.name == "h264" and pixels and sounds <= _SOUNDS
