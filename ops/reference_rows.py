"""One row of what a model says, as every format hands it over, and what makes it acceptable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ops import labels, ontologies
from ops.errors import InvalidInput
from ops.intake.faults import Faults
from ops.models import OntologyVersion, Project


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of one asset: a label's payload, objects with a score each.

    `confidence` of the whole and `probabilities` (class key → 0 to 1) where the model gave them;
    `line` is where it stands in its file.
    """

    external_id: str
    label: Mapping[str, Any]
    confidence: float | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    line: int | None = None


class Check:
    """Accepts what a model says of the assets of one project, one saying an asset."""

    def __init__(self, session: Session, project: Project, faults: Faults):
        found = ontologies.current(session, project.id)
        if found is None:
            raise InvalidInput("this project has no classes yet", field="project")
        self.ontology: OntologyVersion = found
        self.project, self.faults = project, faults
        of_choices = labels.choices(project.label_type, found)
        self.keys = set(of_choices) or {c["key"] for c in found.classes}
        self.seen: set[int] = set()

    def accept(self, said: Said, asset: Any) -> dict[str, Any] | None:
        """The row for the table; None, and the fault noted, when it may not be."""
        if asset.id in self.seen:
            self.faults.add(said.line, "external_id", "stands there twice", said.external_id)
            return None
        self.seen.add(asset.id)
        try:
            return {
                "asset_id": asset.id,
                "label": self._label(said, asset),
                "confidence": _share(said.confidence, "confidence"),
                "probabilities": self._probabilities(said),
            }
        except InvalidInput as error:
            for fault in error.errors:
                where = str(fault["field"] or "label")
                self.faults.add(said.line, where, fault["message"], said.external_id)
            return None

    def _label(self, said: Said, asset: Any) -> dict[str, Any]:
        size = (asset.width, asset.height) if asset.width and asset.height else None
        return labels.check(
            self.project.label_type,
            self.ontology,
            said.label,
            size=size,
            length=asset.length,
            prediction=True,
        )

    def _probabilities(self, said: Said) -> dict[str, float]:
        for key in said.probabilities:
            if key not in self.keys:
                raise InvalidInput(f"{key[:80]} is no class of this project", field="probabilities")
        return {
            key: share
            for key, value in said.probabilities.items()
            if (share := _share(value, f"probabilities.{key}")) is not None
        }


def _share(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInput("must be a number from 0 to 1", field=name)
    return float(value)
