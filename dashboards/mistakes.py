"""Mistakes one by one: the picture, what was said and by whom, what is held right and why."""

import math
from typing import TYPE_CHECKING, Any

from dash import ALL as EVERY
from dash import Input, Output, State, dcc, html
from sqlalchemy.orm import Session

from dashboards import actions, parts
from dashboards.asked import Asked
from dashboards.controls import Tick
from dashboards.figures_quality import NOTHING
from dashboards.rows import each
from metrics.reads import confusions as reads
from metrics.reads.confusions import Pair
from metrics.reads.narrow import Narrow
from ops import labels, ontologies
from ops.labels import CHOICES, ERROR_WORDS
from ops.models import Project
from ops.web.fields import identity
from ops.web.layout import moment

if TYPE_CHECKING:
    from pandas import DataFrame

PAGE = 24
BAR = "mistakes"
DEEDS = ("asset.review", "asset.overlap", "asset.gold")
# How an empty key, which is that nothing is there, is written in an address.
EMPTY = "(nothing)"
DECIDED = {"review": "A reviewer", "adjudication": "An expert"}


def names_of(session: Session, project_id: int) -> dict[str, str]:
    """Class key → name, as the newest ontology of the project has them. One statement."""
    ontology = ontologies.current(session, project_id)
    return {c["key"]: c.get("name") or c["key"] for c in (ontology.classes if ontology else [])}


def fault_words(label_type: str, fault: str) -> str:
    """What is wrong, in the words that the desk has for it."""
    return ERROR_WORDS.get(label_type, {}).get(fault) or fault.replace("_", " ").capitalize()


def key_words(key: str, names: dict[str, str]) -> str:
    """A class by its name; an empty key is nothing."""
    return NOTHING if key == "" else names.get(key, key)


def pair_words(row: Any, names: dict[str, str], label_type: str) -> str:
    """A kind of mistake in words: "cat for dog", or what is wrong and with which class."""
    right, given = key_words(row.truth, names), key_words(row.said, names)
    if row.fault == "wrong_class":
        return f"{given} for {right}"
    key = right if row.truth else given if row.said else ""
    what = fault_words(label_type, row.fault)
    return f"{what}: {key}" if key else what


def pair_of(asked: Asked) -> Pair | None:
    """The pair that an address asks for; None for none."""
    given = {name: asked.own.get(name) for name in Pair._fields}
    if all(value is None for value in given.values()):
        return None
    return Pair(**{name: "" if value == EMPTY else value for name, value in given.items()})


def address_of(asked: Asked, path: str, pair: Pair | None) -> str:
    """The address of the same page at a pair, its first mistakes."""
    keys = pair._asdict() if pair is not None else dict.fromkeys(Pair._fields)
    asked_for = {name: EMPTY if value == "" else value for name, value in keys.items()}
    return asked.again(path, page=None, **asked_for)


def shown(
    session: Session,
    scope: Any,
    asked: Asked,
    path: str,
    narrow: Narrow,
    pair: Pair,
    of: int,
    truth_by: str | None = None,
) -> Any:
    """The mistakes of a pair as cards, `of` in all, a page of them at a time."""
    page = min(max(identity(asked.own.get("page")) or 1, 1), max(1, math.ceil(of / PAGE)))
    found = reads.mistakes(
        session, scope, asked.since, asked.until, narrow, pair,
        truth_by=truth_by, limit=PAGE, offset=(page - 1) * PAGE,
    )  # fmt: skip
    if found.empty:
        return parts.empty("No such mistake", "Choose another pair, or a longer period.")
    project = session.get_one(Project, narrow.project_id)
    names = names_of(session, project.id)
    said = _said(session, project, found)
    golds = reads.golds_of(session, found.asset_id.astype(int).tolist())
    cards = [
        _card(row, asked, names, project.label_type, said, int(row.asset_id) in golds)
        for row in each(found)
    ]
    return html.Div(
        [
            actions.bar(BAR, DEEDS),
            html.Div(cards, className="dash-hard mt-2"),
            _pages(asked, path, page, of),
        ]
    )


def register(app: Any) -> None:
    """What is ticked on the cards goes to the bar of actions."""
    ticks = {"mistake": EVERY, "asset": EVERY, "part": EVERY}

    @app.callback(
        Output(actions.chosen(BAR), "data"),
        Input(ticks, "value"),
        State(ticks, "id"),
        prevent_initial_call=True,
    )
    def choose(values: list[bool], ids: list[dict[str, Any]]) -> list[int]:
        both = zip(ids, values, strict=True)
        return sorted({int(one["asset"]) for one, ticked in both if ticked})


def _said(session: Session, project: Project, found: "DataFrame") -> dict[int, str]:
    """What the answers say in words, of labels that are no choice."""
    if project.label_type in CHOICES:
        return {}
    ontology = ontologies.current(session, project.id)
    payloads = reads.said_of(session, found.assignment_id.astype(int).tolist())
    return {
        i: labels.in_words(project.label_type, payload, ontology) for i, payload in payloads.items()
    }


def _card(
    row: Any,
    asked: Asked,
    names: dict[str, str],
    label_type: str,
    said: dict[int, str],
    is_gold: bool,
) -> Any:
    person = asked.address("/dashboards/labeller", labeller=int(row.labeller_id))
    who = dcc.Link(row.labeller, href=person)
    right, wrong = key_words(row.truth, names), key_words(row.said, names)
    what = [html.Strong(wrong), " by ", who, f", {moment(row.ended_at)}"]
    if row.fault != "wrong_class":
        what = [html.Strong(fault_words(label_type, row.fault)), *_which(row, names), " by ", who,
                f", {moment(row.ended_at)}"]  # fmt: skip
    tags = [parts.tag("gold", "quiet")] if is_gold else []
    tick = Tick(
        id={"mistake": int(row.assignment_id), "asset": int(row.asset_id), "part": row.fault},
        label=f"Choose {row.external_id}",
        value=False,
    )
    lines = [html.P(["Said: ", *what])]
    if row.fault == "wrong_class":
        lines.append(html.P(["Right: ", html.Strong(right)]))
    if int(row.assignment_id) in said:
        lines.append(html.P(said[int(row.assignment_id)], className="dash-quiet"))
    lines.append(html.P(why(row), className="dash-quiet"))
    named = parts.asset_link(row, row.external_id, className="dash-name")
    head = [html.Div([tick, named], className="dash-pick-head"), *tags]
    body = html.Div(
        [html.Div(head, className="dash-card-head p-0"), *lines,
         html.Div(f"{row.batch} · {row.stage}", className="dash-quiet")]
    )  # fmt: skip
    card = [parts.asset_link(row, parts.medium(row)), body]
    return html.Article(
        card, className="dash-asset red", **{"data-assignment": str(row.assignment_id)}
    )


def _which(row: Any, names: dict[str, str]) -> list[str]:
    key = row.truth or row.said
    many = f", {row.n:,} times" if row.n > 1 else ""
    return [f": {key_words(key, names)}{many}"] if key else [many]


def why(row: Any) -> str:
    """By what an answer is held wrong."""
    if row.truth_by == "gold":
        version = f"version {row.gold_version:.0f}"
        return f"Gold says so ({version}: {row.gold_reason})." if row.gold_reason else (
            f"Gold says so ({version}).")  # fmt: skip
    if row.truth_by == "review":
        who = DECIDED.get(row.method, "Somebody")
        by = f" ({row.decided_by})" if isinstance(row.decided_by, str) else ""
        return f"{who} decided so{by}."
    agreed = "" if row.agreement is None or math.isnan(row.agreement) else (
        f", of whom {100 * row.agreement:.0f} % agree")  # fmt: skip
    return f"So say the {row.answers:.0f} labellers together{agreed}."


def _pages(asked: Asked, path: str, page: int, of: int) -> Any:
    last = max(1, math.ceil(of / PAGE))
    first, until = (page - 1) * PAGE + 1, min(page * PAGE, of)
    links = [
        dcc.Link(text, href=asked.again(path, page=to), className="btn btn-sm")
        for text, to in (("Newer", page - 1), ("Older", page + 1))
        if 1 <= to <= last
    ]
    where = html.Span(f"{first:,} to {until:,} of {of:,}, the newest first", className="dash-note")
    return html.Nav([where, *links], className="dash-tools mt-2", **{"aria-label": "Pages"})
