"""A suspect as a page shows it: the picture, and on it what was labelled and what was seen."""

from typing import Any

from ops.web import media

THUMB = 256  # px; the server makes pictures of this size
MOST_WORDS = 4


def drawn(row: Any) -> dict[str, Any]:
    """The row of `metrics.reads.rescoring.suspects` with the address of its picture, the boxes to
    draw in px of the picture, and the evidence in words."""
    told = (row.evidence or {}).get("objects", [])
    sized = bool(row.uri and row.width and row.height)
    return {
        **row._mapping,
        "picture": media.url(row.asset_id, THUMB) if row.uri else None,
        "boxes": [box for one in told for box in _boxes(one)] if sized else [],
        # A line is drawn as wide on a small picture as on a large one.
        "stroke": max(row.width, row.height) / 110 if sized else 1,
        "words": [one["words"] for one in told][:MOST_WORDS],
        "more_words": max(0, len(told) - MOST_WORDS),
        "sources": (row.evidence or {}).get("sources", {}),
    }


def _boxes(told: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    if told.get("box"):
        found.append({"kind": "given", "box": told["box"]})
    seen = told.get("predicted")
    if isinstance(seen, dict) and seen.get("box"):
        found.append({"kind": "seen", "box": seen["box"]})
    return found
