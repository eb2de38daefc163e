"""Labellers: a table to sort and take away, and speed against accuracy."""

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dash import Input, Output, State, html, no_update
from sqlalchemy.orm import Session

from dashboards import actions, parts
from dashboards import asked as addresses
from dashboards import figures_labeller as charts
from dashboards.asked import Asked
from dashboards.rows import each, pressed
from dashboards.tables import Column, table
from metrics import reads
from metrics.reads import hardness
from metrics.reads import labeller as people
from metrics.reads.labeller_trends import with_trends
from ops import clock_time

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/labellers", "Labellers", "Labellers", True
GROUP = "Quality"
FILTERS = ("project", "batch", "team", "vendor", "stage", "class", "skill")
PERSON = "/dashboards/labeller"
MAP = "labellers-map"
DEEDS = ("labeller.message", "labeller.assign", "labeller.pause", "labeller.resume")


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    mine = parts.mine(scope, asked)
    found = read(session, mine, asked)
    at = parts.as_of(reads.as_of(session))
    if found.empty:
        return parts.empty(
            f"Nobody submitted a label in these {asked.days} days",
            "Choose a longer period, or see whether the project has members and open work.",
            ("Go to projects", "/projects"),
        )
    one = asked.project_id is not None
    figure = charts.quadrant(found)
    missing = int(found[["median_seconds", "standing"]].isna().any(axis=1).sum())
    graph = parts.graph(figure, 440, id=MAP)
    speed = "Speed against accuracy, 95 % intervals"
    note = "Point at somebody for the figures; press to see their page."
    if missing:
        note += f" {missing} without a standing or a measured time are left out."
    return html.Div(
        [
            parts.card(f"Labellers over {asked.span}", grid(found, asked, one), note=at),
            parts.card(
                speed,
                [html.Div(graph, role="img", **{"aria-label": f"{speed}; the table has them all"}),
                 html.P(note, className="dash-note")],
                note=at, size="8",
            ),
            parts.card("Flagged, and why", _flagged(found), size="4"),
        ],
        className="row g-3",
    )  # fmt: skip


def register(app: Any) -> None:
    """Who is pressed on the map is shown on a page of their own, as the table's links do."""

    @app.callback(
        Output("at", "href"),
        Input(MAP, "clickData"),
        State("at", "search"),
        prevent_initial_call=True,
    )
    def person(told: Any, search: str | None) -> Any:
        point = pressed(told, "customdata")
        ids = point[0][:2] if point is not None and isinstance(point[0], list) else []
        if len(ids) < 2 or not all(type(one) is int for one in ids):
            return no_update
        labeller_id, project_id = ids
        asked = addresses.parse(search, clock_time.now().date())
        return asked.address(PERSON, labeller=labeller_id, project=project_id)


def read(session: Session, scope: Any, asked: Asked) -> "DataFrame":
    """Labellers of the period with the reasons for which they are flagged, most labels first."""
    stages = None if asked.stage else reads.LABELLING
    span = scope, asked.since, asked.until
    found = reads.labellers(session, *span, stages, narrow=asked.narrow)
    found = found[found.decided > 0]
    found = with_trends(session, *span, found.reset_index(drop=True), asked.narrow)
    flags = reads.flagged_labellers(session, scope, asked.project_id, limit=10_000)
    reasons = flags.groupby(["labeller_id", "project_id"]).reason.agg(" ".join).to_dict()
    keys = zip(found.labeller_id, found.project_id, strict=True)
    where = people.places(session, scope, found.labeller_id.astype(int).unique().tolist())
    told = _signals(session, scope)
    found = found.assign(
        signals=[
            told.get(key, "") for key in zip(found.labeller_id, found.project_id, strict=True)
        ],
        flagged=[reasons.get(key, "") for key in keys],
        vendor=[where[int(i)]["vendor"] or "" for i in found.labeller_id],
        team=[where[int(i)]["team"] or "" for i in found.labeller_id],
        paused=[where[int(i)]["paused"] for i in found.labeller_id],
    )
    return found.sort_values(["labels", "labeller"], ascending=[False, True], ignore_index=True)


def _signals(session: Session, scope: Any) -> dict[tuple[int, int], str]:
    """(labeller, project) → the signals of theirs whose interval leaves "no change" out."""
    found = hardness.signals(session, scope)
    words: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in each(found):
        none = 1.0 if row.unit == "×" else 0.0
        if row.signal != "copies" and not row.low <= none <= row.high:
            words[row.labeller_id, row.project_id].append(row.said)
    return {key: " ".join(some) for key, some in words.items()}


def grid(found: "DataFrame", asked: Asked, one: bool) -> Any:
    """The table; in one project people can be ticked."""
    rows = found.assign(
        id=found.labeller_id,
        link=[
            asked.address(PERSON, labeller=int(row.labeller_id), project=int(row.project_id))
            for row in each(found)
        ],
        mark=[_mark(row) for row in each(found)],
        time_trend=[time_words(row) for row in each(found)],
        gold_trend=[share_words(row, "gold") for row in each(found)],
        agreement_trend=[share_words(row, "agreement") for row in each(found)],
        stands_out=found.flagged != "",
    )
    shared = [] if one else [Column("project", "Project", width=140)]
    before = f"Against the {asked.days} days before; only what stands out of chance, 5 % false"
    columns = [
        Column("labeller", "Labeller", href="link", width=150),
        Column("mark", "Flag", width=84, tip="flagged"),
        Column("team", "Team", width=92),
        Column("vendor", "Vendor", width=92),
        *shared,
        Column("labels", "Labels", "count", width=80),
        Column("active_hours", "Active hours", "tenth", width=80),
        Column("median_seconds", "Median seconds", "tenth", width=90),
        Column("time_trend", "Time trend", width=104, note=before),
        Column("pace", "Pace (1 is usual)", "hundredth", width=86),
        Column("standing", "Standing", "rate", low="standing_low", high="standing_high"),
        Column("gold", "Gold accuracy", "rate", low="gold_low", high="gold_high"),
        Column("gold_n", "Gold n", "count", width=70),
        Column("gold_trend", "Gold trend", width=104, note=before),
        Column("agreement", "Agreement", "rate", low="agreement_low", high="agreement_high"),
        Column("agreement_n", "Agreement n", "count", width=96),
        Column("agreement_trend", "Agreement trend", width=104, note=before),
        Column("acceptance", "First-pass acceptance", "rate", low="acceptance_low",
               high="acceptance_high"),
        Column("acceptance_n", "Reviewed", "count", width=88),
        Column("skip_rate", "Skipped", "rate", low="skip_rate_low", high="skip_rate_high"),
        Column("decided", "Decided", "count", width=86),
        Column("flagged", "Why flagged", width=320, tip="flagged"),
        Column("signals", "Signals", width=320, tip="signals",
               note="How time and accuracy change with experience, weeks, and hours of a shift"),
    ]  # fmt: skip
    grid = table("labellers", rows, columns, label="labellers", choose=one, marked="stands_out")
    if one:
        return [grid, actions.bar("labellers", DEEDS, project_id=asked.project_id)]
    text = "Choose a project to pause, assign or message the people you tick."
    return [grid, html.P(text, className="dash-note mt-2 mb-0")]


def _mark(row: Any) -> str:
    return " ".join(["flagged"] * bool(row.flagged) + ["paused"] * bool(row.paused))


def time_words(row: Any) -> str:
    """How the median time moved, where it surely did; nothing to compare with is told, too."""
    if math.isnan(row.time_change):
        return "no earlier"
    if not row.time_moved:
        return "–"
    percent = abs(100 * (row.time_change - 1))
    return f"▲ {percent:.0f} % slower" if row.time_change > 1 else f"▼ {percent:.0f} % faster"


def share_words(row: Any, name: str) -> str:
    """The same of a share, in points."""
    change = getattr(row, f"{name}_change")
    if math.isnan(change):
        return "no earlier"
    if not getattr(row, f"{name}_moved"):
        return "–"
    return f"{'▲' if change > 0 else '▼'} {abs(100 * change):.1f} points"


def _flagged(found: "DataFrame") -> Any:
    some = found[found.flagged != ""].rename(columns={"flagged": "reason"})
    people_ = parts.flagged_people(some) if len(some) else html.P("Nobody is flagged.")
    return [people_, html.Details([html.Summary("How to read this page"), _guide()])]


def _guide() -> Any:
    lines = (
        ("Standing", "is what is believed of a labeller's accuracy, from gold, reviews and "
         "consensus; gold alone says less and its interval is wider."),
        ("Median seconds", "are active seconds per label, idle time cut off. Half of the answers "
         "took less."),
        ("Pace", "compares a labeller with the usual time: 0.8 takes a fifth less."),
        ("Trends", "compare with the period before and are shown only where they are unlikely to "
         "be chance, with all people of the table tested together; – is no clear change."),
        ("Dashed lines", "are the medians of all labellers shown. Named are those who are flagged "
         "or surely away from both."),
        ("Flagged", "is who is often wrong, or too fast and wrong, at a stated rate of false "
         "alarms. Look at their answers before you talk to them."),
    )  # fmt: skip
    return html.Dl([part for term, text in lines for part in (html.Dt(term), html.Dd(text))])
