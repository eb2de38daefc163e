"""The gate: whether the numbers allow a batch to go to the client, and if not, what is missing.

Accuracy is judged by a random sample of reviews alone. Suspects of a re-score run and adjudicated
labels were picked because they look wrong; counting them would say nothing of the rest. What their
reviews put right counts in the labels that are delivered.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ops import clock_time
from ops.gate_settings import GateTerms
from ops.models import Batch, GateVerdict, Project
from ops.projects import settings_of
from quality import gate_figures, gate_terms
from quality.measures import acceptance
from quality.measures.release import as_delivered

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
    figures = gate_figures.read(session, batch, project, terms)
    figures["accuracy"] = _accuracy(figures, terms)
    figures["plan"] = _plan(figures, terms)
    reasons = [reason for judge in gate_terms.TERMS for reason in judge(figures, terms)]
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


def _plan(figures: Figures, terms: GateTerms) -> Figures | None:
    """The acceptance plan of the batch: letter, n, accept, whole, and the share of wrong labels
    with which it would still be accepted one time in ten; None where none is asked for."""
    asked, lot = terms.plan, figures["assets"]
    if asked.kind != "plan" or lot == 0:
        return None
    found = acceptance.plan(lot, float(asked.limit), asked.level, asked.inspection)
    return {**found._asdict(), "passes_at_most": acceptance.passes_at_most(found, lot)}
