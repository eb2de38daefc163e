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
    "adjudication": "by an expert, where the answers left doubt",
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
RELIABLE, TENTATIVE = 0.8, 0.667


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
    lines = [
        f"{number(sample['n'], 'item')} of {report['items']:,} were drawn at random{steps}. The "
        f"labels were checked by people who had not given them{before}. {sample['accepted']:,} "
        f"were right: {percent(found['value'])}.",
        "Had other items been drawn, the figure would differ a little. A range that holds the true "
        f"share 95 times in 100 is {percent(found['low'])} to {percent(found['high'])}. It allows "
        "for the size of the batch.",
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


def agreement(report: Report) -> list[str]:
    """What α says, in words."""
    found = report["agreement"]
    if found["pairs_agreeing"] is None:
        return ["No item was answered by two labellers, so their agreement is undefined."]
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
    if found["alpha"] >= RELIABLE:
        return "From 0.80 on, answers are usually called reliable."
    if found["alpha"] >= TENTATIVE:
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
        f"among {number(run['scored'], 'label')}. People looked at them: {run['changed']:,} were "
        f"changed, {run['accepted']:,} were right after all, {run['open_suspects']:,} were not "
        "looked at."
    )
    if run["weak"]:
        words += f" The {weak} was too weak on these items for its silence to mean much."
    return words


def not_judged(report: Report) -> list[str]:
    """What this report does not say."""
    sample, run = report["sample"], report["rescore"]
    lines = [
        f"{number(report['items'] - sample['n'], 'label')} were not in the reviewed sample; what "
        "is said of them is inferred from those that were."
    ]
    bare = [c["name"] for c in report["class_accuracy"] if c["n"] == 0]
    if bare:
        lines.append(f"No label of these classes was in the sample: {', '.join(bare)}.")
    if run is None or run.get("judge") == "answers":
        lines.append("No model looked for labels that seem wrong.")
    lines.append("Whether the classes and instructions suit their purpose is not judged here.")
    return lines
