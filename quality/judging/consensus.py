"""Consensus after the last answer: the label, how sure it is, what it tells of each labeller."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from ops import clock_time, consensus, reopened
from ops.labels import CHOICES
from ops.models import Consensus, Project
from quality.judging import answers as read
from quality.judging import beside, merged, overlap
from quality.judging.answers import LABEL_STAGES, Answer
from quality.judging.belief import Belief, belief
from quality.judging.evidence import Finding, Pairs, pairs, store, tell
from quality.judging.verdict import Verdict
from quality.measures.arrays import Ints
from quality.measures.consensus import majority, tied_classes

# What no person decided; what was imported with an asset gives way to its first answers.
BY_MODEL = ("majority", "dawid_skene", "merged", "imported")
# Classes less likely than this are left out of the stored posterior.
LEAST_LIKELY = 0.001


_READY = text(
    """
    SELECT task.id FROM task
    JOIN lane ON lane.id = task.lane_id JOIN batch ON batch.id = lane.batch_id
    WHERE task.id = ANY(:tasks) AND task.wanted > 0 AND task.n_done >= task.wanted
      AND batch.state <> 'delivered' AND NOT label_stays(batch.id, task.asset_id)
    """
)


class Settled(NamedTuple):
    """The verdicts appended, whose standing they move, and tasks to come back to: held just now."""

    verdicts: list[Verdict]
    moved: Pairs
    held: set[int]


def settle(session: Session, found: Sequence[Answer]) -> Settled:
    """Append the consensus of every asset whose last answer is among `found`.

    An asset whose consensus takes in these answers already, or was decided by a person or by gold,
    is left alone; one in doubt is asked once more where overlap is dynamic.
    """
    tasks = sorted({a.task_id for a in found if a.stage in LABEL_STAGES and a.round > 0})
    if not tasks:
        return Settled([], set(), set())
    ready = list(session.scalars(_READY, {"tasks": tasks}))
    return conclude(session, read.counted(session, ready))


def conclude(session: Session, counted: Sequence[Answer], *, final: bool = False) -> Settled:
    """The same for tasks whose counted answers are given; `final` asks for no further answer."""
    groups_of = _newest_groups(counted)
    for asset_id in reopened.staying(session, groups_of):
        del groups_of[asset_id]
    current = consensus.current(session, sorted(groups_of))
    news = [g for asset_id, g in groups_of.items() if _is_new(g, current.get(asset_id))]
    by_project: dict[int, list[list[Answer]]] = defaultdict(list)
    for group in news:
        by_project[group[0].project_id].append(group)
    verdicts = [
        verdict
        for project_id, groups in sorted(by_project.items())
        for verdict in judge_groups(session, project_id, groups)
    ]
    asked = overlap.Asked(set(), set()) if final else overlap.ask_more(session, verdicts)
    verdicts = [v for v in verdicts if v.first.task_id not in asked.waiting | asked.held]
    _append(session, verdicts, current)
    for verdict in verdicts:
        tell(session, "consensus", zip(verdict.answers, verdict.agreed, strict=False))
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    return Settled(verdicts, pairs(store(session, "consensus", findings)), asked.held)


def _newest_groups(counted: Sequence[Answer]) -> dict[int, list[Answer]]:
    """Asset → the answers of its newest task."""
    newest = {a.asset_id: a.task_id for a in sorted(counted, key=lambda a: (a.round, a.task_id))}
    groups: dict[int, list[Answer]] = defaultdict(list)
    for answer in counted:
        if newest[answer.asset_id] == answer.task_id:
            groups[answer.asset_id].append(answer)
    return groups


def by_task(counted: Sequence[Answer]) -> list[list[Answer]]:
    """The answers in groups, one for each task."""
    groups: dict[int, list[Answer]] = defaultdict(list)
    for answer in counted:
        groups[answer.task_id].append(answer)
    return list(groups.values())


def replace(session: Session, verdicts: Sequence[Verdict]) -> None:
    """Append verdicts over those in force; tell of answers that agree otherwise than before.

    What was delivered and not taken up again stays.
    """
    stay = reopened.staying(session, [verdict.first.asset_id for verdict in verdicts])
    verdicts = [verdict for verdict in verdicts if verdict.first.asset_id not in stay]
    current = consensus.current(session, [verdict.first.asset_id for verdict in verdicts])
    _append(session, verdicts, current)
    for verdict in verdicts:
        before = current.get(verdict.first.asset_id)
        if before is None or before.label != verdict.label:
            tell(session, "consensus", zip(verdict.answers, verdict.agreed, strict=False))


def _is_new(group: list[Answer], standing: Consensus | None) -> bool:
    if standing is None:
        return True
    if standing.method in BY_MODEL:
        newest = max(answer.ended_at for answer in group)
        return standing.answers != len(group) or standing.at < newest
    # A person or gold decided: only work asked for afterwards may say otherwise.
    again = group[0].round > 1 or group[0].stage == "rework"
    return again and standing.method != "gold" and standing.at < min(a.ended_at for a in group)


def judge_groups(
    session: Session, project_id: int, groups: Sequence[list[Answer]]
) -> list[Verdict]:
    """The verdicts on groups of answers, each about one asset, all of one project."""
    project = session.get_one(Project, project_id)
    if project.label_type not in CHOICES:
        return merged.judge_groups(session, project, groups)
    flat = [answer for group in groups for answer in group]
    held = belief(session, project, {answer.key for answer in flat})
    asset = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    label = held.encode(answer.key for answer in flat)
    seat = held.seats(answer.labeller_id for answer in flat)
    posterior = held.posterior(asset, seat, label, len(groups))
    voted = majority(asset, label, len(groups), len(held.classes))
    best, chance = held.of_others(asset, seat, label, len(groups))
    worth = held.worth(posterior, asset, label)
    # A vote that ties is decided by how good those are who gave it.
    tied = tied_classes(voted.posterior)
    by_vote = held.method == "majority" and not held.ordinal
    votes = np.where(tied, worth, -1.0) if by_vote else worth
    winner = votes.argmax(axis=1)
    starts = np.searchsorted(asset, np.arange(len(groups)))
    return [
        _verdict(
            group,
            held,
            int(winner[i]),
            posterior[i],
            float(worth[i, winner[i]]),
            voted.posterior[i],
            [(int(best[j]), float(chance[j])) for j in range(starts[i], starts[i] + len(group))],
        )
        for i, group in enumerate(groups)
    ]


def _verdict(
    group: list[Answer],
    held: Belief,
    winner: int,
    posterior: Any,
    probability: float,
    votes: Any,
    others: list[tuple[int, float]],
) -> Verdict:
    labels: Ints = held.encode(answer.key for answer in group)
    single = len(group) == 1
    alike = held.alike[labels, winner]
    # Ratings do not tie: between two of them lies what both are near to.
    tied = np.flatnonzero(tied_classes(votes[None, :])[0]) if not held.ordinal else labels[:1]
    agreed = alike if held.ordinal else [_share(tied, winner, int(label)) for label in labels]
    agreement = alike.mean() if held.ordinal else votes[winner]
    top = {held.classes[i]: round(float(posterior[i]), 6) for i in np.argsort(-posterior)}
    return Verdict(
        answers=group,
        method=held.method,
        label=beside.with_the_rest(group, held.classes[winner]),
        probability=probability,
        agreement=None if single else float(agreement),
        tied=tied.size > 1,
        posterior={key: p for key, p in top.items() if p >= LEAST_LIKELY},
        agreed=[] if single else [float(share) for share in agreed],
        findings=[]
        if single
        else [
            Finding(answer, float(held.alike[label, best]), min(max(q, 0.0), 1.0))
            for answer, label, (best, q) in zip(group, labels, others, strict=True)
        ],
    )


def _share(tied: Ints, winner: int, label: int) -> float:
    """1 for agreeing with the consensus; in a tie the tied classes share it fairly."""
    if tied.size > 1:
        return float(label in tied) / tied.size
    return float(label == winner)


def _append(session: Session, verdicts: Sequence[Verdict], current: dict[int, Consensus]) -> None:
    at = clock_time.now()
    rows = [
        {
            "asset_id": verdict.first.asset_id,
            "batch_id": verdict.first.batch_id,
            "version": before.version + 1 if before else 1,
            "method": verdict.method,
            "label": verdict.label,
            "probability": verdict.probability,
            "answers": len(verdict.answers),
            "agreement": verdict.agreement,
            "posterior": verdict.posterior,
            "at": at,
        }
        for verdict in verdicts
        for before in [current.get(verdict.first.asset_id)]
    ]
    if rows:
        session.execute(insert(Consensus), rows)
