"""A model's drafts in a project: what labellers made of them, the time saved, and the pull of
wrong ones. By project and by labeller, with how many stand behind each figure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from metrics.definitions import (
    Anchoring,
    Share,
    TimeSaved,
    anchoring,
    drafts_kept,
    share,
    time_saved,
)
from ops import labels
from ops.models import Project, User
from quality.gold_answers import label_of
from quality.judging.alike import Yardstick, yardstick
from quality.measures.drafts import shown

# The newest answers that are looked at: of each labeller's time in each group, of all times
# together in each group, and of those whose truth is known.
TIMES, ALL_TIMES, KNOWN = 250, 1000, 1000

_FATES = text(
    """
    SELECT a.labeller_id, begun.withheld, count(*) AS answers, sum(begun.kept) AS kept,
           sum(begun.changed) AS changed, sum(begun.thrown) AS thrown, sum(begun.added) AS added
    FROM reference_model model JOIN assistance begun ON begun.model_id = model.id
    JOIN assignment a ON a.id = begun.assignment_id
    WHERE model.project_id = :project AND begun.kept IS NOT NULL
    GROUP BY a.labeller_id, begun.withheld
    """
)
_TIMES = text(
    """
    SELECT labeller_id, withheld, active_ms FROM (
        SELECT a.id, a.labeller_id, begun.withheld, a.active_ms, row_number() OVER (
            PARTITION BY a.labeller_id, begun.withheld ORDER BY a.id DESC) AS place
        FROM reference_model model JOIN assistance begun ON begun.model_id = model.id
        JOIN assignment a ON a.id = begun.assignment_id
        WHERE model.project_id = :project AND begun.kept IS NOT NULL AND a.active_ms > 0
    ) newest WHERE place <= :times ORDER BY id DESC
    """
)
# What is known of an asset: the accepted answers of gold, or what a reviewer or expert decided.
_KNOWN = text(
    """
    SELECT a.labeller_id, begun.withheld, begun.show_above, said.label AS proposed,
           given.payload AS given, gold.answers, decided.label AS decided,
           asset.width, asset.height
    FROM reference_model model JOIN assistance begun ON begun.model_id = model.id
    JOIN assignment a ON a.id = begun.assignment_id
    JOIN task ON task.id = a.task_id JOIN asset ON asset.id = task.asset_id
    JOIN prediction said ON said.model_id = model.id AND said.asset_id = task.asset_id
    JOIN LATERAL (
        SELECT payload FROM label WHERE label.assignment_id = a.id ORDER BY revision LIMIT 1
    ) given ON true
    LEFT JOIN LATERAL (
        SELECT version.answers FROM gold JOIN gold_version version ON version.gold_id = gold.id
        WHERE gold.asset_id = task.asset_id ORDER BY version.version DESC LIMIT 1
    ) gold ON true
    LEFT JOIN LATERAL (
        SELECT CASE WHEN method IN ('review', 'adjudication') THEN label END AS label
        FROM consensus WHERE consensus.asset_id = task.asset_id ORDER BY version DESC LIMIT 1
    ) decided ON true
    WHERE model.project_id = :project AND begun.kept IS NOT NULL
      AND (gold.answers IS NOT NULL OR decided.label IS NOT NULL)
    ORDER BY a.id DESC LIMIT :known
    """
)


class Fates(NamedTuple):
    """Of what was proposed: kept, changed, thrown away, each of all three; `added` objects and the
    `answers` they came with; `without`: answers whose draft was withheld."""

    kept: Share
    changed: Share
    thrown: Share
    added: int
    answers: int
    without: int


class Assisted(NamedTuple):
    """One labeller's figures, or those of all (`name` is then empty)."""

    name: str
    fates: Fates
    time: TimeSaved
    anchoring: Anchoring


class Assistance(NamedTuple):
    """All labellers together, and each who answered with a draft or with one withheld, by name."""

    all: Assisted
    labellers: list[Assisted]


def of_project(session: Session, project: Project) -> Assistance:
    """The figures of every version of every model that assisted in this project."""
    fates = _fates(session, project)
    times = session.execute(_TIMES, {"project": project.id, "times": TIMES}).all()
    known = _mistakes(session, project)
    everyone = _assisted("", _sum(fates.values()), times, known, ALL_TIMES)
    people = session.scalars(select(User).where(User.id.in_(fates)))
    one_by_one = [
        _assisted(
            who.name,
            fates[who.id],
            [row for row in times if row.labeller_id == who.id],
            [row for row in known if row.labeller_id == who.id],
            TIMES,
        )
        for who in sorted(people, key=lambda one: (one.name, one.id))
    ]
    return Assistance(everyone, one_by_one)


_Counts = dict[str, int]


class _Known(NamedTuple):
    labeller_id: int
    withheld: bool
    wrong: int
    repeated: int


def _fates(session: Session, project: Project) -> dict[int, _Counts]:
    found: dict[int, _Counts] = defaultdict(lambda: defaultdict(int))
    for row in session.execute(_FATES, {"project": project.id}):
        mine = found[row.labeller_id]
        if row.withheld:
            mine["without"] += row.answers
            continue
        for name in ("answers", "kept", "changed", "thrown", "added"):
            mine[name] += int(getattr(row, name))
    return found


def _sum(counts: Iterable[_Counts]) -> _Counts:
    total: _Counts = defaultdict(int)
    for one in counts:
        for name, n in one.items():
            total[name] += n
    return total


def _assisted(
    name: str, counts: _Counts, times: Sequence[Row[Any]], known: Sequence[_Known], most: int
) -> Assisted:
    kept, changed, thrown = (counts[one] for one in ("kept", "changed", "thrown"))
    n = kept + changed + thrown
    fates = Fates(
        drafts_kept(kept, changed, thrown), share(changed, n), share(thrown, n),
        counts["added"], counts["answers"], counts["without"],
    )  # fmt: skip
    groups = [[row.active_ms for row in times if row.withheld == w][:most] for w in (False, True)]
    pulled = [
        sum(getattr(row, what) for row in known if row.withheld == w)
        for w in (False, True)
        for what in ("repeated", "wrong")
    ]
    return Assisted(name, fates, time_saved(*groups), anchoring(*pulled))


def _mistakes(session: Session, project: Project) -> list[_Known]:
    """Of the newest answers whose truth is known: the model's mistakes, and those repeated."""
    from quality.measures.draft_mistakes import mistakes

    rows = session.execute(_KNOWN, {"project": project.id, "known": KNOWN}).all()
    if not rows:
        return []
    label_type, measure = project.label_type, yardstick(session, project)
    proposed = [_plain(shown(label_type, row.proposed, row.show_above)) for row in rows]
    truth = [_truth(measure, row, said) for row, said in zip(rows, proposed, strict=True)]
    given = [labels.content(row.given) for row in rows]
    wrong, repeated = mistakes(label_type, proposed, truth, given, measure.terms())
    return [
        _Known(row.labeller_id, row.withheld, int(bad), int(again))
        for row, bad, again in zip(rows, wrong, repeated, strict=True)
    ]


def _plain(draft: dict[str, Any]) -> dict[str, Any]:
    """Without the scores, which no measure compares."""
    for field in ("objects", "spans"):
        if field in draft:
            things = [{k: v for k, v in one.items() if k != "score"} for one in draft[field]]
            draft = {**draft, field: things}
    return draft


def _truth(measure: Yardstick, row: Row[Any], proposed: dict[str, Any]) -> dict[str, Any]:
    """What is right: of several accepted answers that which the draft is nearest to."""
    if row.answers is None:
        return labels.content(row.decided)
    right = [label_of(one) for one in row.answers if one.get("credit", 1) == 1]
    size = (row.width, row.height) if row.width and row.height else None
    return max(right, key=lambda one: measure(proposed, one, size=size))
