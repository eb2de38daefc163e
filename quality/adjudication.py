"""Adjudication: an expert decides what is in doubt; where nobody can, a flag says so."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from ops import clock_time, flags, lanes
from ops.access import STAGE_ROLES
from ops.models import Batch, Flag, Lane, Task

NO_ADJUDICATOR = "no_adjudicator"


def adjudicate(
    session: Session, batch: Batch, rounds: dict[int, int]
) -> tuple[int, Collection[int]]:
    """Open adjudication tasks for assets (id → round); returns how many, and where nobody may.

    Where everybody who may adjudicate has worked on the asset, its label stands and a flag says so.
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
    return _open(session, lane, free), nobody.keys()


def once_more(session: Session, batch: Batch, asset_ids: Collection[int]) -> int:
    """Open an adjudication of each asset, a further one where it had some; returns how many.

    What waits for an expert already waits once.
    """
    rows = session.execute(
        select(Task.asset_id, func.max(Task.round), func.bool_or(or_(Task.open, Task.n_leased > 0)))
        .where(Task.asset_id.in_(asset_ids), Task.stage == "adjudicate")
        .group_by(Task.asset_id)
    )
    had = {asset: (last, waits) for asset, last, waits in rows}
    rounds = {a: had.get(a, (0, False))[0] + 1 for a in asset_ids if not had.get(a, (0, False))[1]}
    return adjudicate(session, batch, rounds)[0]


def _open(session: Session, lane: Lane, rounds: dict[int, int]) -> int:
    opened = 0
    for number in sorted(set(rounds.values())):
        chosen = sorted(a for a, r in rounds.items() if r == number)
        opened += len(lanes.open_tasks(session, lane, chosen, wanted=1, round=number))
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
    return _open(session, lane, free)


def settle_flags(session: Session, asset_ids: Collection[int]) -> None:
    """A person has decided these assets: that nobody could is no longer true."""
    open_ = select(Flag).where(
        Flag.kind == NO_ADJUDICATOR, Flag.resolved_at.is_(None), Flag.asset_id.in_(asset_ids)
    )
    for flag in session.scalars(open_):
        flags.resolve(session, flag, by=None)
