"""What the pages on quality, people and gold show, counted again in raw SQL over ninety days."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrics import definitions
from metrics.reads import confusions, gold_health, gold_suspects, labeller, quality_trend
from metrics.reads.confusions import Pair
from metrics.reads.labeller_trends import with_trends
from metrics.reads.narrow import Narrow
from metrics.reads.sums import LABELLING
from metrics.reads.work import labellers
from ops import clock_time, scope
from ops.models import User
from tests.history import History

# What is right of each judged answer: gold, else what a person decided, else what several say.
TRUTH = """
    WITH judged AS (
        SELECT a.id AS assignment_id, a.labeller_id, a.project_id, task.asset_id, task.stage,
               (a.ended_at AT TIME ZONE coalesce(
                    (SELECT timezone FROM past_affiliation p
                     WHERE p.user_id = a.labeller_id AND p.until > a.ended_at
                     ORDER BY until LIMIT 1), person.timezone))::date AS day,
               label_key(said.payload) AS said, gold.correct, gold.accepted, known.method,
               label_key(known.label) AS decided, known.answers,
               EXISTS (SELECT FROM evidence e WHERE e.assignment_id = a.id AND e.kind = 'review')
                    AS reviewed,
               EXISTS (SELECT FROM evidence e WHERE e.assignment_id = a.id
                       AND e.kind = 'consensus') AS compared
        FROM assignment a JOIN user_account person ON person.id = a.labeller_id
        JOIN task ON task.id = a.task_id
        JOIN label said ON said.assignment_id = a.id AND said.revision = (
            SELECT max(revision) FROM label WHERE label.assignment_id = a.id)
        LEFT JOIN (
            SELECT score.assignment_id, score.correct, label_key(v.answers -> 0) AS accepted
            FROM gold_score score JOIN gold_version v ON v.id = score.gold_version_id
            WHERE score.id = (SELECT max(id) FROM gold_score s
                              WHERE s.assignment_id = score.assignment_id)
        ) gold ON gold.assignment_id = a.id
        LEFT JOIN consensus known ON known.asset_id = task.asset_id AND known.version = (
            SELECT max(version) FROM consensus c
            WHERE c.asset_id = task.asset_id AND c.method NOT IN ('gold', 'imported'))
        WHERE a.state = 'submitted' AND a.project_id = :project
    ), told AS (
        SELECT *, CASE WHEN correct IS NOT NULL THEN 'gold'
                       WHEN stage NOT IN ('label', 'rework') THEN NULL
                       WHEN method IN ('review', 'adjudication') AND reviewed THEN 'review'
                       WHEN method IN ('majority', 'dawid_skene') AND answers > 1 AND compared
                       THEN 'consensus' END AS truth_by
        FROM judged
    )
    SELECT *, CASE WHEN truth_by = 'gold' AND correct = 1 THEN said
                   WHEN truth_by = 'gold' THEN accepted ELSE decided END AS truth
    FROM told WHERE truth_by IS NOT NULL AND said <> '' AND day >= :since AND day < :until
"""


class Seen:
    """What one lead sees of the last 60 days of the project with classes."""

    def __init__(self, session: Session, history: History):
        self.session, self.history = session, history
        self.scope = scope.projects(session.get_one(User, history.lead))
        self.theirs = scope.projects(session.get_one(User, history.stranger))
        self.project = history.projects["Street scenes"]
        self.until = clock_time.now().date() + timedelta(days=1)
        self.since = self.until - timedelta(days=60)
        self.narrow = Narrow(project_id=self.project)
        self.span = self.scope, self.since, self.until

    def rows(self, statement: str, **values: Any) -> list[Any]:
        given = {"project": self.project, "since": self.since, "until": self.until, **values}
        return list(self.session.execute(text(statement), given))


@pytest.fixture
def seen(session: Session, ninety_days: History) -> Iterator[Seen]:
    return Seen(session, ninety_days)


def test_confusions_are_those_of_the_raw_tables_and_so_is_the_drill_down(seen: Seen):
    raw = seen.rows(TRUTH)
    expected: dict[tuple[str, str], int] = {}
    for row in raw:
        expected[row.truth, row.said] = expected.get((row.truth, row.said), 0) + 1
    found = confusions.confusions(seen.session, *seen.span, seen.narrow)
    assert {(r.truth, r.said): r.n for r in found.itertuples()} == expected
    assert (found.fault == "").tolist() == (found.truth == found.said).tolist()
    worst = found[found.fault != ""].sort_values("n").iloc[-1]
    pair = Pair(str(worst.truth), str(worst.said))
    ids = [row.assignment_id for row in raw if (row.truth, row.said) == pair[:2]]
    assert len(ids) > 8
    more = {"narrow": seen.narrow, "pair": pair}
    assert confusions.how_many(seen.session, *seen.span, **more) == len(ids)
    pages = [
        confusions.mistakes(seen.session, *seen.span, **more, limit=5, offset=offset)
        for offset in range(0, len(ids), 5)
    ]
    drilled = [int(i) for page in pages for i in page.assignment_id]
    assert sorted(drilled) == sorted(ids)
    assert len(set(drilled)) == len(drilled)
    day = {row.assignment_id: row.day for row in raw}
    assert [day[i] for i in drilled] == sorted((day[i] for i in drilled), reverse=True)
    by_gold = confusions.confusions(seen.session, *seen.span, seen.narrow, "gold").n.sum()
    assert by_gold == sum(row.truth_by == "gold" for row in raw)
    one = raw[0].labeller_id
    theirs = Narrow(project_id=seen.project, labeller_id=one)
    of_one = confusions.confusions(seen.session, *seen.span, theirs).n.sum()
    assert of_one == sum(row.labeller_id == one for row in raw)


def test_rates_over_time_and_by_group_are_sums_of_what_happened(seen: Seen):
    days = quality_trend.quality_days(seen.session, *seen.span, seen.narrow)
    raw = seen.rows(
        "SELECT count(*) AS n, sum((judged.data ->> 'correct')::numeric) AS hits FROM ("
        " SELECT DISTINCT ON (assignment_id) * FROM work_event"
        " WHERE kind = 'gold_scored' AND project_id = :project"
        " ORDER BY assignment_id, at DESC, id DESC) judged"
    )[0]
    every = quality_trend.quality_days(
        seen.session, seen.scope, seen.since - timedelta(days=400), seen.until, seen.narrow
    )
    assert (int(every.gold_n.sum()), every.gold_correct.sum()) == (raw.n, float(raw.hits))
    for group in quality_trend.GROUPS:
        by = quality_trend.quality_by(seen.session, *seen.span, group, seen.narrow)
        assert by.gold_n.sum() == days.gold_n.sum(), group
        assert by.name.notna().all()
    line = quality_trend.shares_by_stretch(
        days, {day: max(days.day) for day in days.day}, "gold_correct", "gold_n"
    ).iloc[0]
    whole = definitions.share(float(days.gold_correct.sum()), int(days.gold_n.sum()))
    assert (line.value, line.low, line.high, line.n) == pytest.approx(
        (whole.value, whole.low, whole.high, whole.n)
    )


def test_nobody_sees_a_person_or_gold_of_projects_that_are_not_theirs(seen: Seen):
    other = seen.history.projects["Shop shelves"]
    mine = seen.rows(
        "SELECT labeller_id FROM assignment WHERE project_id = :project GROUP BY 1 ORDER BY 1"
    )[0].labeller_id
    only_there = [
        row.labeller_id
        for row in seen.rows(
            "SELECT labeller_id FROM assignment WHERE project_id = :other AND labeller_id NOT IN ("
            "SELECT user_id FROM project_member WHERE project_id <> :other) AND labeller_id NOT IN "
            "(SELECT labeller_id FROM assignment WHERE project_id <> :other) GROUP BY 1",
            other=other,
        )
    ]
    for who in only_there:
        assert labeller.person(seen.session, seen.scope, who) is None
    assert labeller.person(seen.session, seen.scope, mine) is not None
    assert labeller.person(seen.session, [], mine) is None
    span = (seen.theirs, seen.since, seen.until)
    for narrow in (seen.narrow, Narrow(project_id=seen.project, labeller_id=mine)):
        assert confusions.confusions(seen.session, *span, narrow).empty
        assert confusions.mistakes(seen.session, *span, narrow).empty
        assert confusions.judged_projects(seen.session, *span, narrow).empty
        assert quality_trend.quality_days(seen.session, *span, narrow).empty
    theirs = labeller.person_days(seen.session, seen.theirs, mine)
    assert set(theirs.project_id) <= {other}
    for read in (labeller.memberships, labeller.person_flags, labeller.person_firings,
                 labeller.person_questions):  # fmt: skip
        assert set(read(seen.session, seen.theirs, mine).project_id) <= {other}
    for read_gold in (gold_health.gold_supply, gold_health.exposures, gold_suspects.suspect_gold,
                      gold_suspects.contested_gold):  # fmt: skip
        assert len(read_gold(seen.session, seen.theirs, seen.project)) == 0, read_gold


def test_one_person_is_counted_as_they_worked(seen: Seen):
    who = seen.history.labellers[0]
    person = labeller.person(seen.session, seen.scope, who)
    assert person is not None
    days = labeller.person_days(seen.session, [seen.project], who)
    raw = seen.rows(
        "SELECT count(*) AS n, sum(active_ms) AS ms FROM assignment JOIN task ON "
        "task.id = assignment.task_id WHERE labeller_id = :who AND project_id = :project "
        "AND state = 'submitted' AND stage IN ('label', 'rework')",
        who=who,
    )[0]
    assert (days.labels.sum(), days.active_ms.sum()) == (raw.n, raw.ms)
    hours = labeller.person_hours(
        seen.session, [seen.project], who, seen.since, seen.until, person.timezone
    )
    counted = seen.rows(
        "SELECT extract(isodow FROM at)::int - 1 AS weekday, extract(hour FROM at)::int AS hour, "
        "count(*) AS n FROM (SELECT ended_at AT TIME ZONE :zone AS at, "
        " ended_at, labeller_id, project_id, state FROM assignment) own "
        "WHERE labeller_id = :who AND project_id = :project AND state = 'submitted' "
        "AND at::date >= :since AND at::date < :until GROUP BY 1, 2",
        who=who, zone=person.timezone,
    )  # fmt: skip
    assert {(r.weekday, r.hour): r.labels for r in hours.itertuples() if r.labels} == {
        (row.weekday, row.hour): row.n for row in counted
    }
    found = labellers(seen.session, [seen.project], seen.since, seen.until, LABELLING)
    told = with_trends(seen.session, [seen.project], seen.since, seen.until, found)
    assert len(told) == len(found)
    for name in ("time", "gold", "agreement"):
        moved = told[told[f"{name}_moved"]]
        assert moved[f"{name}_change"].notna().all()
        if name == "time":
            assert ((moved.time_low > 1) | (moved.time_high < 1)).all()


def test_gold_left_is_what_was_never_met(seen: Seen):
    today = seen.until - timedelta(days=1)
    found = gold_health.gold_left(seen.session, seen.scope, seen.project, today)
    raw = seen.rows(
        "SELECT who.id, (SELECT count(*) FROM gold WHERE gold.project_id = :project AND "
        "gold.state = 'active' AND NOT gold.for_assessment AND NOT EXISTS (SELECT FROM assignment "
        "JOIN task ON task.id = assignment.task_id WHERE task.asset_id = gold.asset_id AND "
        "assignment.labeller_id = who.id)) AS n FROM user_account who"
    )
    left = {row.id: row.n for row in raw}
    assert len(found) > 5
    assert {int(r.labeller_id): r.left for r in found.itertuples()} == {
        int(i): left[int(i)] for i in found.labeller_id
    }
    assert found.days.dropna().is_monotonic_increasing
    assert found.planned.between(0.01, 0.5).all()
    supply = gold_health.gold_supply(seen.session, seen.scope, seen.project)
    active = seen.rows("SELECT count(*) AS n FROM gold WHERE project_id = :project AND "
                       "state = 'active' AND NOT for_assessment")[0].n  # fmt: skip
    assert supply.active.sum() == active
    shown = gold_health.exposures(seen.session, seen.scope, seen.project)
    assert shown.n.sum() == active


def test_leaks_are_told_apart_from_nothing(seen: Seen):
    found = gold_suspects.gold_leak(seen.session, seen.scope, seen.project, seen.since, seen.until)
    of_all = gold_suspects.leak_of_all(found)
    assert of_all is not None
    # Nobody of this history knows gold.
    assert of_all["low"] < 1 < of_all["high"] or 0.8 < of_all["ratio"] < 1.25
    known = found.assign(time_ratio=found.time_ratio * 2)
    slower = gold_suspects.leak_of_all(known)
    assert slower is not None and slower["low"] > 1
