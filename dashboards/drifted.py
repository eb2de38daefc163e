"""Whether newer data is made up otherwise than what came before, in words, a chart and a table."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_data, parts
from dashboards.asked import Asked
from dashboards.phrases import UNDEFINED, percent
from dashboards.tables import Column, table
from metrics.reads import balance as reads

if TYPE_CHECKING:
    from pandas import DataFrame

LEVEL = 0.05
LATELY = (7, 30)  # days that may be held against what came before
MOST_MOVED = 3


def drift(session: Session, scope: Any, asked: Asked, note: str) -> Any:
    project_id = asked.project_id or 0
    batches = reads.batches(session, scope, project_id)
    newer, value = _newer(batches, asked)
    listed = [(f"days:{n}", f"the last {n} days") for n in LATELY]
    listed += [(f"batch:{b.batch_id}", f"batch {b.batch}")
               for b in batches.iloc[:-1].itertuples(index=False)]  # fmt: skip
    picker = parts.picker("newer", listed, value, "Held against what came before")
    found = reads.drifts(session, scope, project_id, newer)
    title = "Drift: is newer data made up otherwise?"
    body = [html.Div(picker, className="dash-filters"), *_told(found)]
    return parts.card(title, body, note=note)


def _newer(batches: "DataFrame", asked: Asked) -> tuple[reads.Newer, str]:
    """What is held against what came before it; the newest of several batches unless asked."""
    given = asked.own.get("newer", "")
    ids = [int(i) for i in batches.batch_id]
    kind, _, number = given.partition(":")
    n = int(number) if number.isdecimal() and len(number) < 19 else 0
    if kind == "batch" and n in ids:
        return reads.Newer(batch_id=n), given
    if (kind == "days" and n in LATELY) or len(ids) < 2:
        n = n if n in LATELY else LATELY[0]
        return reads.since(asked.today, n), f"days:{n}"
    return reads.Newer(batch_id=ids[0]), f"batch:{ids[0]}"


def _told(found: "DataFrame") -> list[Any]:
    if found.empty or found.p.isna().all():
        return [parts.empty(
            "Nothing to hold against each other",
            "One of the two sides has no assets. Choose a batch that is not the first, or days "
            "before which something came.",
        )]  # fmt: skip
    ordered: list[Any] = list(found.sort_values("q").itertuples(index=False))
    lines = [html.Li(_words(row), className="moved" if row.q <= LEVEL else "") for row in ordered]
    rows = found.assign(
        name=[_subject(d).capitalize() for d in found.dimension],
        drifted=found.q <= LEVEL,
        p_said=[_p(p) for p in found.p],
        q_said=[_p(q) for q in found.q],
        told=["moved" if q <= LEVEL else "no clear change" for q in found.q.fillna(1)],
    )
    columns = (
        Column("name", "Of what"),
        Column("told", "Verdict", note="Moved: at a false-discovery rate of 5 %"),
        Column("distance", "Distance", "share", note="Half the summed differences of shares"),
        Column("chance", "By chance", "share", note="No drift stays below it 95 times in 100"),
        Column("p_said", "p", width=84),
        Column("q_said", "p, corrected", width=104, note="For the number of questions"),
        Column("earlier", "Earlier", "count"), Column("newer", "Newer", "count"),
    )  # fmt: skip
    classes = found[found.dimension == reads.CLASSES]
    shown: list[Any] = [html.Ul(lines, className="dash-words")]
    if len(classes) and classes.moved.iloc[0]:
        moved = classes.moved.iloc[0][:15]
        figure = figures_data.shares(*zip(*moved, strict=True))
        words = "Share of each class, earlier and newer; what moved most first"
        shown.append(parts.chart(figure, words, 260))
    shown.append(table("drift", rows, columns, label="comparisons", marked="drifted"))
    note = (
        "Two samples always differ somewhat: a permutation test says how often chance alone "
        "would make them differ as much, corrected for the number of questions. Where an asset "
        "may hold several objects, assets are what is counted as independent, not objects."
    )
    shown.append(html.P(note, className="dash-note mt-2 mb-0"))
    return shown


def _subject(dimension: str) -> str:
    return "classes" if dimension == reads.CLASSES else reads.named(dimension)


def _words(row: Any) -> str:
    """Whether it moved, and what did most."""
    subject = _subject(row.dimension).capitalize()
    of = f"{row.newer:,} newer and {row.earlier:,} earlier assets"
    if math.isnan(row.q):
        return f"{subject}: nothing to compare ({of})."
    if row.q > LEVEL:
        return (
            f"{subject}: no clear change. They differ by {percent(row.distance)}; chance alone "
            f"explains that ({of}, corrected p = {row.q:.2f})."
        )
    moved = "; ".join(
        f"“{name}” from {percent(before)} to {percent(now)}"
        for name, before, now in row.moved[:MOST_MOVED]
    )
    p = _p(row.q)
    p = f"= {p}" if p[0].isdigit() else p
    return f"{subject} moved by {percent(row.distance)}: {moved} ({of}, corrected p {p})."


def _p(p: float) -> str:
    return UNDEFINED if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
