"""What the sampled reviews found, object by object: how good each class is, which errors there are.

A label that was accepted is right in every object; one that was changed is compared with the label
that is in force since. One that was sent back and not decided yet is wrong in what the reviewer
says, or else as a whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops import ontologies
from ops.gate_settings import GateTerms
from ops.labels import CHOICES, SEVERITIES
from ops.models import Batch, Consensus, Project
from quality.measures import class_floors
from quality.measures.classes import Rate
from quality.measures.likeness import compare
from quality.review_sample import Sampled

Figures = dict[str, Any]
# Types whose labels name classes, one by one.
WITH_CLASSES = (*CHOICES, "tags", "boxes", "polygons", "masks", "keypoints", "spans")


class Found(NamedTuple):
    """What one reviewed label came to: the classes it got right, gave wrongly, and lacked, and the
    type of every error, with the severity where the reviewer said one."""

    hits: list[str]
    extra: list[str]
    missed: list[str]
    errors: list[tuple[str, str | None]]


def read(
    session: Session, batch: Batch, project: Project, sampled: Sequence[Sampled], terms: GateTerms
) -> Figures:
    """{"classes": F1 by class and weighted, "errors": counts by severity and type}; each None where
    no term asks for it, or the label type knows no classes."""
    judged = [one for one in sampled if one.accepted is not None]
    classes = terms.classes.asked and project.label_type in WITH_CLASSES
    if not classes and not terms.errors.asked:
        return {"classes": None, "errors": None}
    found = findings(session, project.label_type, judged)
    plain = [one for one in judged if one.stratum is None]
    return {
        "classes": _classes(session, batch, judged, found, terms) if classes else None,
        "errors": _errors((found[one.asset_id] for one in plain), terms)
        if terms.errors.asked
        else None,
    }


def findings(session: Session, label_type: str, judged: Sequence[Sampled]) -> dict[int, Found]:
    """Asset id → what its reviewed label came to."""
    changed = [one for one in judged if not one.accepted]
    wanted = {one.given_id for one in (changed if label_type in CHOICES else judged)}
    wanted |= {one.now_id for one in changed}
    rows = session.execute(
        select(Consensus.id, Consensus.label).where(Consensus.id.in_(wanted - {None}))
    )
    labels = {row.id: row.label for row in rows}
    said = _said(session, [one.task_id for one in changed if one.task_id is not None])
    return {
        one.asset_id: _finding(label_type, one, labels, said.get(one.task_id or 0, []))
        for one in judged
    }


_SAID = text(
    """
    SELECT DISTINCT ON (assignment.task_id) assignment.task_id, label.payload -> 'errors' AS errors
    FROM assignment JOIN label ON label.assignment_id = assignment.id
    WHERE assignment.task_id = ANY(:tasks) AND assignment.state = 'submitted'
      AND label.payload ? 'errors'
    ORDER BY assignment.task_id, assignment.surplus, assignment.id, label.revision DESC
    """
)


def _said(session: Session, tasks: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Review task → the errors that its reviewer named."""
    return {row.task_id: row.errors for row in session.execute(_SAID, {"tasks": list(tasks)})}


def _finding(
    label_type: str,
    one: Sampled,
    labels: Mapping[int, dict[str, Any]],
    said: Sequence[Mapping[str, Any]],
) -> Found:
    given = _named(label_type, one.given, labels.get(one.given_id or 0, {}))
    if one.accepted:
        return Found([key for _, key in given], [], [], [])
    named = [(error["type"], error.get("severity")) for error in said]
    if not one.fixed:
        return Found([], [key for _, key in given], [], named or [("other", None)])
    truth = _named(label_type, one.now, labels.get(one.now_id or 0, {}))
    if label_type in (*CHOICES, "tags"):
        hits, extra, missed, errors = _of_keys(label_type, given, truth)
    else:
        before, after = labels.get(one.given_id or 0, {}), labels.get(one.now_id or 0, {})
        hits, extra, missed, errors = _of_objects(label_type, before, after, given, truth)
    return Found(hits, extra, missed, named or [(e, None) for e in errors] or [("other", None)])


def _named(label_type: str, key: str | None, label: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(id, class) of everything that a label names; a choice names its one key."""
    if label_type in CHOICES:
        return [("", key)] if key else []
    if label_type == "tags":
        return [(tag, tag) for tag in label.get("tags", [])]
    found = label.get("spans" if label_type == "spans" else "objects", [])
    return [(str(one["id"]), one["class"]) for one in found]


Named = Sequence[tuple[str, str]]
Parts = tuple[list[str], list[str], list[str], list[str]]


def _of_keys(label_type: str, given: Named, truth: Named) -> Parts:
    before, after = {key for _, key in given}, {key for _, key in truth}
    extra, missed = sorted(before - after), sorted(after - before)
    if label_type in CHOICES:
        return [], extra, missed, ["wrong_class"]
    return sorted(before & after), extra, missed, ["extra"] * len(extra) + ["missing"] * len(missed)


def _of_objects(
    label_type: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    given: Named,
    truth: Named,
) -> Parts:
    class_of, true_class = dict(given), dict(truth)
    wrong = compare(label_type, before, after).errors
    # A difference in attributes leaves the object what and where it is.
    about = [error for error in wrong if error.kind not in ("attribute", "text")]
    bad = {str(error.given) for error in about if error.given is not None}
    lacking = [str(error.truth) for error in about if error.truth is not None]
    return (
        [key for id_, key in given if id_ not in bad],
        [class_of[id_] for id_ in sorted(bad) if id_ in class_of],
        [true_class[id_] for id_ in sorted(set(lacking)) if id_ in true_class],
        [error.kind.replace(" ", "_") for error in wrong],
    )


def _errors(found: Iterable[Found], terms: GateTerms) -> Figures:
    """{"critical": n, "major": n, "minor": n, "types": {type: n}} of the random sample."""
    types: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    for one in found:
        for error, severity in one.errors:
            types[error] += 1
            severities[severity or terms.errors.severity_of(error)] += 1
    return {**{name: severities[name] for name in SEVERITIES}, "types": dict(types.most_common())}


_SIZES = text(
    """
    SELECT label ->> 'class' AS key, count(*) AS n FROM (
        SELECT DISTINCT ON (asset_id) asset_id, label FROM consensus
        WHERE batch_id = :batch ORDER BY asset_id, version DESC
    ) now GROUP BY 1
    """
)


def _classes(
    session: Session,
    batch: Batch,
    judged: Sequence[Sampled],
    found: Mapping[int, Found],
    terms: GateTerms,
) -> Figures:
    """{"f1": {class: {value, n, low, high, reviewed, labels}}, "weighted": {value, n, low, high}}.

    `labels` is how many of the batch are of that class, None where a label may hold several.
    """
    keys = _keys(session, batch, found.values(), terms)
    code = {key: i for i, key in enumerate(keys)}
    sizes = {row.key: row.n for row in session.execute(_SIZES, {"batch": batch.id})}
    weights = _weights(sizes, judged)
    order = [one.asset_id for one in judged]
    hits, extra, missed = (
        [(code[key], i) for i, asset in enumerate(order) for key in getattr(found[asset], part)]
        for part in ("hits", "extra", "missed")
    )
    weight = [weights[asset] for asset in order]
    rates = class_floors.f1(class_floors.count(hits, extra, missed, weight, len(keys)))
    reviewed = Counter(
        key for one in found.values() for key in {*one.hits, *one.extra, *one.missed}
    )
    importance = [terms.classes.weights.get(key, 1.0) for key in keys]
    return {
        "f1": {
            key: {
                **_rate(rate),
                "reviewed": reviewed[key],
                "labels": None if None in sizes else sizes.get(key, 0),
            }
            for key, rate in zip(keys, rates, strict=True)
        },
        "weighted": _rate(class_floors.weighted(rates, importance)),
    }


def _keys(session: Session, batch: Batch, found: Iterable[Found], terms: GateTerms) -> list[str]:
    """The classes of the ontology in their order, then whatever else is named."""
    ontology = ontologies.current(session, batch.project_id)
    listed = [one["key"] for one in ontology.classes] if ontology else []
    seen = {key for one in found for part in one[:3] for key in part}
    return list(dict.fromkeys([*listed, *sorted({*seen, *terms.classes.f1_of})]))


def _weights(sizes: Mapping[str, int], judged: Sequence[Sampled]) -> dict[int, float]:
    """Of how many labels of the batch each reviewed one speaks.

    Where a class drew more than its share, each of its labels speaks for fewer.
    """
    if not any(one.stratum for one in judged):
        return dict.fromkeys((one.asset_id for one in judged), 1.0)
    size: dict[str, int] = defaultdict(int, sizes)
    # As they were when they were drawn, before reviews moved some of them.
    for one in judged:
        size[one.now or ""] -= 1
        size[one.given or ""] += 1
    n = Counter(one.given or "" for one in judged)
    return {one.asset_id: size[one.given or ""] / n[one.given or ""] for one in judged}


def _rate(rate: Rate) -> Figures:
    if not rate.n:
        return {"value": None, "n": 0, "low": None, "high": None}
    return {"value": rate.value, "n": rate.n, "low": rate.low, "high": rate.high}
