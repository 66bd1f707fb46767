"""What is to be written of which video: plans only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from tased.apps.overlay import HEAT, OverlayStyle
from tased.errors import UsageError

Bits = Literal[8, 16]
Codec = Literal["h264", "ffv1", "x265"]
Type = Literal["float16", "float32"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What to write of one video; None leaves it out.

    Of several videos these are folders, which get one file (or, for maps, one folder) for each.
    """

    maps: Path | None = None  # a folder of gray PNG
    video: Path | None = None  # a gray movie
    overlay: Path | None = None  # the source under its maps, with its sound
    array: Path | None = None  # .npz or .zarr
    table: Path | None = None  # .csv or .parquet
    bits: Bits = 8  # of the PNG
    codec: Codec = "h264"  # of the gray movie
    dtype: Type = "float32"  # of the array
    style: OverlayStyle = HEAT  # of the overlay

    def paths(self) -> dict[str, Path]:
        """What is to be written, by the name of its option."""
        return {kind: path for kind in KINDS if (path := getattr(self, kind)) is not None}


KINDS = tuple(f.name for f in fields(Outputs) if f.default is None)


def plan(sources: Sequence[Path], outputs: Outputs, *, several: bool) -> list[tuple[Path, Outputs]]:
    """Give every source its own outputs.

    One source gets them as they are. Of `several` (asked for, if not found) each gets them under its own
    name: `maps/NAME/`, `overlay/NAME.mp4`; two of one name (clip.mp4 and clip.avi) keep their suffixes in
    it. Without any output, overlays are written into the current folder.

    Raises UsageError for two outputs at one place, an output over a source, and an output for several
    sources that looks like a file.
    """
    if not outputs.paths():
        overlays = [Path(f"{name}-overlay.mp4") for name in _names(sources)]
        plans = [(s, replace(outputs, overlay=o)) for s, o in zip(sources, overlays, strict=True)]
    elif several:
        plans = [(s, _inside(outputs, name)) for s, name in zip(sources, _names(sources), strict=True)]
    else:
        plans = [(source, outputs) for source in sources]
    _check(plans)
    return plans


def _names(sources: Sequence[Path]) -> list[str]:
    names = [source.resolve().stem for source in sources]
    shared = {name for name, count in Counter(names).items() if count > 1}
    names = [s.resolve().name if n in shared else n for s, n in zip(sources, names, strict=True)]
    for name, count in Counter(names).items():
        if count > 1:
            raise UsageError(f"{count} inputs are called {name!r}; predict them one by one")
    return names


def _inside(outputs: Outputs, name: str) -> Outputs:
    """Outputs for one of several sources."""
    suffixes = {
        "maps": "",
        "video": ".mp4" if outputs.codec == "h264" else ".mkv",
        "overlay": ".mp4",
        "array": ".npz",
        "table": ".csv",
    }
    inside: dict[str, Any] = {}
    for kind, folder in outputs.paths().items():
        if folder.suffix and not folder.is_dir():
            raise UsageError(
                f"--{kind} {folder} looks like one file, but there are several inputs; give a folder, "
                f"which gets NAME{suffixes[kind]} for each"
            )
        inside[kind] = folder / f"{name}{suffixes[kind]}"
    return replace(outputs, **inside)


def _check(plans: list[tuple[Path, Outputs]]) -> None:
    check_places(
        [source for source, _ in plans],
        [(f"--{kind}", path) for _, outputs in plans for kind, path in outputs.paths().items()],
    )


def check_places(sources: Sequence[Path], outputs: Sequence[tuple[str, Path]]) -> None:
    """Raise UsageError for an output, with the name of its option, over a source or over another output."""
    taken = {source.resolve() for source in sources}
    seen: set[Path] = set()
    for option, path in outputs:
        place = path.resolve()
        if place in taken:
            raise UsageError(f"{option} {path} is the input itself; choose another name")
        if place in seen:
            raise UsageError(f"{option} {path} is given for two outputs; choose another name for one")
        seen.add(place)
