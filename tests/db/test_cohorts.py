"""Learning curves by cohort: what the roll-ups say is what plain counting of the events says."""

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from metrics import definitions, rollup
from metrics.reads import cohorts
from ops.models import Team
from tests.histories import History

# The newest submission of an answer counts, and of each kind of judgement the newest, at the hour
# of that submission.
_ANSWERS = text(
    """
    SELECT labeller_id, date_trunc('hour', at AT TIME ZONE 'UTC') AS hour,
           (data ->> 'active_ms')::int AS active_ms,
           (SELECT (judged.data ->> 'correct')::float8 FROM work_event judged
            WHERE judged.assignment_id = done.assignment_id AND judged.kind = 'gold_scored'
            ORDER BY judged.at DESC, judged.id DESC LIMIT 1) AS gold,
           (SELECT (judged.data ->> 'correct')::float8 FROM work_event judged
            WHERE judged.assignment_id = done.assignment_id AND judged.kind = 'reviewed'
            ORDER BY judged.at DESC, judged.id DESC LIMIT 1) AS review
    FROM (SELECT DISTINCT ON (assignment_id) * FROM work_event
          WHERE kind IN ('submitted', 'surplus') AND project_id = ANY(:projects)
          ORDER BY assignment_id, at DESC, id DESC) done
    """
)


def by_hand(answers, step, most, least, group):
    """(group, figure) → [(step, quarters, people, n)], by loops over single answers."""
    hours = defaultdict(list)
    for row in answers:
        hours[row.labeller_id, row.hour].append(row)
    done, cells = defaultdict(int), defaultdict(list)
    for who, hour in sorted(hours):
        rows = hours[who, hour]
        at = int((done[who] + len(rows) / 2) // step)
        done[who] += len(rows)
        if at < most // step:
            cells[who, at] += rows
    found = defaultdict(lambda: defaultdict(list))
    for (who, at), rows in cells.items():
        times = [row.active_ms for row in rows if row.active_ms > 0]
        for name in ("gold", "review"):
            shares = [getattr(row, name) for row in rows if getattr(row, name) is not None]
            if len(shares) >= least:
                found[group[who], name][at].append((np.mean(shares), len(shares)))
        if len(times) >= least:
            time = definitions.active_time(definitions.time_histogram(times))
            found[group[who], "pace"][at].append((time.median_seconds, len(times)))
    return {
        key: [
            (at, np.percentile([v for v, _ in of], (25, 50, 75)), len(of), sum(n for _, n in of))
            for at, of in sorted(steps.items())
        ]
        for key, steps in found.items()
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_curves_are_what_plain_counting_of_the_answers_gives(
    make, session, sessions, monkeypatch, seed
):
    for name, value in (("STEP", 3), ("MOST", 9), ("LEAST", 2)):
        monkeypatch.setattr(cohorts, name, value)
    history = History(make, seed, assignments=90)
    people = [who for floor in history.floors for who in floor.labellers]
    teams = [Team(name=f"Team {n}", created_at=history.start) for n in range(2)]
    session.add_all(teams)
    session.flush()
    for i, who in enumerate(people[:5]):
        who.team_id = teams[i % 2].id
    history.write(session, 400)
    session.commit()
    rollup.roll_up(sessions)
    projects = [floor.project.id for floor in history.floors]
    named = {who.id: teams[i % 2].name for i, who in enumerate(people[:5])}
    since = history.start.date() - timedelta(days=1)
    for scope, by in ((projects, "team"), (projects[:1], "month")):
        rows = session.execute(_ANSWERS, {"projects": scope}).all()
        began = {who: min(r.hour for r in rows if r.labeller_id == who) for who, *_ in rows}
        months = {who: f"{hour:%Y-%m}" for who, hour in began.items()}
        group = months if by == "month" else {who: named.get(who, "No team") for who in began}
        found = cohorts.cohorts(session, scope, since, by)
        assert sum(cohort.people for cohort in found) == len(began)
        expected = by_hand(rows, 3, 9, 2, group)
        for cohort in found:
            for name, points in cohort.curves.items():
                told = expected.get((cohort.name, name), [])
                assert [(p.step, p.people, p.n) for p in points] == [
                    (at, people, n) for at, _, people, n in told
                ]
                quarters = [(p.low, p.middle, p.high) for p in points]
                assert np.allclose(quarters, [q for _, q, _, _ in told], atol=1e-6)
        assert any(cohort.curves["gold"] for cohort in found)
    later = history.start.date() + timedelta(days=30)
    assert cohorts.cohorts(session, projects, later) == []
