"""What is there in a project, counted in the database for many projects at once.

Whether a labeller could be given work is asked of the same conditions that the claim uses, all but
the one that the project runs: the checklist says what else is missing before it is started.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops import clock_time
from ops.access import WORKERS
from scheduling import eligibility, sql


@dataclass(frozen=True)
class Facts:
    """From `unpaused` on, labellers who pass one condition more each, for some label work."""

    project_id: int
    has_assets: bool
    has_open_work: bool
    has_work_out: bool
    defined: bool
    classes: int
    guideline: int | None
    gold: int
    labellers: int
    unpaused: int
    certified: int
    fitting: int
    has_new_work: int


_PROJECTS = """
SELECT p.id AS project_id,
    EXISTS (SELECT FROM asset a WHERE a.project_id = p.id) AS has_assets,
    EXISTS (SELECT FROM lane l JOIN task t ON t.lane_id = l.id
            WHERE l.project_id = p.id AND l.stage = 'label' AND t.open) AS has_open_work,
    EXISTS (SELECT FROM lane l JOIN batch b ON b.id = l.batch_id JOIN task t ON t.lane_id = l.id
            WHERE l.project_id = p.id AND l.stage = 'label' AND t.open
              AND b.state = 'open' AND NOT b.paused) AS has_work_out,
    EXISTS (SELECT FROM ontology_version o WHERE o.project_id = p.id) AS defined,
    coalesce((SELECT jsonb_array_length(o.classes) FROM ontology_version o
              WHERE o.project_id = p.id ORDER BY o.version DESC LIMIT 1), 0) AS classes,
    (SELECT max(g.version) FROM guideline_version g WHERE g.project_id = p.id) AS guideline,
    (SELECT count(*) FROM gold g WHERE g.project_id = p.id AND g.state = 'active'
        AND NOT g.for_assessment) AS gold,
    (SELECT count(*) FROM project_member m JOIN user_account u ON u.id = m.user_id
     WHERE m.project_id = p.id AND u.active AND u.role = ANY(%(workers)s)) AS labellers
FROM project p WHERE p.id = ANY(%(projects)s::bigint[])
"""

_NAMES = [c.name for c in eligibility.LANE_CONDITIONS]
_SQL = {c.name: c.sql for c in eligibility.LANE_CONDITIONS}
_NEW = f"""EXISTS (SELECT FROM task t WHERE t.lane_id = l.id AND t.open
    AND {eligibility.NEW_TO_ME.replace("%(me)s", "u.id")})"""


def _passing(*names: str) -> str:
    """How many labellers pass the named conditions for some lane of label work."""
    conditions = " AND ".join(_SQL[name] for name in names)
    return f"count(DISTINCT u.id) FILTER (WHERE {conditions})"


_REST = ("certified", "attributes")
_FIRST = tuple(name for name in _NAMES if name not in ("running", *_REST))
_PEOPLE = f"""
SELECT l.project_id,
    {_passing(*_FIRST)} AS unpaused,
    {_passing(*_FIRST, "certified")} AS certified,
    {_passing(*_FIRST, *_REST)} AS fitting,
    count(DISTINCT u.id) FILTER (
        WHERE {" AND ".join(_SQL[name] for name in (*_FIRST, *_REST))} AND {_NEW}
    ) AS has_new_work
FROM user_account u
JOIN project_member m ON m.user_id = u.id
JOIN project p ON p.id = m.project_id
JOIN lane l ON l.project_id = p.id AND l.stage = 'label'
JOIN batch b ON b.id = l.batch_id
WHERE p.id = ANY(%(projects)s::bigint[])
  AND EXISTS (SELECT FROM task t WHERE t.lane_id = l.id AND t.open)
GROUP BY l.project_id
"""


def of(session: Session, project_ids: Sequence[int]) -> dict[int, Facts]:
    """Project id → facts, in two statements whatever the number of projects."""
    values = {"projects": list(project_ids), "now": clock_time.now()}
    people = {row.project_id: row._mapping for row in sql.rows(session, _PEOPLE, **values)}
    nobody = {"unpaused": 0, "certified": 0, "fitting": 0, "has_new_work": 0}
    found = {}
    for row in sql.rows(session, _PROJECTS, **values, workers=sorted(WORKERS)):
        counted = dict(people.get(row.project_id, nobody)) | dict(row._mapping)
        found[row.project_id] = Facts(**counted)
    return found
