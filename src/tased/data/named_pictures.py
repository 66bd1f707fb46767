"""Pictures by the names that a table of gaze calls them: `osie/1001` for images/osie/1001.jpg.

A table may come from anywhere, so a name never leads out of the folder.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tased.data.folders import entries, subfolder
from tased.errors import DataError
from tased.video.inputs import is_picture


class NamedPictures:
    """The pictures below a folder, and below its `images`; each folder is listed once, when asked for."""

    def __init__(self, folder: Path) -> None:
        inner = subfolder(folder, "images", "image", "pictures", "stimuli")
        self.places = [folder] if inner is None else [folder, inner]
        self._listed: dict[Path, dict[str, list[Path]]] = {}
        self._subfolders: dict[tuple[Path, str], Path | None] = {}

    def find(self, name: str) -> dict[Path, str]:
        """The pictures of a name, with or without suffix, in any case; and what each is called here.

        Raises
        ------
        DataError
            For a name that is no relative path, or leads upwards.

        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or any(part in ("/", "..") or ":" in part for part in parts):
            raise DataError(
                f"the name {name!r} does not lead to a picture below {self.places[0]}; give a relative one, "
                f"such as set/1001"
            )
        found = {}
        for place in self.places:
            folder: Path | None = place
            for part in parts[:-1]:
                folder = None if folder is None else self._subfolder(folder, part)
            if folder is not None:
                for path in self._pictures(folder).get(parts[-1].casefold(), []):
                    found[path] = path.relative_to(place).with_suffix("").as_posix()
        return found

    def listed(self) -> Iterator[Path]:
        """All pictures of the folders that were asked for so far."""
        for pictures in self._listed.values():
            yield from sorted({path for paths in pictures.values() for path in paths})

    def _subfolder(self, folder: Path, name: str) -> Path | None:
        if (folder, name) not in self._subfolders:
            self._subfolders[folder, name] = subfolder(folder, name)
        return self._subfolders[folder, name]

    def _pictures(self, folder: Path) -> dict[str, list[Path]]:
        """By name with and without suffix."""
        if folder not in self._listed:
            found: dict[str, list[Path]] = {}
            for path in entries(folder):
                if is_picture(path) and path.is_file():
                    for key in (path.stem.casefold(), path.name.casefold()):
                        found.setdefault(key, []).append(path)
            self._listed[folder] = found
        return self._listed[folder]
