"""Assets as small cards to look at and to choose from; what is chosen goes to the action bar."""

from collections.abc import Callable, Iterable
from typing import Any

from dash import ALL, Input, Output, State, ctx, dcc, html, no_update

from dashboards import actions, parts
from dashboards.controls import Tick
from ops.web.fields import identity

Children = Any


def cards(
    name: str,
    rows: Iterable[Any],
    about: Callable[[Any], Children],
    *,
    label: str,
    look: Callable[[Any], Children] = parts.medium,
    marked: Callable[[Any], str] = lambda _: "",
) -> Children:
    """A card a row, each with a box to tick; `rows` have asset_id, external_id, project_id,
    pictured and text. `about` says what stands below the name, `look` draws the asset, `marked`
    gives a class. `name` is that of the action bar."""
    listed = list(rows)
    return html.Div(
        [
            html.Div(
                [
                    html.Button("Choose all shown", id={"every": name}, type="button",
                                className="btn btn-sm"),
                    html.Button("Choose none", id={"none": name}, type="button",
                                className="btn btn-sm"),
                ],
                className="dash-tools dash-choose",
            ),
            html.Ul(
                [_card(name, row, about, look, marked) for row in listed],
                className="dash-gallery",
                **{"aria-label": label},
            ),
        ]
    )  # fmt: skip


def _card(name: str, row: Any, about: Any, look: Any, marked: Any) -> Children:
    asset = int(row.asset_id)
    box = Tick(
        id={"pick": name, "asset": asset, "row": _row_of(row)},
        label=f"Choose {row.external_id}",
        value=False,
    )
    named = parts.asset_link(row, row.external_id, className="dash-name")
    words = html.Div([html.Div([box, named], className="dash-pick-head"), about(row)])
    return html.Li([look(row), words], className=f"dash-shot {marked(row)}".strip())


def _row_of(row: Any) -> int:
    # An asset may stand there more than once, each time with another error.
    return int(getattr(row, "error_id", 0) or 0)


def register(app: Any, name: str) -> None:
    """What is ticked goes to the action bar `name`."""
    picked = {"pick": name, "asset": ALL, "row": ALL}

    @app.callback(
        Output(actions.chosen(name), "data"),
        Input(picked, "value"),
        State(picked, "id"),
        prevent_initial_call=True,
    )
    def choose(values: list[bool], ids: list[dict[str, Any]]) -> Any:
        both = zip(ids, values, strict=True)
        return sorted({int(one["asset"]) for one, ticked in both if ticked})

    @app.callback(
        Output(picked, "value"),
        Input({"every": name}, "n_clicks"),
        Input({"none": name}, "n_clicks"),
        State(picked, "id"),
        prevent_initial_call=True,
    )
    def every(all_: int | None, none: int | None, ids: list[dict[str, Any]]) -> Any:
        if not all_ and not none:
            return [no_update for _ in ids]
        return ["every" in (ctx.triggered_id or {}) for _ in ids]


def pages(path: str, asked: Any, page: int, more: bool, of: str = "") -> Children:
    """Links to the page before and after; `of` says what is on this one."""
    links = []
    if page > 1:
        before = asked.again(path, page=page - 1 if page > 2 else None)
        links.append(dcc.Link("Previous", href=before, className="btn btn-sm"))
    links.append(html.Span(f"Page {page}{of}", className="dash-quiet"))
    if more:
        links.append(
            dcc.Link("Next", href=asked.again(path, page=page + 1), className="btn btn-sm")
        )
    return html.Nav(links, className="dash-pages", **{"aria-label": "Pages"})


def page_of(asked: Any, most: int = 200) -> int:
    """The page that the address asks for, from 1."""
    return min(max(identity(asked.own.get("page")) or 1, 1), most)
