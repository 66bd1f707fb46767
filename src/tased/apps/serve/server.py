"""`tased serve`: the pieces put together, and the server's life from its start to its end."""

import asyncio
import logging
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tased.apps.serve.settings import ServerSettings
from tased.errors import UsageError
from tased.train.signals import Stop

log = logging.getLogger(__name__)

_FAREWELL = 1  # seconds that open connections have when the server stops
EXTRA = 'a server needs more packages: pip install "tased[serve]"'


def serve(
    settings: ServerSettings | None = None, *, announce: Callable[[str], None] = lambda _: None
) -> None:
    """Serve the page and the HTTP API until Ctrl-C or SIGTERM.

    `announce` is called once, with the page's address, when all is ready. When this returns the workers have
    ended and all files are deleted. To be called once in a process, from its main thread.

    Raises UsageError for settings that cannot be, a port that is taken and missing packages, and what
    tased.load raises for a model that cannot be loaded.
    """
    settings = settings or ServerSettings()
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise UsageError(EXTRA) from error
    if not settings.local and settings.token is None:
        log.warning(
            "%s can be reached by others, and without a token: whoever can reach it can use it; give --token",
            settings.host,
        )
    with (
        Stop() as stop,
        _listening(settings) as listener,
        tempfile.TemporaryDirectory(
            prefix="tased-serve-", dir=settings.folder, ignore_cleanup_errors=True
        ) as folder,
    ):
        asyncio.run(_serve(settings, Path(folder), listener, stop, announce))


async def _serve(
    settings: ServerSettings,
    folder: Path,
    listener: socket.socket,
    stop: Stop,
    announce: Callable[[str], None],
) -> None:
    import uvicorn

    from tased.apps.serve.application import application
    from tased.apps.serve.queue import Queue

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            loop.call_soon_threadsafe(queue.close)  # who watches a job would keep the server waiting

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce(settings.url(listener.getsockname()[1]))

    loop = asyncio.get_running_loop()
    queue = Queue(settings, folder)
    # What is cut off when the server stops is no fault.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not queue.closing)
    try:
        await queue.start()
        if not stop.told:
            config = uvicorn.Config(
                application(queue),
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_FAREWELL,
            )
            await Server(config).serve(sockets=[listener])
    finally:
        await queue.stop()


def _listening(settings: ServerSettings) -> socket.socket:
    """The socket, bound before anything is loaded: a port that is taken is told at once."""
    try:
        (family, *_, address), *_ = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(
            f"--host {settings.host} --port {settings.port}: cannot be listened on ({error.strerror}); "
            "choose another port, or 0 for any free one"
        ) from error
    return listener
