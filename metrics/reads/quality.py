"""How good labels are and which assets are hard: from what was judged."""

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from metrics.reads.sums import Scope, frame
from ops.labels import CHOICES
from ops.models import Asset, Assignment, Batch, Consensus, Flag, Label, Project, Task, User
from quality.models import AssetDifficulty, GoldScore, GoldVersion

if TYPE_CHECKING:
    from pandas import DataFrame

Against = Literal["gold", "people", "consensus"]
# What a reviewer or an expert decided.
BY_PEOPLE = ("review", "adjudication")


def confusion(
    session: Session, scope: Scope, project_id: int, against: Against = "gold"
) -> "DataFrame":
    """How often each class was given where another is right: truth, given, n. One statement.

    Of labels that are no choice there is none: an asset may be of many classes at once.

    `against` is gold (the newest score of each answer; the first accepted answer stands for the
    truth, unless another accepted one was given), people (labels that a reviewer or an expert
    decided) or consensus (whatever label is in force). Answers to label tasks only.
    """
    pairs = _against_gold() if against == "gold" else _against_consensus(against)
    answers = (
        pairs.join(Assignment, Assignment.id == Label.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Project, Project.id == Assignment.project_id)
        .where(
            Project.label_type.in_(CHOICES),
            Assignment.project_id == project_id,
            Assignment.project_id.in_(scope),
            Assignment.state == "submitted",
        )
    )
    if against != "gold":
        answers = answers.join(in_force, in_force.asset_id == Task.asset_id).where(
            Task.stage == "label"
        )
    pair = answers.subquery("pair")
    counted = select(pair.c.truth, pair.c.given, func.count().label("n"))
    found = frame(session, counted.group_by(pair.c.truth, pair.c.given).order_by("truth", "given"))
    found["n"] = found.n.astype(int)
    return found


_given = func.label_key(Label.payload)
in_force = aliased(
    Consensus,
    select(Consensus)
    .ext(distinct_on(Consensus.asset_id))
    .order_by(Consensus.asset_id, Consensus.version.desc())
    .subquery("in_force"),
)


def _against_gold() -> Any:
    truth = case((GoldScore.correct >= 1, _given), else_=func.label_key(GoldVersion.answers[0]))
    return (
        select(truth.label("truth"), _given.label("given"))
        .select_from(GoldScore)
        .join(GoldVersion, GoldVersion.id == GoldScore.gold_version_id)
        .join(Label, Label.id == GoldScore.label_id)
        .ext(distinct_on(GoldScore.assignment_id))
        .order_by(GoldScore.assignment_id, GoldScore.id.desc())
    )


def _against_consensus(against: Against) -> Any:
    # The newest revision of each answer.
    pairs = (
        select(func.label_key(in_force.label).label("truth"), _given.label("given"))
        .select_from(Label)
        .ext(distinct_on(Label.assignment_id))
        .order_by(Label.assignment_id, Label.revision.desc())
    )
    return pairs.where(in_force.method.in_(BY_PEOPLE)) if against == "people" else pairs


def difficulties(session: Session, scope: Scope, project_id: int) -> "DataFrame":
    """Every judged asset of a project, hardest first. One statement.

    asset_id, external_id, batch_id, difficulty, colour, reason, parts, at.
    """
    columns = (AssetDifficulty.difficulty, AssetDifficulty.colour, AssetDifficulty.reason)
    statement = (
        select(Asset.id.label("asset_id"), Asset.external_id, Asset.batch_id, *columns,
               AssetDifficulty.parts, AssetDifficulty.at)
        .join(AssetDifficulty, AssetDifficulty.asset_id == Asset.id)
        .where(AssetDifficulty.project_id == project_id, AssetDifficulty.project_id.in_(scope))
        .order_by(AssetDifficulty.difficulty.desc(), Asset.id)
    )  # fmt: skip
    return frame(session, statement)


def flagged_assets(
    session: Session, scope: Scope, project_id: int | None = None, limit: int = 200
) -> "DataFrame":
    """Open flags on assets, newest first, with the asset's difficulty if it was judged.

    flag_id, asset_id, external_id, batch_id, batch, project_id, project, pictured, text (an
    excerpt), kind, reason, evidence, at, difficulty, colour. One statement.
    """
    # Chosen before they are joined: there are millions of assets, and few are asked for.
    mine = Flag.project_id.in_(scope) if project_id is None else Flag.project_id == project_id
    newest = (
        select(Flag)
        .where(Flag.resolved_at.is_(None), Flag.asset_id.is_not(None), mine)
        .where(Flag.project_id.in_(scope))
        .order_by(Flag.at.desc(), Flag.id.desc())
        .limit(limit)
        .subquery("newest")
    )
    flag = aliased(Flag, newest)
    statement = (
        select(
            flag.id.label("flag_id"), Asset.id.label("asset_id"), Asset.external_id,
            Batch.id.label("batch_id"), Batch.name.label("batch"),
            Project.id.label("project_id"), Project.name.label("project"),
            Asset.uri.is_not(None).label("pictured"), func.left(Asset.text, 200).label("text"),
            flag.kind, flag.reason, flag.evidence, flag.at,
            AssetDifficulty.difficulty, AssetDifficulty.colour,
        )
        .join(Asset, Asset.id == flag.asset_id)
        .join(Batch, Batch.id == Asset.batch_id)
        .join(Project, Project.id == flag.project_id)
        .outerjoin(AssetDifficulty, AssetDifficulty.asset_id == Asset.id)
        .order_by(flag.at.desc(), flag.id.desc())
    )  # fmt: skip
    return frame(session, statement)


def flagged_labellers(
    session: Session, scope: Scope, project_id: int | None = None, limit: int = 200
) -> "DataFrame":
    """Open flags on labellers, newest first. One statement.

    flag_id, labeller_id, labeller, project_id, project, kind, reason, evidence, at.
    """
    statement = (
        select(
            Flag.id.label("flag_id"), User.id.label("labeller_id"), User.name.label("labeller"),
            Project.id.label("project_id"), Project.name.label("project"),
            Flag.kind, Flag.reason, Flag.evidence, Flag.at,
        )
        .join(User, User.id == Flag.labeller_id)
        .join(Project, Project.id == Flag.project_id)
        .where(Flag.resolved_at.is_(None), Flag.project_id.in_(scope))
        .order_by(Flag.at.desc(), Flag.id.desc())
        .limit(limit)
    )  # fmt: skip
    return frame(session, statement if project_id is None else _only(statement, project_id))


def _only(statement: Any, project_id: int) -> Any:
    return statement.where(Flag.project_id == project_id)
