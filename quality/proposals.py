"""Gold that a client proposes: what is right for an asset of theirs; a lead takes or declines it.

What the client learns is what became of their proposal. Whether an asset was gold before is not
told: a proposal about gold is kept, and taken as a revision of it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from ops import audit_log, clock_time, mail, notices
from ops.errors import Conflict, InvalidInput, NotFound
from ops.labels.attributes import storable
from ops.models import Asset, Project, User
from quality import gold
from quality.gold_answers import check_answers
from quality.models import Gold, GoldProposal

LONGEST = 2000
MOST = 200


def propose(
    session: Session,
    project: Project,
    asset: Asset,
    label: dict[str, Any],
    by: User,
    *,
    remark: str = "",
) -> GoldProposal:
    """The label that is right for `asset`, as its client says; the leads are told.

    Raises InvalidInput naming the field, Conflict while another proposal for it is open.
    """
    if asset.project_id != project.id:
        raise InvalidInput("the item is not of this project", field="external_id")
    said = _text(remark, "remark")
    kept = check_answers(session, project, [label], asset)[0]
    made = session.scalar(
        insert(GoldProposal)
        .values(
            project_id=project.id,
            asset_id=asset.id,
            label=kept,
            remark=said,
            state="open",
            proposed_by=by.id,
            proposed_at=clock_time.now(),
        )
        .on_conflict_do_nothing()
        .returning(GoldProposal)
    )
    if made is None:
        raise Conflict("An answer for this item was proposed already and waits for a decision.")
    _record(session, project, by, "gold.proposed", made)
    told = notices.tell_leads(
        session, project.id, key=f"gold.proposed:{made.id}", but=by.id,
        text=f"{project.name}: the client proposes a known answer.", url=page(project.id),
    )  # fmt: skip
    for notice in told:
        mail.post(session, notice)
    return made


def page(project_id: int) -> str:
    """The address of the page on which leads decide."""
    return f"/projects/{project_id}/gold/proposals"


def take(session: Session, project: Project, proposal: GoldProposal, by: User) -> Gold:
    """Make it gold, or put the gold that the asset is already right; the client is told.

    Raises Conflict when it was decided, InvalidInput when the ontology no longer allows the label.
    """
    _lock(session, proposal)
    asset = session.get_one(Asset, proposal.asset_id)
    known = session.scalar(select(Gold).where(Gold.asset_id == asset.id))
    if known is None:
        known = gold.make(session, project, asset, [proposal.label], by)
    else:
        gold.revise(session, project, known, [proposal.label], by, reason="The client proposed it.")
    proposal.gold_id = known.id
    _decide(session, project, proposal, by, "taken", "")
    return known


def decline(
    session: Session, project: Project, proposal: GoldProposal, by: User, reason: str
) -> None:
    """Leave it and say why, for the client to read. Raises Conflict, InvalidInput (`reason`)."""
    said = _text(reason, "reason")
    if not said:
        raise InvalidInput("say why, the client reads it", field="reason")
    _lock(session, proposal)
    _decide(session, project, proposal, by, "declined", said)


def _lock(session: Session, proposal: GoldProposal) -> None:
    session.refresh(proposal, with_for_update={"key_share": True})
    if proposal.state != "open":
        raise Conflict(f"This proposal was {proposal.state} already.")


def _decide(
    session: Session, project: Project, proposal: GoldProposal, by: User, state: str, reason: str
) -> None:
    proposal.state, proposal.decision = state, reason
    proposal.decided_by, proposal.decided_at = by.id, clock_time.now()
    session.flush()
    _record(session, project, by, f"gold.proposal_{state}", proposal)
    author = session.get_one(User, proposal.proposed_by)
    words = "was taken." if state == "taken" else "was declined; see why."
    notice = notices.tell(
        session, author, key=f"gold.proposal:{proposal.id}:{state}",
        text=f"{project.name}: an answer that you proposed {words}",
        url=f"/portal/projects/{project.id}/proposals",
    )  # fmt: skip
    mail.post(session, notice)


def find(session: Session, project_id: int, proposal_id: int) -> GoldProposal:
    """That proposal of a project. Raises NotFound."""
    found = session.get(GoldProposal, proposal_id)
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such proposal in this project.")
    return found


def of_project(session: Session, project_id: int) -> Sequence[GoldProposal]:
    """The open ones first, the oldest on top, then those decided, the newest on top."""
    found = (
        select(GoldProposal)
        .where(GoldProposal.project_id == project_id)
        .options(joinedload(GoldProposal.asset))
    )
    undecided = GoldProposal.state == "open"
    waiting = session.scalars(found.where(undecided).order_by(GoldProposal.id).limit(MOST))
    done = found.where(~undecided).order_by(GoldProposal.decided_at.desc(), GoldProposal.id.desc())
    return [*waiting, *session.scalars(done.limit(MOST))]


def waiting(session: Session, project_id: int) -> int:
    """How many wait for a decision."""
    open_ = (GoldProposal.project_id == project_id) & (GoldProposal.state == "open")
    return session.scalar(select(func.count()).select_from(GoldProposal).where(open_)) or 0


def _text(text: str, field: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if len(said) > LONGEST or not storable(said):
        raise InvalidInput(f"write up to {LONGEST:,} characters", field=field)
    return said


def _record(
    session: Session, project: Project, by: User, action: str, proposal: GoldProposal
) -> None:
    audit_log.record(
        session, by, action, f"proposal:{proposal.id}",
        organisation_id=project.organisation_id, project=project.id,
    )  # fmt: skip
