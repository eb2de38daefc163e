"""Assets: one more look at them, more answers, or known answers made of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboards.deeds.deed import Deed, Field, Terms, checked, counted, named
from ops import answers_wanted, audit_log, consensus, lanes, scope
from ops.errors import InvalidInput, NotFound
from ops.models import Asset, Batch, Project, Task, User
from quality import gold_batches, review_tasks
from quality.judging.overlap import with_somebody_left
from quality.models import Gold

MORE = Field("more", "More answers for each", "1", "number", 1, 5)

Groups = dict[int, list[Asset]]


def _chosen(session: Session, by: User, ids: Sequence[int]) -> list[Asset]:
    """Raises NotFound when one of them may not be seen."""
    wanted = checked(ids)
    seen = Asset.project_id.in_(scope.projects(by))
    found = session.scalars(
        select(Asset).where(Asset.id.in_(wanted), seen).order_by(Asset.id)
    ).all()
    if len(found) < len(wanted):
        raise NotFound("Not all of these are assets of your projects.")
    return list(found)


def _by(found: Sequence[Asset], key: Callable[[Asset], int]) -> Groups:
    groups: Groups = defaultdict(list)
    for asset in found:
        groups[key(asset)].append(asset)
    return dict(sorted(groups.items()))


def _left(left: int, why: str) -> str:
    return (
        f" {counted(left, 'asset')} {'is' if left == 1 else 'are'} left out: {why}." if left else ""
    )


def _record(
    session: Session, by: User, project: Project, action: str, ids: Sequence[int], **data: Any
) -> None:
    audit_log.of_project(session, project, by, action, assets=list(ids), **data,
    )  # fmt: skip


def _to_review(session: Session, by: User, ids: Sequence[int]) -> tuple[list[Asset], int]:
    """Those with a label that is not known already, outside delivered batches; and how many not."""
    found = _chosen(session, by, ids)
    labelled = consensus.current(session, [asset.id for asset in found])
    known = set(session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_(labelled))))
    gone = select(Batch.id).where(Batch.state == "delivered")
    delivered = set(session.scalars(gone.where(Batch.id.in_({a.batch_id for a in found}))))
    fit = [
        asset for asset in found
        if asset.id in labelled and asset.id not in known and asset.batch_id not in delivered
    ]  # fmt: skip
    if not fit:
        raise InvalidInput("none of these has a label to review", field="chosen")
    return fit, len(found) - len(fit)


_NO_REVIEW = "without a label, with a known answer, or delivered"


def _foresee_review(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    fit, left = _to_review(session, by, ids)
    return f"{counted(len(fit), 'asset')} will go to reviewers.{_left(left, _NO_REVIEW)}"


def _review(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    fit, left = _to_review(session, by, ids)
    for batch_id, assets in _by(fit, lambda asset: asset.batch_id).items():
        batch = session.get_one(Batch, batch_id)
        asked = review_tasks.ask(session, batch, [asset.id for asset in assets])
        _record(session, by, batch.project, "review.asked", sorted(asked), batch=batch_id)
    return f"Sent to review: {_names(fit)}.{_left(left, _NO_REVIEW)}"


def _to_extend(
    session: Session, by: User, ids: Sequence[int], more: int
) -> tuple[dict[int, int], list[Asset], int]:
    """Task → asset of the finished label tasks that may get more answers; and how many not."""
    found = _chosen(session, by, ids)
    tasks = session.execute(
        select(Task.id, Task.asset_id, Task.lane_id)
        .where(Task.asset_id.in_([asset.id for asset in found]), Task.stage == "label")
        .where(Task.round > 0, Task.wanted > 0, Task.n_done >= Task.wanted)
        .where(Task.wanted + more <= answers_wanted.MOST)
    ).all()
    of_project = {asset.id: asset.project_id for asset in found}
    fit: dict[int, int] = {}
    for project_id in sorted(set(of_project.values())):
        mine = {row.id: row.asset_id for row in tasks if of_project[row.asset_id] == project_id}
        project = session.get_one(Project, project_id)
        fit |= {task: mine[task] for task in with_somebody_left(session, project, list(mine))}
    if not fit:
        raise InvalidInput("none of these can get another answer now", field="chosen")
    kept = [asset for asset in found if asset.id in set(fit.values())]
    return fit, kept, len(found) - len(kept)


_NO_MORE = "still waiting for answers, gold, or answered by everybody"


def _foresee_more(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    _, kept, left = _to_extend(session, by, ids, int(terms.number(MORE)))
    return (
        f"{counted(len(kept), 'asset')} will go to further labellers, before what nobody has seen "
        f"yet; the label is judged anew with their answers.{_left(left, _NO_MORE)}"
    )


def _more(session: Session, by: User, ids: Sequence[int], terms: Terms) -> str:
    more = int(terms.number(MORE))
    fit, kept, left = _to_extend(session, by, ids, more)
    raised = lanes.want_more(session, sorted(fit), more)
    for project_id, assets in _by(kept, lambda asset: asset.project_id).items():
        asked = sorted({fit[task] for task in raised} & {asset.id for asset in assets})
        if asked:
            project = session.get_one(Project, project_id)
            _record(session, by, project, "work.more_wanted", asked, more=more)
    gone = len(fit) - len(raised)
    answers = "1 more answer" if more == 1 else f"{more} more answers"
    return f"{answers} asked of {counted(len(raised), 'asset')}.{_left(left + gone, _NO_MORE)}"


def _foresee_gold(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    found = _chosen(session, by, ids)
    _gold_checked(session, found)
    return (
        f"{counted(len(found), 'asset')} will be gold with the label that a person decided: "
        f"{_names(found)}. No more ordinary work goes out for them."
    )


def _gold_checked(session: Session, found: Sequence[Asset]) -> None:
    """What the verb would refuse, said before. Raises InvalidInput."""
    known = consensus.current(session, [asset.id for asset in found])
    open_ = [
        a for a in found if a.id not in known or known[a.id].method not in gold_batches.DECIDED
    ]
    if open_:
        raise InvalidInput(
            "only labels that a person decided are known to be right; send these to review first: "
            f"{_names(open_)}", field="chosen",
        )  # fmt: skip
    had = set(
        session.scalars(select(Gold.asset_id).where(Gold.asset_id.in_([a.id for a in found])))
    )
    if had:
        raise InvalidInput(f"gold already: {_names([a for a in found if a.id in had])}")


def _gold(session: Session, by: User, ids: Sequence[int], _terms: Terms) -> str:
    found = _chosen(session, by, ids)
    _gold_checked(session, found)
    for project_id, assets in _by(found, lambda asset: asset.project_id).items():
        project = session.get_one(Project, project_id)
        gold_batches.make_many(session, project, [asset.id for asset in assets], by)
    return f"Gold now: {_names(found)}."


def _names(found: Sequence[Asset]) -> str:
    return named([asset.external_id for asset in found])


ASSETS = (
    Deed("asset.review", "Send to review", "asset", _foresee_review, _review),
    Deed("asset.overlap", "Ask for more answers", "asset", _foresee_more, _more, (MORE,)),
    Deed("asset.gold", "Make gold", "asset", _foresee_gold, _gold),
)
