"""Which gold a labeller gets next: never met, of the class they met least, telling most.

A choice looks at a bounded part of the gold, however much there is: a window of rows from a random
place in a fixed random order, its own batch's first. They are ranked before they are tested: the
class the labeller met least (by chance among equals), and in it what was not handed out more than
twice as often as the least exposed. Only then is looked up, one row after the other, whether
the labeller met it, until a few are found that they did not.

In a project whose labellers see a model's drafts, gold of which that model says nothing is passed
over: without a draft it would stand out from work that has one. How gold with a draft keeps to how
often work has one is `assistance`.

Among those few the draw is by chance, in proportion to the information an answer carries about
somebody of this labeller's standing (Fisher information of the two-parameter logistic model,
Lord 1980; drawn at random among the best as by Kingsbury and Zara, Applied Measurement in
Education 2 (1989), so that the telling ones do not become known).
"""

import random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops.functions import Function, function
from ops.models import Lane
from quality.measures import items
from quality.models.gold import IN_WORK

# With a labeller's id behind it, the key of the lock under which they are given gold.
EXPOSURE = "gold.exposure:"
# Rows looked at, of the lane's batch and of the whole project; and fresh ones to choose among.
NEAR, FAR = 64, 256
CHOICE = 8
# What an answer tells of `ability`: `items.information`, as SQL; what nothing is known of tells as
# much as usual.
_SURE = f"""
    1 / (1 + exp(least(greatest(
        coalesce(difficulty, 0) - {items.USUAL}
        - coalesce(discrimination, 1) * (ability - {items.USUAL}), -30), 30)))"""
INFORMATION = f"""
    (greatest(coalesce(discrimination, 1), 0) ^ 2 * ({_SURE}) * (1 - {_SURE}))"""
# Least information, so that what tells little is handed out too and its telling can be learnt.
LEAST_INFORMATION = 0.02

# Whether `gold` was never met by :labeller, in work or in an assessment; what a course shows or
# ever showed is known to too many, and counts as met by everybody. OFFSET 0 keeps it a look into an
# index for each row: as joins, everything they ever did would be fetched.
NEVER_MET = """
    NOT EXISTS (
        SELECT FROM task CROSS JOIN LATERAL (
            SELECT FROM assignment
            WHERE assignment.task_id = task.id AND assignment.labeller_id = :labeller OFFSET 0) met
        WHERE task.asset_id = gold.asset_id OFFSET 0)
    AND NOT EXISTS (SELECT FROM course_step WHERE course_step.gold_id = gold.id OFFSET 0)
    AND gold.id NOT IN (
        SELECT asked.gold_id FROM assessment
        JOIN attempt ON attempt.assessment_id = assessment.id AND attempt.labeller_id = :labeller
        JOIN attempt_question question ON question.attempt_id = attempt.id
        JOIN gold_version asked ON asked.id = question.gold_version_id
        WHERE assessment.project_id = :project)
"""

# Active gold of :project that :labeller never met.
UNMET = f"gold.project_id = :project AND gold.state = 'active' AND {NEVER_MET}"

# The predictions that labellers of :project see as drafts: none, or one version.
ASSISTING = """
    SELECT model.id FROM project JOIN reference_model model
        ON model.project_id = project.id AND model.kind = 'predictions'
       AND model.name = project.settings #>> '{assist,model}'
    WHERE project.id = :project ORDER BY model.version DESC LIMIT 1"""
# Whether `gold` can be shown as work is, with `assisting` at hand.
DRAFTED = """
    (NOT EXISTS (SELECT FROM assisting) OR EXISTS (
        SELECT FROM prediction said WHERE said.model_id = (SELECT id FROM assisting)
        AND said.asset_id = gold.asset_id OFFSET 0))"""

_NEVER_MET = NEVER_MET.replace(":labeller", "%(labeller)s").replace(":project", "%(project)s")


def _window(owner: str, rows: int) -> str:
    """So many rows of the random order, from %(place)s on and then from its beginning."""
    part = f"""
        SELECT id, asset_id, class_key, exposures, difficulty, discrimination FROM gold
        WHERE {owner} AND {IN_WORK}"""
    return f"""
        (SELECT * FROM (
            ({part} AND lot >= %(place)s ORDER BY lot LIMIT {rows})
            UNION ALL
            ({part} AND lot < %(place)s ORDER BY lot LIMIT {rows})
        ) round LIMIT {rows})"""


def _fresh(owner: str, rows: int) -> str:
    """Up to CHOICE of the window that are new to the labeller, in the order of their turn."""
    return f"""
        SELECT gold.* FROM (
            SELECT part.*, row_number() OVER (
                ORDER BY coalesce(seen.n, 0), hashtextextended(part.class_key, %(salt)s),
                         part.ahead, hashint8extended(part.id, %(salt)s)) AS turn
            FROM (
                SELECT *, exposures > 2 * min(exposures) OVER (PARTITION BY class_key) AS ahead
                FROM {_window(owner, rows)} part) part
            LEFT JOIN gold_seen seen ON seen.labeller_id = %(labeller)s
                 AND seen.project_id = %(project)s AND seen.class_key = part.class_key
            ORDER BY turn OFFSET 0
        ) gold
        WHERE {_NEVER_MET} AND {DRAFTED} LIMIT {CHOICE}"""


def _choose(owner: str, rows: int) -> str:
    """Choose among the fresh ones of a window, and count the choice as handed out."""
    return f"""
    WITH assisting AS MATERIALIZED ({ASSISTING.replace(":project", "%(project)s")}),
    fresh AS MATERIALIZED ({_fresh(owner, rows)}),
    believed AS MATERIALIZED (
        SELECT ln(mean / (1 - mean)) AS ability FROM (
            SELECT least(greatest(coalesce(max(standing.mean), {items.USUAL_ACCURACY}), 0.02), 0.98)
                   AS mean
            FROM project LEFT JOIN standing
                 ON standing.skill_id = project.skill_id AND standing.labeller_id = %(labeller)s
            WHERE project.id = %(project)s) known),
    drawn AS MATERIALIZED (
        SELECT fresh.id,
               -ln(1 - random()) / greatest({INFORMATION}, {LEAST_INFORMATION}) AS draw
        FROM fresh CROSS JOIN believed
        WHERE (class_key, ahead) = (SELECT class_key, ahead FROM fresh ORDER BY turn LIMIT 1)),
    picked AS (
        SELECT gold.id FROM drawn JOIN gold ON gold.id = drawn.id
        ORDER BY drawn.draw LIMIT 1 FOR NO KEY UPDATE OF gold SKIP LOCKED),
    taken AS (
        UPDATE gold SET exposures = exposures + 1 FROM picked WHERE gold.id = picked.id
        RETURNING gold.*),
    noted AS (
        INSERT INTO gold_seen AS g (labeller_id, project_id, class_key, n)
        SELECT %(labeller)s, %(project)s, class_key, 1 FROM taken
        ON CONFLICT (labeller_id, project_id, class_key) DO UPDATE SET n = g.n + 1)
    SELECT id FROM taken"""


CHOOSE_NEAR = _choose("batch_id = %(batch)s", NEAR)
CHOOSE_FAR = _choose("project_id = %(project)s", FAR)

_KEY = f"hashtextextended('{EXPOSURE}' || %(labeller)s, 0)"
# The lock comes first, in a statement of its own: what was met while it was waited for is seen.
PICK: Function = function(
    "pick_gold",
    {
        "labeller": "bigint",
        "project": "bigint",
        "batch": "bigint",  # its gold comes first
        "place": "float8",  # where in the random order to begin, in [0, 1)
        "salt": "bigint",
    },
    "bigint",
    f"""
DECLARE
    _picked bigint;
BEGIN
    PERFORM pg_advisory_xact_lock({_KEY});
    {CHOOSE_NEAR} INTO _picked;
    IF _picked IS NULL THEN
        {CHOOSE_FAR} INTO _picked;
    END IF;
    RETURN _picked;
END""",
)
# The choice as an expression, for statements that ask more; it takes the values of `drawing`.
PICKED = f"{PICK.name}(%(labeller)s, %(project)s, %(batch)s, %(place)s, %(salt)s)"


def drawing(labeller_id: int, project_id: int, batch_id: int) -> dict[str, Any]:
    """Values for `PICKED`, drawn anew for each choice."""
    return {
        "project": project_id,
        "batch": batch_id,
        "labeller": labeller_id,
        "place": random.random(),
        "salt": random.getrandbits(62),
    }


def pick(session: Session, labeller_id: int, lane: Lane) -> int | None:
    """The id of gold this labeller has never met, counted as handed out; None when none was found.

    Whatever the labeller ever held, skipped or let run out is met, and so is what an assessment
    asked or a course shows. At most NEAR + FAR rows looked at. Whoever met nearly all there is may
    go without for once; the next choice looks elsewhere.
    """
    values = drawing(labeller_id, lane.project_id, lane.batch_id)
    picked: int | None = session.connection().exec_driver_sql(f"SELECT {PICKED}", values).scalar()
    return picked


def lock_exposure(session: Session, labeller_id: int) -> None:
    """Make choosing gold for one labeller serial, until the transaction ends.

    Work and an assessment begun in the same moment would otherwise show the same gold twice.
    """
    key = f"{EXPOSURE}{labeller_id}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
