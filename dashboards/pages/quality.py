"""Quality: how often answers are right, over time and by group, and what is taken for what."""

from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import confused, figures, parts, phrases
from dashboards import figures_quality as charts
from dashboards.asked import Asked
from dashboards.tables import Column, table
from metrics import definitions, reads
from metrics.reads import confusions, quality_trend

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/quality", "Quality", "Quality", True
GROUP, COMPARE = "Quality", True
FILTERS = ("project", "batch", "team", "vendor", "stage", "class", "labeller")
OWN = ("by", *confused.OWN)
RELIABLE, TENTATIVE = 0.8, 0.667  # Krippendorff's
MOST_GROUPS = 30
RATES = (
    # key, name, colour, marker, hits and n of the rows of days, what it needs
    ("gold", "Gold accuracy", figures.GREEN, "circle", "gold_correct", "gold_n",
     "of answers to gold are right", "Nobody answered gold in this period."),
    ("agreement", "Agreement with consensus", figures.PURPLE, "diamond", "consensus_agreed",
     "consensus_n", "of answers equal the consensus",
     "Agreement needs two answers to an asset or more."),
    ("acceptance", "First-pass acceptance", figures.BLUE, "square", "review_accepted", "review_n",
     "of reviewed labels stay unchanged", "Nothing of this period was reviewed."),
    ("rework", "Rework rate", figures.VERMILION, "triangle-up", "sent_back", "finished",
     "of finished labels come back", "No labelling task was finished, or the figures are narrowed "
     "to people: a label that comes back is nobody's until it is taken."),
)  # fmt: skip
BY = {"project": "project", "team": "team", "vendor": "vendor", "class": "class said",
      "stage": "stage", "labeller": "labeller"}  # fmt: skip


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    mine = parts.mine(scope, asked)
    at = parts.as_of(reads.as_of(session))
    rows = _rates(session, mine, asked)
    before = None if asked.compared is None else _rates(session, scope, asked.compared[0])
    taken, drill = confused.cards(session, mine, asked)
    return html.Div(
        [
            # What was asked for stands first: a page that is drawn anew begins at its top.
            *([drill] if drill is not None else []),
            _big(rows, before, asked),
            *_trends(rows, asked, at),
            _groups(session, mine, asked, at),
            *taken,
            _alphas(session, mine, asked),
        ],
        className="row g-3",
    )


def register(app: Any) -> None:
    """A cell of the map that is pressed leads to its answers, as the list beside it does."""

    confused.register(app)


def _rates(session: Session, scope: Any, asked: Asked) -> dict[str, "DataFrame"]:
    """The days that the rates are made of; of people there is no rework rate."""
    span = scope if asked.project_id is None else [asked.project_id], asked.since, asked.until
    days = quality_trend.quality_days(session, *span, asked.narrow)
    back = quality_trend.rework_days(session, *span, asked.narrow)
    narrowed = {"team", "vendor", "stage", "class", "labeller", "skill"} & set(asked.filters)
    return {"rework": back[:0] if narrowed else back, "": days}


def _share(rows: dict[str, "DataFrame"], key: str, hits: str, n: str) -> definitions.Share:
    found = rows.get(key, rows[""])
    of = int(found[n].sum())
    return definitions.share(min(float(found[hits].sum()), of), of)


def _big(rows: dict[str, "DataFrame"], before: dict[str, "DataFrame"] | None, asked: Asked) -> Any:
    shown = []
    for key, name, _, _, hits, n, unit, needs in RATES:
        now = _share(rows, key, hits, n)
        change, sense = "", 0
        if before is not None and asked.compared is not None:
            change, sense = _change(now, _share(before, key, hits, n), asked.compared[1])
            sense *= -1 if key == "rework" else 1
        shown.append(
            parts.figure(
                name, phrases.percent(now.value), key=key, unit=unit if now.n else needs,
                interval=_interval(now),
                support=f"n = {now.n:,}", change=change, sense=sense,
            )
        )  # fmt: skip
    return parts.figures(shown, f"Quality of {asked.span}")


def _interval(share: definitions.Share) -> str:
    if share.low is None or share.high is None:
        return ""
    return f"{100 * share.low:.1f} – {100 * share.high:.1f} %"


def _change(now: definitions.Share, before: definitions.Share, words: str) -> tuple[str, int]:
    moved = definitions.difference(now, before)
    if moved.value is None:
        return f"nothing to compare with in {words}", 0
    text = f"{100 * moved.value:+.1f} points".replace("-", "−")
    if not moved.moved:
        return f"no clear change on {words} ({text})", 0
    return f"{text} on {words}", 1 if moved.value > 0 else -1


def _trends(rows: dict[str, "DataFrame"], asked: Asked, at: str) -> list[Any]:
    cards = []
    for key, name, colour, marker, hits, n, _, needs in RATES:
        found = rows.get(key, rows[""])
        stretch = charts.stretches(figures.every_day(asked.since, asked.until), asked.until)
        line = quality_trend.shares_by_stretch(found, stretch, hits, n)
        title = f"{name} by {'week' if asked.days > 31 else 'day'}, 95 % intervals"
        body = (
            parts.chart(charts.share_over_time(line, colour, marker), title, 210)
            if len(line.dropna(subset=["value"]))
            else parts.empty("Undefined", needs)
        )
        cards.append(parts.card(title, body, note=at, size="6"))
    return cards


def _groups(session: Session, mine: Any, asked: Asked, at: str) -> Any:
    group = asked.own.get("by", "team")
    group = group if group in BY else "team"
    found = quality_trend.quality_by(session, mine, asked.since, asked.until, group, asked.narrow)
    listed = [(key, f"by {name}") for key, name in BY.items()]
    choice = html.Div(parts.picker("by", listed, group, "Groups"), className="dash-filters")
    if found.empty:
        nothing = parts.empty("Nothing was judged", "Answers are judged by gold, reviews and "
                              "consensus; a longer period may hold some.")  # fmt: skip
        return parts.card(f"Quality by {BY[group]}", [choice, nothing], note=at)
    columns = [Column("name", BY[group].capitalize()), Column("labels", "Labels", "count")]
    for key, name, *_ in RATES[:3]:
        columns += [
            Column(key, name, "rate", width=110, low=f"{key}_low", high=f"{key}_high"),
            Column(f"{key}_n", "n", "count", width=70),
        ]
    key = max(quality_trend.QUALITY, key=lambda one: found[f"{one}_n"].sum())
    some = found.head(MOST_GROUPS)
    whisk = some.assign(
        value=some[key], low=some[f"{key}_low"], high=some[f"{key}_high"], n=some[f"{key}_n"]
    )
    title = {one[0]: one[1] for one in RATES}[key]
    chart = parts.chart(
        charts.whiskers(whisk, title), f"{title} by {BY[group]}", 80 + 24 * len(some)
    )
    body = [
        choice,
        html.Div(
            [
                html.Div(table(f"quality-by-{group}", found, columns, label="groups"),
                         className="col-12 col-xl-7"),
                html.Div(chart, className="col-12 col-xl-5"),
            ],
            className="row g-3 mt-0",
        ),
    ]  # fmt: skip
    return parts.card(f"Quality by {BY[group]}, 95 % intervals", body, note=at)


def _alphas(session: Session, mine: Any, asked: Asked) -> Any:
    found = confusions.alphas(session, mine, asked.project_id)
    title = "Krippendorff's α of delivered batches, 95 % intervals"
    if found.empty:
        nothing = parts.empty(
            "No delivered batch has an α",
            "α is worked out when a batch is delivered, from assets with two answers or more. A "
            "batch in progress shows its own on its page.",
            ("Go to batches", "/batches"),
        )
        return parts.card(title, nothing)
    note = parts.as_of(found["at"].max())
    chart = parts.chart(charts.alphas(found, RELIABLE, TENTATIVE), title, 220)
    text = "From 0.8 on usually called reliable, from 0.667 good for tentative conclusions."
    return parts.card(title, [chart, html.P(text, className="dash-note")], note=note)
