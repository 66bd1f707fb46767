"""An upload, from the network to the disk: never in memory, never more than is allowed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from tased.apps.serve.job import shown_name, upload_name
from tased.apps.serve.refusal import Refusal

_SILENCE = 60  # seconds for which a sender may pause
_LINGER = 5.0  # seconds for which one that is refused is listened to, so that it hears why
_FORM = 1_000_000  # bytes around a file that a form may have


class Body:
    """The body of a request, piece by piece."""

    def __init__(self, request: Request) -> None:
        self.headers = request.headers
        self._pieces = request.stream()
        self._asked = False  # for the body, by its sender, who was told to go on

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Refusal when nothing comes for long; ClientDisconnect when the sender has gone."""
        self._asked = True
        while True:
            try:
                async with asyncio.timeout(_SILENCE):
                    piece = await anext(self._pieces, None)
            except TimeoutError as error:
                raise Refusal(408, f"nothing came for {_SILENCE} s; send the video again") from error
            if piece is None:
                return
            yield piece

    async def linger(self) -> None:
        """Let a sender that is refused go on a little: cut off while it sends, it may not hear why."""
        if "expect" in self.headers and not self._asked:  # it waits to be told to go on
            return
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(_LINGER):
                while await anext(self._pieces, None) is not None:
                    pass


async def receive(body: Body, name: str | None, folder: Path, max_bytes: int) -> tuple[str, Path]:
    """Write the video in a request's body into a folder; return the name to show, and where it is.

    The body is the file itself, called `name`, or a form (multipart/form-data) with one file. Raises Refusal
    for one that is empty, too large, too slow, or no video by its name; ClientDisconnect when the sender has
    gone.
    """
    kind, options = parse_options_header(body.headers.get("content-type"))
    form = kind == b"multipart/form-data"
    declared = int(body.headers.get("content-length", "0"))
    if declared > max_bytes + (_FORM if form else 0):
        raise _too_large(name or "the upload", max_bytes)
    taking = _Taking(folder, max_bytes)
    try:
        if form:
            await _take_form(body, options.get(b"boundary", b""), taking)
        else:
            taking.begin(name or "video")
            async for chunk in body:
                taking.write(chunk)
    finally:
        taking.close()
    return taking.name, taking.ended()


class _Taking:
    """The one file that is taken from a request."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.name = ""
        self._folder, self._max_bytes = folder, max_bytes
        self._path: Path | None = None
        self._size = 0

    def begin(self, name: str) -> None:
        if self._path is not None:
            raise Refusal(422, "the form has more than one file; send each by itself")
        self.name = shown_name(name)
        self._path = self._folder / upload_name(self.name)
        self._file = self._path.open("wb")

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_bytes:
            raise _too_large(self.name, self._max_bytes)
        self._file.write(data)

    def close(self) -> None:
        if self._path is not None:
            self._file.close()

    def ended(self) -> Path:
        if self._path is None:
            raise Refusal(422, "the form has no file; send the video as one of its files")
        if self._size == 0:
            raise Refusal(422, f"{self.name}: is empty (0 bytes); copy or download it again")
        return self._path


async def _take_form(body: Body, boundary: bytes, taking: _Taking) -> None:
    part = _Part(taking)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": part.begin,
                "on_header_field": part.field,
                "on_header_value": part.value,
                "on_header_end": part.end_header,
                "on_headers_finished": part.end_headers,
                "on_part_data": part.data,
            },
        )
        async for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise Refusal(422, f"the form cannot be read ({error}); send it as multipart/form-data") from error


class _Part:
    """The part of a form that is being read: a file is taken, anything else passed over."""

    def __init__(self, taking: _Taking) -> None:
        self._taking = taking
        self.begin()

    def begin(self) -> None:
        self._is_file = False
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""

    def field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if (name := options.get(b"filename")) is not None:
            self._is_file = True
            self._taking.begin(name.decode("utf-8", "replace"))

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._taking.write(data[start:end])


def _too_large(name: str, max_bytes: int) -> Refusal:
    return Refusal(413, f"{name}: is larger than {max_bytes / 1e6:g} MB, the most; send a smaller file")
