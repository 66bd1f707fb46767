"""A file that lost its end is told from a healthy one; damage in the middle costs what it hit."""

import logging
from fractions import Fraction

import av
import pytest
from tests.media import flats, number_of, textured, write_flash_and_click, write_video

from tased.errors import TruncatedVideoError, VideoError
from tased.video.missing import missing_bytes
from tased.video.read import open_video

FRAMES = 60
KINDS = {
    "faststart.mp4": {"container_options": {"movflags": "+faststart"}, "options": {"g": "10"}},
    "fragments.mp4": {"container_options": {"movflags": "+frag_keyframe+empty_moov"}, "options": {"g": "15"}},
    "a.mkv": {"options": {"g": "10"}},
    "a.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime", "g": "10"}},
    "a.avi": {"codec": "mpeg4", "options": {"g": "10"}},
    "a.flv": {"options": {"g": "10"}},
}


def until_error(path):
    """The frames that come before the error, and the error."""
    frames = []
    try:
        for frame in open_video(path):
            frames.append(frame)
    except TruncatedVideoError as error:
        return frames, str(error)
    return frames, None


def cut(path, part):
    content = path.read_bytes()
    short = path.with_name(f"cut-{path.name}")
    short.write_bytes(content[: int(len(content) * part)])
    return short


@pytest.mark.parametrize("part", [0.5, 0.83])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_gives_its_frames_and_then_says_so(tmp_path, kind, part):
    path = write_video(tmp_path / kind, textured(FRAMES), **KINDS[kind])
    whole, error = until_error(path)
    assert (len(whole), error) == (FRAMES, None)
    frames, error = until_error(cut(path, part))
    assert FRAMES // 10 < len(frames) < FRAMES
    assert f"cut-{kind}: ends after {len(frames)} " in error
    assert "\n" not in error
    for frame, expected in zip(frames[:-2], whole, strict=False):  # the last ones may lean on what is gone
        assert frame.seconds == expected.seconds
        assert (frame.pixels == expected.pixels).all()


def test_the_message_counts(tmp_path):
    path = cut(write_video(tmp_path / "a.mp4", textured(FRAMES), **KINDS["faststart.mp4"]), 0.5)
    frames, error = until_error(path)
    assert error == (
        f"cut-a.mp4: ends after {len(frames)} of 60 frames; "
        f"{missing_bytes(path)} bytes of the file are missing, so copy or download it again"
    )


def test_a_cut_transport_stream_has_no_end_to_miss(tmp_path):
    frames, error = until_error(cut(write_video(tmp_path / "a.ts", textured(FRAMES)), 0.5))
    assert len(frames) > FRAMES // 3
    assert error is None


def test_an_mp4_without_its_index(tmp_path):
    with pytest.raises(VideoError, match=r"incomplete, \d+ bytes"):
        open_video(cut(write_video(tmp_path / "a.mp4", textured(FRAMES)), 0.9))


def test_a_missing_tail_that_holds_no_frame_is_no_matter(tmp_path):
    path = write_video(tmp_path / "a.mkv", textured(FRAMES))
    short = tmp_path / "b.mkv"
    short.write_bytes(path.read_bytes()[:-4])  # of the table of cues
    assert until_error(short)[1] is None
    assert missing_bytes(short) == 4


def dropped_frames(tmp_path):
    """AVI marks a repeated frame by an empty packet, which its header counts."""
    seconds = [index / 25 * (1 + (index > 5)) for index in range(20)]
    return write_video(tmp_path / "a.avi", flats(20), codec="mpeg4", seconds=seconds, tick=Fraction(1, 25))


def edit_list(tmp_path):
    """Plays from its second second: the header counts more frames than are shown."""
    path = write_video(tmp_path / "a.mp4", textured(FRAMES), options={"g": "12", "bf": "0"})
    content = bytearray(path.read_bytes())
    place = content.index(b"elst") + 12  # version, flags, count
    duration, start = (int.from_bytes(content[place + i : place + i + 4]) for i in (0, 4))
    assert start == 0
    content[place : place + 4] = (duration // 2).to_bytes(4)
    content[place + 4 : place + 8] = (12 * 512 * 2).to_bytes(4)
    path.write_bytes(content)
    return path


def variable_rate(tmp_path):
    return write_video(
        tmp_path / "a.mkv", flats(20), seconds=[0.04 * i + (1.5 if i > 10 else 0) for i in range(20)]
    )


def long_sound(tmp_path):
    return write_flash_and_click(tmp_path / "a.mkv", offset=3.0)


def live_recording(tmp_path):
    return write_video(tmp_path / "a.mkv", textured(20), container_options={"live": "1"})


def trailing_rubbish(tmp_path):
    path = write_video(tmp_path / "a.mp4", textured(20))
    path.write_bytes(path.read_bytes() + b"\0" * 999)
    return path


@pytest.mark.parametrize(
    "make", [dropped_frames, edit_list, variable_rate, long_sound, live_recording, trailing_rubbish]
)
def test_healthy_files_raise_no_alarm(tmp_path, make, caplog):
    video = open_video(make(tmp_path))
    frames = list(video)
    assert frames
    assert not caplog.records
    if make is edit_list:
        assert len(frames) < video.frames


@pytest.mark.parametrize("kind", ["faststart.mp4", "a.mkv", "a.avi"])
def test_damage_in_the_middle_is_skipped_and_logged(tmp_path, kind, caplog):
    path = write_video(tmp_path / kind, textured(FRAMES), **KINDS[kind])
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for packet in packets[20:22]:
        place = packet.pos + packet.size // 2
        content[place : place + packet.size // 4] = b"\xff" * (packet.size // 4)
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        frames, error = until_error(path)
    assert error is None
    assert FRAMES - 4 <= len(frames) <= FRAMES
    assert [frame.index for frame in frames] == list(range(len(frames)))


def test_packets_that_cannot_be_decoded_are_counted(tmp_path, caplog):
    path = write_video(tmp_path / "a.mkv", flats(20), codec="ffv1", options={"slicecrc": "1", "g": "1"})
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = path.read_bytes()
    with av.open(str(path)) as container, av.open(str(tmp_path / "b.mkv"), "w") as output:
        stream = output.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            if packet.size:
                broken = av.Packet(b"\xff" * packet.size) if number in (7, 8) else packet
                broken.pts, broken.dts, broken.time_base = packet.pts, packet.dts, packet.time_base
                broken.stream = stream
                output.mux(broken)
    assert len(places) == 20
    assert content
    with caplog.at_level(logging.WARNING):
        frames, error = until_error(tmp_path / "b.mkv")
    assert error is None
    assert [number_of(frame.pixels) for frame in frames] == [i for i in range(20) if i not in (7, 8)]
    assert frames[7].seconds == pytest.approx(float(Fraction(9, 25)))
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / 'b.mkv'}: skipped 2 damaged packets of the video"
    ]


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (b"", 0),
        (b"text", 0),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x20mdat" + b"\0" * 8, 16),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (100).to_bytes(8), 84),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0mdat" + b"\0" * 8, 0),
        (b"\x1a\x45\xdf\xa3\x81\x00" + b"\x18\x53\x80\x67\x8a" + b"\0" * 4, 6),
        (b"\x1a\x45\xdf\xa3\x81\x00" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7, 0),
        (b"RIFF\x20\0\0\0AVI " + b"\0" * 20, 8),
        (b"RIFF\0\0\0\0AVI " + b"\0" * 20, 0),
    ],
)
def test_what_a_file_says_of_its_own_size(tmp_path, content, missing):
    (tmp_path / "a").write_bytes(content)
    assert missing_bytes(tmp_path / "a") == missing
