"""Saved views: the page as it stands under a name, opened, renamed, shared and deleted here."""

from typing import Any

from dash import ALL as EVERY
from dash import Input, Output, State, ctx, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards.controls import Select, Typed, options
from dashboards.door import acting
from metrics import views
from metrics.models import SavedView
from ops.errors import TouchstoneError
from ops.models import User

LIST, TOLD = "views", "views-told"
SHARED = (("", "for me alone"), ("yes", "for all leads"))
NEW = 0


def menu(session: Session, user: User) -> Any:
    """The views there are, and a form to keep this one."""
    return html.Details(
        [
            html.Summary("Views", className="btn btn-sm"),
            html.Div(
                [
                    html.Div(_listed(session, user), id=LIST),
                    html.H2("Keep this view"),
                    _form(NEW, "", False, [_button("Save", NEW, "save")]),
                    html.Div(id=TOLD, role="status"),
                ],
                className="dash-views",
            ),
        ],
        className="dash-views-menu",
    )


def _listed(session: Session, user: User) -> Any:
    found = views.listed(session, user)
    if not found:
        return html.P("No view is kept yet: choose filters, then give them a name.")
    return html.Ul([_view(view, name, view.user_id == user.id) for view, name in found])


def _view(view: SavedView, name: str, own: bool) -> Any:
    href = f"{view.path}?{view.query}" if view.query else view.path
    link = dcc.Link(view.name, href=href)
    if not own:
        return html.Li([link, html.Span(f" shared by {name}", className="dash-quiet")])
    buttons = [_button("Keep", view.id, "keep"), _button("Delete", view.id, "delete")]
    change = html.Details(
        [
            html.Summary("Change", **{"aria-label": f"Change {view.name}"}),
            _form(view.id, view.name, view.shared, buttons),
        ]
    )
    mark = html.Span(" shared", className="dash-quiet") if view.shared else ""
    return html.Li([link, mark, change], key=str(view.id))


def _form(number: int, name: str, shared: bool, buttons: list[Any]) -> Any:
    return html.Div(
        [
            Typed(id={"view": number, "field": "name"}, type="text", value=name, label="Name",
                  shown=True, maxLength=views.LONGEST_NAME),
            Select(id={"view": number, "field": "shared"}, options=options(SHARED),
                   value="yes" if shared else "", label="Whom it is for", shown=True),
            html.Div(buttons, className="dash-deeds"),
        ]
    )  # fmt: skip


def _button(text: str, number: int, do: str) -> Any:
    return html.Button(text, id={"view": number, "do": do}, type="button", className="btn btn-sm")


def register(app: Any) -> None:
    """What is done to a view, said below the form; the list is drawn anew."""

    @app.callback(
        Output(LIST, "children"),
        Output(TOLD, "children"),
        Input({"view": EVERY, "do": EVERY}, "n_clicks"),
        State({"view": EVERY, "field": EVERY}, "value"),
        State({"view": EVERY, "field": EVERY}, "id"),
        State("at", "pathname"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def change(clicks: list[Any], values: list[Any], ids: list[Any], path: str, search: str) -> Any:
        if not any(clicks) or not ctx.triggered_id:
            return no_update, no_update
        number, do = ctx.triggered_id["view"], ctx.triggered_id["do"]
        given = {at["field"]: str(value or "") for at, value in zip(ids, values, strict=True)
                 if at["view"] == number}  # fmt: skip
        try:
            with acting() as (session, user):
                said = _done(session, user, number, do, given, path or "", search or "")
                return _listed(session, user), html.P(said, className="dash-said good")
        except TouchstoneError as error:
            return no_update, html.P(error.message, className="dash-said bad")


def _done(
    session: Session, user: User, number: int, do: str, given: dict[str, str], path: str, query: str
) -> str:
    name, shared = given.get("name", ""), given.get("shared") == "yes"
    if do == "save":
        kept = views.save(session, user, name=name, path=path, query=query, shared=shared)
        return f"Kept as {kept.name}."
    if do == "delete":
        views.delete(session, user, number)
        return "Deleted."
    return f"Kept as {views.rename(session, user, number, name=name, shared=shared).name}."
