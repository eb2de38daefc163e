"""The alerts of a project: which are on, and their thresholds. Without a word all are on."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from metrics.alerts.terms import AccuracyTerms, ForecastTerms, GoldTerms, QueueTerms, Terms
from metrics.models import ALERTS, AlertFiring, AlertRule
from ops import audit_log, clock_time, scope
from ops.errors import InvalidInput, NotFound
from ops.models import Project, User

KINDS: dict[str, type[Terms]] = {
    "accuracy_drop": AccuracyTerms,
    "forecast_past_due": ForecastTerms,
    "gold_exhausted": GoldTerms,
    "queue_starved": QueueTerms,
}
NAMES = {
    "accuracy_drop": "Accuracy drop",
    "forecast_past_due": "Forecast past due",
    "gold_exhausted": "Gold exhausted",
    "queue_starved": "Queue starved",
}
assert KINDS.keys() == NAMES.keys() == set(ALERTS)


def locked(session: Session, project: Project) -> Sequence[AlertRule]:
    """The alerts of a project, made where they are not yet, each held by this transaction.

    Those that somebody else holds just now are left to them.
    """
    _complete(session, project.id)
    mine = select(AlertRule).where(AlertRule.project_id == project.id).order_by(AlertRule.id)
    return session.scalars(mine.with_for_update(skip_locked=True)).all()


def of_project(session: Session, project_id: int) -> dict[str, tuple[bool, Terms]]:
    """Kind → whether it is on, and its terms; as usual where nobody has set it."""
    found = session.scalars(select(AlertRule).where(AlertRule.project_id == project_id))
    known = {rule.kind: (rule.enabled, terms_of(rule)) for rule in found}
    return {kind: known.get(kind, (True, model())) for kind, model in KINDS.items()}


def terms_of(rule: AlertRule) -> Any:
    """The terms as they are kept, the usual ones for what was added since."""
    return KINDS[rule.kind].model_validate(rule.terms)


def change(
    session: Session,
    project: Project,
    kind: str,
    *,
    enabled: bool,
    terms: dict[str, Any],
    by: User,
) -> None:
    """Set an alert of the project. Raises InvalidInput naming the field."""
    if kind not in KINDS:
        raise InvalidInput(f"kind must be one of {', '.join(KINDS)}", field="kind")
    try:
        valid = KINDS[kind].model_validate(terms)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        raise InvalidInput(f"{field}: {fault['msg']}", field=field) from None
    _complete(session, project.id)
    mine = (AlertRule.project_id == project.id) & (AlertRule.kind == kind)
    rule = session.scalars(select(AlertRule).where(mine).with_for_update()).one()
    rule.terms, rule.enabled = valid.model_dump(exclude_defaults=True), enabled
    session.flush()
    audit_log.of_project(
        session, project, by, "alert.changed", kind=kind, enabled=enabled, terms=rule.terms
    )


def see(session: Session, firing_id: int, *, by: User) -> AlertFiring:
    """A lead has seen an alert: it no longer stands on top of every page. Raises NotFound."""
    found = session.scalars(
        select(AlertFiring)
        .where(AlertFiring.id == firing_id, AlertFiring.project_id.in_(scope.projects(by)))
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such alert, or you are not a member of its project.")
    if found.seen_at is None:
        found.seen_by, found.seen_at = by.id, clock_time.now()
        session.flush()
        project = session.get_one(Project, found.project_id)
        audit_log.of_project(session, project, by, "alert.seen", alert=found.id)
    return found


def _complete(session: Session, project_id: int) -> None:
    at = clock_time.now()
    rows = [{"project_id": project_id, "kind": k, "terms": {}, "enabled": True, "created_at": at}
            for k in KINDS]  # fmt: skip
    session.execute(insert(AlertRule).values(rows).on_conflict_do_nothing())
