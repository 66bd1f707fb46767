"""The drawing of docs/speed.md of what two windows have in common, as SVG; its rows are the engine's own."""

from network_drawing import BLUE, GREEN, INK, ORANGE, PLAIN, SOFT, Drawing

from tased.network.config import NetworkConfig
from tased.predict.reuse import inner_after

LEFT, STEP, HEIGHT = 200, 22, 16  # x of frame 0; pixels a frame; of a cell
LAYERS = (  # name, reach, stride
    ("7×1×1, stride 2", 3, 2),
    ("3×1×1", 1, 1),
    ("block 3b", 1, 1),
    ("block 3c", 1, 1),
    ("pooling before 4b", 1, 2),
)


def rows(length: int) -> list[tuple[str, int, range]]:
    """Of each layer that looks along time: the frames between its positions, and those that are inner."""
    inner, stride, found = range(length), 1, []
    for name, reach, step in LAYERS:
        inner, stride = inner_after(inner, reach, step), stride * step
        found.append((name, stride, inner))
    return found


def reuse_drawing() -> str:
    """Two windows, layer by layer, over the frames at the centres of their positions; then the phases."""
    length = NetworkConfig().clip_length
    layers = rows(length)
    y = 92
    d = Drawing(LEFT + STEP * 36 + 190, y + 58 * len(layers) + 190)

    def cell(frame: int, top: int, wide: int, colour: str, sign: str) -> None:
        """A position, over the frame at its centre."""
        x = LEFT + STEP * frame - STEP * wide // 2
        d.rectangle(x + 2, top, STEP * wide - 4, HEIGHT, colour)
        d.text(x + STEP * wide // 2, top + 12, sign, INK, 11)

    def left(top: int, text: str, colour: str = INK) -> None:
        d.text(LEFT - 2 * STEP - 8, top, text, colour, 12, "end")

    left(33, "frames")
    for frame in range(length + 4):
        d.text(LEFT + STEP * frame, 32, str(frame), SOFT, 10)
    for top, first, name in ((44, 0, "a window"), (62, 2, "two frames later")):
        left(top + 12, name)
        x = LEFT + STEP * first - STEP // 2
        d.rectangle(x, top, STEP * length, 12, PLAIN)
    for name, stride, inner in layers:
        positions = length // stride
        shared = inner[:-1]  # of the later window, which is a position ahead
        left(y + 24, name)
        d.text(LEFT - 2 * STEP - 8, y + 41, f"windows {stride} frames apart", SOFT, 11, "end")
        for i in range(positions):
            for window, top, both in ((0, y, inner[1:]), (1, y + 20, shared)):
                colour, sign = (BLUE, "=") if i in both else (GREEN, "+") if i in inner else (ORANGE, "|")
                cell(stride * (i + window), top, stride, colour, sign)
        x = LEFT + STEP * 35 + 12
        d.text(x, y + 13, f"{len(inner)} of {positions} are inner", SOFT, 12, "start")
        d.text(x, y + 33, f"{len(shared)} shared, {positions - len(shared)} to compute", INK, 12, "start")
        y += 58
    legend = (
        (BLUE, "=  inner: the same in both windows"),
        (ORANGE, "|  a window's end: zeros reach it"),
        (GREEN, "+  inner in one window, an end in the other"),
    )
    for place, (colour, what) in enumerate(legend):
        d.rectangle(LEFT + 280 * place, y - 4, 16, 16, colour)
        d.text(LEFT + 280 * place + 24, y + 9, what, INK, 12, "start")
    y += 44
    for name, phases in (("two phases", 2), ("after the pooling, four", 4)):
        left(y + 6 * phases, name)
        for phase in range(phases):
            for frame in range(phase, length + 4, phases):
                d.rectangle(
                    LEFT + STEP * frame - 4, y + 12 * phase, 8, 8, (BLUE, ORANGE, GREEN, PLAIN)[phase]
                )
        begin = " ".join(f"{phase}, {phase + phases}, …;" for phase in range(phases)).rstrip(";")
        d.text(LEFT + STEP * 35 + 12, y + 6 * phases, "windows that begin at", SOFT, 11, "start")
        d.text(LEFT + STEP * 35 + 12, y + 6 * phases + 14, begin, SOFT, 11, "start")
        y += 12 * phases + 24
    return d.svg("What two windows of 32 frames have in common, layer by layer")
