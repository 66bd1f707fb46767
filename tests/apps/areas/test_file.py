"""Areas as they are written and read, and every mistake in one clear line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tased.apps.areas.area import Area
from tased.apps.areas.file import areas_json, read_areas
from tased.errors import UsageError

BOX = [10, 20, 30, 40]


@pytest.fixture
def read(tmp_path):
    path = tmp_path / "areas.json"

    def from_(content, **size):
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read_areas(path, **{"width": 200, "height": 100} | size)

    return from_


def approx(corners):
    """Of corners, for `==`."""
    return tuple((pytest.approx(x), pytest.approx(y)) for x, y in corners)


def one(**area):
    return {"areas": [{"name": "logo", **area}]}


def keys(*keyframes):
    return one(keyframes=list(keyframes))


def key(seconds, box=BOX):
    return {"seconds": seconds, "rectangle": box}


def test_pixels_and_fractions_are_the_same_places(read):
    pixels = read(one(rectangle=BOX))
    assert read({"units": "fractions", **one(rectangle=[0.05, 0.2, 0.15, 0.4])}) == (
        Area.rectangle("logo", 0.05, 0.2, 0.15, 0.4),
    )
    assert read({"units": "pixels", **one(polygon=[[10, 20], [40, 20], [40, 60], [10, 60]])}) == pixels
    [logo] = pixels
    assert (logo.name, logo.moves) == ("logo", False)
    assert logo.shapes[0] == approx([(0.05, 0.2), (0.2, 0.2), (0.2, 0.6), (0.05, 0.6)])


def test_a_byte_order_mark_is_none_of_the_areas(read):
    assert read("\ufeff" + json.dumps(one(rectangle=BOX))) == read(one(rectangle=BOX))


def test_keyframes_are_straight_lines_in_time(read):
    [ball] = read(keys(key(1, [0, 0, 20, 10]), key(2, [100, 50, 40, 20]), key(4, [100, 90, 40, 10])))
    assert ball.at(0.999) is None
    assert ball.at(4.001) is None
    assert ball.at(1) == approx([(0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1)])
    # A quarter of the way: the corner at 25, 12.5; 25 wide and 12.5 high.
    assert ball.at(1.25) == approx(Area.rectangle("", 25 / 200, 0.125, 25 / 200, 0.125).shapes[0])
    assert ball.at(3)[0] == pytest.approx((0.5, 0.7))
    assert ball.at(4)[0] == pytest.approx((0.5, 0.9))


coordinates = st.integers(-50_000, 250_000).map(lambda x: x / 1000)
points = st.tuples(coordinates, coordinates)


def inside(corners):
    return all(len({p[axis] for p in corners}) > 1 for axis in (0, 1)) and any(
        0 < x < 200 and 0 < y < 100 for x, y in corners
    )


@given(st.lists(points, min_size=3, max_size=6).filter(inside), st.integers(1, 100))
def test_what_is_written_is_what_is_read(tmp_path_factory, corners, seconds):
    shape = tuple((x / 200, y / 100) for x, y in corners)
    moved = tuple((x + 0.01, y) for x, y in shape)
    areas = (Area("a <b>", (shape,)), Area("ø", (shape, moved), (0.0, seconds / 7)))
    path = tmp_path_factory.mktemp("areas") / "areas.json"
    path.write_text(areas_json(areas, 200, 100))
    try:
        found = read_areas(path, width=200, height=100)
    except UsageError as error:
        if "in a line" not in str(error):  # three points may be
            raise
        return
    assert [area.name for area in found] == ["a <b>", "ø"]
    for area, expected in zip(found, areas, strict=True):
        assert area.seconds == expected.seconds
        for corners, wanted in zip(area.shapes, expected.shapes, strict=True):
            assert [c for p in corners for c in p] == pytest.approx([c for p in wanted for c in p], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], r'the file is \[\]; it must be an object with units, areas'),
        ({"area": []}, 'the file has "area", which means nothing'),
        ({}, '"areas" is missing; it must be a list'),
        ({"areas": []}, "there are no areas"),
        ({"areas": {}, "units": "inches"}, '"units" is "inches"; it must be "pixels" or "fractions"'),
        ({"areas": ["logo"]}, 'area 1 is "logo"; it must be an object'),
        ({"areas": [{"rectangle": BOX}]}, 'area 1: "name" is missing'),
        ({"areas": [{"name": "a\nb", "rectangle": BOX}]}, 'area 1: "name" is "a.nb"'),
        ({"areas": [{"name": " ", "rectangle": BOX}]}, 'area 1: "name"'),
        ({"areas": [{"name": "x" * 61, "rectangle": BOX}]}, "60 characters"),
        ({"areas": [{"name": "a", "rectangle": BOX}] * 2}, "2 areas are called 'a'"),
        ({"areas": [{"name": "seconds", "rectangle": BOX}]}, "cannot be called 'seconds'"),
        ({"areas": [{"name": "anywhere else", "rectangle": BOX}]}, "cannot be called 'anywhere else'"),
        (one(), "area 'logo' has no shape; it must have one of"),
        (one(rectangle=BOX, polygon=[]), "area 'logo' has rectangle and polygon"),
        (one(rectangel=BOX), 'area 1 has "rectangel", which means nothing'),
        (one(rectangle=[1, 2, 3]), r"\"rectangle\" is \[1, 2, 3\]; it must be \[x, y, width, height\]"),
        (one(rectangle=[1, 2, 0, 3]), "is 0 wide and 3 high; both must be greater than 0"),
        (one(rectangle=[1, 2, -5, 3]), "is -5 wide"),
        (one(rectangle=[1, "2", 3, 4]), 'holds "2"; needed are numbers'),
        (one(rectangle=[1, True, 3, 4]), "holds true; needed are numbers"),
        ('{"areas": [{"name": "logo", "rectangle": [NaN, 1, 1, 1]}]}', "holds NaN; needed are numbers"),
        ('{"areas": [{"name": "logo", "rectangle": [-Infinity, 1, 1, 1]}]}', "holds -Infinity"),
        (one(rectangle=[10**400, 2, 3, 4]), r"holds 10+\.\.\.; needed are numbers up to 1e.09"),
        (one(polygon=[[1, 2], [3, 4]]), "a list of 3 to 200 corners"),
        (one(polygon=[[1, 2], [3, 4], 5]), r"has the corner 5; a corner must be \[x, y\]"),
        (one(polygon=[[1, 2], [3, 4], [5, 6]]), "encloses nothing: its corners lie in a line"),
        (one(polygon=[[1, 2], [1, 2], [1, 2]]), "encloses nothing"),
        (one(rectangle=[200, 0, 10, 10]), "area 'logo' lies outside the picture .from 100%, 0% to 105%, 10%"),
        ({"units": "fractions", **one(rectangle=BOX)}, "lies outside the picture"),
        (keys(key(0)), '"keyframes" is .*; it must be a list of two or more'),
        (one(keyframes=[key(0), key(1)], rectangle=BOX), "a shape beside them"),
        (keys(key(1), key(1)), "keyframe 2 is at 1 seconds, after one at 1; times must rise"),
        (keys(key(1), {"rectangle": BOX}), "keyframe 2 has no \"seconds\""),
        (keys(key(1), {"seconds": 2}), "keyframe 2 has no shape"),
        (keys(key(1), {"seconds": 2, "polygon": [[0, 0], [1, 0], [0, 1]]}), "has 3 corners, the first 4"),
        (keys(key(1), {"seconds": 2, "rectangle": BOX, "x": 1}), 'keyframe 2 has "x"'),
    ],
)  # fmt: skip
def test_mistakes_are_told(read, content, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(content)
    assert "areas.json: " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read as areas \(No such file"):
        read_areas(tmp_path / "none.json", width=20, height=10)
    with pytest.raises(UsageError, match="cannot be read as areas"):
        read_areas(tmp_path, width=20, height=10)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(UsageError, match="is not JSON"):
        read_areas(tmp_path / "bytes.json", width=20, height=10)


def test_reaching_over_the_edge_is_said(read, caplog):
    read(one(rectangle=[0, 0, 200, 100]))
    assert not caplog.records
    read(one(rectangle=[-5, 0, 200, 100]))
    assert "'logo' reaches over the edge" in caplog.text
