"""What is taken for what in a project: a map or bars, a list of pairs, and the answers of one."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dash import Input, Output, State, dcc, html, no_update
from sqlalchemy.orm import Session

from dashboards import asked as addresses
from dashboards import figures_quality as charts
from dashboards import mistakes, parts, phrases
from dashboards.asked import Asked
from dashboards.rows import each, pressed
from dashboards.tables import Column, table
from metrics import definitions
from metrics.models import JUDGED_BY
from metrics.reads import confusions
from metrics.reads.confusions import Pair
from ops import clock_time
from ops.labels import CHOICES

if TYPE_CHECKING:
    from pandas import DataFrame

PATH = "/dashboards/quality"
OWN = ("against", "truth", "said", "fault", "page")
HEAT = "confusion-map"
MOST_PAIRS = 200
AGAINST = {"gold": "gold", "review": "reviews", "consensus": "consensus"}


def register(app: Any) -> None:
    """A cell of the map that is pressed leads to its answers, as the list beside it does."""

    @app.callback(
        Output("at", "search", allow_duplicate=True),
        Input(HEAT, "clickData"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def drill(told: Any, search: str | None) -> Any:
        cell = pressed(told, "y", "x")
        if cell is None:
            return no_update
        truth, said = (str(key)[: addresses.LONGEST] for key in cell)
        if truth == said or charts.REST in (truth, said):
            return no_update
        asked = addresses.parse(search, clock_time.now().date(), ("by", *OWN))
        return mistakes.address_of(asked, "", Pair(truth, said))

    mistakes.register(app)


def cards(session: Session, mine: Any, asked: Asked) -> tuple[list[Any], Any]:
    """What is taken for what in one project; and the answers of a pair, where one is asked for."""
    at = parts.as_of(confusions.confusions_as_of(session))
    listed = confusions.judged_projects(session, mine, asked.since, asked.until, asked.narrow)
    if listed.empty:
        nothing = parts.empty(
            "Nothing to compare with yet",
            "Mark known assets as gold, ask for two answers or more, or for reviews: then it is "
            "counted here what is taken for what.",
            ("Go to projects", "/projects"),
        )
        return [parts.card("What is taken for what", nothing, note=at)], None
    first: Any = next(each(listed))
    project_id = int(first.project_id)
    narrow = replace(asked.narrow, project_id=project_id)
    against = asked.own.get("against")
    against = against if against in JUDGED_BY else None
    found = confusions.confusions(session, mine, asked.since, asked.until, narrow, against)
    names = mistakes.names_of(session, project_id)
    choice = parts.links(
        PATH, asked, "against",
        [(None, "all that is known"), *((key, f"by {AGAINST[key]}") for key in JUDGED_BY)],
        "What is held right",
    )  # fmt: skip
    others = _others(listed, asked) if len(listed) > 1 else ""
    pairs = _pairs(found, names, first.label_type, asked)
    title = f"What is taken for what in {first.project}"
    top = [html.Div([choice, others], className="dash-filters")]
    if pairs.empty:
        text = f"{int(found.n.sum()):,} answers were judged, and all of them are right."
        shown = [parts.card(title, [*top, parts.empty("No mistake", text)], note=at)]
    else:
        drawn = _map(found, names, first.label_type)
        shown = [parts.card(title, [*top, html.Div(drawn)], note=at, size="7"),
                 parts.card("The most frequent mistakes", _list(pairs), note=at,
                            size="5")]  # fmt: skip
    drill, pair = None, mistakes.pair_of(asked)
    if pair is not None:
        drill = _drill(session, mine, asked, narrow, pair, against, found, names, first)
    return shown, drill


def _others(listed: Any, asked: Asked) -> Any:
    more = [
        html.Li(dcc.Link(f"{row.project} ({row.wrong:,} of {row.n:,})",
                         href=asked.again(PATH, project=int(row.project_id), truth=None, said=None,
                                          fault=None, page=None)))
        for row in each(listed.iloc[1:9])
    ]  # fmt: skip
    others = len(listed) - 1
    text = "1 other project" if others == 1 else f"{others} other projects"
    return html.Details([html.Summary(text), html.Ul(more)], className="mt-0")


def _map(found: "DataFrame", names: dict[str, str], label_type: str) -> Any:
    if label_type not in CHOICES:
        wrong = found[found.fault != ""].groupby("fault")[["n"]].sum().reset_index()
        wrong["share"] = wrong.n / found.n.sum()
        wrong["words"] = [mistakes.fault_words(label_type, fault) for fault in wrong.fault]
        label = "Mistakes by kind, with their share of all that was judged"
        return parts.chart(charts.faults(wrong), label, 90 + 34 * len(wrong))
    figure = charts.confusion(found, names)
    size = 130 + 34 * max(len(figure["data"][0]["y"]), 4)
    graph = parts.graph(figure, size, id=HEAT)
    label = "Matrix of confusion: rows are right, columns were said. The same stands in the list."
    note = html.P("Rows are what is right, columns what was said; a cell has its count and its "
                  "share of the row. Press one to see the answers.",
                  className="dash-note")  # fmt: skip
    return [html.Div(graph, role="img", **{"aria-label": label}), note]


def _pairs(found: "DataFrame", names: dict[str, str], label_type: str, asked: Asked) -> "DataFrame":
    """Each kind of mistake with its share of what is right, the most frequent first."""
    of = found.groupby("truth").n.sum()
    wrong = found[found.fault != ""].sort_values(
        ["n", "truth", "said"], ascending=[False, True, True], ignore_index=True
    ).head(MOST_PAIRS)  # fmt: skip
    # What should not be there has no row of its own: it is held against all that was judged.
    total = wrong.truth.map(of).where(wrong.truth != "", found.n.sum()).astype(int)
    value, low, high = definitions.shares(wrong.n, total)
    wrong = wrong.assign(share=value, low=low, high=high, of=total)
    wrong["pair"] = [mistakes.pair_words(row, names, label_type) for row in each(wrong)]
    wrong["link"] = [
        mistakes.address_of(asked, PATH, Pair(truth, said, fault))
        for truth, said, fault in zip(wrong.truth, wrong.said, wrong.fault, strict=True)
    ]
    return wrong


def _list(pairs: "DataFrame") -> Any:
    columns = [
        Column("pair", "Said for what is right", href="link", width=170),
        Column("n", "n", "count", width=66),
        Column("share", "Share of the row", "rate", low="low", high="high"),
        Column("of", "Row", "count", width=76),
    ]
    return table("confused-pairs", pairs, columns, label="kinds of mistake", height=12)


def _drill(
    session: Session,
    mine: Any,
    asked: Asked,
    narrow: Any,
    pair: Pair,
    against: str | None,
    found: "DataFrame",
    names: dict[str, str],
    first: Any,
) -> Any:
    chosen = found[found.fault != ""]
    for name, value in pair._asdict().items():
        if value is not None:
            chosen = chosen[chosen[name] == value]
    of = confusions.how_many(session, mine, asked.since, asked.until, narrow, pair, against)
    share = definitions.share(int(chosen.n.sum()), int(found.n.sum()))
    back = dcc.Link("Close", href=mistakes.address_of(asked, PATH, None), className="btn btn-sm")
    words = _words(pair, names, first.label_type)
    note = [html.Span(f"{phrases.rate(*share[:1], share.low, share.high, share.n)} of all judged"),
            back]  # fmt: skip
    body = mistakes.shown(session, mine, asked, PATH, narrow, pair, of, against)
    return html.Div(
        parts.card(f"{words}: {of:,} answers", body, note=html.Div(note, className="dash-tools")),
        id="mistakes", className="col-12",
    )  # fmt: skip


def _words(pair: Pair, names: dict[str, str], label_type: str) -> str:
    if pair.fault not in (None, "wrong_class"):
        key = pair.truth or pair.said
        which = f": {mistakes.key_words(key, names)}" if key else ""
        return f"{mistakes.fault_words(label_type, pair.fault)}{which}"
    said, truth = (
        "anything" if key is None else mistakes.key_words(key, names)
        for key in (pair.said, pair.truth)
    )
    return f"Said {said} where {truth} is right"
