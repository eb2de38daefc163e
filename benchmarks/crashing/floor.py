"""A floor for the crash test: two projects, four batches, gold, and labellers with two tabs."""

import json
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import make_url

WANTED = 3
GOLD_SHARE = 50  # one asset of so many is gold besides
# A lease of a minute, so that many run out; enough gold to be waited for.
SETTINGS = {
    "max_leases": 4,
    "lease_minutes": 1,
    "wanted_answers": WANTED,
    "gold": {"rate_new": 0.2, "rate_trusted": 0.1},
}
# The second project asks for a certificate, and nobody may do more than a part of it.
MOST_WANTED = 5  # so high is a task raised at most


def asking(labellers: int) -> dict[str, Any]:
    """A share twice as large as an even one, so that all of them together can finish the batch."""
    return {**SETTINGS, "limits": {"batch_share": min(1.0, 2 * MOST_WANTED / labellers)}}


STEPS = (
    "INSERT INTO organisation (id, name, kind, created_at) VALUES (1, 'client', 'client', %(now)s)",
    "INSERT INTO skill (id, name, description, created_at) VALUES (1, 'skill', '', %(now)s)",
    """INSERT INTO project (id, organisation_id, name, purpose, medium, label_type, state, skill_id,
                            settings, created_at)
       VALUES (1, 1, 'open to all', '', 'text', 'class', 'running', 1, %(open)s, %(now)s),
              (2, 1, 'asking', '', 'text', 'class', 'running', 1, %(asking)s, %(now)s)""",
    """INSERT INTO project_requirement (project_id, stage, skill_id, level)
       VALUES (2, 'label', 1, 1)""",
    """INSERT INTO ontology_version (project_id, version, classes, created_at)
       SELECT p, 1, '[{"key": "a"}, {"key": "b"}, {"key": "c"}]', %(now)s
       FROM generate_series(1, 2) p""",
    """INSERT INTO user_account (id, pseudonym, email, name, role, active, simulated, timezone,
                                 attributes, session_epoch, created_at)
       SELECT n, gen_random_uuid(), 'u' || n || '@example.com', 'u' || n,
              CASE WHEN n > %(labellers)s THEN 'ops_lead' ELSE 'labeller' END, true, true,
              (ARRAY['UTC', 'Asia/Kolkata', 'America/Lima'])[1 + n %% 3], '{}', 0, %(now)s
       FROM generate_series(1, %(labellers)s + 1) n""",
    """INSERT INTO project_member (project_id, user_id, since, pause_reason)
       SELECT p, u.id, %(now)s, '' FROM user_account u, generate_series(1, 2) p""",
    """INSERT INTO certificate (user_id, skill_id, level, source, reason, granted_at, valid_until)
       SELECT id, 1, 1, 'hand', '', %(now)s, %(far)s FROM user_account WHERE role = 'labeller'""",
    """INSERT INTO batch (id, project_id, name, state, paused, priority, created_at)
       SELECT n, 1 + n / 4, 'batch ' || n, 'open', false, 0, %(now)s
       FROM generate_series(1, 4) n""",
    """INSERT INTO lane (id, project_id, batch_id, stage, requirement_key, requirements, generation)
       SELECT n, 1 + n / 4, n, 'label', CASE n WHEN 4 THEN '1>=1' ELSE '' END,
              CASE n WHEN 4 THEN '{"1": 1}' ELSE '{}' END::jsonb, 1 FROM generate_series(1, 4) n""",
    """INSERT INTO asset (id, project_id, batch_id, external_id, text, meta, created_at)
       SELECT n, 1 + (1 + n %% 4) / 4, 1 + n %% 4, 'asset ' || n, 'some text', '{}', %(now)s
       FROM generate_series(1, %(tasks)s + %(gold)s) n""",
    """INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
                         created_at)
       SELECT 1 + n %% 4, n, 'label', 1, floor(random() * 2147483647)::bigint, %(wanted)s, 0, 0,
              false, %(now)s FROM generate_series(1, %(tasks)s) n""",
    """INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
                         created_at)
       SELECT 1 + n %% 4, n, 'label', 0, 0, 0, 0, 0, false, %(now)s
       FROM generate_series(%(tasks)s + 1, %(tasks)s + %(gold)s) n""",
    """INSERT INTO gold (project_id, asset_id, task_id, state, exposures, for_assessment, class_key,
                         created_at)
       SELECT l.project_id, t.asset_id, t.id, 'active', 0, false, 'a', %(now)s
       FROM task t JOIN lane l ON l.id = t.lane_id WHERE t.round = 0""",
    """INSERT INTO gold_version (gold_id, version, answers, reason, created_at)
       SELECT id, 1, '[{"class": "a"}]', '', %(now)s FROM gold""",
    # Ids were written out above: the next ones are to follow them.
    *(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        for table in ("organisation", "skill", "project", "user_account", "batch", "lane", "asset")
    ),
)


# Answers of people who have left, so that a long run can begin near its end.
DONE = (
    """INSERT INTO user_account (id, pseudonym, email, name, role, active, simulated, timezone,
                                 attributes, session_epoch, created_at)
       SELECT %(labellers)s + 1 + n, gen_random_uuid(), 'p' || n || '@example.com', 'p' || n,
              'labeller', false, true, 'UTC', '{}', 0, %(now)s
       FROM generate_series(1, %(done)s) n""",
    """INSERT INTO assignment (task_id, labeller_id, project_id, state, leased_at, expires_at,
                               ended_at, active_ms, wall_ms, judged_at)
       SELECT t.id, u.id, l.project_id, 'submitted', %(now)s, %(now)s, %(now)s, 7, 9, %(now)s
       FROM task t JOIN lane l ON l.id = t.lane_id JOIN user_account u ON NOT u.active
       WHERE t.round > 0""",
    """INSERT INTO label (assignment_id, revision, payload, ontology_version_id, client_key,
                          created_at)
       SELECT id, 1, '{"class": "a"}', project_id, 'past ' || id, %(now)s FROM assignment""",
    """INSERT INTO work_event (at, kind, labeller_id, project_id, batch_id, stage, task_id,
                               assignment_id)
       SELECT %(now)s, kinds.kind, a.labeller_id, a.project_id, l.batch_id, 'label', t.id, a.id
       FROM assignment a JOIN task t ON t.id = a.task_id JOIN lane l ON l.id = t.lane_id
       CROSS JOIN (VALUES ('leased'), ('submitted')) kinds(kind)""",
    """INSERT INTO audit_entry (organisation_id, at, action, subject, data)
       SELECT 1, %(now)s, 'assignment.submitted', 'assignment:' || id, '{}' FROM assignment""",
    "UPDATE task SET n_done = %(done)s WHERE round > 0",
)


def seed(owner_url: str, *, tasks: int, labellers: int, now: datetime, done: int = 0) -> None:
    """`tasks` open tasks in four batches, with `done` answers each from people who have left.

    The lead is the user after the last labeller.
    """
    values: dict[str, Any] = {
        "now": now,
        "far": now + timedelta(days=36500),
        "open": json.dumps(SETTINGS),
        "asking": json.dumps(asking(labellers)),
        "labellers": labellers,
        "tasks": tasks,
        "gold": max(4, tasks // GOLD_SHARE),
        "wanted": WANTED,
        "done": done,
    }
    with psycopg.connect(plain(owner_url)) as connection:
        for statement in STEPS + (DONE if done else ()):
            connection.execute(statement, values)  # type: ignore[arg-type]
    with psycopg.connect(plain(owner_url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def plain(url: str) -> str:
    """The same address for psycopg without SQLAlchemy."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
