"""Output that appears under its name only when it is whole."""

import errno
import logging
import os
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tased.errors import OutputError, UsageError

log = logging.getLogger(__name__)


class AtomicWriter(ABC):
    """A context manager that writes beside its target and renames on a clean exit.

    Any exception inside the `with`, an interruption too, removes what was begun and leaves an older
    file or folder of that name as it was. A missing parent folder is made.

    Raises
    ------
    OutputError
        By the constructor when the target cannot be written at all, so that nothing is computed for
        nothing; later when the disk fills up.

    """

    _failures: ClassVar[tuple[type[Exception], ...]] = (OSError,)

    def __init__(self, path: str | Path, *, folder: bool = False) -> None:
        self.path = Path(path)
        # A link is written through, as `open` does; renaming onto it would cut it.
        self._target = Path(os.path.realpath(path))
        check_can_be_written(self._target, self.path, folder=folder)
        self._partial = self._target.with_name(f".{self._target.name[:40]}-{uuid.uuid4().hex[:8]}.partial")
        self._open = ExitStack()  # what to close when the writer ends, whichever way

    def __enter__(self) -> Self:
        try:
            with self._failing_clearly():
                self._target.parent.mkdir(parents=True, exist_ok=True)
                self._begin(self._partial)
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            with self._failing_clearly():
                self._finish(self._partial)
                self._open.close()
                self._publish(self._partial, self._target)
        except BaseException:
            self._discard()
            raise

    @abstractmethod
    def _begin(self, partial: Path) -> None:
        """Open `partial`, a path that does not exist yet, and leave its closing to `_open`."""

    @abstractmethod
    def _finish(self, partial: Path) -> None:
        """Complete `partial`; what `_open` holds is closed afterwards."""

    def _publish(self, partial: Path, target: Path) -> None:
        partial.replace(target)

    def _discard(self) -> None:
        with suppress(*self._failures):
            self._open.close()
        try:
            remove(self._partial)
        except OSError as error:
            log.warning("%s: could not be removed (%s)", self._partial, error.strerror)

    @contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        """Turn what the system or a library raises while writing into an OutputError of one line."""
        try:
            yield
        except OutputError:
            raise
        except self._failures as error:
            raise output_error(self.path, error) from error


class WholeFile(AtomicWriter):
    """A file that is written in one go."""

    def write(self, content: bytes) -> None:
        """All of it."""
        with self._failing_clearly():
            self._partial.write_bytes(content)

    def _begin(self, partial: Path) -> None:
        """There is nothing to open."""

    def _finish(self, partial: Path) -> None:
        """There is nothing to complete."""


def output_error(path: Path, error: Exception) -> OutputError:
    """The failure of a write, in one line; keeps its `errno`."""
    number: int | None = getattr(error, "errno", None)
    reason: str = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if number in (errno.ENOSPC, errno.EDQUOT):
        message = f"disk full while writing {path}: free some space or choose another folder"
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        message = f"{path}: no permission to write here ({reason}); choose another folder"
    else:
        message = f"{path}: could not be written ({reason})"
    failure = OutputError(message)
    failure.errno = number
    return failure


def check_can_be_written(target: Path, shown: Path, *, folder: bool) -> None:
    """Raise OutputError when `target` could not be made; `shown` is what the user called it."""
    if folder and target.exists() and not target.is_dir():
        raise OutputError(f"{shown}: is a file, but a folder is to be written; choose another name")
    if not folder and target.is_dir():
        raise OutputError(f"{shown}: is a folder, but a file is to be written; add a file name")
    if not folder and target.exists() and not target.is_file():
        raise OutputError(f"{shown}: is not a regular file and would be replaced; choose another name")
    parent = target if folder and target.exists() else target.parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{shown}: {parent} is a file, not a folder; choose another place")
    if not os.access(parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise OutputError(f"{shown}: no permission to write in {parent}; choose another folder")


def check_suffix(path: str | Path, suffixes: tuple[str, ...], what: str) -> str:
    """The suffix of `path` in lower case, or UsageError when it is none of `suffixes`."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        raise UsageError(
            f"{path}: {what} is written as {' or '.join(suffixes)}, not {suffix or 'no suffix'!r}"
        )
    return suffix


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing there is fine."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
