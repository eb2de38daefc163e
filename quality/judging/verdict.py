"""What the answers to one task come to."""

from typing import Any, NamedTuple

from quality.judging.answers import Answer
from quality.judging.evidence import Finding


class Verdict(NamedTuple):
    """The consensus of one asset from the answers of one task: its `label`, right with so much
    `probability`.

    `agreed` is each answer's share in the agreement (ties split fairly), `findings` what the others
    make of each answer; both are empty where there is a single answer. `posterior` is class key →
    probability where the label is a choice, and what `merged` writes down where it is not.
    """

    answers: list[Answer]
    method: str
    label: dict[str, Any]
    probability: float
    agreement: float | None
    tied: bool
    posterior: dict[str, Any]
    agreed: list[float]
    findings: list[Finding]

    @property
    def first(self) -> Answer:
        """Any answer: all name the same asset, task and batch."""
        return self.answers[0]
