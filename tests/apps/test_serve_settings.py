"""What a server is told, and what it makes of names: plain values."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tased.apps.serve.job import RESULTS, shown_name, upload_name
from tased.apps.serve.refusal import Refusal
from tased.apps.serve.settings import ServerSettings, bytes_of, seconds_of
from tased.apps.serve.worker import _models
from tased.errors import UsageError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("500MB", 500_000_000),
        ("1.5 GB", 1_500_000_000),
        ("20kb", 20_000),
        ("7", 7),
        ("7b", 7),
        ("2T", 2 * 10**12),
    ],
)
def test_sizes(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10min", 600), ("10 m", 600), ("1h", 3600), ("0.5h", 1800), ("2d", 172_800)],
)
def test_times(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "1 XB", "1e9", "nan", "inf"])
def test_what_is_neither(text):
    with pytest.raises(UsageError, match="is not a size"):
        bytes_of(text)
    with pytest.raises(UsageError, match="is not a time"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_bytes", 0), ("max_seconds", -1), ("max_jobs", 0), ("workers", 0), ("timeout", 0), ("keep", 0),
     ("port", 65_536), ("port", -1), ("token", "short"), ("token", ""), ("token", "with a space in it"),
     ("token", "schlüssel-schlüssel")],
)  # fmt: skip
def test_what_cannot_be(name, value):
    with pytest.raises(UsageError):
        ServerSettings(**{name: value})


def test_the_token_is_not_shown():
    assert "a-secret" not in repr(ServerSettings(token="a-secret-of-this-test"))


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        ServerSettings(folder=tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.168.1.5", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host, local):
    assert ServerSettings(host=host).local is local
    assert (ServerSettings(host=host).hosts is None) is not local


def test_names_behind_a_proxy():
    assert "see.example.org" in ServerSettings(names=("see.example.org",)).hosts
    assert "see.example.org" in ServerSettings(host="0.0.0.0", names=("see.example.org",)).hosts


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("0.0.0.0", "http://127.0.0.1:80")],
)
def test_addresses(host, url):
    assert ServerSettings(host=host).url(80) == url


@settings(deadline=None)
@given(st.text())
def test_a_shown_name_is_no_path_and_can_be_seen(given):
    name = shown_name(given)
    assert 0 < len(name) <= 200
    assert not set(name) & set("/\\\0\n\r\u202e")


@pytest.mark.parametrize(
    ("given", "shown"),
    [("clip.mp4", "clip.mp4"), ("../../etc/clip.mp4", "clip.mp4"), ("C:\\videos\\clip.mp4", "clip.mp4"),
     ("a\u202e4pm.exe.mp4", "a4pm.exe.mp4"), ("", "video"), ("über 1.mp4", "über 1.mp4")],
)  # fmt: skip
def test_shown_names(given, shown):
    assert shown_name(given) == shown


@settings(deadline=None)
@given(st.text())
def test_a_name_on_the_disk_is_ours(given):
    with suppress(Refusal):
        name = upload_name(shown_name(given))
        assert name.partition(".")[0] == "upload"
        assert name not in RESULTS


@pytest.mark.parametrize("name", ["notes.txt", "picture.png", "clip.mp4.exe", "list.m3u8", "page.html"])
def test_what_is_no_video_by_its_name(name):
    with pytest.raises(Refusal, match="send a video file"):
        upload_name(name)


@pytest.mark.parametrize("name", ["own", "lite", "motion"])
def test_a_file_of_weights_is_the_default_model_whatever_it_is_called(tmp_path, tiny_weights, name):
    weights = tmp_path / f"{name}.safetensors"
    weights.write_bytes(tiny_weights.read_bytes())
    how = {"device": "cpu", "precision": "float32", "resolution": None}
    names, predictor_of = _models({"model": str(weights), **how})
    assert names[0] == name
    assert len(set(names)) == len(names)
    assert predictor_of(name).model.network.config.clip_length == 4
