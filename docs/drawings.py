"""Drawn pictures for the documents, and the labels that are true of them.

What is drawn is drawn from the numbers that the labels are made of, so a label fits its picture to
the pixel. Coordinates are px of the picture, x to the right, y down.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
SIZE = (960, 600)
# Drawn this many times larger and made smaller again, edges are smooth.
FINE = 3

JOINTS = ["head", "neck", "left elbow", "left hand", "right elbow", "right hand", "hip",
          "left knee", "left foot", "right knee", "right foot"]  # fmt: skip
BONES = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 5), (1, 6), (6, 7), (7, 8), (6, 9), (9, 10)]
STANDING = [(0, -88), (0, -74), (-12, -58), (-13, -42), (12, -58), (15, -43), (0, -45),
            (-7, -23), (-8, -1), (7, -23), (9, -1)]  # fmt: skip
RUNNING = [(12, -86), (7, -73), (-11, -62), (-22, -48), (22, -60), (34, -70), (-2, -44),
           (20, -32), (12, -8), (-16, -24), (-38, -22)]  # fmt: skip


class Drawing:
    """A picture in the making; whatever is `put` on it is remembered as a plane of bits."""

    def __init__(self) -> None:
        self.image = Image.new("RGBA", SIZE)
        self.planes: list[np.ndarray] = []

    def put(self, *strokes: Callable[[ImageDraw.ImageDraw], None]) -> int:
        """Draw one thing; returns its number among all things."""
        fine = Image.new("RGBA", (SIZE[0] * FINE, SIZE[1] * FINE))
        pen = ImageDraw.Draw(fine)
        for stroke in strokes:
            stroke(pen)
        layer = fine.resize(SIZE, Image.Resampling.LANCZOS)
        plane = np.asarray(layer)[..., 3] > 127
        self.planes = [*(below & ~plane for below in self.planes), plane]
        self.image.alpha_composite(layer)
        return len(self.planes) - 1

    def box(self, n: int) -> list[float]:
        """Where thing `n` is seen: x, y, width, height."""
        rows, columns = np.nonzero(self.planes[n])
        left, top = int(columns.min()), int(rows.min())
        return [left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top]


def area(colour: str, *ring: Point) -> Callable[[ImageDraw.ImageDraw], None]:
    """A filled outline."""
    return lambda pen: pen.polygon([(x * FINE, y * FINE) for x, y in ring], fill=colour)


def disc(colour: str, x: float, y: float, radius: float) -> Callable[[ImageDraw.ImageDraw], None]:
    """A filled circle."""
    sides = [(x - radius) * FINE, (y - radius) * FINE, (x + radius) * FINE, (y + radius) * FINE]
    return lambda pen: pen.ellipse(sides, fill=colour)


def limb(colour: str, width: float, *way: Point) -> Callable[[ImageDraw.ImageDraw], None]:
    """A line with round ends and joints."""

    def stroke(pen: ImageDraw.ImageDraw) -> None:
        pen.line([(x * FINE, y * FINE) for x, y in way], fill=colour, width=round(width * FINE))
        for x, y in way:
            disc(colour, x, y, width / 2)(pen)

    return stroke


def oblong(x: float, y: float, width: float, height: float) -> list[Point]:
    """The corners of an upright rectangle."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def car(drawing: Drawing, x: float, y: float, width: float, colour: str) -> int:
    """A car from the side, its wheels standing on (x, y)."""

    def at(*points: Point) -> list[Point]:
        return [(x + px * width / 100, y + py * width / 100) for px, py in points]

    body = at((0, -8), (1, -20), (14, -23), (28, -38), (66, -38), (82, -23), (98, -19), (100, -8))
    front = at((31, -35), (46, -35), (46, -24), (22, -24))
    back = at((49, -35), (64, -35), (76, -24), (49, -24))
    wheels = [at((side, -8))[0] for side in (20, 80)]
    return drawing.put(
        area(colour, *body), area("#cfe3ee", *front), area("#cfe3ee", *back),
        *(disc("#22262b", *wheel, width * 0.085) for wheel in wheels),
        *(disc("#9aa4ae", *wheel, width * 0.04) for wheel in wheels),
    )  # fmt: skip


def joints(x: float, y: float, height: float, pose: list[Point]) -> list[Point]:
    """Where the joints of a person are who stands on (x, y)."""
    return [(x + px * height / 95, y + py * height / 95) for px, py in pose]


def person(
    drawing: Drawing, x: float, y: float, height: float, shirt: str, pose: list[Point] = STANDING
) -> int:
    """A person on (x, y), drawn along the bones between `joints`."""
    at, thick = joints(x, y, height, pose), height / 11
    head, neck, elbow, hand, elbow2, hand2, hip, knee, foot, knee2, foot2 = at
    skin, trousers = "#e0a987", "#2f3e57"
    return drawing.put(
        limb(shirt, thick * 0.8, neck, elbow), limb(skin, thick * 0.7, elbow, hand),
        limb(trousers, thick, hip, knee2, foot2), limb(trousers, thick, hip, knee, foot),
        limb(shirt, thick * 1.7, neck, hip), limb(shirt, thick * 0.8, neck, elbow2),
        limb(skin, thick * 0.7, elbow2, hand2), disc(skin, *head, height / 13),
        limb("#4a3628", height / 22, (head[0] - height / 24, head[1] - height / 20),
             (head[0] + height / 24, head[1] - height / 20)),
    )  # fmt: skip


def tree(drawing: Drawing, x: float, y: float, height: float) -> int:
    """A tree on (x, y)."""
    crown = [(0, -0.72, 0.28), (-0.17, -0.55, 0.2), (0.18, -0.56, 0.2), (0.02, -0.48, 0.22)]
    leaves = [disc("#4f8a4b", x + a * height, y + b * height, r * height) for a, b, r in crown]
    return drawing.put(limb("#6b4a33", height * 0.07, (x, y), (x, y - height * 0.4)), *leaves)


def street() -> tuple[Drawing, dict[str, int]]:
    """A street with two cars, two people and two trees, by name."""
    drawing = Drawing()
    drawing.put(area("#bfdcec", *oblong(0, 0, 960, 330)), disc("#f6e3a1", 850, 70, 34))
    walls = [(0, 110, 190, "#c9b49b"), (190, 60, 170, "#a9b3bb"), (360, 140, 210, "#c48f7c"),
             (570, 80, 160, "#b9b7a3"), (730, 150, 230, "#8f9fb0")]  # fmt: skip
    for x, y, width, colour in walls:
        windows = [
            area("#e9f1f5", *oblong(left, top, 24, 32))
            for left in range(x + 18, x + width - 30, 44)
            for top in range(y + 18, 300, 54)
        ]
        drawing.put(area(colour, *oblong(x, y, width, 345 - y)), *windows)
    for y, height, colour in ((340, 60, "#b9b6ae"), (400, 150, "#5d6268"), (550, 50, "#c4c1b8")):
        drawing.put(area(colour, *oblong(0, y, 960, height)))
    drawing.put(*(area("#e8e6df", *oblong(x, 472, 60, 6)) for x in range(20, 960, 120)))
    things = {
        "left tree": tree(drawing, 150, 385, 210), "right tree": tree(drawing, 880, 388, 190),
        "walker": person(drawing, 420, 392, 125, "#d9822b"),
        "red car": car(drawing, 90, 462, 230, "#b8342f"),
        "blue car": car(drawing, 540, 538, 300, "#2d6ca8"),
        "child": person(drawing, 470, 585, 110, "#7a4f9a"),
    }  # fmt: skip
    return drawing, things


FIELDS = {
    "wheat": [[(40, 40), (420, 30), (400, 300), (250, 330), (30, 290)]],
    "meadow": [[(450, 35), (920, 50), (900, 330), (640, 350), (430, 300)],
               [(600, 130), (760, 120), (780, 240), (640, 250)]],
    "pond": [[(600, 130), (760, 120), (780, 240), (640, 250)]],
    "orchard": [[(40, 340), (250, 375), (395, 350), (370, 570), (60, 560)]],
    "barn": [[(560, 430), (700, 410), (715, 500), (575, 520)]],
}  # fmt: skip


def farm() -> Drawing:
    """Fields, a pond within a meadow and a barn from above: outlines of `FIELDS`."""
    colours = {"wheat": "#d9bf6b", "meadow": "#86b36a", "pond": "#5f97b8", "orchard": "#6f9a4f",
               "barn": "#a5503f"}  # fmt: skip
    drawing = Drawing()
    drawing.put(area("#a8c18a", *oblong(0, 0, 960, 600)))
    drawing.put(limb("#cbbd9d", 20, (0, 330), (260, 352), (410, 322), (640, 372), (960, 345)),
                limb("#cbbd9d", 14, (480, 338), (500, 600)))  # fmt: skip
    for name, (ring, *_) in FIELDS.items():
        drawing.put(area(colours[name], *ring))
    drawing.put(*(limb("#c5a955", 2, (60 + 34 * n, 50), (48 + 33 * n, 288)) for n in range(11)))
    drawing.put(*(disc("#4d7a3a", 95 + 52 * n, 400 + 44 * m, 15) for n in range(6) for m in range(4)
                  if n < 5 or m < 3))  # fmt: skip
    drawing.put(limb("#8a3f31", 3, (567, 475), (708, 455)))
    return drawing


PLAYERS = [(270, 520, 330, "#b8342f", RUNNING), (650, 540, 360, "#2d6ca8", STANDING)]


def pitch() -> Drawing:
    """Two `PLAYERS` and a ball."""
    drawing = Drawing()
    drawing.put(area("#cfe3ee", *oblong(0, 0, 960, 190)))
    drawing.put(area("#5f9a58", *oblong(0, 190, 960, 410)))
    drawing.put(*(area("#69a562", *oblong(x, 190, 120, 410)) for x in range(0, 960, 240)))
    drawing.put(limb("#eef2ee", 5, (0, 350), (960, 350)))
    for player in PLAYERS:
        person(drawing, *player)
    drawing.put(disc("#f4f4f2", 470, 545, 24), disc("#33383d", 470, 545, 8))
    return drawing


RECEIPT = ["CORNER BAKERY", "12 Mill Lane", "", "2 rye bread       7.80", "1 apple cake      3.20",
           "1 coffee          2.90", "", "TOTAL            13.90", "cash             20.00",
           "change            6.10", "", "Thank you!"]  # fmt: skip


def receipt() -> Image.Image:
    """A till receipt on a table, its lines those of `RECEIPT`, lying a little askew."""
    paper = Image.new("RGBA", (400, 560), "#f7f5ef")
    pen = ImageDraw.Draw(paper)
    font = ImageFont.load_default(size=26)
    for n, line in enumerate(RECEIPT):
        words, _, price = line.partition("  ")
        pen.text((30, 30 + 42 * n), words, fill="#33353a", font=font)
        pen.text((370, 30 + 42 * n), price.strip(), fill="#33353a", font=font, anchor="ra")
    table = Image.new("RGBA", SIZE, "#8c6f55")
    lines = ImageDraw.Draw(table)
    for y in range(0, SIZE[1], 40):
        lines.line([(0, y), (SIZE[0], y + 12)], fill="#836750", width=3)
    table.alpha_composite(paper.rotate(3, Image.Resampling.BICUBIC, expand=True), (270, 8))
    return table


def label(*objects: dict[str, Any]) -> dict[str, Any]:
    """A label of these objects, numbered."""
    return {"objects": [{"id": str(n), **one} for n, one in enumerate(objects, 1)]}
