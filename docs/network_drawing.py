"""The drawing of the network in docs/network.md, as SVG; its shapes are asked of the network itself."""

from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape

import torch

from tased.network.config import NetworkConfig
from tased.network.tased import TASEDNet

ROWS, COLUMNS = 224, 384
VIOLET, ORANGE, PINK, GREEN, BLUE, PLAIN = "#d9d2f3", "#fbd8a8", "#f8cfd8", "#cfe8cf", "#cfe3f5", "#f1efe9"
INK, SOFT = "#1b1b1f", "#6b6872"
LEFT, MIDDLE, RIGHT = 40, 370, 700  # x of the three columns of boxes
WIDTH, HEIGHT = 240, 46  # of a box


def shapes(config: NetworkConfig) -> dict[str, str]:
    """What leaves each stage for one clip, as "channels x time x rows x columns"; nothing is computed."""
    found: dict[str, str] = {}

    def say(x: torch.Tensor) -> str:
        return " × ".join(map(str, x.shape[1:]))

    with torch.device("meta"), torch.no_grad():
        network = TASEDNet(config).eval()
        clip = torch.empty(1, 3, config.clip_length, ROWS, COLUMNS)
        decoder, aggregation = network.prediction.decoder, network.prediction.aggregation
        stages = {
            "redistribute": decoder.redistribute,
            "to16": decoder.to16,
            "to8": decoder.to8,
            "to4": decoder.to4,
            **{f"step {n}": layer for n, layer in enumerate(aggregation)},
        }
        for name, module in stages.items():
            module.register_forward_hook(lambda _, __, x, name=name: found.update({name: say(x)}))
        features = network.encoder(clip)
        found["clip"] = say(clip)
        found |= {name: say(getattr(features, name)) for name in ("x4", "x8", "x16", "x32")}
        found["map"] = " × ".join(map(str, network(clip).shape[1:]))
    return found


@dataclass
class Drawing:
    """Boxes and arrows, as lines of SVG."""

    width: int
    height: int
    lines: list[str] = field(default_factory=list)

    def rectangle(self, x: int, y: int, width: int, height: int, colour: str) -> None:
        """A filled rectangle with a thin line around it."""
        self.lines.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="{colour}" '
            f'stroke="{SOFT}"/>'
        )

    def box(self, x: int, y: int, title: str, below: str, colour: str) -> None:
        """A box with two lines of text; (x, y) is its upper left corner."""
        self.rectangle(x, y, WIDTH, HEIGHT, colour)
        self.text(x + WIDTH // 2, y + 19, title, INK, 13)
        self.text(x + WIDTH // 2, y + 36, below, SOFT, 12)

    def text(self, x: int, y: int, what: str, colour: str, size: int, anchor: str = "middle") -> None:
        """One line of text on the point given."""
        self.lines.append(
            f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">'
            f"{escape(what)}</text>"
        )

    def arrow(self, x1: int, y1: int, x2: int, y2: int, *, dashed: bool = False) -> None:
        """A straight arrow; dashed for switches, as in the paper's Figure 2."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.lines.append(
            f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="1.4"{dashes} '
            'marker-end="url(#head)"/>'
        )

    def svg(self, title: str) -> str:
        """The whole file, on white, so that it reads on any page."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            'font-family="system-ui, Helvetica, Arial, sans-serif">'
        )
        marker = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{INK}"/></marker></defs>'
        )
        white = f'<rect width="{self.width}" height="{self.height}" fill="white"/>'
        return "\n".join([head, f"<title>{escape(title)}</title>", marker, white, *self.lines, "</svg>", ""])


def network_drawing() -> str:
    """The network of the paper: down the encoder at the left, up the prediction network at the right."""
    config = NetworkConfig()
    shape = shapes(config)
    p, q = config.temporal_kernels
    y = {name: 70 + 78 * row for row, name in enumerate(("top", "1", "2", "4", "8", "16", "32"))}
    d = Drawing(980, y["32"] + 150)

    for x, name in ((LEFT, "encoder (S3D)"), (MIDDLE, "auxiliary pooling"), (RIGHT, "prediction network")):
        d.text(x + WIDTH // 2, 40, name, INK, 15)

    d.box(LEFT, y["1"], f"clip: the last T = {config.clip_length} frames", shape["clip"], PLAIN)
    for stride, title, name in (
        ("4", "stem", "x4"),
        ("8", "blocks 3b, 3c", "x8"),
        ("16", "blocks 4b to 4f, pooling in time", "x16"),
        ("32", "pooling in space, blocks 5b, 5c", "x32"),
    ):
        d.box(LEFT, y[stride], title, shape[name], VIOLET)
    column = [y[s] for s in ("1", "4", "8", "16", "32")]
    for above, below in pairwise(column):
        d.arrow(LEFT + WIDTH // 2, above + HEIGHT, LEFT + WIDTH // 2, below)

    reduction = config.clip_length // 2 // config.decoder_time
    for stride in ("4", "8"):
        title = f"P1 {reduction}×1×1, then P2 1×3×3"
        d.box(MIDDLE, y[stride], title, "only its switches are used", BLUE)
        d.arrow(LEFT + WIDTH, y[stride] + HEIGHT // 2, MIDDLE, y[stride] + HEIGHT // 2)
        d.arrow(MIDDLE + WIDTH, y[stride] + HEIGHT // 2, RIGHT, y[stride] + HEIGHT // 2, dashed=True)
    middle = y["16"] + HEIGHT // 2
    d.arrow(LEFT + WIDTH, middle, RIGHT, middle, dashed=True)
    d.text(MIDDLE + WIDTH // 2, middle - 8, "switches of the encoder's own 2×2 pooling", SOFT, 12)

    d.box(RIGHT, y["32"], "1×1×1 convolution", shape["redistribute"], ORANGE)
    d.arrow(LEFT + WIDTH, y["32"] + HEIGHT // 2, RIGHT, y["32"] + HEIGHT // 2)
    for stride, name in (("16", "to16"), ("8", "to8"), ("4", "to4")):
        d.box(RIGHT, y[stride], "transposed convolution, unpooling", shape[name], PINK)
    half = HEIGHT // 2
    for stride, (wide, narrow), k in (("2", ("step 0", "step 1"), p), ("1", ("step 2", "step 3"), q)):
        d.rectangle(RIGHT, y[stride], WIDTH, half, GREEN)
        d.rectangle(RIGHT, y[stride] + half, WIDTH, half, PINK)
        d.text(RIGHT + WIDTH // 2, y[stride] + 16, f"temporal {k}×1×1: {shape[narrow]}", INK, 11)
        d.text(RIGHT + WIDTH // 2, y[stride] + half + 16, f"transposed, ×2: {shape[wide]}", INK, 11)
    d.box(RIGHT, y["top"], "1×1×1 convolution, sigmoid", f"map of the last frame: {shape['map']}", PLAIN)
    column = [y[s] for s in ("32", "16", "8", "4", "2", "1", "top")]
    for below, above in pairwise(column):
        d.arrow(RIGHT + WIDTH // 2, below, RIGHT + WIDTH // 2, above + HEIGHT)

    legend = (
        (VIOLET, "encoder"),
        (BLUE, "auxiliary pooling"),
        (ORANGE, "redistributes channels"),
        (PINK, "decodes in space"),
        (GREEN, "aggregates in time"),
    )
    for place, (colour, what) in enumerate(legend):
        x = LEFT + 184 * place
        d.rectangle(x, y["32"] + 90, 16, 16, colour)
        d.text(x + 24, y["32"] + 103, what, SOFT, 12, "start")
    d.text(
        LEFT,
        y["32"] + 130,
        "channels × time × rows × columns; dashed: where the maxima were (switches)",
        SOFT,
        12,
        "start",
    )
    return d.svg("TASED-Net, late two-step aggregation, T = 32, at 384x224")
