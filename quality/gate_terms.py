"""The terms of the gate: each looks at the figures and says what is missing, if anything."""

from collections.abc import Callable, Iterator
from typing import Any

from ops.gate_settings import GateTerms
from ops.labels import SEVERITIES
from quality.measures.release import more_reviews

Figures = dict[str, Any]
Reason = dict[str, Any]


def _labels(figures: Figures, _: GateTerms) -> Iterator[Reason]:
    missing = figures["assets"] - figures["labelled"]
    if figures["assets"] == 0:
        yield _reason("labels", "The batch holds no assets.", 0, 1, None)
    elif missing:
        words = f"{_count(missing, 'asset')} of {figures['assets']} {_has(missing)} no label yet."
        yield _reason("labels", words, figures["labelled"], figures["assets"], missing)


def _unfinished(figures: Figures, _: GateTerms) -> Iterator[Reason]:
    stages = {s: n for s, n in figures["unfinished"].items() if s != "adjudicate" and n}
    if stages:
        listed = ", ".join(f"{n} to {STAGE[stage]}" for stage, n in sorted(stages.items()))
        total = sum(stages.values())
        words = f"{_count(total, 'task')} {_is(total)} not finished: {listed}."
        yield _reason("unfinished", words, total, 0, total)


def _unjudged(figures: Figures, _: GateTerms) -> Iterator[Reason]:
    # What a reviewer has just changed is not the label in force until it is judged.
    waiting = figures["unjudged"]
    if waiting:
        words = f"{_count(waiting, 'answer')} {_is(waiting)} just being judged."
        yield _reason("unjudged", words, waiting, 0, None)


def _adjudications(figures: Figures, _: GateTerms) -> Iterator[Reason]:
    waiting = figures["unfinished"].get("adjudicate", 0)
    if waiting:
        words = f"{_count(waiting, 'asset')} {_is(waiting)} waiting for an expert to decide."
        yield _reason("adjudications", words, waiting, 0, waiting)
    stuck = figures["undecided"]
    if stuck:
        words = f"{_count(stuck, 'asset')} in doubt {_has(stuck)} nobody who may decide."
        yield _reason("adjudications", words, stuck, 0, None)


def _sample_size(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    sample, plan = figures["sample"], figures["plan"]
    need = plan["n"] if plan else min(terms.review_sample, figures["assets"])
    if sample["n"] < need:
        waiting = f"; {sample['pending']} more are drawn and waiting" if sample["pending"] else ""
        words = f"{sample['n']} of {need} randomly drawn labels are reviewed{waiting}."
        yield _reason("review_sample", words, sample["n"], need, need - sample["n"])


def _accepted(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    """By the acceptance plan: with more wrong labels than it allows, only a look at all helps."""
    sample, plan = figures["sample"], figures["plan"]
    if plan is None or sample["n"] - sample["accepted"] <= plan["accept"]:
        return
    wrong, left = sample["n"] - sample["accepted"], figures["assets"] - sample["n"]
    if left == 0 and wrong == sample["fixed"]:
        return
    words = f"{_count(wrong, 'label')} of {sample['n']} reviewed {_is(wrong)} wrong; the plan for "
    words += f"{terms.plan.limit}\u00a0% (ISO 2859-1, level {terms.plan.level}, letter "
    words += f"{plan['letter']}) accepts {plan['accept']} of {plan['n']}. "
    words += (
        f"Reviewing the other {_count(left, 'label')} and changing those that are wrong settles it."
        if left
        else "Errors were found and not corrected."
    )
    yield _reason("plan", words, wrong, plan["accept"], left or None)


def _accuracy_shown(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    sample, population, shown = figures["sample"], figures["assets"], figures["accuracy"]
    bound, n, k = shown["delivered_low"], sample["n"], sample["accepted"]
    met = bound is not None and bound >= terms.accuracy
    if population == 0 or met or figures["plan"]:
        return
    more = more_reviews(k, n, sample["fixed"], population, terms.accuracy, terms.confidence)
    at = f"with {_percent(terms.confidence)} confidence"
    need = _percent(terms.accuracy)
    if bound is None:
        words = f"No accuracy is shown yet; at least {need} {at} is asked. "
        words += f"{_count(more or 0, 'review')} without an error would show it."
    else:
        words = f"{n} reviews, {n - k} of them changed the label, show an accuracy of at least "
        words += f"{_percent(bound)} {at}; {need} is asked. "
        words += _what_would_help(k, n, population, terms.accuracy, more)
    yield _reason("accuracy", words, bound, terms.accuracy, more)


def _what_would_help(k: int, n: int, population: int, target: float, more: int | None) -> str:
    if more is None:
        return "No number of reviews will show it: errors were found and not corrected."
    if k / n >= target:
        return f"{_count(more, 'more review')} would settle it if errors stay as rare."
    return (
        f"At the present error rate of {_percent(1 - k / n)} no sample will show it: only "
        f"correcting helps. Reviewing {more} more of {population} labels, and changing those that "
        "are wrong, would; or label the batch anew."
    )


def _rescore(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    run = figures["rescore"]
    if not terms.rescore:
        return
    if run is None:
        yield _reason("rescore", "The labels were not re-scored yet.", 0, 1, None)
    elif run["not_scored"]:
        n = run["not_scored"]
        words = f"{_count(n, 'label')} changed or came in after re-score run {run['version']}."
        yield _reason("rescore", words, n, 0, None)


def _suspects(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    run = figures["rescore"]
    if run is not None and run["open_suspects"] > terms.open_suspects:
        n = run["open_suspects"]
        words = f"{_count(n, 'suspect')} of re-score run {run['version']} {_is(n)} not reviewed; "
        words += f"{terms.open_suspects or 'none'} may stay open."
        yield _reason("open_suspects", words, n, terms.open_suspects, n - terms.open_suspects)


def _gold(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    gold = figures["gold"]
    if terms.gold_accuracy is None:
        return
    if gold["n"] == 0:
        words = "Gold accuracy is asked, and no labeller of this batch has answered gold."
        yield _reason("gold_accuracy", words, None, terms.gold_accuracy, None)
    elif gold["value"] < terms.gold_accuracy:
        words = f"The labellers of this batch answered {_percent(gold['value'])} of "
        words += f"{gold['n']} gold rightly; {_percent(terms.gold_accuracy)} is asked."
        yield _reason("gold_accuracy", words, gold["value"], terms.gold_accuracy, None)


def _classes(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    asked, found = terms.classes, figures["classes"]
    if found is None:
        return
    for key, rate in found["f1"].items():
        floor = asked.f1_of.get(key, asked.f1)
        if floor is None or (key not in asked.f1_of and not rate["reviewed"] and not rate["n"]):
            continue
        # A class may have fewer labels in the batch than are asked for: then all of them.
        drawn_by_class = rate["labels"] is not None
        need = min(asked.reviews, max(rate["labels"], 1)) if drawn_by_class else asked.reviews
        if rate["reviewed"] < need:
            reviewed, n = rate["reviewed"], figures["sample"]["n"]
            words = f"{reviewed} of {need} labels of {key} are reviewed; "
            words += f"an F1 of {floor:g} is asked of it."
            missing = need - reviewed
            if not drawn_by_class:
                missing = -(-missing * n // reviewed) if reviewed else None
            reason = _reason("class_reviews", words, reviewed, need, missing)
            yield {**reason, "of_class": key if drawn_by_class else None}
        elif rate["value"] < floor:
            words = f"F1 of {key} is {rate['value']:.3f} ({rate['low']:.2f} to {rate['high']:.2f}, "
            words += f"n = {rate['n']}); {floor:g} is asked. Look at what was confused with it: "
            words += "only better labels help."
            yield {**_reason("class_f1", words, rate["value"], floor, None), "of_class": key}
    yield from _weighted(found["weighted"], asked.weighted)


def _weighted(rate: Figures, floor: float | None) -> Iterator[Reason]:
    if floor is None or (rate["value"] is not None and rate["value"] >= floor):
        return
    if rate["value"] is None:
        words = f"No class is reviewed yet; a weighted F1 of {floor:g} is asked."
    else:
        words = f"The weighted F1 of the classes is {rate['value']:.3f} ({rate['low']:.2f} to "
        words += f"{rate['high']:.2f}, n = {rate['n']}); {floor:g} is asked."
    yield _reason("weighted_f1", words, rate["value"], floor, None)


def _errors(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    found = figures["errors"]
    for severity in SEVERITIES if found else ():
        most = getattr(terms.errors, severity)
        if most is not None and found[severity] > most:
            n = found[severity]
            words = (
                f"{_count(n, f'{severity} error')} in {figures['sample']['n']} reviewed labels; "
            )
            words += (
                f"{most or 'none'} may be. Correcting the sample does not make the rest better."
            )
            yield _reason(f"{severity}_errors", words, n, most, None)


def _flags(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    n, most = figures["flags"], terms.open_flags
    if most is not None and n > most:
        words = f"{_count(n, 'flag')} on assets {_is(n)} not resolved; {most or 'none'} may stay."
        yield _reason("open_flags", words, n, most, n - most)


def _issues(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    n, most = figures["issues"], terms.open_issues
    if most is not None and n > most:
        words = f"{_count(n, 'question')} about assets {_is(n)} not resolved; "
        words += f"{most or 'none'} may stay."
        yield _reason("open_issues", words, n, most, n - most)


def _again(figures: Figures, _: GateTerms) -> Iterator[Reason]:
    # The author's word is not enough: a person other than them has looked since.
    again = figures["again"]
    if again is not None and again["settled"] < again["reopened"]:
        left = again["reopened"] - again["settled"]
        words = f"{_count(left, 'label')} of {again['reopened']} taken up again after delivery "
        words += f"{again['delivery']} {_is(left)} not decided yet."
        yield _reason("again", words, again["settled"], again["reopened"], left)


TERMS: tuple[Callable[[Figures, GateTerms], Iterator[Reason]], ...] = (
    _labels, _unfinished, _unjudged, _adjudications, _sample_size, _accepted, _accuracy_shown,
    _classes, _errors, _rescore, _suspects, _gold, _flags, _issues,
    _again,
)  # fmt: skip
STAGE = {"label": "label", "rework": "label again", "review": "review"}


def _reason(term: str, message: str, have: Any, need: Any, settle: int | None) -> Reason:
    return {"term": term, "message": message, "have": have, "need": need, "settle": settle}


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _has(n: int) -> str:
    return "has" if n == 1 else "have"


def _percent(value: float) -> str:
    # Downwards, so that a bound just below what is asked never reads as if it were reached.
    return f"{int(value * 1000 + 1e-9) / 10:g}\u00a0%"
