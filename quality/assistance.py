"""A model's drafts: what a labeller is shown of its predictions, and what became of it.

Work of the stage `label` in a project with an assisting model begins with the newest version of
what that model says of the asset. Three rules keep the figures honest and gold hidden:

- a share is shown without a draft, drawn by the token of the assignment, so that a reload shows the
  same; what was begun with stays, also when a newer version of the model comes;
- gold is shown and withheld by the same rule. It is only handed out where the model speaks of it
  (`gold_choice`), which work need not be. So gold takes after the labeller's work before it: it has
  a draft as often as that had;
- as many looks at work as at gold, and as much written down, also where the model says nothing
  (`spoke`), so that how long it takes tells nothing.

What became of the draft is reckoned where the answer is judged, in the same transaction: once.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from ops import clock_time, labels
from ops.project_settings import AssistTerms
from quality.lot import lot
from quality.measures.drafts import THINGS, fate, shown
from quality.models import Assistance

# Work before gold that gold takes after, and leases among which it is looked for.
LIKE, NEAR = 16, 64

# The version of the assisting model of project `p` that is newest.
_NEWEST = """
    SELECT id FROM reference_model m
    WHERE m.project_id = p.id AND m.kind = 'predictions'
      AND m.name = p.settings #>> '{assist,model}'
    ORDER BY m.version DESC LIMIT 1"""
# How sure the model is of a label that is one whole; null where it did not say.
_SURE = """
    coalesce(said.confidence, (said.probabilities ->> coalesce(
        said.label ->> 'class', said.label ->> 'rating', said.label ->> 'preference'))::float8)"""
# Whether there is something to show: objects are sifted one by one, other labels as a whole.
_THERE = f"""
    (p.label_type = ANY(:things) OR coalesce({_SURE} >= {{above}}, true))"""
_ABOVE = "(p.settings #>> '{assist,show_above}')::float8"

_READ = text(
    f"""
    SELECT a.token::text, t.round, p.label_type, p.settings -> 'assist' AS terms,
           coalesce(begun.model_id, newest.id) AS model_id, begun.withheld, begun.show_above,
           begun.spoke,
           said.label, {_SURE} AS sure,
           said.asset_id IS NOT NULL
               AND {_THERE.format(above=f"coalesce(begun.show_above, {_ABOVE}, 0)")} AS there,
           (SELECT array_agg(EXISTS (
                SELECT FROM prediction said
                WHERE said.model_id = newest.id AND said.asset_id = work.asset_id
                  AND {_THERE.format(above=f"coalesce({_ABOVE}, 0)")}) ORDER BY work.id)
            FROM (
                SELECT recent.id, task.asset_id FROM (
                    SELECT id, task_id, project_id FROM assignment
                    WHERE labeller_id = a.labeller_id AND id < a.id
                    ORDER BY id DESC LIMIT {NEAR}) recent
                JOIN task ON task.id = recent.task_id
                WHERE recent.project_id = p.id AND task.stage = 'label' AND task.round > 0
                ORDER BY recent.id DESC LIMIT {LIKE}) work) AS before
    FROM assignment a JOIN task t ON t.id = a.task_id JOIN project p ON p.id = a.project_id
    LEFT JOIN assistance begun ON begun.assignment_id = a.id
    LEFT JOIN LATERAL ({_NEWEST}) newest ON true
    LEFT JOIN prediction said
        ON said.model_id = coalesce(begun.model_id, newest.id) AND said.asset_id = t.asset_id
    WHERE a.id = :id AND t.stage = 'label'
    """
)


class Proposal(NamedTuple):
    """A draft as it is shown: a label whose objects carry `score`, how sure the model is of the
    whole (None where it did not say), and from how sure on "accept all" takes one."""

    label: dict[str, Any]
    confidence: float | None
    accept_above: float


def proposal(session: Session, assignment_id: int) -> Proposal | None:
    """The draft to show with this work; None where there is none, or where it is withheld.

    Written down when the work is first shown; asked again, it is the same.
    """
    row = session.execute(_READ, {"id": assignment_id, "things": list(THINGS)}).one_or_none()
    if row is None or row.model_id is None:
        return None
    terms = AssistTerms.model_validate(row.terms or {})
    if row.withheld is None:
        withheld = _withheld(row.token, terms.share_without, row.before if not row.round else None)
        above = terms.show_above
    else:
        withheld, above = row.withheld, row.show_above
    spoke = row.there if row.spoke is None else row.spoke
    _keep(session, assignment_id, row.model_id, spoke, withheld, above)
    if withheld or not spoke:
        return None
    draft = shown(row.label_type, row.label, above)
    return Proposal(draft, row.sure, terms.accept_above)


def _withheld(token: str, share: float, before: Sequence[bool] | None) -> bool:
    """By the token alone; of gold also where one of the pieces `before` it, by lot, had none."""
    if before and not before[int(lot(f"assistance.like:{token}") * len(before))]:
        return True
    return lot(f"assistance.without:{token}") < share


def _keep(
    session: Session, assignment_id: int, model_id: int, spoke: bool, withheld: bool, above: float
) -> None:
    row = {
        "assignment_id": assignment_id,
        "model_id": model_id,
        "spoke": spoke,
        "withheld": withheld,
        "show_above": above,
        "shown_at": clock_time.now(),
    }
    session.execute(upsert(Assistance).values(row).on_conflict_do_nothing())


_ANSWERED = text(
    """
    SELECT begun.assignment_id, begun.withheld, begun.show_above, project.label_type,
           said.label AS proposed, newest.payload AS given
    FROM assistance begun
    JOIN assignment ON assignment.id = begun.assignment_id
    JOIN project ON project.id = assignment.project_id
    JOIN task ON task.id = assignment.task_id
    JOIN prediction said ON said.model_id = begun.model_id AND said.asset_id = task.asset_id
    JOIN LATERAL (
        SELECT payload FROM label WHERE label.assignment_id = assignment.id
        ORDER BY revision DESC LIMIT 1) newest ON true
    WHERE begun.assignment_id = ANY(:ids) AND begun.spoke AND begun.kept IS NULL
    """
)


def compare(session: Session, assignment_ids: Sequence[int]) -> int:
    """Write down what became of the drafts of these submitted assignments; returns of how many.

    Those that were compared, or never had a draft, are passed over.
    """
    rows, at = [], clock_time.now()
    for row in session.execute(_ANSWERED, {"ids": list(assignment_ids)}):
        draft = None if row.withheld else shown(row.label_type, row.proposed, row.show_above)
        found = fate(row.label_type, draft, labels.content(row.given))
        rows.append({"assignment_id": row.assignment_id, "compared_at": at, **found._asdict()})
    if rows:
        session.execute(update(Assistance), rows)
    return len(rows)
