"""What a quality report does not say, said in it: what was not looked at, or hardly."""

from typing import Any

from metrics.report_words import number

Report = dict[str, Any]
# Fewer reviewed labels than this say little of a class or a slice.
FEW = 10
# So many are named; how many more there are is said.
LISTED = 12
# As `quality.reviewed_parts` cuts: a field with more values makes no slices.
MOST_VALUES = 8


def not_judged(report: Report) -> list[str]:
    """What this report does not say."""
    sample, run = report["sample"], report["rescore"]
    left = report["items"] - sample["n"]
    lines = [
        f"The reviewed sample left out {number(left, 'label')}; what is said of "
        f"{'it' if left == 1 else 'them'} is inferred from the others."
        if left
        else "Every label was reviewed."
    ]
    bare = [c["name"] for c in report["class_accuracy"] if c["n"] == 0]
    if bare:
        lines.append(f"No label of these classes was in the sample: {_listed(bare)}.")
    if run is None or run.get("judge") == "answers":
        lines.append("No model looked for labels that seem wrong.")
    lines += _thin(report)
    lines.append("Whether the classes and instructions suit their purpose is not judged here.")
    return lines


def _thin(report: Report) -> list[str]:
    """Parts of the batch of which too little was seen."""
    lines = []
    twice = report["agreement"]["items"]
    if 0 < twice < report["items"]:
        lines.append(
            f"{number(report['items'] - twice, 'item')} got one answer only: nothing is said of "
            "how far labellers agree on them."
        )
    run = report["rescore"]
    if run is not None and run["scored"] < report["items"]:
        lines.append(f"{number(report['items'] - run['scored'], 'label')} were not re-scored.")
    few = _few(report)
    if few:
        lines.append(f"Fewer than {FEW} reviews stand behind what is said of: {_listed(few)}.")
    return lines + _fields(report)


def _listed(names: list[str]) -> str:
    rest = len(names) - LISTED
    return "; ".join(names[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _few(report: Report) -> list[str]:
    names = {one["key"]: one["name"] for one in report["classes"]}
    few = [
        names.get(one["key"], one["key"]) for one in report["class_accuracy"] if 0 < one["n"] < FEW
    ]
    for one in (report.get("parts") or {}).get("slices", []):
        few += [
            f"{one['field']}: {value['value']}"
            for value in one["values"]
            if value["accuracy"]["n"] < FEW
        ]
    return few


def _fields(report: Report) -> list[str]:
    n, lines = report["sample"]["drawn"], []
    for one in report.get("fields") or []:
        if one["values"] > MOST_VALUES:
            lines.append(
                f"“{one['field']}” has {one['values']:,} values in the sample, too many to judge "
                "each."
            )
        elif one["values"] > 1 and one["items"] < n:
            lines.append(f"{number(n - one['items'], 'sampled item')} say no “{one['field']}”.")
    return lines[:6]
