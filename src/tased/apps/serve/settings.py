"""What a server is told: plain values, checked."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from tased.errors import UsageError

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def bytes_of(text: str) -> int:
    """Read a size: `500MB`, `1.5 GB`, `2000000`. UsageError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is not a size; give a number with kB, MB or GB, as 500MB")
    return int(float(found[1]) * _BYTES[found[2]])


def seconds_of(text: str) -> float:
    """Read a time: `90`, `90s`, `10min`, `1h`, `2d`. UsageError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in _SECONDS:
        raise UsageError(f"{text!r} is not a time; give a number with s, min, h or d, as 1h")
    return float(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """How a server is reached, what it takes, and how long it keeps it."""

    model: str | None = None  # the default one: a name or a file, as for tased.load
    device: str = "auto"
    precision: str = "auto"
    resolution: tuple[int, int] | None = None  # rows, columns, for networks; None is that of their weights
    host: str = "127.0.0.1"
    port: int = 8000  # 0 takes a free one
    token: str | None = field(default=None, repr=False)  # what clients must know; None lets everybody in
    names: tuple[str, ...] = ()  # further host names under which it is reached, as through a proxy
    max_bytes: int = 500_000_000  # of one upload
    max_seconds: float = 600  # of one video
    max_jobs: int = 8  # that wait or are being uploaded
    workers: int = 1  # processes that predict, one job each at a time
    timeout: float = 3600  # seconds of work on one job
    keep: float = 3600  # seconds for which a finished job's files are kept
    folder: Path | None = None  # where files are kept; None is the system's folder for temporary ones

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_seconds", "max_jobs", "workers", "timeout", "keep"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} is {getattr(self, name)}, but must be more than 0")
        if not 0 <= self.port < 65_536:
            raise UsageError(f"port {self.port} is none; give a number from 0 (any free one) to 65535")
        if self.token is not None and not re.fullmatch(r"[\x21-\x7e]{8,}", self.token):
            raise UsageError("a token has at least 8 characters, of ASCII and without spaces; give another")
        if self.folder is not None and not self.folder.is_dir():
            raise UsageError(f"{self.folder}: no such folder; make it, or choose another")

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def hosts(self) -> frozenset[str] | None:
        """The names by which requests may call the server; None for any.

        A server on loopback answers to its own names only: otherwise a page in its user's browser could reach
        it under a name of its own that it lets point here (DNS rebinding).
        """
        if not self.local and not self.names:
            return None
        return frozenset({"127.0.0.1", "localhost", "[::1]", self.host, *self.names})

    def url(self, port: int) -> str:
        """Where the page is, when the server listens on `port`."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0") else self.host  # noqa: S104  shown, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"
