"""What users call a source, and what is opened then, on every system."""

import pytest

from tased.errors import UsageError, VideoError
from tased.video.live_source import LiveSource, live_source, without_password


def source(text, system="linux", environment=None, cameras=()):
    asked = []
    found = live_source(
        text,
        system=system,
        environment=environment or {},
        list_cameras=lambda form: asked.append(form) or list(cameras),
    )
    assert asked in ([], ["dshow"])
    return found


def test_cameras_by_system():
    assert source("camera") == LiveSource("camera", "camera", "/dev/video0", "v4l2")
    assert source("camera:12") == LiveSource("camera", "camera:12", "/dev/video12", "v4l2")
    assert source("/dev/video3") == LiveSource("camera", "/dev/video3", "/dev/video3", "v4l2")
    mac = source("camera:1", "darwin")
    assert (mac.url, mac.form) == ("1:none", "avfoundation")
    windows = source("camera:1", "win32", cameras=("Front", "Back"))
    assert (windows.url, windows.form) == ("video=Back", "dshow")


def test_screens_by_system():
    assert source("screen", environment={"DISPLAY": ":3"}).url == ":3"
    assert source("screen", environment={"DISPLAY": ":3"}).form == "x11grab"
    assert (source("screen", "darwin").url, source("screen", "win32").url) == (
        "Capture screen 0:none",
        "desktop",
    )


def test_addresses_and_files():
    rtsp = source("rtsp://me:secret@door:554/live")
    assert rtsp.kind == "stream"
    assert rtsp.name == "rtsp://me:***@door:554/live"
    assert rtsp.url == "rtsp://me:secret@door:554/live"
    assert rtsp.options["rtsp_transport"] == "tcp"
    assert source("http://127.0.0.1:8000/stream").kind == "stream"
    for name in ("clip.mp4", "a:b.mp4", "camera.mp4", "screen.mp4", "c:\\clip.mp4"):
        assert source(name) == LiveSource("file", name, name)


@pytest.mark.parametrize(
    ("text", "options", "error", "words"),
    [
        ("camera:front", {}, UsageError, "has a number from 0"),
        ("camera:-1", {}, UsageError, "has a number from 0"),
        ("camera:2", {"system": "win32", "cameras": ("Front", "Back")}, VideoError, "2 are connected"),
        ("screen", {}, VideoError, "DISPLAY is not set"),
        ("camera", {"system": "plan9"}, UsageError, "cannot be captured on plan9"),
    ],
)
def test_what_cannot_be(text, options, error, words):
    with pytest.raises(error, match=words):
        source(text, **options)


def test_passwords_are_not_shown():
    assert without_password("http://u:p@h/x?y=1") == "http://u:***@h/x?y=1"
    assert without_password("http://h:80/x") == "http://h:80/x"
    assert without_password("clip.mp4") == "clip.mp4"
