"""A picture with what is labelled and what a model sees drawn over it."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards import parts
from dashboards.controls import Boxes
from dashboards.door import picture


def _drawn(kind: str, box: Sequence[float]) -> dict[str, Any]:
    x, y, width, height = box
    return {"kind": kind, "x": x, "y": y, "width": width, "height": height}


def look(row: Any) -> Any:
    """A row of `metrics.reads.model_errors.errors`: its picture with both boxes, in blue what is
    labelled, dashed in orange what the model sees; else as any asset is shown."""
    boxes = [
        _drawn(kind, box)
        for kind, box in (("given", row.given_box), ("seen", row.seen_box))
        if isinstance(box, list | tuple)
    ]
    sized = row.pictured and (row.width or 0) > 0 and (row.height or 0) > 0
    if not boxes or not sized:
        return parts.medium(row)
    alt = f"Asset {row.external_id}"
    return html.Div(
        [
            html.Img(src=picture(int(row.asset_id)), alt=alt),
            Boxes(boxes=boxes, width=int(row.width), height=int(row.height)),
        ],
        className="dash-boxed",
    )
