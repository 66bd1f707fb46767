"""What there is to watch as it happens, and how FFmpeg opens it: plans only."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import av

from tased.errors import UsageError, VideoError

SCREEN_RATE = 30  # pictures a second that are taken of a screen
_CAMERAS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_SCREENS = {"linux": "x11grab", "darwin": "avfoundation", "win32": "gdigrab"}


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A camera, a screen, a stream of the network, or a file that is played."""

    kind: Literal["camera", "screen", "stream", "file"]
    name: str  # as messages call it: without a password
    url: str  # what FFmpeg opens
    form: str | None = None  # what FFmpeg calls the kind of device; None: it finds out
    options: dict[str, str] = field(default_factory=dict)  # of FFmpeg


def cameras(form: str) -> list[str]:
    """The cameras of this machine, as FFmpeg opens them; none where it cannot list them."""
    try:
        found = av.enumerate_input_devices(form)
    except (av.error.FFmpegError, ValueError):
        return []
    return [device.name for device in found if "video" in device.media_types]


def live_source(
    text: str,
    *,
    system: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    list_cameras: Callable[[str], list[str]] = cameras,
) -> LiveSource:
    """What a user means: `camera`, `camera:1`, `screen`, an address (rtsp://, http://), a device, or a file.

    Raises
    ------
    UsageError
        For a number of a camera that is none, or a system without a way to capture it.
    VideoError
        When there is no such camera, or no display.

    """
    if text == "screen":
        return _screen(system, environment.get("DISPLAY", ""))
    if text == "camera" or text.startswith("camera:"):
        number = text.removeprefix("camera").removeprefix(":") or "0"
        if not re.fullmatch(r"\d{1,3}", number):
            raise UsageError(
                f"{text}: a camera has a number from 0; give camera, camera:1, or a device's path"
            )
        return _camera(text, int(number), system, list_cameras)
    if text.startswith("/dev/"):
        return LiveSource("camera", text, text, _format_of(_CAMERAS, system, text))
    if re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE):
        over_tcp = {"rtsp_transport": "tcp"} if text.lower().startswith("rtsp") else {}
        return LiveSource("stream", without_password(text), text, options=over_tcp)
    return LiveSource("file", text, text)


def _camera(text: str, number: int, system: str, list_cameras: Callable[[str], list[str]]) -> LiveSource:
    form = _format_of(_CAMERAS, system, text)
    match form:
        case "v4l2":
            url = f"/dev/video{number}"
        case "avfoundation":
            url = f"{number}:none"
        case _:  # cameras have names only
            known = list_cameras(form)
            if number >= len(known):
                raise VideoError(f"{text}: no such camera; {len(known)} are connected, numbered from 0")
            url = f"video={known[number]}"
    options = {"framerate": "30"} if form == "avfoundation" else {}  # its default is a rate that few have
    return LiveSource("camera", text, url, form, options)


def _screen(system: str, display: str) -> LiveSource:
    form = _format_of(_SCREENS, system, "screen")
    if form == "x11grab" and not display:
        raise VideoError(
            "screen: there is no X display to capture (DISPLAY is not set); run it in a desktop session"
        )
    url = {"x11grab": display, "avfoundation": "Capture screen 0:none", "gdigrab": "desktop"}[form]
    return LiveSource("screen", "screen", url, form, {"framerate": str(SCREEN_RATE)})


def _format_of(forms: dict[str, str], system: str, text: str) -> str:
    if system not in forms:
        raise UsageError(
            f"{text}: cannot be captured on {system}; give a file or an address (rtsp://, http://)"
        )
    return forms[system]


def without_password(url: str) -> str:
    """An address as it may be shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=re.sub(r":[^@]*@", ":***@", parts.netloc)))
