"""Labels that are no choices against what is right, part by part: objects, tags, texts."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from metrics import confusion_sql as sql
from ops.labels import content
from ops.models import Project
from quality.gold_answers import label_of
from quality.judging.alike import yardstick
from quality.measures.likeness import Terms

THINGS = ("boxes", "polygons", "masks", "keypoints", "spans")
# (what is right, what was said, what is wrong with it); a key is empty where there is nothing.
Part = tuple[str, str, str]
Label = Mapping[str, Any]


def lines(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of `ConfusionLine` of those of these answers that are of such types."""
    rows = session.execute(text(sql.KNOWN_OF_OTHERS), {"ids": ids}).all()
    by_project: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_project[row.project_id].append(row)
    return [line for some in by_project.values() for line in _of_project(session, some)]


def _of_project(session: Session, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    project = session.get_one(Project, rows[0].project_id)
    given = [content(row.given) for row in rows]
    # Of several answers that a gold accepts, one that is worth all of it is right as it is.
    truth = [
        said if row.correct is not None and row.correct >= 1 else label_of(row.truth)
        for row, said in zip(rows, given, strict=True)
    ]
    found = compare(project.label_type, given, truth, yardstick(session, project).terms())
    names = (
        "assignment_id", "project_id", "batch_id", "labeller_id", "asset_id", "stage", "team_id",
        "vendor_id", "day", "truth_by",
    )  # fmt: skip
    return [
        {name: getattr(row, name) for name in names}
        | {"truth": right, "said": said, "fault": fault, "n": n}
        for row, parts in zip(rows, found, strict=True)
        for (right, said, fault), n in sorted(parts.items())
    ]


def compare(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms
) -> list[Counter[Part]]:
    """The parts of each label, right and wrong ones, and how many of each."""
    if label_type in THINGS:
        return _things(label_type, given, truth, terms)
    if label_type == "tags":
        pairs = zip(given, truth, strict=True)
        return [_tags(set(a.get("tags", ())), set(b.get("tags", ()))) for a, b in pairs]
    return _wholes(label_type, given, truth, terms)


def _things(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms
) -> list[Counter[Part]]:
    from quality.measures import objects
    from quality.measures.error_types import CROWD, RIGHT, TYPES

    judged = objects.judge(
        label_type, given, truth, sure=terms.overlap, least=terms.near, sigmas=terms.sigmas
    )
    found: list[Counter[Part]] = [Counter() for _ in given]
    of_given, of_truth = objects.owners(judged.given), objects.owners(judged.truth)
    for i, kind in enumerate(judged.of):
        if kind == CROWD:
            continue
        about = judged.about[i]
        right = judged.classes[judged.truth_class[about]] if about >= 0 else ""
        fault = "" if kind == RIGHT else TYPES[kind].replace(" ", "_")
        if kind == RIGHT and judged.agreement[i] < 1:
            fault = "attribute"
        found[of_given[i]][right, judged.classes[judged.given_class[i]], fault] += 1
    for j, missing in enumerate(judged.missing):
        if missing:
            found[of_truth[j]][judged.classes[judged.truth_class[j]], "", "missing"] += 1
    return found


def _tags(given: set[str], truth: set[str]) -> Counter[Part]:
    return Counter(
        [(tag, tag, "") for tag in given & truth]
        + [(tag, "", "missing") for tag in truth - given]
        + [("", tag, "extra") for tag in given - truth]
    )


def _wholes(
    label_type: str, given: Sequence[Label], truth: Sequence[Label], terms: Terms
) -> list[Counter[Part]]:
    """Labels of no parts: right as a whole, or of each kind of error at most once."""
    from quality.measures.likeness import compare_many

    found = compare_many(label_type, list(given), list(truth), terms)
    return [
        Counter({("", "", kind): 1 for kind in {e.kind.replace(" ", "_") for e in one.errors}})
        or Counter({("", "", "" if one.score >= 1 else "other"): 1})
        for one in found
    ]
