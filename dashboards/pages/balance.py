"""Data balance: classes, slices, what newer data has otherwise, and what is nearly the same."""

import math
from typing import TYPE_CHECKING, Any

from dash import html
from sqlalchemy.orm import Session

from dashboards import figures_data, parts
from dashboards.asked import Asked
from dashboards.phrases import UNDEFINED, percent
from dashboards.tables import Column, table
from metrics.reads import balance as reads
from metrics.reads import embedding_map as maps

if TYPE_CHECKING:
    from pandas import DataFrame

PATH, NAME, TITLE, PERIOD = "/dashboards/balance", "Data balance", "Data balance", False
GROUP, FILTERS, OWN = "Data", ("project", "batch"), ("by", "newer")
LEVEL = 0.05
LATELY = (7, 30)  # days that may be held against what came before
MOST_MOVED, MOST_TWINS = 3, 12
MOST_CELLS = 40  # classes or values shown in the table of counts


def register(_app: Any) -> None:
    """This page needs nothing beyond its address."""


def layout(session: Session, scope: Any, asked: Asked) -> Any:
    """The whole page, read in one snapshot."""
    if asked.project_id is None:
        return parts.empty(
            "Choose a project",
            "What data is made of is told project by project: classes mean something within one.",
        )
    project_id = asked.project_id
    at = reads.counted_at(session, scope, project_id)
    found = reads.classes(session, scope, project_id, asked.batch_id)
    if at is None or found.empty:
        return parts.empty(
            "No label is counted yet",
            "Labels in force are counted by class within five minutes of being there. Answers that "
            "are text or attributes have no classes.",
            ("Go to the project", f"/projects/{project_id}"),
        )
    note = parts.as_of(at)
    return html.Div(
        [
            _totals(reads.totals(session, scope, project_id, asked.batch_id), found),
            *_classes(found, note),
            _slices(session, scope, asked, note),
            _drift(session, scope, asked, note),
            _twins(session, scope, project_id),
        ],
        className="row g-3",
    )


def _totals(of: dict[str, int], found: "DataFrame") -> Any:
    ratio = found.objects.max() / max(int(found.objects.min()), 1)
    rarest = found.iloc[-1]
    share = of["labelled"] / of["assets"] if of["assets"] else float("nan")
    return parts.figures(
        [
            parts.figure("Assets", f"{of['assets']:,}", key="assets", support="a full count"),
            parts.figure("Labelled", f"{of['labelled']:,}", key="labelled",
                         unit=f"{percent(share)} of the assets"),
            parts.figure("Labels or objects", f"{of['objects']:,}", key="objects",
                         support="in force now"),
            parts.figure("Classes", f"{len(found):,}", key="classes",
                         unit=f"rarest: {rarest.label_class} ({rarest.objects:,})"),
            parts.figure("Imbalance", f"{ratio:,.1f} ×", key="imbalance",
                         unit="commonest to rarest class"),
        ],
        "What the data is made of",
    )  # fmt: skip


def _classes(found: "DataFrame", note: str) -> list[Any]:
    shown = "the commonest first"
    if len(found) > figures_data.MOST_BARS:
        shown = f"the {figures_data.MOST_BARS} commonest of {len(found):,}"
    title = f"Labels in force by class, {shown}"
    columns = (
        Column("label_class", "Class"),
        Column("objects", "Labels", "count"),
        Column("assets", "Assets", "count"),
        Column("share", "Share", "rate", low="low", high="high"),
    )
    return [
        parts.card(title, parts.chart(figures_data.classes(found), title, 330), note=note,
                   size="7"),
        parts.card("Classes", table("classes", found, columns, label="classes", height=8),
                   note=note, size="5"),
    ]  # fmt: skip


def _slices(session: Session, scope: Any, asked: Asked, note: str) -> Any:
    project_id = asked.project_id or 0
    dimensions = reads.dimensions(session, scope, project_id)
    left_out = reads.left_out(session, scope, project_id)
    told = (
        [html.P(f"Not counted, because they have more than {50} values: {', '.join(left_out)}.",
                className="dash-note")]
        if left_out else []
    )  # fmt: skip
    keys = [*dimensions.dimension, reads.COLOUR]
    by = asked.own.get("by", keys[0])
    by = by if by in keys else keys[0]
    picker = parts.picker("by", [(key, _named(key)) for key in keys], by, "Slices by")
    found = reads.cross(session, scope, project_id, by, asked.batch_id)
    title = f"Class by {_named(by)}: how many labels each slice has"
    return parts.card(
        title,
        [html.Div(picker, className="dash-filters"), html.Div(_counts(found, by)), *told],
        note=note,
    )


def _named(dimension: str) -> str:
    return "difficulty" if dimension == reads.COLOUR else dimension.removeprefix(reads.SLICE)


def _counts(found: "DataFrame", by: str) -> Any:
    """The table of counts; a cell with nothing stands out."""
    named = found[found.label_class != ""]
    if named.empty:
        return parts.empty("Nothing is labelled here", "No asset of these slices has a label yet.")
    grid = named.pivot_table(
        index="label_class", columns="value", values="objects", aggfunc="sum", fill_value=0
    )
    every = found[found.label_class == ""].groupby("value").assets.sum()
    grid = grid.reindex(columns=every.sort_values(ascending=False).index, fill_value=0)
    grid = grid.loc[grid.sum(axis=1).sort_values(ascending=False).index]
    empty = [(c, v) for c in grid.index for v in grid.columns if not grid.at[c, v]]
    part = grid.iloc[:MOST_CELLS, :MOST_CELLS]
    most = max(float(part.to_numpy().max()), 1.0)
    heads = [html.Th("Class", scope="col")]
    heads += [html.Th([str(v), html.Br(), html.Small(f"{every[v]:,} assets")], scope="col")
              for v in part.columns]  # fmt: skip
    rows = [
        html.Tr([html.Th(str(label), scope="row"), *(_cell(int(n), most) for n in part.loc[label])])
        for label in part.index
    ]
    listed = ", ".join(f"{c} with {_named(by)} {v}" for c, v in empty[:8])
    more = f" and {len(empty) - 8} more" if len(empty) > 8 else ""
    words = f"Empty: {listed}{more}." if empty else "Every class occurs in every slice."
    flat = named.rename(columns={"value": "slice"})
    columns = (
        Column("label_class", "Class"), Column("slice", _named(by).capitalize()),
        Column("objects", "Labels", "count"), Column("assets", "Assets", "count"),
    )  # fmt: skip
    as_list = html.Details(
        [html.Summary("As a list"), table("slices", flat, columns, label="classes and slices")]
    )
    return [
        html.Div(html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)]),
                 className="dash-counts", tabIndex=0, role="region",
                 **{"aria-label": f"Class by {_named(by)}"}),
        html.P(words, className="mt-2 mb-0"),
        as_list,
    ]  # fmt: skip


def _cell(n: int, most: float) -> Any:
    if not n:
        return html.Td("0", className="none")
    depth = 4 + 40 * n / most
    shade = f"color-mix(in srgb, var(--tblr-primary) {depth:.0f}%, transparent)"
    return html.Td(f"{n:,}", style={"background": shade})


def _drift(session: Session, scope: Any, asked: Asked, note: str) -> Any:
    project_id = asked.project_id or 0
    batches = reads.batches(session, scope, project_id)
    newer, value = _newer(batches, asked)
    listed = [(f"days:{n}", f"the last {n} days") for n in LATELY]
    listed += [(f"batch:{b.batch_id}", f"batch {b.batch}")
               for b in batches.iloc[:-1].itertuples(index=False)]  # fmt: skip
    picker = parts.picker("newer", listed, value, "Held against what came before")
    found = reads.drifts(session, scope, project_id, newer)
    title = "Drift: is newer data made up otherwise?"
    body = [html.Div(picker, className="dash-filters"), *_told(found)]
    return parts.card(title, body, note=note)


def _newer(batches: "DataFrame", asked: Asked) -> tuple[reads.Newer, str]:
    """What is held against what came before it; the newest of several batches unless asked."""
    given = asked.own.get("newer", "")
    ids = [int(i) for i in batches.batch_id]
    kind, _, number = given.partition(":")
    n = int(number) if number.isdecimal() and len(number) < 19 else 0
    if kind == "batch" and n in ids:
        return reads.Newer(batch_id=n), given
    if (kind == "days" and n in LATELY) or len(ids) < 2:
        n = n if n in LATELY else LATELY[0]
        return reads.since(asked.today, n), f"days:{n}"
    return reads.Newer(batch_id=ids[0]), f"batch:{ids[0]}"


def _told(found: "DataFrame") -> list[Any]:
    if found.empty or found.p.isna().all():
        return [parts.empty(
            "Nothing to hold against each other",
            "One of the two sides has no assets. Choose a batch that is not the first, or days "
            "before which something came.",
        )]  # fmt: skip
    ordered: list[Any] = list(found.sort_values("q").itertuples(index=False))
    lines = [html.Li(_words(row), className="moved" if row.q <= LEVEL else "") for row in ordered]
    rows = found.assign(
        name=[_subject(d).capitalize() for d in found.dimension],
        drifted=found.q <= LEVEL,
        p_said=[_p(p) for p in found.p],
        q_said=[_p(q) for q in found.q],
        told=["moved" if q <= LEVEL else "no clear change" for q in found.q.fillna(1)],
    )
    columns = (
        Column("name", "Of what"),
        Column("told", "Verdict", note="Moved: at a false-discovery rate of 5 %"),
        Column("distance", "Distance", "share", note="Half the summed differences of shares"),
        Column("chance", "By chance", "share", note="No drift stays below it 95 times in 100"),
        Column("p_said", "p", width=84),
        Column("q_said", "p, corrected", width=104, note="For the number of questions"),
        Column("earlier", "Earlier", "count"), Column("newer", "Newer", "count"),
    )  # fmt: skip
    classes = found[found.dimension == reads.CLASSES]
    shown: list[Any] = [html.Ul(lines, className="dash-words")]
    if len(classes) and classes.moved.iloc[0]:
        moved = classes.moved.iloc[0][:15]
        figure = figures_data.shares(*zip(*moved, strict=True))
        words = "Share of each class, earlier and newer; what moved most first"
        shown.append(parts.chart(figure, words, 260))
    shown.append(table("drift", rows, columns, label="comparisons", marked="drifted"))
    note = (
        "Two samples always differ somewhat: a permutation test says how often chance alone "
        "would make them differ as much, corrected for the number of questions. Where an asset "
        "may hold several objects, assets are what is counted as independent, not objects."
    )
    shown.append(html.P(note, className="dash-note mt-2 mb-0"))
    return shown


def _subject(dimension: str) -> str:
    return "classes" if dimension == reads.CLASSES else _named(dimension)


def _words(row: Any) -> str:
    """Whether it moved, and what did most."""
    subject = _subject(row.dimension).capitalize()
    of = f"{row.newer:,} newer and {row.earlier:,} earlier assets"
    if math.isnan(row.q):
        return f"{subject}: nothing to compare ({of})."
    if row.q > LEVEL:
        return (
            f"{subject}: no clear change. They differ by {percent(row.distance)}; chance alone "
            f"explains that ({of}, corrected p = {row.q:.2f})."
        )
    moved = "; ".join(
        f"“{name}” from {percent(before)} to {percent(now)}"
        for name, before, now in row.moved[:MOST_MOVED]
    )
    p = _p(row.q)
    p = f"= {p}" if p[0].isdigit() else p
    return f"{subject} moved by {percent(row.distance)}: {moved} ({of}, corrected p {p})."


def _p(p: float) -> str:
    return UNDEFINED if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _twins(session: Session, scope: Any, project_id: int) -> Any:
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
