"""The gate: whether the numbers allow a batch to go to the client, and if not, what is missing.

Accuracy is judged by a random sample of reviews alone. Suspects of a re-score run and adjudicated
labels were picked because they look wrong; counting them would say nothing of the rest. What their
reviews put right counts in the labels that are delivered.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Batch, GateVerdict, Project
from ops.project_settings import GateTerms
from ops.projects import settings_of
from quality import gate_figures
from quality.measures.release import as_delivered, more_reviews

Figures = dict[str, Any]
Reason = dict[str, Any]


@dataclass(frozen=True)
class Findings:
    """What the gate sees at one moment. It has passed when there are no reasons against it.

    Each reason is {"term", "message", "have", "need", "settle"}: the term that is not met, in
    words what is missing, both figures, and how many more reviews (or finished tasks) would settle
    it, None where no number will.
    """

    terms: dict[str, Any]
    figures: Figures
    reasons: list[Reason] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.reasons


def examine(session: Session, batch: Batch) -> Findings:
    """Judge the batch as it is now, without leaving a trace. A fixed number of statements."""
    project = session.get_one(Project, batch.project_id)
    terms = settings_of(project).gate
    figures = gate_figures.read(session, batch)
    figures["accuracy"] = _accuracy(figures, terms)
    reasons = [reason for judge in TERMS for reason in judge(figures, terms)]
    return Findings(terms.model_dump(mode="json"), figures, reasons)


def judge_batch(session: Session, batch: Batch) -> GateVerdict:
    """Judge the batch and keep the verdict."""
    found = examine(session, batch)
    verdict = GateVerdict(
        batch_id=batch.id,
        passed=found.passed,
        terms=found.terms,
        figures=found.figures,
        reasons=found.reasons,
        at=clock_time.now(),
    )
    session.add(verdict)
    session.flush()
    return verdict


def _accuracy(figures: Figures, terms: GateTerms) -> Figures:
    """Accuracy at the draw with its two-sided interval, and the bound as delivered; or None."""
    from quality.measures.sampling import finite_bounds

    sample, population = figures["sample"], figures["assets"]
    n, k = sample["n"], sample["accepted"]
    if n == 0:
        return {"value": None, "n": 0, "low": None, "high": None, "delivered_low": None}
    low, high = finite_bounds(k, n, population, 0.95)
    shown = as_delivered(k, n, sample["fixed"], population, terms.confidence)
    return {"value": k / n, "n": n, "low": low, "high": high, "delivered_low": shown}


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
    need = min(terms.review_sample, figures["assets"])
    sample = figures["sample"]
    if sample["n"] < need:
        waiting = f"; {sample['pending']} more are drawn and waiting" if sample["pending"] else ""
        words = f"{sample['n']} of {need} randomly drawn labels are reviewed{waiting}."
        yield _reason("review_sample", words, sample["n"], need, need - sample["n"])


def _accuracy_shown(figures: Figures, terms: GateTerms) -> Iterator[Reason]:
    sample, population, shown = figures["sample"], figures["assets"], figures["accuracy"]
    bound, n, k = shown["delivered_low"], sample["n"], sample["accepted"]
    if population == 0 or (bound is not None and bound >= terms.accuracy):
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


TERMS: tuple[Callable[[Figures, GateTerms], Iterator[Reason]], ...] = (
    _labels, _unfinished, _unjudged, _adjudications, _sample_size, _accuracy_shown, _rescore,
    _suspects, _gold,
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
