"""Which of two is better, and why."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from ops.labels.ground import Fault, Ground, listed
from ops.labels.payload import Key, Payload


class PreferenceLabel(Payload):
    """Which of two is better, and why."""

    subject: ClassVar[str] = "preference"

    preference: Literal["a", "b", "tie"] = Field(description="tie only where the ontology has it")
    reasons: list[Key] = Field([], max_length=100, description="Keys of reasons")

    def faults(self, ground: Ground) -> Iterator[Fault]:
        if self.preference == "tie" and not ground.ontology.tie:
            yield "preference", "preference must be one of a, b"
        known = [one["key"] for one in ground.ontology.reasons]
        for n, key in enumerate(self.reasons):
            if key not in known:
                offered = f"must be one of {listed(known)}" if known else "no reasons are asked"
                yield f"reasons.{n}", offered
        self.reasons = [key for key in known if key in self.reasons]
