"""A frozen report made readable: the same sentences and charts for the page and for the PDF."""

import json
from importlib.resources import files
from typing import Any

from metrics import charts, report_parts, report_words

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
    """Everything a reader sees, from the report's data alone."""
    project, batch = report["project"], report["batch"]
    guideline = report["guideline_version"]
    asked = [
        project["purpose"] or "No purpose was stated.",
        f"Each {project['medium']} gets {GIVEN[project.get('label_type', 'class')]} (version "
        f"{report['ontology_version']} of what labels may say, "
        + (f"version {guideline} of the instructions)." if guideline else "no instructions)."),
    ]
    return {
        "title": f"Quality report: {batch['name']}",
        "subtitle": f"{project['name']} for {report['organisation']} · "
        f"Delivery {report['delivery']} · as of {report_words.moment(report['as_of'])}",
        "footer": f"Delivery {report['delivery']} · as of {report_words.moment(report['as_of'])} · "
        f"SHA-256 {report['digest'][:16]}…",
        "summary": report_words.summary(report),
        "asked": asked,
        "classes": report["classes"],
        "labelling": report_words.labelling(report),
        "accuracy": report_words.accuracy(report),
        "gold": report_words.gold(report),
        "tables": report_parts.tables(
            report.get("parts"), {one["key"]: one["name"] for one in report["classes"]}
        ),
        "parts": report_words.parts(report),
        "agreement": report_words.agreement(report),
        "rescore": report_words.rescore(report),
        "not_judged": report_words.not_judged(report),
        "balance_chart": charts.class_balance(report["classes"]) if report["classes"] else "",
        # Labels that are of no one class have no accuracy of each.
        "accuracy_chart": charts.class_accuracy(
            report["class_accuracy"], report["terms"]["accuracy"]
        )
        if report["class_accuracy"]
        else "",
        "digest": report["digest"],
    }


def pdf(report: Report) -> bytes:
    """The report as a PDF. Data goes in as JSON and is never read as markup."""
    import typst

    source = files("metrics").joinpath("report.typ").read_bytes()
    made = typst.compile(source, sys_inputs={"report": json.dumps(content(report))})
    assert isinstance(made, bytes)
    return made
