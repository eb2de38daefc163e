"""What speaks for each cause of a model's errors: charts and tables from the study's summary."""

from typing import Any

from dash import html

from dashboards import figures_data, parts
from dashboards.tables import Column, table
from quality.measures import error_causes
from quality.measures.classes import wilson


def evidence(of: dict[str, Any], cause: str, note: str) -> list[Any]:
    """Cards with what speaks for a cause, from the summary of a study of errors."""
    shown = {
        "distribution": _distribution,
        "concept clarity": _clarity,
        "class frequency": _frequency,
        "outlier": _outliers,
    }[cause]
    return shown(of, note)


def _distribution(of: dict[str, Any], note: str) -> list[Any]:
    title = "Classes given too often or too seldom"
    if not of["classes"]:
        return [parts.card(title, html.P("Labels of this type have no classes."), note=note)]
    sure = error_causes.calibrated(*of["calibration"])
    low, high = wilson(sure.right, sure.n)
    drawn = figures_data.calibration(sure.n, sure.confidence, sure.right, low, high)
    curve = "How often it is right, by how sure it is; 95 %"
    reliable: Any = parts.chart(drawn, curve, 300)
    if not sure.n.sum():
        reliable = parts.empty("No confidences", "The model did not say how sure it is.")
    return [
        parts.card(title, parts.chart(figures_data.over_under(of["classes"]), title, 300),
                   note=note, size="6"),
        parts.card(curve, reliable, note=note, size="6"),
        parts.card("By class", _classes(of), note=note),
    ]  # fmt: skip


def _classes(of: dict[str, Any]) -> Any:
    rows = []
    for one in of["classes"]:
        share, predicted = one["right"], one["predicted"]
        low, high = (float(v) for v in wilson(share, one["labelled"]))
        below, above = (float(v) for v in wilson(share, predicted))
        told = {1: "too often", -1: "too seldom", 0: ""}[one["over"]]
        rows.append({**one, "told": told, "found": _share(share, one["labelled"]),
                     "found_low": low, "found_high": high, "rare": "rare" if one["rare"] else "",
                     "precision": _share(share, predicted),
                     "precision_low": below, "precision_high": above})  # fmt: skip
    columns = (
        Column("key", "Class"), Column("labelled", "Labelled", "count"),
        Column("predicted", "Predicted", "count"), Column("told", "Given", width=100),
        Column("extra", "Too much", "count"), Column("missed", "Missed", "count"),
        Column("found", "Found (recall)", "rate", low="found_low", high="found_high"),
        Column("precision", "Precision", "rate", low="precision_low", high="precision_high"),
        Column("rare", "Rare", width=70),
    )  # fmt: skip
    return table("by class", rows, columns, label="classes")


def _share(k: int, n: int) -> float | None:
    return k / n if n else None


def _clarity(of: dict[str, Any], note: str) -> list[Any]:
    rows = []
    for one in of["pairs"]:
        low, high = (float(v) for v in wilson(one["people"], one["people_n"]))
        rows.append({**one, "pair": f"{one['truth']} → {one['predicted']}",
                     "share": _share(one["model"], one["model_n"]),
                     "people_share": _share(one["people"], one["people_n"]),
                     "low": low, "high": high,
                     "told": "unclear to people too" if one["unclear"] else ""})  # fmt: skip
    columns = (
        Column("pair", "Labelled → predicted"), Column("model", "By the model", "count"),
        Column("share", "Of its labels", "share"), Column("people", "By people", "count"),
        Column("people_share", "Of people's answers", "rate", low="low", high="high"),
        Column("told", "", width=170),
    )  # fmt: skip
    title = "Pairs that the model confuses, and whether people do"
    checked = any(one["people_n"] for one in of["pairs"])
    words = html.P(
        "Where people confuse the same two classes, more training helps little: make the guideline "
        "clearer, or join the classes."
        + ("" if checked else " No answer of people to these classes was checked yet."),
        className="dash-note",
    )
    found = table("pairs", rows, columns, label="pairs", marked="unclear")
    return [parts.card(title, [words, found], note=note)]


def _frequency(of: dict[str, Any], note: str) -> list[Any]:
    title = "Missed labels against how many there are of the class; 95 %"
    keys = [one["key"] for one in of["classes"]]
    if not keys:
        return [parts.card(title, html.P("Labels of this type have no classes."), note=note)]
    labelled = [one["labelled"] for one in of["classes"]]
    missed = [one["missed"] for one in of["classes"]]
    low, high = wilson(missed, labelled)
    figure = figures_data.frequency(keys, labelled, missed, low, high)
    return [
        parts.card(title, [parts.chart(figure, title, 320),
                           html.P(_trend(labelled, missed), className="mb-0")], note=note),
        parts.card("By class", _classes(of), note=note),
    ]  # fmt: skip


def _trend(labelled: list[int], missed: list[int]) -> str:
    """Whether rarer classes are missed more often, in words."""
    from scipy.stats import spearmanr

    known = [(n, m / n) for n, m in zip(labelled, missed, strict=True) if n]
    if len(known) < 4 or len({n for n, _ in known}) < 2 or len({m for _, m in known}) < 2:
        return "Too few classes to tell whether rarer ones are missed more often."
    found = spearmanr(*zip(*known, strict=True))
    told = f"Spearman's ρ = {found.statistic:.2f}, p = {found.pvalue:.2f}, n = {len(known)} classes"
    if found.pvalue > 0.05:
        return f"Rarer classes are not clearly missed more or less often ({told})."
    word = "more" if found.statistic < 0 else "less"
    return f"Rarer classes are missed {word} often ({told})."


def _outliers(of: dict[str, Any], note: str) -> list[Any]:
    words = (
        f"Measured by {of['measure']}: how many robust deviations (1.4826 × MAD) a thing lies from "
        f"the middle of its class. Beyond {error_causes.FAR:g} it is an outlier. Order the errors "
        "below by distance to see the furthest."
    )
    return [parts.card("Outliers", html.P(words, className="mb-0"), note=note)]
