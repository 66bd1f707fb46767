"""Areas as a JSON file, to be written by hand or by code.

    {"units": "pixels",
     "areas": [{"name": "logo", "rectangle": [x, y, width, height]},
               {"name": "sign", "polygon": [[x, y], [x, y], [x, y]]},
               {"name": "ball", "keyframes": [{"seconds": 0, "rectangle": [x, y, width, height]},
                                              {"seconds": 2.5, "rectangle": [x, y, width, height]}]}]}

Units are pixels of the video (the default), from the upper left corner of the first one, or fractions of its
width and height.
"""

import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tased.apps.areas.area import ELSEWHERE, Area, Corners, box_of, rectangle
from tased.atomic import WholeFile
from tased.errors import UsageError

log = logging.getLogger(__name__)

UNITS = ("pixels", "fractions")
SHAPES = ("rectangle", "polygon")
MOST_CORNERS = 200  # of a polygon
LONGEST_NAME = 60  # characters
LARGEST = 1e9  # number
TAKEN = ("frame", "seconds", ELSEWHERE)  # columns of the table


def read_areas(path: Path, *, width: int, height: int) -> tuple[Area, ...]:
    """Read the areas of a video of `width` x `height` pixels.

    An area that reaches over the frame's edge is cut off there, and a warning says so.

    Raises
    ------
    UsageError
        For whatever is wrong in the file: which area, what was given, what was needed.

    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read as areas ({error.strerror}); give a JSON file, or auto"
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8 is a ValueError too
        raise UsageError(f"{path}: is not JSON ({str(error) or 'nested too deeply'})") from error
    try:
        areas = _areas(whole, width, height)
        check_areas(areas)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return areas


def check_areas(areas: Sequence[Area]) -> None:
    """Raise UsageError if areas share a name, or one is never in the picture; warn if one is cut off."""
    if not areas:
        raise UsageError("there are no areas; name one or more")
    for name, count in Counter(area.name for area in areas).items():
        if count > 1:
            raise UsageError(f"{count} areas are called {name!r}; give each a name of its own")
        if name in TAKEN:
            raise UsageError(
                f"an area cannot be called {name!r}, which is a column of the table; choose another name"
            )
    for area in areas:
        left, top, right, bottom = box_of([corner for shape in area.shapes for corner in shape])
        if right <= 0 or bottom <= 0 or left >= 1 or top >= 1:
            raise UsageError(
                f"area {area.name!r} lies outside the picture (from {left:.0%}, {top:.0%} to {right:.0%}, "
                f'{bottom:.0%} of it); are its units right? There are "units": "pixels" and "fractions"'
            )
        if min(left, top) < -1e-9 or max(right, bottom) > 1 + 1e-9:
            log.warning(
                "area %r reaches over the edge of the picture; what is outside does not count", area.name
            )


def write_areas(path: Path, areas: Sequence[Area], *, width: int, height: int) -> None:
    """Write areas in pixels of the video, rounded to thousandths, as `read_areas` reads them."""
    with WholeFile(path) as file:
        file.write(areas_json(areas, width, height).encode())


def areas_json(areas: Sequence[Area], width: int, height: int) -> str:
    """The content of such a file: a line for each area, or for each of its keyframes."""

    def shape(corners: Corners) -> dict[str, Any]:
        points = [[round(x * width, 3), round(y * height, 3)] for x, y in corners]
        left, top, right, bottom = box_of([(x, y) for x, y in points])
        if points == [[left, top], [right, top], [right, bottom], [left, bottom]]:
            return {"rectangle": [left, top, round(right - left, 3), round(bottom - top, 3)]}
        return {"polygon": points}

    lines = []
    for area in areas:
        if area.moves:
            keys = [
                json.dumps({"seconds": seconds, **shape(corners)})
                for seconds, corners in zip(area.seconds, area.shapes, strict=True)
            ]
            inner = ",\n      ".join(keys)
            lines.append(f'{{"name": {json.dumps(area.name)}, "keyframes": [\n      {inner}]}}')
        else:
            lines.append(json.dumps({"name": area.name, **shape(area.shapes[0])}))
    inner = ",\n    ".join(lines)
    return f'{{\n  "units": "pixels",\n  "areas": [\n    {inner}\n  ]\n}}\n'


def _areas(whole: Any, width: int, height: int) -> tuple[Area, ...]:
    given = _object(whole, "the file", ("units", "areas"))
    units = given.get("units", "pixels")
    if units not in UNITS:
        raise UsageError(f'"units" is {_shown(units)}; it must be "pixels" or "fractions"')
    areas = given.get("areas")
    if not isinstance(areas, list):
        raise UsageError(f'"areas" is {_shown(areas)}; it must be a list of areas')
    scale = (1.0 / width, 1.0 / height) if units == "pixels" else (1.0, 1.0)
    return tuple(_area(area, number, scale) for number, area in enumerate(areas, 1))


def _area(given: Any, number: int, scale: tuple[float, float]) -> Area:
    area = _object(given, f"area {number}", ("name", *SHAPES, "keyframes"))
    name = area.get("name")
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= LONGEST_NAME
        or not name.isprintable()
        or not name.strip()
    ):
        raise UsageError(
            f'area {number}: "name" is {_shown(name)}; it must be one line of 1 to {LONGEST_NAME} characters'
        )
    who = f"area {name!r}"
    if "keyframes" not in area:
        return Area(name, (_shape(area, who, scale, '"rectangle", "polygon" or "keyframes"'),))
    keys = area["keyframes"]
    if any(kind in area for kind in SHAPES):
        raise UsageError(f'{who} has "keyframes" and a shape beside them; put the shape into the keyframes')
    if not isinstance(keys, list) or len(keys) < 2:
        raise UsageError(f'{who}: "keyframes" is {_shown(keys)}; it must be a list of two or more')
    seconds, shapes = [], []
    for place, key in enumerate(keys, 1):
        which = f"{who}, keyframe {place}"
        at = _object(key, which, ("seconds", *SHAPES))
        if "seconds" not in at:
            raise UsageError(f'{which} has no "seconds"; give its time in the video')
        seconds.append(_number(at["seconds"], f'{which}: "seconds"'))
        shapes.append(_shape(at, which, scale, '"rectangle" or "polygon"'))
        if place > 1 and seconds[-1] <= seconds[-2]:
            raise UsageError(
                f"{which} is at {seconds[-1]:g} seconds, after one at {seconds[-2]:g}; times must rise"
            )
        if len(shapes[-1]) != len(shapes[0]):
            raise UsageError(
                f"{which} has {len(shapes[-1])} corners, the first {len(shapes[0])}; all must have as many"
            )
    return Area(name, tuple(shapes), tuple(seconds))


def _shape(given: dict[str, Any], who: str, scale: tuple[float, float], needed: str) -> Corners:
    kinds = [kind for kind in SHAPES if kind in given]
    if len(kinds) != 1:
        raise UsageError(f"{who} has {' and '.join(kinds) or 'no shape'}; it must have one of {needed}")
    [kind] = kinds
    value, what = given[kind], f'{who}: "{kind}"'
    if kind == "rectangle":
        if not isinstance(value, list) or len(value) != 4:
            raise UsageError(f"{what} is {_shown(value)}; it must be [x, y, width, height]")
        x, y, width, height = (_number(number, what) for number in value)
        if not (width > 0 and height > 0):
            raise UsageError(f"{what} is {width:g} wide and {height:g} high; both must be greater than 0")
        corners = rectangle(x, y, width, height)
    else:
        if not isinstance(value, list) or not 3 <= len(value) <= MOST_CORNERS:
            raise UsageError(
                f"{what} is {_shown(value)}; it must be a list of 3 to {MOST_CORNERS} corners [x, y]"
            )
        corners = tuple(_corner(corner, what) for corner in value)
        if _in_a_line(corners):
            raise UsageError(f"{what} encloses nothing: its corners lie in a line")
    return tuple((x * scale[0], y * scale[1]) for x, y in corners)


def _corner(value: Any, what: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise UsageError(f"{what} has the corner {_shown(value)}; a corner must be [x, y]")
    return _number(value[0], what), _number(value[1], what)


def _in_a_line(corners: Corners) -> bool:
    (x0, y0), *others = corners
    return all((xa - x0) * (yb - y0) == (xb - x0) * (ya - y0) for xa, ya in others for xb, yb in others)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise UsageError(f"{what} holds {_shown(value)}; needed are numbers up to {LARGEST:g}")
    return float(value)


def _object(value: Any, who: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{who} is {_shown(value)}; it must be an object with {', '.join(known)}")
    if unknown := [key for key in value if key not in known]:
        raise UsageError(f"{who} has {_shown(unknown[0])}, which means nothing; there are {', '.join(known)}")
    return value


def _shown(value: Any) -> str:
    """A value of JSON as it was given, not too long."""
    if value is None:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
