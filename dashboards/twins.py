"""Assets that are nearly the same, two by two: where their labels differ, one of both is wrong."""

from typing import Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import parts
from dashboards.tables import Column, table
from metrics.reads import embedding_map as maps

MOST_TWINS = 12


def twins(session: Session, scope: Any, project_id: int) -> Any:
    models: list[Any] = list(maps.models(session, scope, "map", project_id).itertuples(index=False))
    row = next((one for one in models if one.summary), None)
    title = "Duplicates and near duplicates"
    if row is None:
        words = (
            "They are found by embeddings: give one vector for each asset under the project's "
            "reference models."
        )
        return parts.card(title, parts.empty("No embeddings", words))
    of = row.summary
    if not of["n_pairs"]:
        words = f"No two of {of['vectors']:,} assets are alike to {100 * of['alike']:.0f} %."
        return parts.card(title, html.P(words), note=parts.as_of(row.as_of))
    pairs = of["pairs"]
    ids = [int(i) for pair in pairs for i in pair[:2]]
    rows: list[Any] = list(maps.cards(session, scope, ids).itertuples(index=False))
    cards = {int(one.asset_id): one for one in rows}
    known = [(cards[a], cards[b], alike) for a, b, alike in pairs if a in cards and b in cards]
    # Two that are the same and labelled otherwise: one of the labels is wrong.
    known.sort(key=lambda one: (not _differ(one), -one[2]))
    differ = sum(_differ(one) for one in known)
    words = (
        f"{of['n_pairs']:,} pairs of {of['vectors']:,} assets are alike to "
        f"{100 * of['alike']:.0f} % or more (cosine by {row.name}, version {row.version}). "
        f"Of the {len(known):,} most alike {differ:,} are labelled otherwise: one of both is wrong."
    )
    shown = [_twin(*one) for one in known[:MOST_TWINS]]
    listed = [
        {"one": a.external_id, "other": b.external_id, "alike": alike, "label": a.label,
         "other_label": b.label, "differ": _differ((a, b, alike))}
        for a, b, alike in known
    ]  # fmt: skip
    columns = (
        Column("one", "Asset"), Column("other", "And"), Column("alike", "Alike", "share"),
        Column("label", "Label"), Column("other_label", "Label of the other"),
    )  # fmt: skip
    as_list = html.Details(
        [
            html.Summary("All as a list"),
            table("duplicates", listed, columns, label="pairs", marked="differ"),
        ]
    )
    return parts.card(
        title, [html.P(words), html.Ul(shown, className="dash-twins"), as_list],
        note=parts.as_of(row.as_of),
    )  # fmt: skip


def _differ(pair: tuple[Any, Any, float]) -> bool:
    one, other, _ = pair
    return one.label is not None and other.label is not None and one.label != other.label


def _twin(one: Any, other: Any, alike: float) -> Any:
    words = f"alike {100 * alike:.1f} %: {_said(one)}, {_said(other)}"
    marked = "differ" if _differ((one, other, alike)) else ""
    sides = [
        html.Div([parts.medium(side), parts.asset_link(side, side.external_id)])
        for side in (one, other)
    ]
    return html.Li([*sides, html.P(words)], className=marked)


def _said(row: Any) -> str:
    return "no label yet" if row.label is None else str(row.label)
