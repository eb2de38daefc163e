"""The rules of a project: recommended, made, changed, switched off, deleted."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time, ontologies, scope
from ops.errors import Conflict, NotFound
from ops.models import Project, User
from ops.projects import clean_name
from scheduling.models import Rule, RuleFiring, RuleLook
from scheduling.rules import words


def of_project(session: Session, project_id: int) -> Sequence[Rule]:
    """The rules of a project, the oldest first."""
    mine = select(Rule).where(Rule.project_id == project_id).order_by(Rule.id)
    return session.scalars(mine).all()


def find(session: Session, user: User, rule_id: int) -> Rule:
    """The rule, if `user` may see its project. Raises NotFound."""
    rule = session.scalar(
        select(Rule).where(Rule.id == rule_id, Rule.project_id.in_(scope.projects(user)))
    )
    if rule is None:
        raise NotFound("There is no such rule, or you are not a member of its project.")
    return rule


def in_words(session: Session, rule: Rule) -> str:
    """The rule as a sentence: If … → …."""
    classes = _classes(session, rule.project_id)
    return words.sentence(rule.signal, rule.terms, rule.action, rule.measure, classes)


def _classes(session: Session, project_id: int) -> int:
    ontology = ontologies.current(session, project_id)
    return max(len(ontology.classes) if ontology else 0, 2)


def recommended() -> list[dict[str, Any]]:
    """What a project is offered and begins with, as arguments of `create`.

    Whoever cannot be relied on is stopped within about a dozen checked answers, and their work is
    done again; everything else warns, or asks for a closer look.
    """
    return [
        {
            "name": "Unreliable answers",
            "signal": "gold_accuracy",
            "terms": {},
            "action": "pause",
            "measure": {"hours": 24, "redo": True},
        },
        {
            "name": "Rejected in review",
            "signal": "review_acceptance",
            "terms": {},
            "action": "restrict",
            "measure": {},
        },
        {"name": "Getting worse", "signal": "drift", "terms": {}, "action": "warn", "measure": {}},
        {"name": "Too fast", "signal": "too_fast", "terms": {}, "action": "warn", "measure": {}},
        {
            "name": "Skips in a row",
            "signal": "skips_in_row",
            "terms": {},
            "action": "warn",
            "measure": {"hours": 24},
        },
        {
            "name": "Long days",
            "signal": "hours",
            "terms": {},
            "action": "warn",
            "measure": {"hours": 20},
        },
    ]


def missing(session: Session, project: Project) -> list[dict[str, Any]]:
    """The recommended rules of which the project has none with that signal."""
    have = {rule.signal for rule in of_project(session, project.id)}
    return [one for one in recommended() if one["signal"] not in have]


def install_recommended(session: Session, project: Project, *, by: User | None) -> list[Rule]:
    """Make the recommended rules for signals that no rule looks at yet; twice is once."""
    taken = {rule.name.lower() for rule in of_project(session, project.id)}
    made = []
    for one in missing(session, project):
        name = one["name"] if one["name"].lower() not in taken else f"{one['name']} (recommended)"
        made.append(create(session, project, by=by, **{**one, "name": name}))
    return made


def create(
    session: Session,
    project: Project,
    *,
    name: str,
    signal: str,
    terms: dict[str, Any],
    action: str,
    measure: dict[str, Any],
    by: User | None,
) -> Rule:
    """A new rule, in force at once. Raises InvalidInput naming the field, Conflict for its name."""
    rule = Rule(
        project_id=project.id,
        created_by=by.id if by else None,
        created_at=clock_time.now(),
        enabled=True,
    )
    _set(session, rule, name, signal, terms, action, measure)
    session.add(rule)
    session.flush()
    look_again(session, project.id)
    _record(session, project, rule, by, "rule.created")
    return rule


def change(
    session: Session,
    project: Project,
    rule: Rule,
    *,
    name: str,
    signal: str,
    terms: dict[str, Any],
    action: str,
    measure: dict[str, Any],
    by: User,
) -> None:
    """Change a rule; what it decided already stands as it was decided. Raises as `create`."""
    with session.no_autoflush:
        _set(session, rule, name, signal, terms, action, measure)
    session.flush()
    look_again(session, project.id)
    _record(session, project, rule, by, "rule.changed")


def _set(
    session: Session,
    rule: Rule,
    name: str,
    signal: str,
    terms: dict[str, Any],
    action: str,
    measure: dict[str, Any],
) -> None:
    name = clean_name(name)
    checked = words.terms_of(signal, terms)
    done = words.measure_of(action, measure)
    same = (Rule.project_id == rule.project_id) & (Rule.name == name)
    if session.scalar(select(Rule.id).where(same, Rule.id.is_distinct_from(rule.id))):
        raise Conflict(f"There is a rule called {name} already.", field="name")
    rule.name, rule.signal, rule.action = name, signal, action
    rule.terms, rule.measure = checked.model_dump(mode="json"), done.model_dump(mode="json")


def set_enabled(session: Session, project: Project, rule: Rule, enabled: bool, *, by: User) -> None:
    """Switch a rule on or off. Switched off it decides nothing new; what it did stands."""
    if rule.enabled == enabled:
        return
    rule.enabled = enabled
    session.flush()
    look_again(session, project.id)
    _record(session, project, rule, by, "rule.switched_on" if enabled else "rule.switched_off")


def remove(session: Session, project: Project, rule: Rule, *, by: User) -> None:
    """Delete a rule that never fired. Raises Conflict otherwise: what it did refers to it."""
    if session.scalar(select(RuleFiring.id).where(RuleFiring.rule_id == rule.id).limit(1)):
        raise Conflict("This rule has fired: switch it off instead, so that its record stays.")
    _record(session, project, rule, by, "rule.deleted")
    session.delete(rule)
    session.flush()


def look_again(session: Session, project_id: int) -> None:
    """Let the next look take in everybody's evidence, not only what is new."""
    session.execute(delete(RuleLook).where(RuleLook.project_id == project_id))


def _record(session: Session, project: Project, rule: Rule, by: User | None, action: str) -> None:
    audit_log.record(
        session,
        by,
        action,
        f"rule:{rule.id}",
        organisation_id=project.organisation_id,
        project=project.id,
        signal=rule.signal,
        terms=rule.terms,
        action_taken=rule.action,
        measure=rule.measure,
    )
