"""A page that shows overlays in any browser, and what other programs can read beside it.

/            the page
/stream      the overlays as MJPEG (multipart/x-mixed-replace), which <img>, FFmpeg and OpenCV read
/status      how it goes, as JSON
"""

import io
import json
import logging
import re
import socket
from dataclasses import asdict
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from tased.apps.filled import filled
from tased.apps.live import Status
from tased.apps.newest import Newest
from tased.errors import UsageError

log = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 8000
QUALITY = 85  # of the JPEGs
PATIENCE = 10.0  # seconds that a client may take no picture before it is let go
BUFFER = 1 << 18  # bytes on their way to a client: more would be pictures of the past
BOUNDARY = "tased"


def address(text: str) -> tuple[str, int]:
    """Of [HOST:]PORT; without a host only this machine can connect. IPv6 stands in brackets: [::1]:8000."""
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):)?(\d{1,5})", text)
    if found is None or int(found[2]) > 65535:
        raise UsageError(
            f"--http {text}: is no address to serve on; give PORT or HOST:PORT, as 8000 or 0.0.0.0:8000"
        )
    return (found[1] or HOST).strip("[]"), int(found[2])


class _Picture:
    """One overlay, compressed when the first client asks for it: in its thread, and once."""

    def __init__(self, pixels: UInt8[np.ndarray, "H W 3"]):
        self._pixels = pixels
        self._lock = Lock()

    def jpeg(self) -> bytes:
        with self._lock:
            return self._compressed

    @cached_property
    def _compressed(self) -> bytes:
        file = io.BytesIO()
        Image.fromarray(self._pixels).save(file, "JPEG", quality=QUALITY)
        return file.getvalue()


class LivePage:
    """Serves overlays over HTTP while it is open; port 0 takes a free one.

    Every client has a thread of its own and gets the newest overlay whenever it has taken the one before: a
    slow one sees fewer, and holds nobody up. On a loopback address only requests that name this machine are
    answered, so that no page of the web can read the stream by a name that leads here (DNS rebinding).

    Raises UsageError on entering if the address cannot be served on.
    """

    def __init__(self, host: str = HOST, port: int = PORT, *, title: str = "live"):
        self._address = (host, port)
        self._title = title
        self._server: _Server  # from `__enter__`

    @property
    def url(self) -> str:
        """Where it is, once it is open."""
        host, port = self._server.server_address[:2]
        return f"http://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}/"

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self._address, filled("live.html", title=self._title).encode())
        except (OSError, OverflowError) as error:
            host, port = self._address
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"{host}:{port} cannot be served on ({reason}); give another --http [HOST:]PORT"
            ) from error
        Thread(target=self._server.serve_forever, name="tased-http", daemon=True).start()
        if not self._server.only_here:
            log.warning("whoever can reach %s sees what is shown: there is no password", self.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.pictures.end()
        self._server.shutdown()
        self._server.server_close()

    def show(self, pixels: UInt8[np.ndarray, "H W 3"], status: Status) -> None:
        """Offer a picture to whoever watches; waits for nobody."""
        self._server.status = status
        self._server.pictures.put(_Picture(pixels))

    def open(self) -> bool:
        """A page is not closed by those who watch."""
        return True


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, where: tuple[str, int], page: bytes):
        host, port = where
        self.address_family, *_, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        resolved = str(found[0])
        self.page = page
        self.pictures: Newest[_Picture] = Newest()
        self.status: Status | None = None
        self.only_here = ip_address(resolved.partition("%")[0]).is_loopback
        self.names = {"localhost", "127.0.0.1", "[::1]", host, f"[{host}]"}
        super().__init__((resolved, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """A client that is gone is none of ours."""
        log.debug("%s: gone", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE  # of the socket

    def do_GET(self) -> None:
        """Answer one request."""
        name = re.sub(r":\d*$", "", self.headers.get("Host", ""))
        if self.server.only_here and name not in self.server.names:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "This address is served to this machine only")
            return
        match self.path.partition("?")[0]:
            case "/":
                self._answer("text/html; charset=utf-8", self.server.page)
            case "/status":
                self._answer("application/json", _json(self.server.status))
            case "/stream":
                self._stream()
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _head(self, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")  # no other page embeds it
        self.send_header("X-Content-Type-Options", "nosniff")

    def _answer(self, kind: str, content: bytes) -> None:
        self._head(kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self._head(f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        number = 0
        while not self.server.pictures.ended:
            found = self.server.pictures.after(number, 1.0)
            if found is None:
                continue
            number, picture = found
            jpeg = picture.jpeg()
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are for debugging only."""
        log.debug(format, *args)


def _json(status: Status | None) -> bytes:
    facts = {} if status is None else asdict(status) | {"text": status.text}
    return json.dumps({key: None if value != value else value for key, value in facts.items()}).encode()
