"""How good the labels of a report are, in words: the sample, what it decided, what was wrong."""

from typing import Any

from metrics.report_words import NBSP, at_least, number, percent

Report = dict[str, Any]


def accuracy(report: Report) -> list[str]:
    """How accuracy was measured, and what came of it."""
    sample, found, terms = report["sample"], report["accuracy"], report["terms"]
    if found["value"] is None:
        return ["No random sample was reviewed, so the accuracy of these labels is undefined."]
    wrong = sample["n"] - sample["accepted"]
    steps = f" in {sample['steps']} steps" if sample["steps"] > 1 else ""
    before = (
        f", except {sample['known']:,} that a reviewer or an expert had decided before the draw, "
        "or whose answer was known"
        if sample["known"]
        else ""
    )
    # Reports of before there were audits have no word of them.
    theirs = (
        f" {sample['theirs']:,} of them the client looked at, in a delivery that they rejected."
        if sample.get("theirs")
        else ""
    )
    lines = [
        f"{number(sample['n'], 'item')} of {report['items']:,} were drawn at random{steps}."
        f"{theirs} The labels were checked by people who had not given them{before}. "
        f"{sample['accepted']:,} were right: {percent(found['value'])}.",
        "As all were reviewed, this is no estimate."
        if sample["n"] >= report["items"]
        else "Had other items been drawn, the figure would differ a little. A range that holds the "
        f"true share 95 times in 100 is {percent(found['low'])} to {percent(found['high'])}. It "
        "allows for the size of the batch.",
    ]
    if wrong:
        lines.append(
            f"{number(wrong, 'wrong label')} found in the sample, {sample['fixed']:,} corrected "
            "before delivery."
        )
    lines.append(
        "Counting these corrections, and with a confidence of "
        f"{percent(terms['confidence'], 0)}, at least {at_least(found['delivered_low'])} of the "
        "delivered labels are right. Reviewers' answers are taken as the truth."
    )
    if sample["steps"] > 1:
        lines.append(
            "Because the sample was enlarged after a look at it, its true confidence is slightly "
            "lower than stated."
        )
    # Reports of batches that were delivered before these terms were there have no word on them.
    said = (_plan(report), _errors(report), _class_f1(report))
    return lines + [line for line in said if line]


def _plan(report: Report) -> str:
    plan, sample = report.get("plan"), report["sample"]
    if not plan:
        return ""
    terms, wrong = report["terms"]["plan"], sample["n"] - sample["accepted"]
    return (
        f"The sample was judged by an acceptance plan (ISO 2859-1, level {terms['level']}, "
        f"{terms['inspection']} inspection, limit {terms['limit']}{NBSP}%): of {plan['n']:,} "
        f"reviewed labels up to {plan['accept']} may be wrong; {wrong} of {sample['n']:,} were. A "
        f"batch with {percent(plan['passes_at_most'])} wrong labels would be accepted about one "
        "time in ten."
    )


def _errors(report: Report) -> str:
    errors = report.get("errors")
    if not errors:
        return ""
    types = [f"{n} {kind.replace('_', ' ')}" for kind, n in errors["types"].items()]
    return (
        f"Errors in the sample by how bad they are: {errors['critical']} critical, "
        f"{errors['major']} major, {errors['minor']} minor"
        + (f" ({', '.join(types)})." if types else ".")
    )


def _class_f1(report: Report) -> str:
    found = report.get("class_f1")
    if not found:
        return ""
    names = {one["key"]: one["name"] for one in report["classes"]}
    each = [
        f"{names.get(key, key)} {f1['value']:.2f} ({f1['low']:.2f} to {f1['high']:.2f}, "
        f"n{NBSP}={NBSP}{f1['n']})"
        for key, f1 in found["f1"].items()
        if f1["n"]
    ]
    return (
        "F1 is 1 when every label of a class is right and none of the class was missed. In the "
        f"reviewed labels, with a 95 % range: {'; '.join(each)}."
        if each
        else ""
    )


def parts(report: Report) -> str:
    """What the tables by class, size and metadata are; nothing where there are none."""
    found = report.get("parts")
    if not found:
        return ""
    return (
        f"Of the {number(found['n'], 'label')} reviewed in the random sample. Precision is the "
        "share of what was given that is right, recall the share of what is right that was given, "
        "F1 both in one; behind each stand its 95 % range and the number it rests on."
    )


def wrong(report: Report) -> list[str]:
    """What was wrong in the sample, in words; [] of reports that do not know."""
    found = report.get("wrong")
    if found is None:
        return []
    if not report["sample"]["n"]:
        return ["No label was reviewed, so nothing can be said of errors."]
    if not found["labels"]:
        return ["No label of the sample was wrong."]
    lines = [
        f"{number(found['labels'], 'label')} of the {report['sample']['n']:,} reviewed held "
        f"{number(sum(one['n'] for one in found['errors']), 'error')} of these kinds."
    ]
    if found["examples"]:
        thick = any(one.get("picture") and "objects" in one["before"] for one in found["examples"])
        lines.append(
            "The examples were drawn by chance among those that were corrected, two of a kind at "
            "most." + (" What differs is drawn with a thicker line." if thick else "")
        )
    return lines
