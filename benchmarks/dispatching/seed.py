"""A floor that asks for everything the claim can ask: people, lanes, gold, a past, open tasks."""

import json
import sys
from datetime import timedelta
from typing import Any

import click
import psycopg
from sqlalchemy import make_url

from ops import clock_time

WANTED = 3
LANES = 4
LABELLERS = 100  # of each client
GOLD = 2000
RARE = 400  # tasks of the lane that asks for the rare skill
RARE_LANE = 9
EXPERTS = 20  # labellers who hold the rare skill and no other
FLOOR_TASKS = 100_000
SETTINGS = {
    "attributes": {"language": ["en", "de"]},
    "limits": {"batch_share": 0.5, "hours_per_day": 12},
}


def plain(url: str) -> str:
    """The URL as psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def seed(url: str, *, tasks: int, clients: int, history: int, max_leases: int = 10) -> None:
    """Fill an empty, migrated database; everything but the past is made by the server itself."""
    now = clock_time.now()
    people = clients * LABELLERS
    values: dict[str, Any] = {
        "now": now,
        "settings": json.dumps(SETTINGS | {"max_leases": max_leases}),
        "people": people,
        "experts": EXPERTS,
        "tasks": tasks,
        "lanes": LANES,
        "wanted": WANTED,
        "gold": GOLD,
        "rare": RARE,
        "rare_lane": RARE_LANE,
        "floor": min(tasks, FLOOR_TASKS),
        "until": now + timedelta(days=90),
    }
    with (
        psycopg.connect(plain(url)) as connection,
        click.progressbar(STEPS, label=f"{tasks:,} tasks", file=sys.stderr) as bar,
    ):
        for statement in bar:
            connection.execute(statement, values)
        _copy_history(connection, people, history, now)
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


_TASKS = """
    INSERT INTO task (lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned,
        created_at)"""

STEPS: list[str] = [
    "INSERT INTO organisation (id, name, kind, created_at) VALUES (1, 'client', 'client', %(now)s)",
    """INSERT INTO skill (id, name, description, created_at)
       VALUES (1, 'skill', '', %(now)s), (2, 'rare', '', %(now)s)""",
    """INSERT INTO project (id, organisation_id, name, purpose, medium, label_type, state, skill_id,
                            settings, created_at)
       VALUES (1, 1, 'bench', '', 'text', 'class', 'running', 1, %(settings)s, %(now)s)""",
    """INSERT INTO ontology_version (project_id, version, classes, created_at)
       VALUES (1, 1, '[{"key": "a"}, {"key": "b"}]', %(now)s)""",
    """INSERT INTO user_account (id, pseudonym, email, name, role, active, simulated, timezone,
                                 attributes, session_epoch, created_at)
       SELECT n, gen_random_uuid(), 'u' || n || '@example.com', 'u' || n, 'labeller', true, true,
              'UTC', '{"language": ["en"]}', 0, %(now)s
       FROM generate_series(1, %(people)s + %(experts)s) n""",
    """INSERT INTO project_member (project_id, user_id, since, pause_reason)
       SELECT 1, id, %(now)s, '' FROM user_account""",
    """INSERT INTO certificate (user_id, skill_id, level, source, reason, granted_at, valid_until)
       SELECT id, CASE WHEN id <= %(people)s THEN 1 ELSE 2 END, 2, 'hand', '', %(now)s, %(until)s
       FROM user_account""",
    """INSERT INTO batch (id, project_id, name, state, paused, priority, created_at)
       SELECT n, 1, 'batch ' || n, 'open', false, 0, %(now)s
       FROM generate_series(0, %(lanes)s) n""",
    """INSERT INTO lane (id, project_id, batch_id, stage, requirement_key, requirements, generation)
       SELECT n, 1, n, 'label', '1>=1', '{"1": 1}'::jsonb, 1 FROM generate_series(0, %(lanes)s) n
       UNION ALL SELECT %(rare_lane)s, 1, 1, 'label', '2>=1', '{"2": 1}', 1""",
    "ALTER TABLE asset DROP CONSTRAINT fk_asset_project_id, DROP CONSTRAINT fk_asset_batch_id",
    "ALTER TABLE task DROP CONSTRAINT fk_task_asset_id, DROP CONSTRAINT fk_task_lane_id",
    """INSERT INTO asset (id, project_id, batch_id, external_id, text, meta, created_at)
       SELECT n, 1, 1 + n %% %(lanes)s, 'asset ' || n, 'some text', '{}', %(now)s
       FROM generate_series(1, %(tasks)s + %(gold)s + %(rare)s) n""",
    f"""{_TASKS}
       SELECT 1 + n %% %(lanes)s, n, 'label', 1, floor(random() * 2147483647)::bigint, %(wanted)s,
              0, 0, false, %(now)s
       FROM generate_series(1, %(tasks)s) n""",
    f"""{_TASKS}
       SELECT 1 + n %% %(lanes)s, n, 'label', 0, 0, 0, 0, 0, false, %(now)s
       FROM generate_series(%(tasks)s + 1, %(tasks)s + %(gold)s) n""",
    f"""{_TASKS}
       SELECT %(rare_lane)s, n, 'label', 1, floor(random() * 2147483647)::bigint, %(wanted)s,
              0, 0, false, %(now)s
       FROM generate_series(%(tasks)s + %(gold)s + 1, %(tasks)s + %(gold)s + %(rare)s) n""",
    """ALTER TABLE asset ADD CONSTRAINT fk_asset_project_id FOREIGN KEY (project_id)
           REFERENCES project (id),
       ADD CONSTRAINT fk_asset_batch_id FOREIGN KEY (batch_id) REFERENCES batch (id)""",
    """ALTER TABLE task ADD CONSTRAINT fk_task_asset_id FOREIGN KEY (asset_id)
           REFERENCES asset (id),
       ADD CONSTRAINT fk_task_lane_id FOREIGN KEY (lane_id) REFERENCES lane (id)""",
    """INSERT INTO gold (project_id, batch_id, asset_id, task_id, state, exposures, for_assessment,
                         class_key, created_at)
       SELECT 1, a.batch_id, t.asset_id, t.id, 'active', 0, false,
              CASE t.id %% 2 WHEN 0 THEN 'a' ELSE 'b' END, %(now)s
       FROM task t JOIN asset a ON a.id = t.asset_id WHERE t.round = 0""",
    """INSERT INTO standing (labeller_id, skill_id, mean, low, high, gold_n, gold_correct, review_n,
                             review_correct, consensus_n, updated_at, shown_n)
       SELECT id, 1, 0.95, 0.9 * (id %% 2), 0.99, 100, 95, 0, 0, 0, %(now)s, 0 FROM user_account""",
    # Somewhere between two golds, as after a long time: the next one is settled for those who are
    # past the place, by chance, where that happens.
    """INSERT INTO gold_pace (labeller_id, project_id, until_next, gold_id, gap_after)
       SELECT u.id, 1, u.until_next, CASE WHEN u.until_next < u.place THEN g.id END,
              CASE WHEN u.until_next < u.place THEN u.gap END
       FROM (SELECT id, gap, floor(random() * gap) AS until_next, floor(random() * gap) AS place
             FROM (SELECT id, CASE id %% 2 WHEN 0 THEN 5 ELSE 25 END AS gap
                   FROM user_account) paced) u
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM gold) g
            ON g.n = 1 + u.id %% %(gold)s""",
    # Desks as after some claims: who asks for the first time is not what is measured.
    """INSERT INTO desk (labeller_id, claims, claimed_at, project_id)
       SELECT id, id %% 8, %(now)s, 1 FROM user_account""",
    """INSERT INTO desk_cursor (labeller_id, lane_id, npri, task_id, generation)
       SELECT u.id, l.id, 0, 0, 1 FROM user_account u CROSS JOIN lane l""",
    "CREATE TABLE floor_task (LIKE task INCLUDING ALL)",
    """INSERT INTO floor_task (id, lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased,
                               returned, created_at)
       OVERRIDING SYSTEM VALUE
       SELECT id, lane_id, asset_id, stage, round, npri, 30000, 0, 0, false, created_at
       FROM task
       LIMIT %(floor)s""",
    """CREATE TABLE floor_assignment (
           id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id bigint NOT NULL,
           labeller_id bigint NOT NULL, state text NOT NULL DEFAULT 'leased',
           expires_at timestamptz NOT NULL, UNIQUE (task_id, labeller_id, id))""",
    "GRANT ALL ON floor_task, floor_assignment TO touchstone_app",
]

# For one labeller: an answer of theirs to each of the first tasks of every lane, all still open.
ANSWERED_HEAD = """
    WITH head AS (
        SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY lane_id ORDER BY npri, id) AS n
                        FROM task WHERE open AND lane_id <> %(rare_lane)s) ranked
        WHERE n <= %(each)s),
    answered AS (
        INSERT INTO assignment (task_id, labeller_id, project_id, state, leased_at, expires_at,
                                ended_at, active_ms, wall_ms, judged_at)
        SELECT id, %(me)s, 1, 'submitted', %(now)s, %(now)s, %(now)s, 9000, 9500, %(now)s FROM head)
    UPDATE task SET n_done = n_done + 1 FROM head WHERE task.id = head.id"""


PAST = "SELECT coalesce(max(id), 0) FROM "


def _copy_history(connection: Any, people: int, history: int, now: Any) -> None:
    """Finished work of a past batch, `history` answers, each task answered by neighbours."""
    pasts = history // WANTED
    asset, task = (connection.execute(PAST + t).fetchone()[0] + 1 for t in ("asset", "task"))
    answers = [(n, (n + k) % people + 1) for n in range(pasts) for k in range(WANTED)]
    then = now - timedelta(days=7)
    copies = {
        "asset (id, project_id, batch_id, external_id, text, meta, created_at)": (
            (asset + n, 1, 0, f"past {n}", "text", "{}", then) for n in range(pasts)
        ),
        "task (id, lane_id, asset_id, stage, round, npri, wanted, n_done, n_leased, returned, "
        "created_at)": (
            (task + n, 0, asset + n, "label", 1, n, WANTED, WANTED, 0, False, then)
            for n in range(pasts)
        ),
        "assignment (id, task_id, labeller_id, project_id, state, leased_at, expires_at, shown_at, "
        "ended_at, active_ms, wall_ms, judged_at)": (
            (i + 1, task + n, who, 1, "submitted", then, then, then, then, 9000, 9500, then)
            for i, (n, who) in enumerate(answers)
        ),
        "label (assignment_id, revision, payload, ontology_version_id, client_key, created_at)": (
            (i + 1, 1, '{"class": "a"}', 1, f"key {i}", then) for i in range(len(answers))
        ),
        "work_event (at, kind, labeller_id, project_id, batch_id, stage, task_id, assignment_id)": (
            (then, "submitted", who, 1, 0, "label", task + n, i + 1)
            for i, (n, who) in enumerate(answers)
        ),
    }
    for target, rows in copies.items():
        with connection.cursor().copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    for table in ("assignment", "asset", "task"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
