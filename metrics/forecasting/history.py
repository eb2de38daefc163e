"""The days of a project from roll-ups: who worked how long, what came of it, by batch and stage."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrics.forecasting.model import STAGES, Observed
from metrics.models import DailyRollup, HourlyRollup
from ops.access import STAGE_ROLES
from ops.models import Project, ProjectMember, User
from quality.measures.arrays import Bools, Floats, Ints

# Older days say little of the next ones.
WINDOW = 56
HOUR_MS = 3_600_000
# Reviewers who spend less of their time on labelling are not counted on for it.
SELDOM = 0.05


@dataclass(frozen=True)
class History:
    """D days from `first` on, of P people and B batches.

    hours: D × P active hours. answers, spent: D × B × S answers that counted (gold and surplus left
    out) and all active hours. group: P, which of `groups` (sets of roles that do the same stages)
    each belongs to; `staying`: P, who is still there.
    """

    first: date
    people: Ints
    batches: Ints
    hours: Floats
    answers: Floats
    spent: Floats
    group: Ints
    staying: Bools
    may: Bools

    def before(self, day: date, *, staying: bool = True) -> Observed:
        """What was observed on the days before `day`, from the first on which work was done.

        Of people who have left since, hours to come are not to be expected: `staying` leaves them
        out, as it has to be now, but not where the past is forecast.
        """
        begin, stop = self.window(day)
        kept = self.staying if staying else np.ones(self.staying.shape, bool)
        by_group = self.by_group(self.hours[begin:stop], kept)
        answers = self.answers[begin:stop].sum(axis=1)
        spent = self.spent[begin:stop].sum(axis=1)
        label, review, rework, adjudicate = (float(n) for n in answers.sum(axis=0))
        return Observed(
            (day - timedelta(days=1)).weekday(),
            by_group,
            answers,
            spent,
            self.may,
            (review, label + rework),
            (rework, review),
            (adjudicate, label),
        )

    def window(self, day: date) -> tuple[int, int]:
        """Where the days before `day` begin and end, from the first on which work was done."""
        stop = max((day - self.first).days, 0)
        begin = max(stop - WINDOW, 0)
        worked = np.flatnonzero(self.hours[begin:stop].sum(axis=1) > 0)
        return begin + (int(worked[0]) if worked.size else 0), stop

    def by_group(self, hours: Floats, kept: Bools) -> Floats:
        """Hours of people (… × P) as those of groups (… × G), of those who are `kept`."""
        of = (self.group[:, None] == np.arange(len(self.may))) & kept[:, None]
        found: Floats = hours @ of.astype(float)
        return found

    def present(self, day: date) -> Floats:
        """People of each group who worked in the four weeks before `day` and are still there."""
        stop = max((day - self.first).days, 0)
        seen = self.hours[max(stop - 28, 0) : stop].sum(axis=0) > 0
        return np.bincount(self.group[seen & self.staying], minlength=len(self.may)).astype(float)


def history(session: Session, project: Project, until: date, days: int = WINDOW) -> History:
    """The `days` days before `until`, which is not in it. Three statements."""
    first = until - timedelta(days=days)
    within = (
        DailyRollup.project_id == project.id,
        DailyRollup.day >= first,
        DailyRollup.day < until,
    )
    keys = DailyRollup.day, DailyRollup.labeller_id, DailyRollup.stage
    hours = session.execute(
        select(*keys, func.sum(DailyRollup.active_ms))
        .where(*within, DailyRollup.stage.in_(STAGES))
        .group_by(*keys)
    ).all()
    work = session.execute(
        select(
            DailyRollup.day,
            DailyRollup.batch_id,
            DailyRollup.stage,
            func.sum(DailyRollup.submitted - DailyRollup.gold_n),
            func.sum(DailyRollup.active_ms),
        )
        .where(*within, DailyRollup.stage.in_(STAGES))
        .group_by(DailyRollup.day, DailyRollup.batch_id, DailyRollup.stage)
    ).all()
    people = np.unique(np.array([row[1] for row in hours], np.int64))
    batches = np.unique(np.array([row[1] for row in work], np.int64))
    by_person = np.zeros((days, len(people), len(STAGES)))
    for day, who, stage, ms in hours:
        at = (day - first).days, np.searchsorted(people, who), STAGES.index(stage)
        by_person[at] = float(ms) / HOUR_MS
    answers = np.zeros((days, len(batches), len(STAGES)))
    spent = np.zeros_like(answers)
    for day, batch, stage, n, ms in work:
        at = (day - first).days, np.searchsorted(batches, batch), STAGES.index(stage)
        answers[at], spent[at] = max(float(n), 0.0), float(ms) / HOUR_MS
    group, staying = _who(session, project, people)
    may = _may(group, by_person.sum(axis=0))
    return History(
        first, people, batches, by_person.sum(axis=2), answers, spent, group, staying, may
    )


def _who(session: Session, project: Project, people: Ints) -> tuple[Ints, Bools]:
    """Group of each (0: who only labels, 1: who may also judge), and who still may work here."""
    rows = session.execute(
        select(User.id, User.role, User.active, ProjectMember.suspended_at)
        .outerjoin(
            ProjectMember,
            (ProjectMember.user_id == User.id) & (ProjectMember.project_id == project.id),
        )
        .where(User.id.in_([int(i) for i in people]))
        .add_columns(ProjectMember.user_id)
    )
    known: dict[int, Any] = {row[0]: row for row in rows}
    group = np.array([int(known[int(i)].role in STAGE_ROLES["review"]) for i in people], int)
    staying = np.array(
        [
            known[int(i)].active and known[int(i)][4] is not None and known[int(i)][3] is None
            for i in people
        ],
        bool,
    )
    return group, staying


def _may(group: Ints, hours: Floats) -> Bools:
    """Group × stage, from hours by person and stage: what its role allows, and labelling by those
    who judge only where they do it."""
    may = np.array(
        [["labeller" in STAGE_ROLES[stage] for stage in STAGES],
         ["reviewer" in STAGE_ROLES[stage] for stage in STAGES]]
    )  # fmt: skip
    by_judges = hours[group == 1].sum(axis=0)
    for stage in ("label", "rework"):
        s = STAGES.index(stage)
        may[1, s] &= bool(by_judges[s] > SELDOM * by_judges.sum())
    return may


def day_profile(session: Session, project: Project, until: datetime) -> Floats:
    """Share of a day's active time in each of its 24 hours of UTC, over the last four weeks; even
    where nothing was seen."""
    hour = func.extract("hour", func.timezone("UTC", HourlyRollup.hour))
    rows = session.execute(
        select(hour, func.sum(HourlyRollup.active_ms))
        .where(
            HourlyRollup.project_id == project.id,
            HourlyRollup.hour >= until - timedelta(days=28),
            HourlyRollup.hour < until,
        )
        .group_by(hour)
    )
    profile = np.zeros(24)
    for which, ms in rows:
        profile[int(which)] = float(ms)
    total = profile.sum()
    return profile / total if total > 0 else np.full(24, 1 / 24)
