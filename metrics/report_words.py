"""The sentences of a quality report, the same on the page and in the PDF.

They are for a reader who need not know what a confidence interval or Krippendorff's α is.
"""

import math
from datetime import datetime
from typing import Any

Report = dict[str, Any]
HOW = {
    "majority": "by the majority of the answers",
    "dawid_skene": "by weighing the answers by how reliable each labeller has proved",
    "merged": "by merging the answers, weighed by how reliable each labeller has proved",
    "imported": "by those who sent the items, and nobody changed it since",
    "review": "by a reviewer",
    "adjudication": "by an expert, where the answers left doubt or the right one was known",
    "gold": "known beforehand",
}
# Who re-scored, and who is weak; reports from before there was a choice had a learnt model.
JUDGES = {
    "learnt": ("A model that learnt from the other labels read every item again", "model itself"),
    "given": ("A reference model that was given for this work spoke of the items", "model itself"),
    "answers": (
        "Without a model, a comparison with all answers and with known answers read every label",
        "evidence",
    ),
}
NBSP = "\u00a0"  # a figure and its unit stay on one line
# The usual reading of α (K. Krippendorff, Content Analysis, 2004, p. 241).
RELIABLE, TENTATIVE = 0.8, 0.67


def percent(value: float | None, digits: int = 1) -> str:
    """0.956 as 95.6 %; None is undefined."""
    return "undefined" if value is None else f"{100 * value:.{digits}f}{NBSP}%"


def at_least(bound: float) -> str:
    """A lower bound, rounded downwards."""
    return f"{math.floor(1000 * bound + 1e-9) / 10:.1f}{NBSP}%"


def number(n: int, noun: str) -> str:
    """1 label, 2 labels, 12,000 labels."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def day(moment: str) -> str:
    """An ISO moment as a day."""
    return datetime.fromisoformat(moment).strftime("%-d %B %Y")


def moment(value: str) -> str:
    """An ISO moment to the minute, in UTC."""
    return datetime.fromisoformat(value).strftime("%-d %B %Y, %H:%M UTC")


def summary(report: Report) -> str:
    """The two sentences most readers want."""
    accuracy, terms = report["accuracy"], report["terms"]
    if accuracy["delivered_low"] is None:
        return f"{number(report['items'], 'label')} delivered. Their accuracy was not measured."
    return (
        f"{number(report['items'], 'label')} delivered. With {percent(terms['confidence'], 0)} "
        f"confidence, at least {at_least(accuracy['delivered_low'])} of them are right; "
        f"{percent(terms['accuracy'], 0)} were asked for."
    )


def labelling(report: Report) -> list[str]:
    """How the labels came about."""
    work = report["labelling"]
    each = ", ".join(
        f"{number(row['items'], 'item')} got {number(row['answers'], 'answer')}"
        for row in work["answers_per_item"]
    )
    found = [
        f"{number(work['labellers'], 'labeller')} gave {number(work['answers'], 'answer')}"
        + (f": {each}." if each else ".")
    ]
    how = [f"{n:,} {HOW[method]}" for method, n in sorted(work["methods"].items())]
    found.append("The delivered labels were decided: " + "; ".join(how) + ".")
    if work["median_seconds"] is not None:
        found.append(
            f"Half of the answers took less than {work['median_seconds']:.1f} seconds of active "
            f"work, half took more (n = {work['timed_answers']:,}; times are kept to within 4.4 %)."
        )
    made = [(work["reviews"], "review"), (work["adjudications"], "expert decision")]
    if any(n for n, _ in made):
        listed = " and ".join(number(n, what) for n, what in made if n)
        found.append(f"{number(work['reviewers'], 'reviewer')} made {listed}.")
    return found


def guideline(report: Report) -> str:
    """Which instructions held, and whether the client had approved them."""
    version = report["guideline_version"]
    if not version:
        return "There were no written instructions."
    said = f"The instructions were version {version}"
    if "guideline_approved" not in report:
        return f"{said}."
    approved = report["guideline_approved"]
    if approved is None:
        return f"{said}; no version of them was approved in the portal."
    if approved["version"] == version:
        return f"{said}, approved on {day(approved['at'])}."
    return (
        f"{said}; the newest version that was approved is {approved['version']}, on "
        f"{day(approved['at'])}."
    )


def terms(report: Report) -> list[str]:
    """What was agreed that a batch must show before it goes out."""
    asked = report["terms"]
    plan = asked.get("plan") or {}
    lines = [
        f"The terms: with a confidence of {percent(asked['confidence'], 0)} at least "
        f"{percent(asked['accuracy'], 0)} of the labels are right, shown by a random sample of "
        f"{number(asked['review_sample'], 'label')} or more."
        if plan.get("kind") != "plan"
        else f"The terms: a sampling plan of ISO 2859-1 with an acceptable limit of "
        f"{plan['limit']}{NBSP}% wrong labels."
    ]
    classes, errors = asked.get("classes") or {}, asked.get("errors") or {}
    if classes.get("f1"):
        lines.append(f"Each class reaches an F1 of {classes['f1']:.2f}.")
    limits = [
        f"{errors[kind]} {kind}"
        for kind in ("critical", "major", "minor")
        if errors.get(kind) is not None
    ]
    if limits:
        lines.append(f"The sample holds at most so many errors: {', '.join(limits)}.")
    return [" ".join(lines)]


def since(report: Report) -> list[str]:
    """What a second delivery changed in the one before; [] of a first one."""
    found = report.get("since")
    if found is None:
        return []
    listed = ", ".join(found["items"][:20])
    more = " and others" if len(found["items"]) > 20 else ""
    again = found["rejected"] + found["looked_at_again"]
    return [
        f"It replaces version {found['version']} (delivery {found['delivery']}). "
        f"{number(again, 'item')} {'was' if again == 1 else 'were'} looked at once more: "
        f"{found['changed']:,} changed, "
        f"{found['upheld']:,} proved right. All others are as they were.",
        *([f"Changed: {listed}{more}."] if listed else []),
    ]


def agreement(report: Report) -> list[str]:
    """What α says, in words."""
    found = report["agreement"]
    if found["pairs_agreeing"] is None:
        return [
            "No two independent answers to one item were compared, so how far labellers agree is "
            "undefined."
        ]
    if found.get("kind") == "likeness":
        alike = (
            f"On {number(found['items'], 'item')} with two or more independent answers, an answer "
            f"was {percent(found['pairs_agreeing'])} like what the other answers said: 100{NBSP}% "
            f"is the same things in the same places, 0{NBSP}% nothing in common."
        )
        return [alike] if found["alpha"] is None else [alike, _of_things(found)]
    lines = [
        f"On {number(found['items'], 'item')} with two or more independent answers, two answers "
        f"were the same in {percent(found['pairs_agreeing'])} of cases."
    ]
    if found["alpha"] is None:
        lines.append("All answers name one class, so agreement beyond chance is undefined.")
        return lines
    lines.append(
        f"Krippendorff's α, which takes off the agreement that mere chance would give, is "
        f"{_with_range(found)}: 1 is perfect agreement, 0 is chance. {_reading(found)}"
    )
    return lines


def _of_things(found: Report) -> str:
    return (
        f"Of each of {number(found['things'], 'thing')} that somebody marked on "
        f"{number(found['compared'], 'item')}, the others named a class or marked nothing. "
        f"Krippendorff's α of that is {_with_range(found)}: 1 is perfect agreement, 0 is chance."
    )


def _with_range(found: Report) -> str:
    spread = ""
    if found["low"] is not None:
        spread = f" (95 % range {found['low']:.2f} to {found['high']:.2f})"
    return f"{found['alpha']:.2f}{spread}"


def _reading(found: Report) -> str:
    # By the digits that are shown, so that both say the same.
    alpha = round(found["alpha"], 2)
    if alpha >= RELIABLE:
        return "From 0.80 on, answers are usually called reliable."
    if alpha >= TENTATIVE:
        return "Between 0.67 and 0.80 only tentative conclusions are usually drawn."
    return (
        "Below 0.67 the task is open to several readings; the delivered labels rest on several "
        "answers, reviews and experts rather than on any single one."
    )


def gold(report: Report) -> str:
    """The known answers hidden in the work."""
    found = report["gold"]
    if found["value"] is None:
        return "The labellers of this batch answered no hidden items with known answers."
    return (
        f"Items with known answers were hidden in the work of these labellers: "
        f"{percent(found['value'])} of {number(found['n'], 'answer')} were right "
        f"(95 % range {percent(found['low'])} to {percent(found['high'])})."
    )


def rescore(report: Report) -> str:
    """What re-scoring found."""
    run = report["rescore"]
    if run is None:
        return "The labels were not re-scored by a model."
    who, weak = JUDGES[run.get("judge", "learnt")]
    words = (
        f"{who} and named those whose label looks wrong: {number(run['suspects'], 'suspect')} "
        f"among {number(run['scored'], 'label')}. Of these, people changed {run['changed']:,} "
        f"and found {run['accepted']:,} right after all; they did not look at "
        f"{run['open_suspects']:,}."
    )
    if run["weak"]:
        words += f" The {weak} was too weak on these items for its silence to mean much."
    return words
