"""Charts of how good the work is, as plain dictionaries in Plotly's form."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures import BLUE, GREEN, GREY, VERMILION, Figure

if TYPE_CHECKING:
    from pandas import DataFrame

# More classes than this cannot be read in a square: the rarest mistakes share one row.
MOST_CLASSES = 24
REST, NOTHING = "other classes", "nothing there"
# From nothing to the darkest cell, over whatever lies behind: light or dark.
RIGHT_SCALE = [[0, "rgba(0,158,115,0.06)"], [1, "rgba(0,158,115,0.75)"]]
WRONG_SCALE = [[0, "rgba(213,94,0,0.04)"], [1, "rgba(213,94,0,0.85)"]]
WRITTEN = 14  # classes up to which every cell says its number


def share_over_time(rows: "DataFrame", colour: str = BLUE, symbol: str = "circle") -> Figure:
    """A share with its 95 % interval at each moment, its support when pointed at.

    `rows` has at_day, value, low, high and n; where the value is not defined there is no point.
    """
    found = rows.dropna(subset=["value"])
    x = [day.isoformat() for day in found.at_day]
    up, down = found.high - found.value, found.value - found.low
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": found.value.astype(float).tolist(),
        "customdata": found[["low", "high", "n"]].astype(float).to_numpy().tolist(),
        "error_y": {"type": "data", "symmetric": False, "array": up.tolist(),
                    "arrayminus": down.tolist(), "thickness": 1.5, "width": 3,
                    "color": _faint(colour, 0.5)},
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 7, "symbol": symbol},
        "hovertemplate": "%{x|%a %d %b}: <b>%{y:.1%}</b> "
        "(%{customdata[0]:.1%} – %{customdata[1]:.1%}, n = %{customdata[2]:,})<extra></extra>",
    }  # fmt: skip
    layout = base_layout("")
    low = float(found.low.min()) if len(found) else 0.0
    layout["yaxis"] |= {"tickformat": ".0%", "range": [max(0.0, np.floor(low * 10) / 10), 1.005]}
    if len(found) and float(found.high.max()) < 0.5:
        layout["yaxis"]["range"] = [0, float(found.high.max()) * 1.1]
    layout["xaxis"] |= {"type": "date", "tickformat": "%d %b", "nticks": 6}
    return {"data": [line], "layout": layout}


def whiskers(rows: "DataFrame", title: str) -> Figure:
    """One share for each group with its 95 % interval, the highest on top.

    `rows` has name, value, low, high and n.
    """
    found = rows.dropna(subset=["value"]).sort_values(["value", "name"])
    up, down = found.high - found.value, found.value - found.low
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": found.value.tolist(),
        "y": found["name"].tolist(),
        "customdata": found[["low", "high", "n"]].astype(float).to_numpy().tolist(),
        "error_x": {"type": "data", "symmetric": False, "array": up.tolist(),
                    "arrayminus": down.tolist(), "thickness": 1.5, "width": 4,
                    "color": _faint(BLUE, 0.6)},
        "marker": {"color": BLUE, "size": 8},
        "hovertemplate": "<b>%{y}</b>: %{x:.1%} (%{customdata[0]:.1%} – %{customdata[1]:.1%}, "
        "n = %{customdata[2]:,})<extra></extra>",
    }  # fmt: skip
    layout = base_layout("")
    layout["xaxis"] |= {"tickformat": ".0%", "title": {"text": title}, "showgrid": True}
    layout["yaxis"] |= {"type": "category", "automargin": True}
    return {"data": [points], "layout": layout}


def confusion(table: "DataFrame", names: dict[str, str]) -> Figure:
    """A heat map: one row for each class that is right, one column for each that was said.

    `table` has truth, said and n. A cell holds its count and its share of the row; the diagonal,
    which would outshine the rest, has a colour of its own.
    """
    rows, columns, counts = square(table)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.array([[r == c for c in columns] for r in rows])
    text = [[_cell(n, s, len(columns)) for n, s in zip(*pair, strict=True)]
            for pair in zip(counts, shares, strict=True)]  # fmt: skip
    worst = float(shares[~right].max()) if (~right).any() else 1.0
    told = [[[_shown(r, names), _shown(c, names), int(counts[i, j]), float(shares[i, j])]
             for j, c in enumerate(columns)] for i, r in enumerate(rows)]  # fmt: skip
    wrong = np.where(right | (counts == 0), np.nan, shares)
    data = [
        _heat(columns, rows, np.where(right, shares, np.nan), RIGHT_SCALE, 1.0, text, told),
        _heat(columns, rows, wrong, WRONG_SCALE, worst, text, told),
    ]
    layout = base_layout("What is right")
    # The axes hold keys, so that a cell that is pressed says which; what is read are names.
    layout["xaxis"] |= {
        "type": "category",
        "side": "top",
        "title": {"text": "What was said"},
        "tickangle": 0 if len(columns) <= 6 else -45,
        **_ticks(columns, names),
    }
    layout["yaxis"] |= {"type": "category", "autorange": "reversed", **_ticks(rows, names)}
    return {"data": data, "layout": layout}  # fmt: skip


def _ticks(keys: Sequence[str], names: dict[str, str]) -> Figure:
    shown = [_shown(key, names) for key in keys]
    return {"tickmode": "array", "tickvals": list(keys), "ticktext": shown}


def square(table: "DataFrame") -> tuple[list[str], list[str], Any]:
    """Rows, columns and counts of a matrix of confusion: the classes with most mistakes, in the
    order of their keys, and one row and column for all the others where there are too many."""
    kept = _classes(table)
    truth = table.truth.where(table.truth.isin(kept), REST)
    said = table.said.where(table.said.isin(kept), REST)
    both = sorted(set(truth) | set(said), key=lambda key: (key == REST, key == "", key))
    rows = [key for key in both if key in set(truth)]
    counts = np.zeros((len(rows), len(both)), np.int64)
    np.add.at(
        counts, ([rows.index(k) for k in truth], [both.index(k) for k in said]), table.n.to_numpy()
    )
    return rows, both, counts


def _classes(table: "DataFrame") -> list[str]:
    every = sorted({*table.truth, *table.said})
    if len(every) <= MOST_CLASSES:
        return every
    wrong = table[table.truth != table.said]
    mistakes = wrong.groupby("truth").n.sum().add(wrong.groupby("said").n.sum(), fill_value=0)
    return mistakes.sort_values(ascending=False, kind="stable").index[: MOST_CLASSES - 1].tolist()


def _cell(n: int, share: float, classes: int) -> str:
    if not n:
        return ""
    return f"{n:,}<br>{100 * share:.0f} %" if classes <= WRITTEN else f"{n:,}"


def _heat(
    x: Sequence[str], y: Sequence[str], z: Any, scale: Any, top: float, text: Any, keyed: Any
) -> Figure:
    plain = [[None if np.isnan(v) else float(v) for v in row] for row in z]
    hidden = [["" if v is None else t for v, t in zip(*pair, strict=True)]
              for pair in zip(plain, text, strict=True)]  # fmt: skip
    return {
        "type": "heatmap", "x": list(x), "y": list(y), "z": plain, "text": hidden,
        "texttemplate": "%{text}", "customdata": keyed, "colorscale": scale, "zmin": 0, "zmax": top,
        "showscale": False, "xgap": 2, "ygap": 2, "hoverongaps": False,
        "hovertemplate": "right: <b>%{customdata[0]}</b><br>said: <b>%{customdata[1]}</b><br>"
        "%{customdata[2]:,} answers, %{customdata[3]:.1%} of the row<extra></extra>",
    }  # fmt: skip


def faults(rows: "DataFrame") -> Figure:
    """Mistakes by kind, the most frequent on top: `rows` has words and n and share of all parts."""
    found = rows.sort_values("n")
    bars = {
        "type": "bar", "orientation": "h", "x": found.n.tolist(), "y": found.words.tolist(),
        "customdata": found[["share", "fault"]].to_numpy().tolist(),
        "text": [f"{n:,} ({100 * s:.1f} %)" for n, s in zip(found.n, found.share, strict=True)],
        "textposition": "auto", "marker": {"color": VERMILION},
        "hovertemplate": "%{y}: <b>%{x:,}</b>, %{customdata[0]:.1%} of all<extra></extra>",
    }  # fmt: skip
    layout = base_layout("")
    layout["xaxis"] |= {"rangemode": "tozero", "showgrid": True, "tickformat": ",d"}
    layout["yaxis"] |= {"type": "category"}
    return {"data": [bars], "layout": layout}


def alphas(rows: "DataFrame", reliable: float, tentative: float) -> Figure:
    """Krippendorff's α of delivered batches with its 95 % interval: at, alpha, low, high, n, batch.

    The lines are the usual thresholds.
    """
    up, down = rows.high - rows.alpha, rows.alpha - rows.low
    points = {
        "type": "scatter", "mode": "markers", "x": [at.isoformat() for at in rows["at"]],
        "y": rows.alpha.tolist(), "customdata": rows[["batch", "n"]].to_numpy().tolist(),
        "error_y": {"type": "data", "symmetric": False, "array": _none(up),
                    "arrayminus": _none(down), "thickness": 1.5, "color": _faint(GREEN, 0.6)},
        "marker": {"color": GREEN, "size": 9, "symbol": "diamond"},
        "hovertemplate": "<b>%{customdata[0]}</b>: α = %{y:.2f} (n = %{customdata[1]:,} assets)"
        "<extra></extra>",
    }  # fmt: skip
    layout = base_layout("")
    layout["yaxis"] |= {"range": [min(0.0, float(rows.low.min(skipna=True) or 0)), 1.02]}
    layout["xaxis"] |= {"type": "date", "tickformat": "%d %b", "nticks": 6}
    layout["shapes"] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y,
         "line": {"color": GREY, "width": 1, "dash": "dash"}} for y in (reliable, tentative)
    ]  # fmt: skip
    return {"data": [points], "layout": layout}


def stretches(days: Sequence[date], until: date, most: int = 31) -> dict[date, date]:
    """Day → the last day of the stretch that it is counted in: the day itself, or, of more than
    `most` days, a week; the last week ends with the period."""
    if len(days) <= most:
        return {day: day for day in days}
    last = until - timedelta(days=1)
    return {day: day + timedelta(days=(last - day).days % 7) for day in days}


def _shown(key: str, names: dict[str, str]) -> str:
    text = NOTHING if key == "" else names.get(key, key)
    return text if len(text) <= 22 else f"{text[:21]}…"


def _none(values: Any) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values.astype(float)]


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def base_layout(y_title: str) -> Figure:
    """What these charts share."""
    return {
        "xaxis": {"showgrid": False, "fixedrange": True, "automargin": True, "zeroline": False},
        "yaxis": {"title": {"text": y_title, "standoff": 8}, "fixedrange": True,
                  "automargin": True, "zeroline": False},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "font": {"family": "inherit", "size": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "showlegend": False,
    }  # fmt: skip
