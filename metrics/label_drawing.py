"""A label drawn over its picture as SVG, and a text cut into marked passages.

For samples that a client looks at and for the examples of a report: nothing here is touched by the
reader. What comes from outside is escaped; a picture is named by an address or holds itself.
"""

from collections.abc import Collection, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from metrics.svg import printable
from quality.measures.drafts import content

Label = Mapping[str, Any]
Classes = Mapping[str, Mapping[str, Any]]
Piece = dict[str, Any]
NO_COLOUR = "#c4942c"
# More would be a thicket; what is left out is said.
MOST_OBJECTS = 300
# Masks are drawn by rows of this many at most: a drawing, not the data.
MASK_ROWS = 200


def drawn(
    label: Label,
    size: tuple[int, int],
    classes: Classes,
    picture: str,
    *,
    title: str,
    loud: Collection[int] = (),
) -> str:
    """An SVG of `picture` (an address or a data URI) of `size` px with the objects of `label`.

    `classes` are the ontology's by their keys, for colours and skeletons. Objects whose position
    is in `loud` stand out from the others.
    """
    width, height = size
    objects = label.get("objects") or ()
    line = max(width, height) / 180
    shapes = [
        _shape(one, classes.get(str(one.get("class")), {}), line * (2 if i in loud else 1))
        for i, one in enumerate(objects[:MOST_OBJECTS])
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(printable(title))}</title>"
        f'<image href="{escape(picture)}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none"/>{"".join(shapes)}</svg>'
    )


def changed(label: Label, other: Label) -> set[int]:
    """Positions of the objects of `label` that `other` does not have just so."""
    known = [content(one) for one in other.get("objects") or ()]
    objects = label.get("objects") or ()
    return {i for i, one in enumerate(objects) if content(one) not in known}


def _shape(one: Mapping[str, Any], known: Mapping[str, Any], line: float) -> str:
    colour = escape(str(known.get("colour") or NO_COLOUR))
    stroke = f'fill="{colour}" fill-opacity="0.18" stroke="{colour}" stroke-width="{line:.2f}"'
    halo = f'fill="none" stroke="#ffffff" stroke-opacity="0.75" stroke-width="{2 * line:.2f}"'
    if "points" in one:
        return _figure(one["points"], known, colour, line)
    if "box" in one:
        x, y, width, height = one["box"]
        turned = one.get("angle") or 0
        about = f' transform="rotate({turned:.2f} {x + width / 2:.2f} {y + height / 2:.2f})"'
        frame = f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
        frame += about if turned else ""
        return f"{frame} {halo}/>{frame} {stroke}/>"
    path = _rings(one["polygons"]) if "polygons" in one else _mask(one["rle"])
    if "rle" in one:
        return f'<path d="{path}" fill="{colour}" fill-opacity="0.5"/>'
    outline = f'<path d="{path}" fill-rule="evenodd"'
    return f"{outline} {halo}/>{outline} {stroke}/>"


def _rings(parts: Sequence[Any]) -> str:
    rings = (ring for part in parts for ring in part)
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in rings)


def _mask(rle: Mapping[str, Any]) -> str:
    """The pixels of a mask as runs along rows, coarser than the mask where it is large."""
    import numpy as np

    from ops.labels import rle as coding

    height, width = rle["size"]
    runs = coding.decode(rle["counts"], height * width)
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T
    step = max(1, -(-max(height, width) // MASK_ROWS))
    path = []
    for y in range(0, height, step):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], inside[y, ::step], [0])).astype(int)))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            path.append(
                f"M{start * step} {y}h{(end - start) * step}v{step}h{(start - end) * step}z"
            )
    return "".join(path)


def _figure(
    points: Sequence[Sequence[float]], known: Mapping[str, Any], colour: str, line: float
) -> str:
    edges = (known.get("skeleton") or {}).get("edges") or ()
    found = [
        f'<line x1="{points[a][0]:.1f}" y1="{points[a][1]:.1f}" x2="{points[b][0]:.1f}" '
        f'y2="{points[b][1]:.1f}" stroke="{colour}" stroke-width="{line:.2f}"/>'
        for a, b in edges
        if max(a, b) < len(points) and points[a][2] and points[b][2]
    ]
    found += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 * line:.2f}" fill="{colour}" stroke="#ffffff" '
        f'stroke-width="{line / 2:.2f}"/>'
        for x, y, seen in points
        if seen
    ]
    return "".join(found)


def passages(text: str, label: Label, *, most: int | None = None) -> list[Piece]:
    """A text in pieces [{"text", "classes"}] at the bounds of its spans; `classes` are keys.

    With `most`, about so many characters around the first span; what is left out is an ellipsis.
    """
    spans = label.get("spans") or ()
    first, last = _window(len(text), spans, most)
    inside = [s for s in spans if s["end"] > first and s["start"] < last]
    bounds = {min(max(s[side], first), last) for s in inside for side in ("start", "end")}
    edges = sorted({first, last, *bounds})
    pieces = [
        {
            "text": text[a:b],
            "classes": [s["class"] for s in inside if s["start"] < b and s["end"] > a],
        }
        for a, b in pairwise(edges)
    ]
    dots: Piece = {"text": "…", "classes": []}
    return [dots] * (first > 0) + pieces + [dots] * (last < len(text))


def _window(length: int, spans: Sequence[Label], most: int | None) -> tuple[int, int]:
    if most is None or length <= most:
        return 0, length
    at = min((s["start"] for s in spans), default=0)
    first = max(0, min(at - most // 4, length - most))
    return first, first + most
