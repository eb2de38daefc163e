"""What a second pair of eyes must see, once an asset has its label.

Doubtful consensus goes to an expert. Of the rest a uniform random sample is reviewed, which speaks
for the batch, and beside it a share by the standing of the author, which watches labellers. Rework
is always reviewed again, and what a reviewer decided goes to the next layer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.orm import Session

from ops import projects
from ops.models import Batch, Project
from ops.project_settings import ProjectSettings
from quality import adjudication, gold_review, review_sample, review_share, review_tasks, rework
from quality.judging.answers import Answer
from quality.judging.verdict import Verdict
from quality.lot import lot
from quality.review_share import Look


def sampled(project_id: int, asset_id: int, share: float) -> bool:
    """Whether an asset is in the review sample: a draw that is the same at every asking.

    A larger share keeps what a smaller one had drawn.
    """
    return lot(f"review:{project_id}:{asset_id}") < share


def doubtful(verdict: Verdict, settings: ProjectSettings) -> bool:
    """Whether an expert decides: several answers that tie, or leave too little certainty.

    With a single answer there is nothing to adjudicate; its labeller's gold and the reviews guard
    it. With dynamic overlap a tie that is sure by who said what leaves no doubt.
    """
    tie = verdict.tied and settings.overlap.kind != "dynamic"
    return len(verdict.answers) > 1 and (tie or verdict.probability < settings.doubt_below)


def follow_up(session: Session, verdicts: Sequence[Verdict]) -> int:
    """Ask for the adjudications and reviews that follow from verdicts; returns of how many assets.

    What is adjudicated is reviewed, if it is in the sample, after the decision: the review is of
    the label that counts.
    """
    by_batch: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_batch[verdict.first.batch_id].append(verdict)
    asked = 0
    for batch_id, some in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        reworked = [v for v in some if v.first.stage == "rework"]
        asked += rework.follow_up(session, batch, [v.first for v in reworked])
        asked += _labelled(session, batch, [v for v in some if v.first.stage != "rework"])
    return asked


def _labelled(session: Session, batch: Batch, verdicts: Sequence[Verdict]) -> int:
    settings = _settings(session, batch)
    rounds = {v.first.asset_id: v.first.round for v in verdicts}
    doubts = {v.first.asset_id for v in verdicts if doubtful(v, settings)}
    made, nobody = adjudication.adjudicate(session, batch, {a: rounds[a] for a in doubts})
    # What nobody can adjudicate stands as it is, and is drawn like the rest.
    stands = [v for v in verdicts if v.first.asset_id not in doubts - set(nobody)]
    return made + _draw(session, batch, settings, [v.answers for v in stands])


def cover_gold(session: Session, met: Iterable[tuple[int, int]]) -> int:
    """Draw gold that was answered, as (batch id, asset id), for review like any work.

    Labels that are never reviewed would betray themselves to whoever sees the reviews.
    """
    by_batch: dict[int, set[int]] = defaultdict(set)
    for batch_id, asset_id in met:
        by_batch[batch_id].add(asset_id)
    asked = 0
    for batch_id, assets in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        if batch.state != "delivered":
            groups = gold_review.complete(session, assets)
            asked += _draw(session, batch, _settings(session, batch), groups)
    return asked


def _draw(
    session: Session, batch: Batch, settings: ProjectSettings, groups: Sequence[list[Answer]]
) -> int:
    """Ask for reviews of those groups of answers, each about one asset, that are drawn."""
    assets = [group[0].asset_id for group in groups]
    asked = set(draw_sampled(session, batch, assets, settings.review_share))
    looks = review_share.looks(session, batch.project_id, settings, groups)
    asked |= _ask(session, batch, review_share.draw(session, looks))
    return len(asked)


def draw_sampled(
    session: Session, batch: Batch, asset_ids: Collection[int], share: float
) -> list[int]:
    """Ask for reviews of the assets that belong to the random sample and are not in it yet."""
    chosen = [a for a in asset_ids if sampled(batch.project_id, a, share)]
    new = review_sample.not_drawn(session, chosen)
    review_sample.note(session, batch, review_tasks.ask(session, batch, new))
    return new


def _ask(session: Session, batch: Batch, drawn: Iterable[Look]) -> set[int]:
    by_reason: dict[tuple[int, str], set[int]] = defaultdict(set)
    for look in drawn:
        by_reason[look.layer, look.reason].add(look.answer.asset_id)
    for (layer, reason), assets in sorted(by_reason.items()):
        review_tasks.ask(session, batch, assets, layer=layer, reason=reason)
    return set().union(*by_reason.values())


def next_layer(session: Session, reviews: Sequence[Answer]) -> int:
    """Of what these reviews accepted or put right, ask the next layer about its share.

    Returns of how many assets. Nobody sees an asset twice: see `apart` among the conditions under
    which work is handed out.
    """
    layers = review_tasks.layers_of(session, {answer.task_id for answer in reviews})
    by_batch: dict[int, list[Answer]] = defaultdict(list)
    for answer in reviews:
        by_batch[answer.batch_id].append(answer)
    asked = 0
    for batch_id, some in sorted(by_batch.items()):
        batch = session.get_one(Batch, batch_id)
        terms = _settings(session, batch).review
        looks = [
            Look(answer, terms.layer_share, "layer", layers[answer.task_id] + 1)
            for answer in some
            if layers[answer.task_id] < terms.layers
        ]
        if batch.state != "delivered":
            asked += len(_ask(session, batch, review_share.draw(session, looks)))
    return asked


def _settings(session: Session, batch: Batch) -> ProjectSettings:
    return projects.settings_of(session.get_one(Project, batch.project_id))
