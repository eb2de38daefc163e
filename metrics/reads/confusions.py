"""What was said where something else is right: counts from the roll-up, answers by the index."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from metrics.confusions import NAME
from metrics.models import ConfusionLine, ConfusionRollup, RollupState
from metrics.reads.narrow import EVERYTHING, Narrow
from metrics.reads.sums import Scope, frame, within
from ops.models import Asset, Assignment, Batch, Consensus, Label, Project, User
from quality.models import Gold, GoldScore, GoldVersion

if TYPE_CHECKING:
    from pandas import DataFrame

EXCERPT = 200
_n = func.sum(ConfusionRollup.n).label("n")


class Pair(NamedTuple):
    """Which mistakes: what is right, what was said, what is wrong with it; None is any, and an
    empty key is that nothing is there."""

    truth: str | None = None
    said: str | None = None
    fault: str | None = None

    def conditions(self, of: Any) -> list[Any]:
        """As conditions on rows of `ConfusionLine` or `ConfusionRollup`."""
        return [of.fault != ""] + [
            getattr(of, name) == value
            for name, value in self._asdict().items()
            if value is not None
        ]


def confusions_as_of(session: Session) -> datetime | None:
    """Up to when judgements are in the counts; None before the first. One statement."""
    return session.scalar(select(RollupState.as_of).where(RollupState.name == NAME))


def judged_projects(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """The projects with judged answers, most mistakes first: project_id, project, label_type, n,
    wrong. One statement."""
    wrong = func.coalesce(func.sum(ConfusionRollup.n).filter(ConfusionRollup.fault != ""), 0)
    listed = (
        select(
            Project.id.label("project_id"), Project.name.label("project"), Project.label_type,
            _n, wrong.label("wrong"),
        )
        .join(ConfusionRollup, ConfusionRollup.project_id == Project.id)
        .group_by(Project.id)
        .order_by(wrong.desc(), Project.id)
    )  # fmt: skip
    listed = within(listed, scope, since, until, ConfusionRollup)
    found = frame(session, listed.where(*narrow.conditions(ConfusionRollup)))
    return found.astype({"n": int, "wrong": int})


def confusions(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    narrow: Narrow = EVERYTHING,
    truth_by: str | None = None,
) -> "DataFrame":
    """Everything said about what is right: truth, said, fault (empty where it is right), n.

    Of one project (`narrow`), as classes of two have nothing in common; `truth_by` gold, review or
    consensus alone. One statement.
    """
    of = ConfusionRollup
    counted = within(select(of.truth, of.said, of.fault, _n), scope, since, until, of)
    counted = counted.where(*narrow.conditions(of))
    if truth_by is not None:
        counted = counted.where(of.truth_by == truth_by)
    keys = (of.truth, of.said, of.fault)
    found = frame(session, counted.group_by(*keys).order_by(*keys))
    found["n"] = found.n.astype(int)
    return found


def truths(
    session: Session, scope: Scope, since: date, until: date, narrow: Narrow = EVERYTHING
) -> "DataFrame":
    """By what answers were judged: truth_by, n, wrong. One statement."""
    of = ConfusionRollup
    wrong = func.coalesce(func.sum(of.n).filter(of.fault != ""), 0).label("wrong")
    counted = within(select(of.truth_by, _n, wrong), scope, since, until, of)
    counted = counted.where(*narrow.conditions(of)).group_by(of.truth_by).order_by(of.truth_by)
    return frame(session, counted).astype({"n": int, "wrong": int})


_author = aliased(User)
_decider = aliased(User)
_score = aliased(GoldScore)
_known = aliased(Consensus)


def mistakes(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    narrow: Narrow = EVERYTHING,
    pair: Pair = Pair(),  # noqa: B008 - never changed
    *,
    truth_by: str | None = None,
    limit: int = 24,
    offset: int = 0,
) -> "DataFrame":
    """The answers behind a pair, the newest first: who said what of which asset, and why it is held
    wrong. One statement.

    assignment_id, asset_id, external_id, project_id, batch_id, batch, pictured, text (an excerpt),
    labeller_id, labeller, stage, day, ended_at, truth_by, truth, said, fault, n; gold_id,
    gold_version and gold_reason; method, agreement, answers and decided_by (a name) of the label in
    force.
    """
    of = ConfusionLine
    listed = select(
        of.assignment_id, of.asset_id, of.project_id, of.batch_id, of.labeller_id, of.stage, of.day,
        of.truth_by, of.truth, of.said, of.fault, of.n,
    )  # fmt: skip
    listed = within(listed, scope, since, until, of).where(*narrow.conditions(of))
    listed = listed.where(*pair.conditions(of))
    if truth_by is not None:
        listed = listed.where(of.truth_by == truth_by)
    order = (of.day.desc(), of.assignment_id.desc(), of.truth, of.said, of.fault)
    some = listed.order_by(*order).limit(limit).offset(offset).subquery("some")
    score = _newest(
        some, _score.gold_version_id, _score.assignment_id == some.c.assignment_id, _score.id
    )
    ours = _known.method.not_in(("gold", "imported"))
    known = _newest(some, _known.id, (_known.asset_id == some.c.asset_id) & ours, _known.version)
    return frame(
        session,
        select(
            some, Asset.external_id, Batch.name.label("batch"),
            Asset.uri.is_not(None).label("pictured"), func.left(Asset.text, EXCERPT).label("text"),
            _author.name.label("labeller"), Assignment.ended_at,
            GoldVersion.gold_id, GoldVersion.version.label("gold_version"),
            GoldVersion.reason.label("gold_reason"), Consensus.method, Consensus.agreement,
            Consensus.answers, _decider.name.label("decided_by"),
        )
        .join(Asset, Asset.id == some.c.asset_id)
        .join(Batch, Batch.id == some.c.batch_id)
        .join(_author, _author.id == some.c.labeller_id)
        .join(Assignment, Assignment.id == some.c.assignment_id)
        .outerjoin(GoldVersion, GoldVersion.id == score)
        .outerjoin(Consensus, Consensus.id == known)
        .outerjoin(_decider, _decider.id == Consensus.decided_by)
        .order_by(*(some.c[c.key] if c.key in ("truth", "said", "fault") else some.c[c.key].desc()
                    for c in (of.day, of.assignment_id, of.truth, of.said, of.fault))),
    )  # fmt: skip


def how_many(
    session: Session,
    scope: Scope,
    since: date,
    until: date,
    narrow: Narrow = EVERYTHING,
    pair: Pair = Pair(),  # noqa: B008 - never changed
    truth_by: str | None = None,
) -> int:
    """How many rows `mistakes` has in all. One statement."""
    of = ConfusionLine
    counted = within(select(func.count()).select_from(of), scope, since, until, of)
    counted = counted.where(*narrow.conditions(of), *pair.conditions(of))
    if truth_by is not None:
        counted = counted.where(of.truth_by == truth_by)
    return session.scalar(counted) or 0


def _newest(of: Any, column: Any, condition: Any, order: Any) -> Any:
    newest = select(column).where(condition).order_by(order.desc()).limit(1)
    return newest.correlate(of).scalar_subquery()


def said_of(session: Session, assignment_ids: list[int]) -> dict[int, dict[str, Any]]:
    """What these answers say, in their newest revision. One statement."""
    newest = (
        select(Label.assignment_id, Label.payload)
        .where(Label.assignment_id.in_(assignment_ids))
        .order_by(Label.assignment_id, Label.revision)
    )
    return {row.assignment_id: row.payload for row in session.execute(newest)}


_ALPHAS = text(
    """
    SELECT project.id AS project_id, project.name AS project, batch.name AS batch,
           delivery.delivered_at AS at,
           CAST(report #>> '{agreement,alpha}' AS float8) AS alpha,
           CAST(report #>> '{agreement,low}' AS float8) AS low,
           CAST(report #>> '{agreement,high}' AS float8) AS high,
           CAST(report #>> '{agreement,items}' AS bigint) AS n
    FROM delivery JOIN batch ON batch.id = delivery.batch_id
    JOIN project ON project.id = batch.project_id
    WHERE project.id = ANY(:projects) AND jsonb_typeof(report #> '{agreement,alpha}') = 'number'
    ORDER BY delivery.delivered_at
    """
)


def alphas(session: Session, scope: Scope, project_id: int | None = None) -> "DataFrame":
    """Krippendorff's α as delivered batches were reported: project_id, project, batch, at, alpha,
    low, high, n. Two statements."""
    listed = select(Project.id).where(Project.id.in_(scope))
    if project_id is not None:
        listed = listed.where(Project.id == project_id)
    wanted = list(session.scalars(listed))
    return frame(session, _ALPHAS.bindparams(projects=wanted))


def golds_of(session: Session, asset_ids: list[int]) -> set[int]:
    """Which of these assets are gold in use. One statement."""
    listed = select(Gold.asset_id).where(Gold.asset_id.in_(asset_ids), Gold.state == "active")
    return set(session.scalars(listed))
