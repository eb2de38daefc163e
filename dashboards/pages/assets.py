"""Assets that are slow or ambiguous: pictures, what their difficulty is made of, and why."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import parts
from dashboards.asked import Asked
from metrics import reads

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/assets", "Assets", "Slow and ambiguous assets", False
GROUP = "Data"
FILTERS, OWN = ("project", "class"), ("colour",)
MOST = 60
COLOURS = ("red", "yellow", "green")
NAMES = {"red": "Red: hard", "yellow": "Yellow: noted", "green": "Green: usual"}
TAGS = {"red": "bad", "yellow": "warn", "green": "good"}


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    counts = reads.colours(session, scope, asked.project_id)
    if counts.empty:
        return parts.empty(
            "No asset has been judged yet",
            "Difficulty needs answers: ask for two or more for each asset, and look here again a "
            "minute after the first are in.",
            ("Go to projects", "/projects"),
        )
    chosen = asked.project_id, asked.label, _colour(asked)
    found = reads.hard_assets(session, scope, *chosen, limit=MOST)
    return html.Div([_filters(counts, asked), _cards(found)])


def _colour(asked: Asked) -> str | None:
    colour = asked.own.get("colour")
    return colour if colour in COLOURS else None


def _filters(counts: "DataFrame", asked: Asked) -> Any:
    of_class = counts if asked.label is None else counts[counts.label == asked.label]
    totals = of_class.groupby("colour").n.sum()
    listed: list[tuple[Any, str]] = [(None, f"All ({totals.sum():,})")]
    listed += [(c, f"{NAMES[c]} ({totals.get(c, 0):,})") for c in COLOURS]
    return html.Div(parts.links(PATH, asked, "colour", listed, "Colour"), className="dash-filters")


def _cards(found: "DataFrame") -> Any:
    if found.empty:
        return parts.empty("No asset matches", "Choose another colour or class.")
    shown = [_card(row) for row in found.itertuples(index=False)]
    note = f"Judged up to {parts.moment(found['at'].max())}. The hardest first"
    if len(found) == MOST:
        note += f"; the first {MOST} are shown"
    return html.Div(
        [html.P(f"{note}.", className="dash-note"), html.Div(shown, className="dash-hard")]
    )


def _card(row: Any) -> Any:
    return html.Article(
        [
            parts.asset_link(row, parts.medium(row)),
            html.Div(
                [
                    html.Div(
                        [
                            parts.asset_link(row, row.external_id, className="dash-name"),
                            parts.tag(NAMES[row.colour].split(":")[0], TAGS[row.colour]),
                        ],
                        className="dash-card-head p-0",
                    ),
                    html.P(row.reason or "Neither slow nor disputed more than usual."),
                    html.Ul([html.Li(line) for line in made_of(row.parts)]),
                    html.Div(
                        " · ".join(
                            part
                            for part in (row.project, row.batch, _label(row.said))
                            if part is not None
                        ),
                        className="dash-quiet",
                    ),
                ]
            ),
        ],
        className=f"dash-asset {row.colour}",
    )


def _label(said: str | None) -> str | None:
    return None if said is None else f"labelled {said}"


def made_of(of: dict[str, Any]) -> list[str]:
    """The parts of a difficulty in words: time, disagreement, skips, questions."""
    lines = []
    if "time_effect" in of:
        low, high = (math.exp(of["time_effect"] + k * 1.96 * of["time_se"]) for k in (-1, 1))
        lines.append(
            f"Time: {math.exp(of['time_effect']):.1f} × the usual (95 %: {low:.1f} – {high:.1f})"
        )
    else:
        lines.append(f"Time: undefined{': ' + of['times'] if of.get('times') else ''}")
    usual = f", {of['expected']:.1f} usual" if "expected" in of else ""
    lines.append(
        f"Disagreement: {of.get('disagreement', 0)} of {of.get('answers', 0)} differ{usual}"
    )
    lines.append(f"Skips: {of.get('skips', 0)}; asked about it: {of.get('questions', 0)}")
    return lines
