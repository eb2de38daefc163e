"""Model errors: what a model has otherwise than the labels in force, by kind and by cause."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import dcc, html
from sqlalchemy.orm import Session

from dashboards import actions, boxed, gallery, parts, studies
from dashboards.asked import Asked
from dashboards.controls import Typed
from dashboards.error_evidence import evidence
from dashboards.phrases import percent
from metrics.reads import balance, embedding_map
from metrics.reads import model_errors as reads
from quality.measures import error_causes
from quality.measures.classes import wilson

if TYPE_CHECKING:
    pass

PATH, NAME, TITLE, PERIOD = "/dashboards/errors", "Model errors", "Model errors", False
GROUP, FILTERS = "Data", ("project", "batch")
OWN = ("model", "cause", "kind", "truth", "seen", "iou_from", "iou_to", "sure_from", "sure_to",
       "slice", "sort", "page")  # fmt: skip
PER_PAGE = 24
KINDS = ("asset.review", "asset.experts", "asset.overlap", "asset.gold")
CAUSES = {
    "distribution": "Distribution",
    "concept clarity": "Concept clarity",
    "class frequency": "Class frequency",
    "outlier": "Outlier",
}
MEANT = {
    "distribution": "A class is given more often, or less, than it occurs.",
    "concept clarity": "People confuse the same two classes: the classes are unclear.",
    "class frequency": "There were few labels of the class to learn from.",
    "outlier": "It lies far from its class.",
}
ORDERS = (("confidence", "The surest first"), ("unsure", "The least sure first"),
          ("overlap", "The least overlap first"), ("distance", "The furthest from its class first"),
          ("asset", "Asset by asset"))  # fmt: skip
NOTHING = "nothing"


def register(app: Any) -> None:
    """What is ticked goes to the action bar; the study's progress is looked at again."""
    gallery.register(app, "errors")
    studies.register(app, "errors")


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    models = embedding_map.models(session, scope, "errors", asked.project_id)
    row = studies.chosen(models, asked)
    if row is None:
        return parts.empty(
            "No predictions yet",
            "Give what a model predicts under a project's reference models, in any format that "
            "imports read. Its errors are worked out by themselves then.",
            ("Go to projects", "/projects"),
        )
    tools = html.Div(
        [studies.picker(models, row), studies.anew("errors", row)], className="dash-filters"
    )
    progress = studies.state("errors", row)
    if not row.summary:
        words = f"{row.name}, version {row.version}, speaks of {row.assets:,} assets."
        waiting = parts.empty("Its errors are not worked out yet", f"{words} A worker does so "
                              "within a few minutes.")  # fmt: skip
        return html.Div([tools, progress, waiting])
    of, note = row.summary, studies.note(row)
    cause = asked.own.get("cause", "")
    return html.Div(
        [
            tools,
            progress,
            html.Div(
                [
                    _totals(of),
                    _causes(of, asked, note),
                    *evidence(of, cause if cause in CAUSES else "distribution", note),
                    _found(session, scope, row, asked, note),
                ],
                className="row g-3",
            ),
        ]
    )


def _totals(of: dict[str, Any]) -> Any:
    n, wrong = of["compared"], of["wrong_assets"]
    low, high = (float(v) for v in wilson(n - wrong, n))
    sure = error_causes.calibrated(*of["calibration"])
    error = "undefined" if np.isnan(sure.error) else percent(sure.error)
    heard = f"predicted objects from a score of {of['least_score']:g}" if of["least_score"] else ""
    return parts.figures(
        [
            parts.figure("Compared", f"{n:,}", key="compared", unit="assets with a label in force",
                         support=f"{of['unlabelled']:,} without one are left out"),
            parts.figure("All right", percent((n - wrong) / n if n else None), key="right",
                         unit="assets without any error",
                         interval=f"{percent(low)} – {percent(high)}" if n else "",
                         support=f"n = {n:,} assets"),
            parts.figure("Errors", f"{of['errors']:,}", key="errors", unit=heard),
            parts.figure("Calibration error", error, key="calibration",
                         unit="how far confidence is from being right",
                         support=f"n = {int(sure.n.sum()):,} predictions"),
        ],
        "The model beside the labels in force",
    )  # fmt: skip


def _causes(of: dict[str, Any], asked: Asked, note: str) -> Any:
    listed = [*CAUSES, "none"]
    counts = {**of["causes"], "none": of["unexplained"]}
    now = asked.own.get("cause")
    cards = [
        dcc.Link(
            [
                html.Strong("None of these" if one == "none" else CAUSES[one]),
                html.Span(", chosen," if now == one else "", className="visually-hidden"),
                html.Span(f" {counts[one]:,} errors", className="dash-quiet"),
                html.P(
                    MEANT.get(one, "Nothing of the four speaks for the error."), className="mb-0"
                ),
            ],
            href=asked.again(PATH, cause=None if now == one else one, page=None),
            className="dash-cause" + (" chosen" if now == one else ""),
        )
        for one in listed
    ]
    words = "Why: an error may have several causes. Choose one to see its evidence and its errors"
    return parts.card(words, html.Div(cards, className="dash-causes"), note=note)


def _wanted(asked: Asked) -> reads.Wanted:
    own = asked.own
    cause, kind = own.get("cause"), own.get("kind")
    key, _, value = own.get("slice", "").partition("=")
    return reads.Wanted(
        kind=kind or None,
        cause=cause if cause in (*CAUSES, "none") else None,
        truth=_class(own.get("truth")),
        predicted=_class(own.get("seen")),
        overlap=_between(own, "iou"),
        confidence=_between(own, "sure"),
        slice_=(key, value) if key and value else None,
        batch_id=asked.batch_id,
    )


def _class(given: str | None) -> str | None:
    """A class; "=nothing" where there is none (no class key begins so)."""
    return None if not given else "" if given == f"={NOTHING}" else given


def _between(own: Any, name: str) -> tuple[float, float] | None:
    low, high = (_number(own.get(f"{name}_{end}")) for end in ("from", "to"))
    if low is None and high is None:
        return None
    return (0.0 if low is None else low, 1.0 if high is None else high)


def _number(given: str | None) -> float | None:
    try:
        value = float(given or "")
    except ValueError:
        return None
    return value / 100 if 0 <= value <= 100 else None


def _found(session: Session, scope: Any, row: Any, asked: Asked, note: str) -> Any:
    wanted, page = _wanted(asked), gallery.page_of(asked)
    order = asked.own.get("sort", "confidence")
    order = order if order in reads.ORDERS else "confidence"
    total = reads.count(session, scope, int(row.model_id), wanted)
    found = reads.errors(session, scope, int(row.model_id), wanted, order=order,
                         limit=PER_PAGE, offset=(page - 1) * PER_PAGE)  # fmt: skip
    many = f"more than {reads.MOST_COUNTED:,}" if total > reads.MOST_COUNTED else f"{total:,}"
    title = f"Errors to look at: {many} of {row.summary['errors']:,}"
    filters = _filters(session, scope, row, asked, order)
    if found.empty:
        nothing = parts.empty("No error matches", "Take a filter away.")
        return parts.card(title, [filters, nothing], note=note)
    like = _embedder(session, scope, row)
    shown = gallery.cards("errors", found.itertuples(index=False), lambda one: _about(one, like),
                          label="Errors", look=boxed.look)  # fmt: skip
    drawn = found.given_box.notna().any() or found.seen_box.notna().any()
    key = html.P(
        [
            html.Span("labelled", className="dash-key"),
            html.Span("predicted", className="dash-key seen"),
        ],
        className="dash-note",
    )
    body = [
        filters,
        key if drawn else None,
        actions.bar("errors", KINDS, project_id=int(row.project_id)),
        html.Div(shown, className="dash-wide"),
        gallery.pages(PATH, asked, page, total > page * PER_PAGE),
    ]
    return parts.card(title, body, note=note)


def _filters(session: Session, scope: Any, row: Any, asked: Asked, order: str) -> Any:
    own, of = asked.own, row.summary
    names = [(one["key"], one["key"]) for one in of["classes"]]
    nothing = [(f"={NOTHING}", NOTHING)]
    kinds = [(kind, f"{kind} ({n:,})") for kind, n in of["kinds"].items()]
    fields = [
        parts.picker("kind", kinds, own.get("kind"), "Kind", "every kind"),
        parts.picker("truth", names + nothing, own.get("truth"), "Labelled", "anything"),
        parts.picker("seen", names + nothing, own.get("seen"), "Predicted", "anything"),
        parts.picker("slice", _values(session, scope, row), own.get("slice"), "Metadata", "any"),
        _range("sure", "Sure, %", own),
        _range("iou", "IoU, %", own),
        parts.picker("sort", ORDERS, order, "Order"),
    ]
    return html.Div(fields, className="dash-filters")


def _values(session: Session, scope: Any, row: Any) -> list[tuple[str, str]]:
    found = balance.values(session, scope, int(row.project_id))
    names = [str(d).removeprefix(balance.SLICE) for d in found.dimension]
    return [(f"{k}={v}", f"{k}: {v}") for k, v in zip(names, found.value, strict=True)]


def _range(name: str, label: str, own: Any) -> Any:
    ends = [
        Typed(id={"filter": f"{name}_{end}"}, type="number", value=own.get(f"{name}_{end}", ""),
              label=f"{label} {end}", shown=True, min=0, max=100, step=1)
        for end in ("from", "to")
    ]  # fmt: skip
    return html.Div(ends, className="dash-range")


def _embedder(session: Session, scope: Any, row: Any) -> int | None:
    """The model by which what is similar is found: the newest of the project with a map."""
    models = embedding_map.models(session, scope, "map", int(row.project_id))
    listed: list[Any] = [one for one in models.itertuples(index=False) if one.summary]
    return int(listed[0].model_id) if listed else None


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _about(row: Any, like: int | None) -> Any:
    words = {
        "missing": f"{row.truth} is labelled, the model sees nothing",
        "extra": f"The model sees {row.predicted} where nothing is labelled",
    }
    said = f"Labelled {row.truth}, predicted {row.predicted}" if row.truth else row.kind
    numbers = []
    if _known(row.confidence):
        numbers.append(f"sure {percent(row.confidence)}")
    if _known(row.overlap):
        numbers.append(f"IoU {row.overlap:.2f}")
    if _known(row.distance):
        numbers.append(f"{row.distance:+.1f} deviations from its class")
    tags = [parts.tag(CAUSES[one], "quiet") for one in row.causes if one in CAUSES]
    meta = ", ".join(f"{k} {v}" for k, v in list((row.meta or {}).items())[:3])
    # A page outside this one: the filters there are others.
    similar = (
        dcc.Link("Find similar", href=f"/dashboards/map?project={row.project_id}&model={like}"
                 f"&like={row.asset_id}") if like else None
    )  # fmt: skip
    return html.Div(
        [
            html.Div(words.get(row.kind, said)),
            html.Div([parts.tag(row.kind, "bad"), *tags]),
            html.Div(" · ".join(numbers), className="dash-quiet"),
            html.Div(meta, className="dash-quiet"),
            similar,
        ]
    )
