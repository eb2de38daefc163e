"""Roll-ups, counters and judgements as N events over ninety days would leave them, by SQL.

Pages read no events: none are made. Keys between tables are not checked while they are written.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ops import clock_time
from ops.models import Team
from tests.factories import Make

DAYS, LABELLERS, PROJECTS, BATCHES = 90, 200, 10, 40
CLASSES = tuple("abcdefghij")
# leased, submitted, and seven judgements for every ten answers.
EVENTS_PER_ANSWER, ANSWERS_PER_ASSET = 2.7, 3
HOURS = 8  # a day at work
WORKDAYS = "extract(isodow FROM day) < 6"

_PEOPLE = """
    SELECT id, place, 1 + place % 8 AS team, (CAST(:vendors AS bigint[]))[1 + place % 4] AS vendor
    FROM unnest(CAST(:people AS bigint[])) WITH ORDINALITY AS p(id, place)"""
# Everybody works in two projects; the nth batch is of the (n mod PROJECTS)th.
_BATCH = (
    f"(CAST(:batches AS bigint[]))[1 + (place + day_no % 2) % {PROJECTS}"
    f" + {PROJECTS} * (day_no % {BATCHES // PROJECTS})]"
)

STEPS: dict[str, str] = {
    "hours": f"""
        INSERT INTO hourly_rollup (hour, day, labeller_id, batch_id, stage, label_class, team_id,
            vendor_id, project_id, leased, submitted, surplus, skipped, released, expired,
            active_ms, idle_ms, wall_ms, gold_n, gold_correct, consensus_n, consensus_agreed,
            review_n, review_accepted, time_bins, time_counts)
        SELECT day + make_interval(hours => 8 + h), day::date, w.id, b.id, 'label', class, w.team,
            w.vendor, b.project_id, :each, :each, 0, (random() < 0.2)::int, 0,
            (random() < 0.1)::int, :each * (6000 + 100 * (place % 40) + (3000 * random())::int),
            500, :each * 9000, (random() < 0.3)::int, 0, :each, round((:each * 0.9)::numeric, 0),
            (random() < 0.3)::int, 0, ARRAY[40, 44, 47]::smallint[],
            ARRAY[1, greatest(:each - 2, 1), 1]
        FROM (SELECT p.*, day, extract(day FROM day - CAST(:start AS timestamptz))::int AS day_no
              FROM ({_PEOPLE}) p, generate_series(CAST(:start AS timestamptz),
                   CAST(:stop AS timestamptz), interval '1 day') AS day WHERE {WORKDAYS}) w
        CROSS JOIN generate_series(0, {HOURS - 1}) AS h
        CROSS JOIN unnest(CAST(:classes AS text[])) AS class
        JOIN batch b ON b.id = {_BATCH}""",
    "hours judged": """
        UPDATE hourly_rollup SET gold_correct = gold_n * (random() < 0.93)::int,
            review_accepted = review_n * (random() < 0.9)::int""",
    "days": """
        INSERT INTO daily_rollup (day, labeller_id, batch_id, stage, label_class, team_id,
            vendor_id, project_id, leased, submitted, surplus, skipped, released, expired,
            active_ms, idle_ms, wall_ms, gold_n, gold_correct, consensus_n, consensus_agreed,
            review_n, review_accepted, time_bins, time_counts)
        SELECT day, labeller_id, batch_id, stage, label_class, team_id, vendor_id,
            min(project_id), sum(leased), sum(submitted), sum(surplus), sum(skipped),
            sum(released), sum(expired), sum(active_ms), sum(idle_ms), sum(wall_ms), sum(gold_n),
            sum(gold_correct), sum(consensus_n), sum(consensus_agreed), sum(review_n),
            sum(review_accepted), min(time_bins), ARRAY[8, 8 * greatest(:each - 2, 1), 8]
        FROM hourly_rollup GROUP BY 1, 2, 3, 4, 5, 6, 7""",
    "assets": """
        INSERT INTO asset (project_id, batch_id, external_id, text, meta, created_at)
        SELECT b.project_id, b.id, 'asset-' || i, 'What happened on day ' || i,
            jsonb_build_object('light', CASE WHEN i % 3 = 0 THEN 'night' ELSE 'day' END),
            CAST(:start AS timestamptz)
        FROM generate_series(1, :assets) AS i JOIN batch b ON b.id =
            (CAST(:batches AS bigint[]))[1 + i % cardinality(CAST(:batches AS bigint[]))]""",
    "lanes": """
        INSERT INTO lane (project_id, batch_id, stage, requirement_key, requirements, generation)
        SELECT project_id, id, 'label', '', '{}', 0 FROM batch""",
    "tasks": """
        INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
            created_at)
        SELECT l.id, a.id, 'label', 1, a.id, 3, CASE WHEN a.id % 20 = 0 THEN 1 ELSE 3 END, 0, false,
            a.created_at
        FROM asset a JOIN lane l ON l.batch_id = a.batch_id""",
    "line of tasks": """
        INSERT INTO line_task (task_id, project_id, batch_id, stage, arrived_at, started_at,
            finished_at, stands, repeats, alike)
        SELECT t.id, a.project_id, a.batch_id, 'label', t.created_at, t.created_at,
            CASE WHEN NOT t.open THEN t.created_at + interval '3 days' END, false, 0, 0
        FROM task t JOIN asset a ON a.id = t.asset_id""",
    "line": f"""
        INSERT INTO line_rollup (hour, batch_id, stage, project_id, arrived, started, finished,
            looked, passed, repeats, alike, wait_bins, wait_counts, cycle_bins, cycle_counts,
            lead_bins, lead_counts)
        SELECT hour, b.id, stage, b.project_id, 30, 30, 30, 10, 9, 2, 2,
            '{{40,50,60}}', '{{10,10,10}}', '{{40,50,60}}', '{{10,10,10}}', '{{40,50,60}}',
            '{{10,10,10}}'
        FROM generate_series(CAST(:start AS timestamptz), CAST(:stop AS timestamptz),
             interval '1 hour') AS hour, batch b, unnest('{{label,review,rework}}'::text[]) AS stage
        WHERE extract(hour FROM hour) BETWEEN 8 AND {8 + HOURS}""",
    "labels in force": """
        INSERT INTO consensus (asset_id, batch_id, version, method, label, probability, answers,
            agreement, posterior, at)
        SELECT a.id, a.batch_id, 1, CASE WHEN a.id % 9 = 0 THEN 'review' ELSE 'majority' END,
            jsonb_build_object('class', (CAST(:classes AS text[]))[1 + a.id % 10]), 0.9, 3, 1, '{}',
            a.created_at FROM asset a WHERE a.id % 20 <> 0""",
    "difficulty": """
        INSERT INTO asset_difficulty (asset_id, project_id, difficulty, colour, reason, parts, at)
        SELECT a.id, a.project_id, random() * 2,
            CASE WHEN a.id % 33 = 0 THEN 'red' WHEN a.id % 9 = 0 THEN 'yellow' ELSE 'green' END,
            'Takes 2.1 times as long as others.',
            '{"answers": 3, "time_effect": 0.7, "time_se": 0.2, "seconds": 14, "disagreement": 1,
              "expected": 0.4, "skips": 0, "questions": 0, "times": "usable"}', a.created_at
        FROM asset a WHERE a.id % 20 <> 0""",
    "flags": """
        INSERT INTO flag (project_id, kind, asset_id, reason, evidence, at)
        SELECT project_id, 'hard_asset', asset_id, reason, '{}', at FROM asset_difficulty
        WHERE colour = 'red' AND asset_id % 11 = 0""",
    "confusions": f"""
        INSERT INTO confusion_rollup (project_id, day, labeller_id, batch_id, stage, team_id,
            vendor_id, truth_by, truth, said, fault, n)
        SELECT b.project_id, w.day::date, w.id, b.id, 'label', w.team, w.vendor, 'consensus', truth,
            said, CASE WHEN truth = said THEN '' ELSE 'other_class' END, 1 + (random() * 9)::int
        FROM (SELECT p.*, day, extract(day FROM day - CAST(:start AS timestamptz))::int AS day_no
              FROM ({_PEOPLE}) p, generate_series(CAST(:start AS timestamptz),
                   CAST(:stop AS timestamptz), interval '1 day') AS day WHERE {WORKDAYS}) w
        CROSS JOIN unnest(CAST(:classes AS text[])) AS truth
        CROSS JOIN LATERAL (SELECT truth AS said UNION ALL
            SELECT (CAST(:classes AS text[]))[1 + (ascii(truth) + w.place::int) % 10]) AS s
        JOIN batch b ON b.id = {_BATCH} ON CONFLICT DO NOTHING""",
    "answers held against truth": """
        INSERT INTO confusion_line (assignment_id, truth, said, fault, stage, team_id, vendor_id,
            truth_by, n, project_id, batch_id, labeller_id, asset_id, day)
        SELECT a.id, c.truth, c.said, CASE WHEN c.truth = c.said THEN '' ELSE 'other_class' END,
            'label', 1, 1, 'consensus', 1, a.project_id, a.batch_id,
            (CAST(:people AS bigint[]))[1 + a.id % cardinality(CAST(:people AS bigint[]))], a.id,
            (CAST(:start AS timestamptz) + make_interval(days => (a.id % 90)::int))::date
        FROM asset a CROSS JOIN LATERAL (SELECT (CAST(:classes AS text[]))[1 + a.id % 10] AS truth,
            (CAST(:classes AS text[]))[1 + (a.id + (a.id % 9 = 0)::int) % 10] AS said) c""",
    "balance": """
        INSERT INTO balance_rollup (batch_id, day, dimension, value, label_class, project_id,
            assets, labelled, objects)
        SELECT b.id, (CAST(:start AS timestamptz) + make_interval(days => d))::date, dimension,
            value, class, b.project_id, 50, 45, 45
        FROM batch b, generate_series(0, 9) AS d,
            (VALUES ('', ''), ('colour', 'red'), ('colour', 'yellow'), ('colour', 'green'),
                    ('meta.light', 'night'), ('meta.light', 'day')) AS v(dimension, value),
            unnest(CAST(:classes AS text[]) || '{""}'::text[]) AS class""",
    "standings": """
        INSERT INTO standing (labeller_id, skill_id, mean, low, high, gold_n, gold_correct,
            review_n, review_correct, consensus_n, updated_at, shown_n)
        SELECT p.id, s.skill_id, 0.9, 0.86, 0.94, 100, 90, 200, 180, 2000,
            CAST(:stop AS timestamptz), 0
        FROM unnest(CAST(:people AS bigint[])) AS p(id),
            (SELECT DISTINCT skill_id FROM project) s""",
    "paces": """
        INSERT INTO labeller_pace (project_id, labeller_id, answers, median_seconds, mad_log, pace,
            signals, at)
        SELECT project.id, p.id, 2000, 7, 0.4, 0.8 + random() / 2, '{}', CAST(:stop AS timestamptz)
        FROM unnest(CAST(:people AS bigint[])) AS p(id), project""",
    "forecasts": """
        INSERT INTO forecast (batch_id, at, finish_50, finish_90, cost_50, cost_90, why, basis)
        SELECT id, CAST(:start AS timestamptz) + make_interval(days => d),
            CAST(:stop AS timestamptz) + interval '6 days',
            CAST(:stop AS timestamptz) + interval '9 days', 900, 1200, '', '{}'
        FROM batch, generate_series(0, 89) AS d""",
    "roll-ups are counted": """
        INSERT INTO rollup_state (name, below_xid, as_of)
        SELECT name, 0, CAST(:stop AS timestamptz)
        FROM unnest('{daily,hourly,line,confusions,balance}'::text[]) AS name
        ON CONFLICT DO NOTHING""",
}


def floor(session: Session) -> dict[str, Any]:
    """The people and batches that the rows name; an admin who sees them all."""
    make, now = Make(session), clock_time.now()
    vendors = [make.organisation("vendor") for _ in range(4)]
    teams = [Team(name=f"team {n}", created_at=now) for n in range(8)]
    session.add_all(teams)
    session.flush()
    people = [
        make.user(name=f"Labeller {n:03d}", team_id=teams[n % 8].id,
                  organisation_id=vendors[n % 4].id) for n in range(LABELLERS)
    ]  # fmt: skip
    projects = [
        make.project(classes=list(CLASSES), settings={"cost_per_hour": 12.0})
        for _ in range(PROJECTS)
    ]
    batches = [make.batch(projects[n % PROJECTS], due_at=now) for n in range(BATCHES)]
    for n, person in enumerate(people):
        for project in (projects[n % PROJECTS], projects[(n + 1) % PROJECTS]):
            make.member(project, person)
    admin = make.user("admin")
    return {
        "admin": admin.id,
        "project": projects[0].id,
        "values": {
            "people": [one.id for one in people],
            "vendors": [one.id for one in vendors],
            "batches": [one.id for one in batches],
            "classes": list(CLASSES),
        },
    }


def steps(
    owner: Engine, values: dict[str, Any], events: int, start: Any, stop: Any
) -> Iterator[tuple[str, Callable[[], int]]]:
    """(what is written, a call that writes it and returns how many rows)."""
    answers = events / EVENTS_PER_ANSWER
    rows = LABELLERS * DAYS * 5 / 7 * HOURS * len(CLASSES)
    more = {
        "start": start, "stop": stop, "each": max(round(answers / rows), 1),
        "assets": round(answers / ANSWERS_PER_ASSET),
    }  # fmt: skip

    def write(statement: str) -> Callable[[], int]:
        def call() -> int:
            with owner.begin() as connection:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                done = connection.execute(text(statement), {**values, **more})
                return int(done.rowcount)

        return call

    for name, statement in STEPS.items():
        yield name, write(statement)
