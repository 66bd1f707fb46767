"""The data sets that can be read, by name."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tased.data.actions import Actions
from tased.data.challenge import Challenge
from tased.data.clip import DataSet
from tased.data.dhf1k import DHF1K
from tased.data.folders import entries, subfolder
from tased.data.table import is_table, open_table
from tased.errors import DataError, UsageError

Layout = Literal["dhf1k", "hollywood2", "ucfsports", "challenge", "table"]

LAYOUTS: dict[Layout, Callable[[Path], DataSet]] = {
    "dhf1k": DHF1K,
    "hollywood2": lambda path: Actions(path, "Hollywood2"),
    "ucfsports": lambda path: Actions(path, "UCFSports"),
    "challenge": Challenge,
    "table": open_table,
}


def open_data_set(layout: str, path: Path) -> DataSet:
    """The data set of this layout in a folder; a table may be named itself.

    Little is read before its clips are asked for. A layout that fits nothing in the folder is an error then.

    Raises
    ------
    UsageError
        For a layout that there is not; the message names the nearest.
    DataError
        When there is nothing at `path`, or a table that cannot be understood.

    """
    for name, opened in LAYOUTS.items():
        if name == layout:
            if not (path.is_dir() or (name == "table" and path.is_file())):
                raise DataError(f"{path}: {'is a file, not a folder' if path.exists() else 'no such folder'}")
            return opened(path)
    near = difflib.get_close_matches(layout.casefold(), LAYOUTS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? There are" if near else "there are"
    raise UsageError(f"there is no layout {layout!r}; {hint} {', '.join(LAYOUTS)}")


def guess_layout(path: Path) -> Layout:
    """The one layout that a folder looks like, or DataError when it is none or could be several.

    Hollywood2 and UCFSports are told apart by the names of their clips.
    """
    if path.is_file():
        return "table"
    looks: list[Layout] = []
    if subfolder(path, "annotation", "annotations") is not None:
        looks.append("dhf1k")
    folders = [folder for folder in (subfolder(path, "testing"), subfolder(path, "training")) if folder]
    if folders:
        clips = [entry.name.casefold() for folder in folders for entry in entries(folder)]
        looks.append("hollywood2" if any(name.startswith("actionclip") for name in clips) else "ucfsports")
    if any(entry.is_dir() and entry.name.casefold().startswith("fixations") for entry in entries(path)):
        looks.append("challenge")
    if any(is_table(entry) for entry in entries(path)):
        looks.append("table")
    if len(looks) != 1:
        what = f"could be {' or '.join(looks)}" if looks else "looks like no data set that is known"
        raise DataError(f"{path}: {what}; say which with --layout ({', '.join(LAYOUTS)})")
    return looks[0]
