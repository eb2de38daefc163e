"""What all our SVG is written with: one font, words escaped. Pure."""

from html import escape

FAMILY = "Inter, Liberation Sans, DejaVu Sans, sans-serif"


def text(
    x: float, y: float, words: str, anchor: str = "start", *, size: int = 12, opacity: float = 1
) -> str:
    """`words` at a point, on the line of `y` px, in the colour of what is around them."""
    faint = f' fill-opacity="{opacity}"' if opacity < 1 else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor"{faint} '
        f'font-family="{FAMILY}" font-size="{size}">{escape(printable(words))}</text>'
    )


def printable(words: str) -> str:
    """Without control characters, which no XML may hold."""
    return "".join(ch for ch in words if ch.isprintable())
