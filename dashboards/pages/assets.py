"""Assets that are slow or ambiguous: pictures, what their difficulty is made of, and why."""

import math
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from sqlalchemy.orm import Session

from dashboards import actions, gallery, parts
from dashboards.asked import Asked
from dashboards.controls import Typed
from dashboards.tables import Column, table
from metrics import reads
from metrics.reads import assets, balance, hardness

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/assets", "Assets", "Slow and ambiguous assets", False
GROUP = "Data"
FILTERS, OWN = ("project", "batch", "class"), ("colour", "slice", "search", "page")
PER_PAGE = 24
LEAST = 0.005  # of a difficulty, that is worth a line
KINDS = ("asset.review", "asset.experts", "asset.overlap", "asset.gold")
NAMES = {"red": "Red: hard", "yellow": "Yellow: noted", "green": "Green: usual"}
TAGS = {"red": "bad", "yellow": "warn", "green": "good"}


def register(app: Any) -> None:
    """What is ticked goes to the action bar."""
    gallery.register(app, "assets")


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    page, wanted = gallery.page_of(asked), _wanted(asked)
    found = assets.hard(session, scope, wanted, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    if found.empty and wanted == assets.Hard(project_id=asked.project_id) and page == 1:
        return parts.empty(
            "No asset has been judged yet",
            "Difficulty needs answers: ask for two or more for each asset, and look here again a "
            "minute after the first are in.",
            ("Go to projects", "/projects"),
        )
    counts = reads.colours(session, scope, asked.project_id, asked.batch_id)
    return html.Div(
        [
            _unusable(session, scope, asked.project_id),
            _slices(session, scope, asked),
            html.Div([_filters(session, scope, counts, asked), _cards(found, page, asked)],
                     className="col-12"),
        ],
        className="row g-3",
    )  # fmt: skip


def _wanted(asked: Asked) -> assets.Hard:
    colour = asked.own.get("colour")
    key, _, value = asked.own.get("slice", "").partition("=")
    return assets.Hard(
        project_id=asked.project_id,
        batch_id=asked.batch_id,
        label=asked.label,
        colour=colour if colour in assets.COLOURS else None,
        slice_=(key, value) if key and value else None,
        search=asked.own.get("search") or None,
    )


def _unusable(session: Session, scope: Any, project_id: int | None) -> Any:
    """Which projects' times say nothing of assets, and why."""
    fits = hardness.timing_fits(session, scope, project_id)
    rows: list[Any] = list(fits.itertuples(index=False))
    told = [f"{row.project}: {row.why}" for row in rows if not row.usable and row.why]
    if not told:
        return None
    words = "Times are not used here, so difficulty rests on disagreement, skips and questions. "
    return html.P(words + " ".join(told), className="dash-note mb-0")


def _slices(session: Session, scope: Any, asked: Asked) -> Any:
    """Classes and values of metadata that take longer, or go wrong more often, than the rest."""
    if asked.project_id is None:
        return None
    found = hardness.slices(session, scope, asked.project_id)
    if found.empty:
        return None
    hard = found[found.colour != "green"]
    lines = [
        html.Li([html.Span(row.reason), " ", _see(row, asked)], className="moved")
        for row in hard.itertuples(index=False)
    ]
    words: Any = (
        html.Ul(lines, className="dash-words")
        if lines
        else html.P(
            "No class and no value of the metadata is harder than the rest, as far as can be told."
        )
    )
    rows = found.assign(
        marked=found.colour != "green",
        told=[NAMES[c] for c in found.colour],
        time=[_times(*one) for one in zip(found.time_ratio, found.time_low, found.time_high,
                                          strict=True)],
        wrong=[_times(*one) for one in zip(found.wrong_ratio, found.wrong_low, found.wrong_high,
                                           strict=True)],
    )  # fmt: skip
    columns = (
        Column("title", "Slice", width=160), Column("told", "Colour", width=120),
        Column("time", "Takes (95 %)", width=150), Column("answers", "Timed answers", "count"),
        Column("wrong", "Goes wrong (95 %)", width=150),
        Column("judged", "Judged answers", "count"), Column("assets", "Assets", "count"),
    )  # fmt: skip
    every = html.Details(
        [html.Summary(f"All {len(found)} slices"),
         table("slices", rows, columns, label="slices", marked="marked", height=8)]
    )  # fmt: skip
    note = parts.as_of(found["at"].max())
    return parts.card("Slices: what takes longer or goes wrong more often", [words, every],
                      note=note)  # fmt: skip


def _see(row: Any, asked: Asked) -> Any:
    change: dict[str, Any] = {"page": None}
    if row.dimension == "class":
        change["class"] = row.value
    else:
        change["slice"] = f"{row.dimension.removeprefix(balance.SLICE)}={row.value}"
    return dcc.Link("See them", href=asked.again(PATH, **change))


def _times(ratio: float, low: float, high: float) -> str:
    if math.isnan(ratio):
        return "undefined"
    within = "" if math.isnan(low) else f" ({low:.1f} – {high:.1f})"
    return f"{ratio:.1f} ×{within}"


def _filters(session: Session, scope: Any, counts: "DataFrame", asked: Asked) -> Any:
    of_class = counts[counts.label == asked.label] if asked.label else counts[counts.label.isna()]
    totals = of_class.groupby("colour").n.sum()
    listed: list[tuple[Any, str]] = [(None, f"All ({totals.sum():,})")]
    listed += [(c, f"{NAMES[c]} ({totals.get(c, 0):,})") for c in assets.COLOURS]
    colours = parts.links(PATH, asked, "colour", listed, "Colour")
    fields = [colours]
    if asked.project_id is not None:
        values = _values(session, scope, asked.project_id)
        fields.append(parts.picker("slice", values, asked.own.get("slice"), "Metadata", "any"))
    fields.append(
        Typed(id={"filter": "search"}, type="search", value=asked.own.get("search", ""),
              label="Name holds", shown=True, maxLength=assets.LONGEST)
    )  # fmt: skip
    return html.Div(fields, className="dash-filters")


def _values(session: Session, scope: Any, project_id: int) -> list[tuple[str, str]]:
    found = balance.values(session, scope, project_id)
    names = [str(d).removeprefix(balance.SLICE) for d in found.dimension]
    return [(f"{k}={v}", f"{k}: {v}") for k, v in zip(names, found.value, strict=True)]


def _cards(found: "DataFrame", page: int, asked: Asked) -> Any:
    if found.empty:
        return parts.empty("No asset matches", "Choose another colour, class, slice or name.")
    shown = found.head(PER_PAGE)
    note = f"Judged up to {parts.moment(shown['at'].max())}. The hardest first"
    if _wanted(asked).filters:
        note += f"; among the {assets.MOST_SEARCHED:,} hardest of each colour"
    return html.Div(
        [
            html.P(f"{note}.", className="dash-note"),
            actions.bar("assets", KINDS, project_id=asked.project_id),
            html.Div(
                gallery.cards("assets", shown.itertuples(index=False), _about, label="Assets",
                              marked=lambda row: f"dash-asset {row.colour}"),
                className="dash-cards",
            ),
            gallery.pages(PATH, asked, page, len(found) > PER_PAGE),
        ]
    )  # fmt: skip


def _about(row: Any) -> Any:
    where = [row.project, row.batch, None if row.said is None else f"labelled {row.said}"]
    return html.Div(
        [
            parts.tag(NAMES[row.colour].split(":")[0], TAGS[row.colour]),
            html.P(row.reason or "Neither slow nor disputed more than usual.", className="mb-1"),
            html.Ul([_part(one) for one in _told(row.parts)], className="dash-parts"),
            html.Div(" · ".join(part for part in where if part is not None),
                     className="dash-quiet"),
        ]
    )  # fmt: skip


def _told(held: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts that say something: what contributed, and what was measured above nothing."""
    rows = hardness.parts_of(held)
    return [one for one in rows if abs(one["contribution"]) >= LEAST or one["value"] > 0]


def _part(one: dict[str, Any]) -> Any:
    """A part of the difficulty: what it contributed as a bar, and what was measured in words."""
    share = one["contribution"]
    known = not math.isnan(share)
    width = f"{100 * min(max(share, 0), 1):.0f}%" if known else "0"
    return html.Li(
        [
            html.Span(one["title"], className="dash-quiet"),
            html.Span(className="bar", style={"width": width}),
            html.Span(f"{100 * share:.0f} %" if known else ""),
            html.Span(one["said"], className="said"),
        ]
    )
