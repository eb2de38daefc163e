"""A frozen report made readable: the same sentences and charts for the page and for the PDF."""

import json
import re
from importlib.resources import files
from typing import Any

from metrics import (
    charts,
    report_accuracy,
    report_drawn,
    report_parts,
    report_unjudged,
    report_words,
)
from metrics.report_methods import methods
from ops import canonical

Report = dict[str, Any]
# What is asked of an item, by label type.
GIVEN = {
    "class": "one of these classes",
    "tags": "as many of these classes as apply",
    "attributes": "answers to the questions asked of it",
    "boxes": "a box around each object of these classes",
    "polygons": "the outline of each object of these classes",
    "masks": "the pixels of each object of these classes",
    "keypoints": "the points of each object of these classes",
    "spans": "its passages marked with these classes",
    "transcription": "its text",
    "rating": "one of these ratings",
    "preference": "a choice between two",
}


def content(report: Report) -> Report:
    """Everything a reader sees, from the report's data alone; of any format there ever was."""
    project, batch = report["project"], report["batch"]
    version = report.get("version", 1)
    about = f"Delivery {report['delivery']}" + (f", version {version}" if version > 1 else "")
    as_of = f"{about} · as of {report_words.moment(report['as_of'])}"
    names = {one["key"]: one["name"] for one in report["classes"]}
    return {
        "title": f"Quality report: {batch['name']}",
        "subtitle": f"{project['name']} for {report['organisation']} · {as_of}",
        "footer": f"{as_of} · SHA-256 {report['digest'][:16]}…",
        "summary": report_words.summary(report),
        "since": report_words.since(report),
        "asked": _asked(report),
        "classes": report["classes"],
        "labelling": report_words.labelling(report),
        "accuracy": report_accuracy.accuracy(report),
        "gold": report_words.gold(report),
        "wrong": report_accuracy.wrong(report),
        "errors": report_drawn.kinds(report),
        "examples": report_drawn.examples(report),
        "tables": report_parts.tables(report.get("parts"), names),
        "parts": report_accuracy.parts(report),
        "agreement": report_words.agreement(report),
        "rescore": report_words.rescore(report),
        "not_judged": report_unjudged.not_judged(report),
        "methods": [{"word": word, "means": means} for word, means in methods(report)],
        **_charts(report),
        "digest": report["digest"],
        "report_digest": canonical.digest(report),
        "delivery": report["delivery"],
    }


def _asked(report: Report) -> list[str]:
    project = report["project"]
    given = GIVEN[project.get("label_type", "class")]
    return [
        project["purpose"] or "No purpose was stated.",
        f"Each {project['medium']} gets {given} (version {report['ontology_version']} of what "
        f"labels may say). {report_words.guideline(report)}",
        *report_words.terms(report),
    ]


def _charts(report: Report) -> Report:
    """Each in parts that fit on a page; [] of labels that are of no class."""
    classes, accurate = report["classes"], report["class_accuracy"]
    most = max((one["n"] for one in classes), default=0)
    asked = report["terms"]["accuracy"]
    # A chart of nothing but undefined says less than the line that says so.
    judged = accurate if any(one["n"] for one in accurate) else []
    return {
        "balance_charts": [charts.class_balance(p, most) for p in charts.in_parts(classes)],
        "accuracy_charts": [charts.class_accuracy(p, asked) for p in charts.in_parts(judged)],
    }


def pdf(report: Report) -> bytes:
    """The report as a PDF. Data goes in as JSON and is never read as markup."""
    import typst

    source = files("metrics").joinpath("report.typ").read_bytes()
    told = json.dumps(_breakable(content(report)))
    made = typst.compile(source, sys_inputs={"report": told})
    assert isinstance(made, bytes)
    return made


# A word longer than this may be broken on paper: names of files have no spaces.
LONGEST_WORD = 24
AS_THEY_ARE = ("balance_charts", "accuracy_charts", "svg", "digest", "report_digest", "colour")


def _breakable(told: Any) -> Any:
    """The same with places to break long words at."""
    if isinstance(told, str):
        return _LONG.sub(lambda word: "\u200b".join(_CHUNKS.findall(word[0])), told)
    if isinstance(told, list):
        return [_breakable(one) for one in told]
    if isinstance(told, dict):
        return {k: v if k in AS_THEY_ARE else _breakable(v) for k, v in told.items()}
    return told


_LONG = re.compile(rf"\S{{{LONGEST_WORD},}}")
_CHUNKS = re.compile(r".{1,12}")
