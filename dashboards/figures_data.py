"""Charts of the data: classes, drift, the map of embeddings, runs, a model's errors. PURE.

Plain dictionaries in Plotly's form, in the colours and with the layout of `dashboards.figures`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WHITE_MARKS,
    Figure,
    _layout,
    _numbers,
)

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_BARS = 60
# From this ratio of the commonest to the rarest class the axis is of powers of ten.
LONG_TAIL = 50
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, "#B8860B", "#5D5FEF", "#7A8B00", "#A64D79")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")
# More groups than this are not told apart by eye: what is left is one.
MOST_GROUPS = 20
# Where the title of the axis takes the place below.
ABOVE = {"y": 1.02, "yanchor": "bottom"}
DIFFICULTY = {"red": (VERMILION, "x"), "yellow": (ORANGE, "diamond"), "green": (GREEN, "circle")}


def classes(found: "DataFrame") -> Figure:
    """Labels by class, the commonest first; on powers of ten where the tail is long.

    `found` has label_class, objects, share, low, high.
    """
    shown = found.head(MOST_BARS)
    some = shown.objects[shown.objects > 0]
    log = len(some) > 0 and some.max() / some.min() >= LONG_TAIL
    trace = {
        "type": "bar",
        "x": [str(name) for name in shown.label_class],
        "y": [int(n) for n in shown.objects],
        "customdata": shown[["share", "low", "high"]].to_numpy(float).tolist(),
        "marker": {"color": BLUE},
        "hovertemplate": "<b>%{x}</b>: %{y:,} labels<br>%{customdata[0]:.2%} "
        "(95 %: %{customdata[1]:.2%} – %{customdata[2]:.2%})<extra></extra>",
    }
    layout = _layout([], "Labels in force" + (" (powers of ten)" if log else ""))
    layout["xaxis"] |= {"type": "category", "tickangle": -45 if len(shown) > 12 else 0}
    layout["yaxis"] |= {"type": "log"} if log else {"rangemode": "tozero"}
    layout["showlegend"] = False
    return {"data": [trace], "layout": layout}


def shares(names: Sequence[str], earlier: Sequence[float], newer: Sequence[float]) -> Figure:
    """Shares of what came before beside those of what is newer."""
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": [str(n) for n in names],
            "y": [round(float(v), 6) for v in values],
            "marker": {"color": colour, "pattern": {"shape": pattern, **WHITE_MARKS}},
            "hovertemplate": "<b>%{x}</b>: %{y:.1%}<extra>" + name + "</extra>",
        }
        for name, values, colour, pattern in (
            ("Earlier", earlier, GREY, ""),
            ("Newer", newer, BLUE, "/"),
        )
    ]
    layout = _layout([], "Share of labels")
    layout["xaxis"] |= {"type": "category"}
    layout["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    layout["barmode"] = "group"
    return {"data": traces, "layout": layout}


def groups(points: "DataFrame", by: str) -> list[tuple[str, Any]]:
    """How points are parted for drawing: (name, which of them), at most MOST_GROUPS.

    `by`: label, cluster, colour (difficulty) or suspect.
    """
    if by == "colour":
        named = {"red": "Red: hard", "yellow": "Yellow: noted", "green": "Green: usual"}
        values = points.colour.map(named).fillna("Not judged")
        order = [*named.values(), "Not judged"]
    elif by == "suspect":
        values = points.suspect.map({True: "Suspect", False: "No suspect"})
        order = ["Suspect", "No suspect"]
    elif by == "cluster":
        values = (points.cluster + 1).map("Cluster {}".format)
        order = [f"Cluster {k + 1}" for k in sorted(points.cluster.unique())]
    else:
        values = points.label.fillna("No label yet").astype(str)
        order = list(values.value_counts().index)
    found = [(name, (values == name).to_numpy()) for name in order]
    found = [(name, mask) for name, mask in found if mask.any()]
    if len(found) > MOST_GROUPS:
        rest = np.any([mask for _, mask in found[MOST_GROUPS - 1 :]], axis=0)
        found = [*found[: MOST_GROUPS - 1], ("Others", rest)]
    return found


def embedding_map(points: "DataFrame", by: str) -> dict[str, Any]:
    """The map as `browser/_map.js` draws it: places (n,), the group (n,) and the asset (n,) of each
    point, and the groups by colour and by form; see `groups`.

    `points` has asset_id, x, y, cluster, label, colour, suspect. What is shown by pointing at a
    point is not in it: twenty thousand names would be longer than all else.
    """
    parted = groups(points, by)
    of = np.zeros(len(points), np.int64)
    for i, (_, mask) in enumerate(parted):
        of[mask] = i
    # The rare ones are drawn last, on top.
    sizes = np.array([int(mask.sum()) for _, mask in parted] or [0])
    order = np.argsort(-sizes[of], kind="stable")
    looks = [_look(name, i, by) for i, (name, _) in enumerate(parted)]
    return {
        "x": np.round(points.x.to_numpy(float)[order], 4).tolist(),
        "y": np.round(points.y.to_numpy(float)[order], 4).tolist(),
        "of": of[order].tolist(),
        "assets": points.asset_id.to_numpy(np.int64)[order].tolist(),
        "groups": [
            {"name": name, "n": int(mask.sum()), "colour": colour, "symbol": symbol}
            for (name, mask), (colour, symbol) in zip(parted, looks, strict=True)
        ],
    }


def _look(name: str, place: int, by: str) -> tuple[str, str]:
    if by == "colour":
        return DIFFICULTY.get(name.split(":", maxsplit=1)[0].lower(), (GREY, "circle"))
    if by == "suspect":
        return (VERMILION, "x") if name == "Suspect" else (GREY, "circle")
    if name in ("No label yet", "Others"):
        return GREY, "circle"
    return COLOURS[place % len(COLOURS)], SYMBOLS[place % len(SYMBOLS)]


def run_times(runs: "DataFrame") -> Figure:
    """Labels a second of each finished run over time, by device; `runs` as in
    `metrics.reads.rescore_runs.runs`."""
    done = runs.dropna(subset=["per_second"])
    traces = []
    for i, (device, part) in enumerate(done.groupby(done.device.fillna("unknown"), sort=True)):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": str(device),
                "x": [at.isoformat() for at in part.started_at],
                "y": _numbers(part.per_second),
                "customdata": part[["batch", "name", "labels", "seconds"]].to_numpy().tolist(),
                "marker": {"color": COLOURS[i % len(COLOURS)], "size": 9,
                           "symbol": SYMBOLS[i % len(SYMBOLS)]},
                "hovertemplate": "<b>%{customdata[1]}</b> of %{customdata[0]}<br>%{y:,.1f} labels "
                "a second<br>%{customdata[2]:,} in %{customdata[3]:,.0f} s"
                "<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
    layout = _layout([], "Labels a second")
    layout["xaxis"] |= {"type": "date"}
    layout["yaxis"] |= {"type": "log"}
    layout["showlegend"] = True
    return {"data": traces, "layout": layout}


def run_precision(runs: "DataFrame") -> Figure:
    """Of the suspects that were reviewed, the share that was wrong: by run over time, 95 %."""
    known = runs.dropna(subset=["precision"])
    value = known.precision.astype(float)
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "Confirmed suspects",
        "x": [at.isoformat() for at in known.started_at],
        "y": _numbers(value),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": _numbers(known.precision_high - value),
            "arrayminus": _numbers(value - known.precision_low),
            "thickness": 1,
            "width": 0,
            "color": GREY,
        },
        "customdata": known[["batch", "name", "changed", "reviewed"]].to_numpy().tolist(),
        "marker": {"color": GREEN, "size": 9, "symbol": "circle"},
        "hovertemplate": "<b>%{customdata[1]}</b> of %{customdata[0]}<br>%{y:.1%}: "
        "%{customdata[2]:,} of %{customdata[3]:,} reviewed<extra></extra>",
    }
    layout = _layout([], "Suspects that were wrong")
    layout["xaxis"] |= {"type": "date"}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.02]}
    layout["showlegend"] = False
    return {"data": [trace], "layout": layout}


def over_under(listed: Sequence[Mapping[str, Any]]) -> Figure:
    """Of each class how often it is predicted beside how often it is labelled, in parts of the
    labels: to the right it is given too often. `listed` has key, labelled, predicted, over."""
    shown = [c for c in listed if c["labelled"] or c["predicted"]]
    shown = sorted(shown, key=lambda c: -abs(c["predicted"] - c["labelled"]))[:25][::-1]
    names = {1: "Given too often", -1: "Given too seldom", 0: "No clear difference"}
    looks = {1: (VERMILION, "/"), -1: (BLUE, "\\"), 0: (GREY, "")}
    traces = []
    for over, name in names.items():
        part = [c for c in shown if c["over"] == over]
        if part:
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": name,
                    "y": [c["key"] for c in part],
                    "x": [c["predicted"] - c["labelled"] for c in part],
                    "customdata": [[c["predicted"], c["labelled"], c["extra"], c["missed"]]
                                   for c in part],
                    "marker": {"color": looks[over][0],
                               "pattern": {"shape": looks[over][1], **WHITE_MARKS}},
                    "hovertemplate": "<b>%{y}</b>: predicted %{customdata[0]:,}, labelled "
                    "%{customdata[1]:,}<br>%{customdata[2]:,} too much, %{customdata[3]:,} missed"
                    "<extra>%{fullData.name}</extra>",
                }
            )  # fmt: skip
    layout = _layout([], "")
    layout["xaxis"] |= {"title": {"text": "Predicted more often than labelled"}, "zeroline": True}
    layout["yaxis"] |= {"type": "category", "categoryorder": "array",
                        "categoryarray": [c["key"] for c in shown]}  # fmt: skip
    layout["barmode"] = "overlay"
    layout["legend"] |= ABOVE
    return {"data": traces, "layout": layout}


def calibration(n: Any, confidence: Any, right: Any, low: Any, high: Any) -> Figure:
    """How often the model was right beside how sure it was, by tenths of confidence; 95 %."""
    known = [i for i in range(len(n)) if n[i] > 0]
    x, y = [float(confidence[i]) for i in known], [float(right[i] / n[i]) for i in known]
    traces = [
        {
            "type": "scatter", "mode": "lines", "name": "As sure as right", "x": [0, 1],
            "y": [0, 1], "line": {"color": GREY, "dash": "dash", "width": 1}, "hoverinfo": "skip",
        },
        {
            "type": "scatter", "mode": "lines+markers", "name": "The model", "x": x, "y": y,
            "error_y": {
                "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": BLUE,
                "array": [float(high[i]) - v for i, v in zip(known, y, strict=True)],
                "arrayminus": [v - float(low[i]) for i, v in zip(known, y, strict=True)],
            },
            "customdata": [int(n[i]) for i in known],
            "line": {"color": BLUE, "width": 2}, "marker": {"color": BLUE, "size": 8},
            "hovertemplate": "sure %{x:.0%}, right <b>%{y:.1%}</b> of %{customdata:,}"
            "<extra></extra>",
        },
    ]  # fmt: skip
    layout = _layout([], "Right")
    layout["xaxis"] |= {"title": {"text": "Confidence"}, "tickformat": ".0%", "range": [0, 1.02]}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.04]}
    layout["legend"] |= ABOVE
    return {"data": traces, "layout": layout}


def frequency(keys: Sequence[str], labelled: Any, missed: Any, low: Any, high: Any) -> Figure:
    """The share of each class that the model missed against how many labels there are of it."""
    share = [m / n if n else None for m, n in zip(missed, labelled, strict=True)]
    known = [i for i, value in enumerate(share) if value is not None]
    y = [float(share[i] or 0) for i in known]
    trace = {
        "type": "scatter",
        "mode": "markers+text" if len(known) <= 25 else "markers",
        "text": [keys[i] for i in known],
        "textposition": "top center",
        "x": [int(labelled[i]) for i in known],
        "y": y,
        "error_y": {
            "type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": GREY,
            "array": [float(high[i]) - v for i, v in zip(known, y, strict=True)],
            "arrayminus": [v - float(low[i]) for i, v in zip(known, y, strict=True)],
        },
        "marker": {"color": PURPLE, "size": 9, "symbol": "diamond"},
        "hovertemplate": "<b>%{text}</b>: %{y:.1%} of %{x:,} missed<extra></extra>",
    }  # fmt: skip
    layout = _layout([], "Missed, of the labels")
    layout["xaxis"] |= {"type": "log", "title": {"text": "Labels of the class (powers of ten)"}}
    layout["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    layout["showlegend"] = False
    return {"data": [trace], "layout": layout}
