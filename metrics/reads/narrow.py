"""What a page narrows its figures to, as conditions on roll-ups."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ops.models import Project


@dataclass(frozen=True)
class Narrow:
    """None does not narrow. Team and vendor are those the labeller belonged to at the time; 0 is
    nowhere. `label` is a class that was answered."""

    project_id: int | None = None
    batch_id: int | None = None
    team_id: int | None = None
    vendor_id: int | None = None
    labeller_id: int | None = None
    skill_id: int | None = None
    stage: str | None = None
    label: str | None = None

    def conditions(self, rollup: Any) -> list[Any]:
        """The conditions on `HourlyRollup` or `DailyRollup`."""
        columns = {
            "project_id": self.project_id,
            "batch_id": self.batch_id,
            "team_id": self.team_id,
            "vendor_id": self.vendor_id,
            "labeller_id": self.labeller_id,
            "stage": self.stage,
            "label_class": self.label,
        }
        found = [
            getattr(rollup, name) == value for name, value in columns.items() if value is not None
        ]
        if self.skill_id is not None:
            of_skill = select(Project.id).where(Project.skill_id == self.skill_id)
            found.append(rollup.project_id.in_(of_skill))
        return found


EVERYTHING = Narrow()
