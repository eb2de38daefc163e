"""Figures of the reviewed labels by class, size and slice of metadata, as tables in words.

The same on a batch's page, in the report and in its PDF. Every figure stands with its 95 % range
and what it rests on; undefined is said, never shown as 0.
"""

from collections.abc import Mapping
from typing import Any

Report = dict[str, Any]
COLUMNS = {
    "accuracy": "Accepted as they were",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "iou": "IoU",
}


def tables(parts: Report | None, names: Mapping[str, str]) -> list[Report]:
    """[{"title", "columns", "rows"}] of text; `names` are those of classes by their keys."""
    if not parts:
        return []
    found = [
        _table("By class", "Class", _named(parts["classes"], names)),
        _table("By size", "Size", _named(parts["sizes"], SIZES)),
        *(
            _table(f"By {one['field']}", one["field"], [(v["value"], v) for v in one["values"]])
            for one in parts["slices"]
        ),
    ]
    return [table for table in found if table["rows"]]


# COCO's bounds, of the area of an object.
SIZES = {
    "small": "small, up to 32² px",
    "medium": "medium, up to 96² px",
    "large": "large, above",
}


def _named(rows: list[Report], names: Mapping[str, str]) -> list[tuple[str, Report]]:
    return [(names.get(row["key"], row["key"]), row) for row in rows]


def _table(title: str, what: str, rows: list[tuple[str, Report]]) -> Report:
    asked = [key for key in COLUMNS if any(row.get(key) is not None for _, row in rows)]
    return {
        "title": title,
        "columns": [what, *(COLUMNS[key] for key in asked)],
        "rows": [[name, *(said(row.get(key)) for key in asked)] for name, row in rows],
    }


def said(rate: Report | None) -> str:
    """A rate with its range and its n."""
    if not rate or rate["value"] is None:
        return "undefined"
    spread = f"{rate['low']:.2f} to {rate['high']:.2f}"
    return f"{rate['value']:.2f} ({spread}, n\u00a0=\u00a0{rate['n']:,})"
