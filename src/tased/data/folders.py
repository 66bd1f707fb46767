"""Finding things in a data set as people have it on disk: whatever the case, whatever the leading zeros."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tased.data.finding import FileError
from tased.errors import DataError
from tased.video.inputs import natural_key

NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>[0-9]+)")


@dataclass(frozen=True, slots=True)
class Numbered:
    """The files of one folder, by the number that their names end with."""

    folder: Path
    files: dict[int, tuple[str, ...]]  # more than one name for a number is an error once it is asked for
    misnamed: tuple[str, ...] = ()  # of the right kind, without a number where one belongs

    def path(self, number: int) -> Path:
        """The file of this number, or DataError when there is none, or more than one."""
        names = self.files.get(number, ())
        if len(names) == 1:
            return self.folder / names[0]
        if names:
            others = " and ".join(names[1:])
            raise FileError(
                "misnamed", self.folder / names[0], f"{others} is number {number} too; remove one of them"
            )
        raise FileError("missing", self.folder / self.expected(number), "is missing; is the copy whole?")

    def expected(self, number: int) -> str:
        """What the file of this number would be called, after its neighbours."""
        for name, *_ in self.files.values():
            match = NUMBERED.fullmatch(Path(name).stem)
            if match is not None:
                return f"{match['prefix']}{number:0{len(match['number'])}d}{Path(name).suffix}"
        return f"{number:04d}.png"


def child(folder: Path, *names: str) -> Path | None:
    """The entry of a folder with one of these names, in any case; DataError when there are several."""
    wanted = {name.casefold() for name in names}
    found = [entry for entry in entries(folder) if entry.name.casefold() in wanted]
    if len(found) > 1:
        both = " and ".join(sorted(entry.name for entry in found))
        raise DataError(f"{folder}: holds {both}, and either could be meant; move one elsewhere")
    return found[0] if found else None


def subfolder(folder: Path, *names: str) -> Path | None:
    """The same, of folders alone."""
    found = child(folder, *names) if folder.is_dir() else None
    return found if found is not None and found.is_dir() else None


def entries(folder: Path) -> Iterator[Path]:
    """What a folder holds, but for hidden entries, in natural order."""
    try:
        visible = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); check the path") from error
    yield from sorted(visible, key=lambda entry: natural_key(entry.name))


def numbered(folder: Path, suffixes: Collection[str], prefix_fits: str | None) -> Numbered:
    """The files with one of these suffixes, in any case; others are not looked at.

    `prefix_fits` is the clip whose name, without punctuation, has to begin with what stands before the
    number (`Diving-Side-001` for Diving-Side_001_014.png); None is for names that are a number alone.
    """
    files: dict[int, tuple[str, ...]] = {}
    misnamed = []
    for name in (entry.name for entry in entries(folder) if entry.suffix.lower() in suffixes):
        match = NUMBERED.fullmatch(Path(name).stem)
        if match is None or not _fits(match["prefix"], prefix_fits):
            misnamed.append(name)
        else:
            number = int(match["number"])
            files[number] = (*files.get(number, ()), name)
    return Numbered(folder, files, tuple(misnamed))


def _fits(prefix: str, clip: str | None) -> bool:
    if clip is None:
        return not prefix
    return _bare(clip).startswith(_bare(prefix))


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
