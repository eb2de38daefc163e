"""Embedding map: what is like what, by class, cluster, difficulty or suspects."""

from typing import TYPE_CHECKING, Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from flask import current_app
from sqlalchemy.orm import Session

from dashboards import actions, figures_data, gallery, parts, studies
from dashboards.asked import Asked
from dashboards.controls import PointMap, Select, options
from dashboards.door import outside, picture, reading
from metrics.reads import embedding_map as reads
from ops.web.fields import identity

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/map", "Embedding map", "Embedding map", False
GROUP, FILTERS, OWN = "Data", ("project",), ("model", "by", "like")
BY = (("label", "Class"), ("cluster", "Cluster"), ("colour", "Difficulty"), ("suspect", "Suspects"))
KINDS = ("asset.review", "asset.experts", "asset.overlap", "asset.gold")
MOST_SHOWN, MOST_CHOSEN = 48, 500
HELP = (
    "Draw around points (Shift adds to what is chosen), walk through them with the arrow keys, or "
    "choose a group below. Near means alike; how far apart clusters lie means nothing."
)


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    models = reads.models(session, scope, "map", asked.project_id)
    row = studies.chosen(models, asked)
    if row is None:
        return parts.empty(
            "No embeddings yet",
            "Give one vector for each asset under a project's reference models, or a network whose "
            "output is an embedding. The map is drawn by itself then.",
            ("Go to projects", "/projects"),
        )
    tools = html.Div(
        [studies.picker(models, row), studies.anew("map", row)], className="dash-filters"
    )
    progress = studies.state("map", row)
    if not row.summary:
        waiting = parts.empty(
            "The map is not drawn yet",
            f"{row.name}, version {row.version}, has {row.assets:,} embeddings. A worker draws "
            "them within a few minutes.",
        )
        return html.Div([tools, progress, waiting])
    points = reads.points(session, scope, int(row.model_id))
    like = asked.own.get("like", "")
    near = _near(session, scope, row, int(like)) if like.isdecimal() and len(like) < 19 else None
    return html.Div([tools, progress, _map(points, row, asked), near])


def _map(points: "DataFrame", row: Any, asked: Asked) -> Any:
    by = asked.own.get("by", "label")
    by = by if by in dict(BY) else "label"
    words = f"Map of {len(points):,} assets by {dict(BY)[by].lower()}"
    drawn = PointMap(
        id="map-points", label=f"{words}. Arrow keys walk from point to point, Enter chooses.",
        chosen=[], pointed=None, tip=None, **figures_data.embedding_map(points, by),
    )  # fmt: skip
    switch = parts.links(PATH, asked, "by", [(k if k != "label" else None, v) for k, v in BY],
                         "Colour by")  # fmt: skip
    return html.Div(
        [
            parts.card(
                words,
                [
                    html.Div([html.Span("Colour by", className="dash-quiet"), switch],
                             className="dash-filters"),
                    drawn,
                    html.P(HELP, className="dash-note mt-2 mb-0"),
                    html.P(_made(row), className="dash-note mb-0"),
                ],
                note=studies.note(row),
            ),
            parts.card("Chosen points", _choosing(points, row), note=studies.note(row)),
            dcc.Store(id="map-model", data=int(row.model_id)),
        ],
        className="row g-3",
    )  # fmt: skip


def _made(row: Any) -> str:
    of = row.summary
    text = (
        f"{of['points']:,} of {of['vectors']:,} vectors of {of['length']} numbers: principal "
        f"components (they hold {100 * of['explained']:.0f} % of the variance), then t-SNE"
    )
    if of["laid_out"] < of["points"]:
        text += f" of a sample of {of['laid_out']:,}, the others placed among those most like them"
    return f"{text}; {of['clusters']} clusters. Drawn in {of['seconds']:.0f} s, always alike."


def _choosing(points: "DataFrame", row: Any) -> Any:
    listed = [("", "Nothing chosen")]
    for by, name in BY:
        for i, (group, mask) in enumerate(figures_data.groups(points, by)):
            listed.append((f"{by}:{i}", f"{name}: {group} ({int(mask.sum()):,})"))
    take = Select(id="map-take", options=options(listed), value="", label="Choose a group",
                  shown=True)  # fmt: skip
    return [
        html.Div([take, actions.bar("map", KINDS, project_id=int(row.project_id))],
                 className="dash-filters"),
        html.Div(html.P("No point is chosen.", className="dash-note"), id="map-chosen",
                 **{"aria-live": "polite"}),
    ]  # fmt: skip


def _near(session: Session, scope: Any, row: Any, asset_id: int) -> Any:
    home = outside(lambda: current_app.extensions["settings"].home)
    found, looked = reads.similar(session, scope, int(row.model_id), asset_id, home)
    of = reads.cards(session, scope, [asset_id])
    if found.empty or of.empty:
        return None
    name = of.external_id.iloc[0]
    shown = gallery.cards("near", found.itertuples(index=False), _alike,
                          label=f"Assets like {name}")  # fmt: skip
    note = f"The nearest of {looked:,} by {row.name}, version {row.version} (cosine)"
    bar = actions.bar("near", KINDS, project_id=int(row.project_id))
    return html.Div(parts.card(f"Most like {name}", [shown, bar], note=note), className="row g-3")


def _alike(row: Any) -> Any:
    return html.Div([html.Div(_labelled(row)), html.Div(f"alike {100 * row.cosine:.1f} %")],
                    className="dash-quiet")  # fmt: skip


def _labelled(row: Any) -> str:
    return "no label yet" if row.label is None else f"labelled {row.label}"


def register(app: Any) -> None:
    """Pointing at a point shows it; choosing points lists them."""
    studies.register(app, "map")
    gallery.register(app, "near")

    @app.callback(
        Output("map-points", "tip"),
        Input("map-points", "pointed"),
        prevent_initial_call=True,
    )
    def point(asset: int | None) -> Any:
        if not asset:
            return no_update
        with reading() as (session, scope):
            found = reads.cards(session, scope, [int(asset)])
        return _tip(next(found.itertuples(index=False))) if len(found) else no_update

    @app.callback(
        Output("map-chosen", "children"),
        Output(actions.chosen("map"), "data"),
        Output("map-points", "chosen"),
        Input("map-points", "chosen"),
        Input("map-take", "value"),
        State("map-model", "data"),
        prevent_initial_call=True,
    )
    def choose(drawn: list[int] | None, taken: str | None, model_id: int | None) -> Any:
        ids = [int(asset) for asset in drawn or []]
        with reading() as (session, scope):
            if ctx.triggered_id == "map-take":
                ids = _taken(reads.points(session, scope, int(model_id or 0)), taken or "")
            found = reads.cards(session, scope, ids[:MOST_CHOSEN])
        chosen = [int(asset) for asset in found.asset_id]
        ringed = chosen if ctx.triggered_id == "map-take" else no_update
        return _listed(_rarest_first(found).head(MOST_SHOWN), len(chosen)), chosen, ringed


def _rarest_first(found: "DataFrame") -> "DataFrame":
    """Among what lies together those labelled as few others are: look at them first."""
    often = found.groupby(found.label.fillna("")).asset_id.transform("size")
    return found.iloc[often.argsort(kind="stable")]


def _taken(points: "DataFrame", taken: str) -> list[int]:
    by, _, place = taken.partition(":")
    at = identity(place)
    if by not in dict(BY) or at is None:
        return []
    parted = figures_data.groups(points, by)
    if at >= len(parted):
        return []
    part = points[parted[at][1]]
    # The hardest first: of a large group not all are shown.
    return [int(a) for a in part.sort_values("difficulty", ascending=False).asset_id]


def _tip(row: Any) -> dict[str, Any]:
    src = picture(int(row.asset_id)) if row.pictured else None
    return {"asset": int(row.asset_id), "src": src, "text": row.text or "",
            "name": row.external_id, "said": _labelled(row)}  # fmt: skip


def _listed(found: "DataFrame", n: int) -> Any:
    if found.empty:
        return html.P("No point is chosen.", className="dash-note")
    words = f"{n:,} chosen" + (f", {len(found)} of them shown" if n > len(found) else "")
    if n == MOST_CHOSEN:
        words += f"; more than {MOST_CHOSEN} at once are not taken"
    words += ", the rarest labels among them first" if n > 2 else ""
    cards = [
        html.Li([parts.medium(row), html.Div([
            parts.asset_link(row, row.external_id, className="dash-name"),
            html.Div(_labelled(row), className="dash-quiet"),
            dcc.Link("Find similar", href=f"{PATH}?like={row.asset_id}&project={row.project_id}"),
        ])], className="dash-shot")
        for row in found.itertuples(index=False)
    ]  # fmt: skip
    return [html.P(f"{words}.", className="mb-2"), html.Ul(cards, className="dash-gallery")]
