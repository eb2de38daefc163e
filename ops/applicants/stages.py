"""The stages of the pipeline, as managers name and order them. What each means stays.

Five meanings are always there, because facts lead to them: `begin`, `certified`, `active`,
`paused`, `left`. Others are `open`. A second stage that means `left` is allowed: declined and
withdrawn are both ways out.
"""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ops import audit_log, clock_time
from ops.errors import Conflict, InvalidInput, NotFound
from ops.models import Applicant, ApplicantMove, MailTemplate, PipelineStage, User

ADDED = ("open", "left")
LONGEST = 40


def listed(session: Session) -> Sequence[PipelineStage]:
    """The stages in use, in their order."""
    used = select(PipelineStage).where(PipelineStage.removed_at.is_(None))
    return session.scalars(used.order_by(PipelineStage.position, PipelineStage.id)).all()


def find(session: Session, stage_id: int | None) -> PipelineStage:
    """A stage in use. Raises NotFound."""
    stage = session.get(PipelineStage, stage_id) if stage_id is not None else None
    if stage is None or stage.removed_at is not None:
        raise NotFound("There is no such stage.")
    return stage


def first_of(session: Session, meaning: str) -> PipelineStage:
    """The first stage that means this."""
    return next(stage for stage in listed(session) if stage.meaning == meaning)


def add(
    session: Session, *, name: str, before: PipelineStage, meaning: str = "open", by: User
) -> PipelineStage:
    """A new stage before another; one that was taken out of use under this name comes back.

    Raises InvalidInput naming the field, Conflict when the name is taken.
    """
    name = _clean(session, name)
    if meaning not in ADDED:
        raise InvalidInput(f"must be one of {', '.join(ADDED)}", field="meaning")
    if before.meaning == "begin":
        raise InvalidInput("nothing comes before the stage in which people apply", field="before")
    stage = session.scalar(select(PipelineStage).where(PipelineStage.name == name))
    if stage is None:
        stage = PipelineStage(name=name)
        session.add(stage)
    stage.meaning, stage.removed_at, stage.position = meaning, None, before.position
    order = list(listed(session))
    order = [s for s in order if s is not stage]
    order.insert(order.index(before), stage)
    _number(session, order)
    audit_log.record(session, by, "stage.added", f"stage:{stage.id}", meaning=meaning)
    return stage


def rename(session: Session, stage: PipelineStage, name: str, *, by: User) -> None:
    """Another name. Raises InvalidInput, Conflict when it is taken."""
    name = _clean(session, name, but=stage)
    if stage.name != name:
        stage.name = name
        session.flush()
        audit_log.record(session, by, "stage.renamed", f"stage:{stage.id}")


def shift(session: Session, stage: PipelineStage, steps: int, *, by: User) -> None:
    """Earlier (steps < 0) or later by so many places; the first stage stays the first."""
    order = list(listed(session))
    at = order.index(stage)
    to = max(1, min(len(order) - 1, at + steps))
    if stage.meaning == "begin" or to == at:
        return
    order.insert(to, order.pop(at))
    _number(session, order)
    audit_log.record(session, by, "stage.shifted", f"stage:{stage.id}", position=to + 1)


def give_accounts_from(session: Session, stage: PipelineStage, *, by: User) -> None:
    """From this stage on applicants may be given accounts. Raises InvalidInput."""
    if stage.meaning == "left":
        raise InvalidInput("whoever left gets no account", field="accounts_from")
    for other in listed(session):
        other.accounts_from = False
    session.flush()
    stage.accounts_from = True
    session.flush()
    audit_log.record(session, by, "stage.accounts_from", f"stage:{stage.id}")


def remove(session: Session, stage: PipelineStage, *, by: User) -> None:
    """Take an empty stage out of use. Raises Conflict while it is needed."""
    # Whoever is moved into it meanwhile waits for this row, and then finds it gone.
    session.refresh(stage, with_for_update=True)
    if session.scalar(select(exists().where(Applicant.stage_id == stage.id))):
        raise Conflict(f"Somebody is in {stage.name}. Move them on first.")
    others = [s for s in listed(session) if s.meaning == stage.meaning and s is not stage]
    if stage.meaning != "open" and not others:
        raise Conflict(f"{stage.name} stays: facts lead there. You may give it another name.")
    if stage.accounts_from:
        raise Conflict("Accounts are given from this stage on. Choose another one for that first.")
    for template in session.scalars(
        select(MailTemplate).where(MailTemplate.stage_id == stage.id)
    ).all():
        template.stage_id = None
    passed = ApplicantMove.to_stage_id == stage.id
    if session.scalar(select(exists().where(passed | (ApplicantMove.from_stage_id == stage.id)))):
        stage.removed_at = clock_time.now()
    else:
        session.flush()
        session.delete(stage)
    session.flush()
    audit_log.record(session, by, "stage.removed", f"stage:{stage.id}")


def _clean(session: Session, name: str, but: PipelineStage | None = None) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST:
        raise InvalidInput(f"give a name of at most {LONGEST} characters", field="name")
    same = select(PipelineStage).where(func.lower(PipelineStage.name) == name.lower())
    for other in session.scalars(same):
        if other is not but and (but is not None or other.removed_at is None):
            raise Conflict(f"There is a stage called {other.name} already.", field="name")
    return name


def _number(session: Session, order: list[PipelineStage]) -> None:
    for position, stage in enumerate(order, 1):
        stage.position = position
    session.flush()
