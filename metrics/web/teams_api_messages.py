"""What the API for teams, shifts and absences takes and gives."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops.web.api_types import Day, Id, Line, Note, Strict

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d$", examples=["09:30"])]
Kind = Literal["holiday", "sick", "training", "other"]
Week = Annotated[list[str], Field(min_length=7, max_length=7)]


class TeamOut(BaseModel):
    id: int
    name: str
    people: int
    led_by: list[str]


class TeamsOut(BaseModel):
    teams: list[TeamOut]


class TeamIn(Strict):
    name: Line
    people: list[Id] = Field(default=[], max_length=1000, description="Who belongs to it: ids")
    led_by: list[Id] = Field(default=[], max_length=20, description="Who leads it: ids")


class MemberOut(BaseModel):
    id: int
    name: str
    role: str
    timezone: str


class TeamPeopleOut(BaseModel):
    id: int
    name: str
    people: list[MemberOut]


class ShiftsQuery(Strict):
    since: Day | None = Field(None, description="First day, in UTC; today where it is left out")
    until: Day | None = Field(
        None, description="Last day, at most 92 days after the first; 27 days after it if left out"
    )


class ShiftOut(BaseModel):
    id: int
    person: int
    project: int | None
    starts_at: datetime
    ends_at: datetime


class ShiftsOut(BaseModel):
    shifts: list[ShiftOut]


class ShiftsIn(Strict):
    people: list[Id] = Field(default=[], max_length=1000, description="Ids; empty: everybody")
    week: Day | None = Field(None, description="From the weekly hours of each, for this week")
    day: Day | None = Field(None, description="Or one shift each, on this day")
    begins: Clock | None = Field(None, description="By the clock of each person")
    ends: Clock | None = Field(None, description="On the next day where it is not later")
    project: Id | None = None
    dry: bool = Field(False, description="Only say what it would be")


class ConflictOut(BaseModel):
    person: int
    words: str


class PlannedOut(BaseModel):
    planned: int
    hours: float
    people: int
    shifts: list[int] = Field(description="Ids; none for a dry look")
    conflicts: list[ConflictOut]


class AbsenceIn(Strict):
    kind: Kind
    first_day: Day
    last_day: Day = Field(description="The last day, included")
    note: Note = ""


class AbsenceOfIn(AbsenceIn):
    person: Id


class AbsenceDecisionIn(Strict):
    grant: bool


class AbsenceOut(BaseModel):
    id: int
    person: int
    kind: str
    first_day: date
    last_day: date
    state: str
    note: str


class AbsencesOut(BaseModel):
    absences: list[AbsenceOut]


class HoursIn(Strict):
    week: Week = Field(
        description="Monday to Sunday, each as '09:00-12:30, 13:00-17:00', by your own clock; "
        "hours over midnight go on the next day"
    )
    valid_from: Day


class OwnHoursOut(BaseModel):
    timezone: str
    week: list[str] = Field(description="Monday to Sunday, as they hold today")
    shifts: list[ShiftOut]
    planned_hours: float = Field(description="Of this week")
    active_hours: float = Field(description="Of this week, as far as it is counted")
