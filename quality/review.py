"""What a second pair of eyes must see: doubtful consensus to adjudicate, and a sample to review."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import clock_time, flags, lanes, projects
from ops.access import STAGE_ROLES
from ops.models import Batch, Flag, Lane, Project
from quality.judging.consensus import Verdict
from quality.review_sample import note

NO_ADJUDICATOR = "no_adjudicator"


def sampled(project_id: int, asset_id: int, share: float) -> bool:
    """Whether an asset is in the review sample: a draw that is the same at every asking.

    A larger share keeps what a smaller one had drawn.
    """
    lot = hashlib.blake2b(f"review:{project_id}:{asset_id}".encode(), digest_size=8).digest()
    return int.from_bytes(lot) / 2**64 < share


def doubtful(verdict: Verdict, adjudicate_below: float) -> bool:
    """Whether an expert decides: several answers that tie, or leave too little certainty.

    With a single answer there is nothing to adjudicate; its labeller's gold and the review sample
    guard it.
    """
    several = len(verdict.answers) > 1
    return several and (verdict.tied or verdict.probability < adjudicate_below)


def follow_up(session: Session, verdicts: Sequence[Verdict]) -> int:
    """Open adjudication for doubtful verdicts and review for the sample; returns tasks opened.

    What is adjudicated is reviewed, if drawn, after the decision: the review is of the label that
    counts.
    """
    by_batch: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_batch[verdict.first.batch_id].append(verdict)
    opened = 0
    for batch_id, some in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        settings = projects.settings_of(session.get_one(Project, batch.project_id))
        rounds = {v.first.asset_id: v.first.round for v in some}
        doubts = {v.first.asset_id for v in some if doubtful(v, settings.adjudicate_below)}
        made, nobody = adjudicate(session, batch, {a: rounds[a] for a in doubts})
        # What nobody can adjudicate stands as it is, and is drawn like the rest.
        stands = {a: r for a, r in rounds.items() if a not in doubts or a in nobody}
        opened += made + review_sample(session, batch, stands, settings.review_share)
    return opened


def review_sample(session: Session, batch: Batch, rounds: dict[int, int], share: float) -> int:
    """Open review tasks for those assets (id → round) that are drawn; returns how many."""
    drawn = {a: r for a, r in rounds.items() if sampled(batch.project_id, a, share)}
    opened = _open(session, batch, "review", drawn)
    note(session, batch, drawn)
    return opened


def cover_gold(session: Session, met: Iterable[tuple[int, int]]) -> int:
    """Draw gold that was answered, as (batch id, asset id), into the review sample like any work.

    Labels that are never reviewed would betray themselves to whoever sees the reviews.
    """
    by_batch: dict[int, set[int]] = defaultdict(set)
    for batch_id, asset_id in met:
        by_batch[batch_id].add(asset_id)
    opened = 0
    for batch_id, assets in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        share = projects.settings_of(session.get_one(Project, batch.project_id)).review_share
        if batch.state != "delivered":
            opened += review_sample(session, batch, dict.fromkeys(assets, 1), share)
    return opened


def adjudicate(
    session: Session, batch: Batch, rounds: dict[int, int]
) -> tuple[int, Collection[int]]:
    """Open adjudication tasks for assets (id → round); returns how many, and where nobody may.

    Where everybody who may adjudicate has labelled the asset, the consensus stands and a flag says
    so.
    """
    if not rounds:
        return 0, ()
    lane = lanes.lane_for(session, batch, "adjudicate")
    nobody = _without_adjudicator(session, lane, list(rounds))
    for asset_id, reason in nobody.items():
        flags.raise_flag(
            session,
            project_id=batch.project_id,
            kind=NO_ADJUDICATOR,
            reason=reason,
            asset_id=asset_id,
            evidence={"batch": batch.id, "round": rounds[asset_id]},
        )
    free = {a: r for a, r in rounds.items() if a not in nobody}
    return _open(session, batch, "adjudicate", free), nobody.keys()


def _open(session: Session, batch: Batch, stage: str, rounds: dict[int, int]) -> int:
    if not rounds:
        return 0
    lane = lanes.lane_for(session, batch, stage)
    opened = 0
    for number in sorted(set(rounds.values())):
        chosen = sorted(a for a, r in rounds.items() if r == number)
        opened += len(
            lanes.open_tasks(session, lane, chosen, wanted=1, round=number, priority=batch.priority)
        )
    return opened


_ADJUDICATORS = text(
    """
    SELECT member.user_id FROM project_member member
    JOIN user_account ON user_account.id = member.user_id AND user_account.active
    WHERE member.project_id = :project AND user_account.role = ANY(:roles)
      AND NOT EXISTS (
          SELECT FROM jsonb_each_text(CAST(:requirements AS jsonb)) asked(skill, level)
          WHERE NOT EXISTS (
              SELECT FROM certificate held
              WHERE held.user_id = member.user_id AND held.skill_id = asked.skill::bigint
                AND held.level >= asked.level::int AND held.revoked_at IS NULL
                AND held.valid_until > :now))
    """
)

_HAD = text(
    """
    SELECT task.asset_id, assignment.labeller_id
    FROM task JOIN assignment ON assignment.task_id = task.id
    WHERE task.asset_id = ANY(:assets) AND assignment.labeller_id = ANY(:people)
      AND assignment.state = 'submitted'
    """
)


def _without_adjudicator(session: Session, lane: Lane, asset_ids: Sequence[int]) -> dict[int, str]:
    """Asset id → why nobody may adjudicate it, for those assets where that is so."""
    import json

    people = set(
        session.scalars(
            _ADJUDICATORS,
            {
                "project": lane.project_id,
                "roles": sorted(STAGE_ROLES["adjudicate"]),
                "requirements": json.dumps(lane.requirements),
                "now": clock_time.now(),
            },
        )
    )
    if not people:
        why = (
            "The answers leave doubt, but the project has no member who may adjudicate. "
            "Add a reviewer or expert with the skill it asks for."
        )
        return dict.fromkeys(asset_ids, why)
    had = defaultdict(set)
    for asset_id, who in session.execute(
        _HAD, {"assets": list(asset_ids), "people": sorted(people)}
    ):
        had[asset_id].add(who)
    why = (
        f"The answers leave doubt, but everyone who may adjudicate ({len(people)}) has answered "
        "about this asset already. Add another reviewer or expert."
    )
    return {asset_id: why for asset_id in asset_ids if had[asset_id] == people}


def try_again(session: Session) -> int:
    """Open adjudication where a flag says that nobody could, and somebody now can."""
    stuck = select(Flag).where(Flag.kind == NO_ADJUDICATOR, Flag.resolved_at.is_(None))
    by_batch: dict[int, list[Flag]] = defaultdict(list)
    for flag in session.scalars(stuck.order_by(Flag.id)):
        by_batch[flag.evidence["batch"]].append(flag)
    opened = 0
    for batch_id, some in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        if batch.state != "delivered":
            opened += _unstick(session, batch, some)
    return opened


def _unstick(session: Session, batch: Batch, stuck: Iterable[Flag]) -> int:
    lane = lanes.lane_for(session, batch, "adjudicate")
    by_asset = {flag.asset_id: flag for flag in stuck if flag.asset_id is not None}
    still = _without_adjudicator(session, lane, list(by_asset))
    free = {a: flag.evidence["round"] for a, flag in by_asset.items() if a not in still}
    for asset_id in free:
        flags.resolve(session, by_asset[asset_id], by=None)
    return _open(session, batch, "adjudicate", free)


def settle_flags(session: Session, asset_ids: Collection[int]) -> None:
    """A person has decided these assets: that nobody could is no longer true."""
    open_ = select(Flag).where(
        Flag.kind == NO_ADJUDICATOR, Flag.resolved_at.is_(None), Flag.asset_id.in_(asset_ids)
    )
    for flag in session.scalars(open_):
        flags.resolve(session, flag, by=None)
