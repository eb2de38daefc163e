"""Reviewed labels by class, size and slice of metadata: counted again by plain loops."""

import pytest
from sqlalchemy import select

from metrics import report_parts
from ops import consensus
from ops.models import Task
from quality import judging, reviewed_parts
from quality.judging import belief
from quality.measures.classes import wilson
from quality.review_sample import draw_review_sample
from tests.db.answering import answer
from tests.db.every_type import floor_of


@pytest.fixture(autouse=True)
def _fresh_fits():
    belief.forget()


def box(key, x, side):
    return {"id": f"{key}{x}", "class": key, "box": [float(x), 0.0, float(side), float(side)]}


# What was given, and what the reviewer made of it (None: accepted), by turns.
CHOICES = [("a", None), ("b", "a"), ("a", None), ("b", None), ("a", "b")]
BOXES = [
    ([box("a", 0, 20), box("b", 60, 50)], None),
    ([box("a", 0, 20)], [box("a", 0, 20), box("b", 60, 50)]),  # one was missing
    ([box("a", 0, 20), box("a", 100, 40)], [box("a", 0, 20)]),  # one too many
    ([box("a", 0, 20)], [box("b", 0, 20)]),  # of another class
]
LIGHT = ("day", "night", "day")


def reviewed(make, session, sessions, label_type, turns, field):
    n = 3 * len(turns)
    floor = floor_of(make, label_type, labellers=1, assets=n, wanted=1)
    lead, reviewer = (
        make.member(floor.project, make.user(role=r)) for r in ("ops_lead", "reviewer")
    )
    wrong = {}
    for i, (task, asset) in enumerate(zip(floor.tasks, floor.assets, strict=True)):
        given, truth = turns[i % len(turns)]
        asset.meta = {"light": LIGHT[i % len(LIGHT)], "camera": f"c{i}", "notes": {"a": 1}}
        wrong[asset.id] = (given, truth)
        answer(session, task, floor.labellers[0], None, **{field: given})
    session.commit()
    judging.judge(sessions)
    floor.batch.state = "complete"
    draw_review_sample(session, floor.batch, n, lead, seed=1)
    for task in session.scalars(select(Task).where(Task.stage == "review", Task.open)).all():
        given, truth = wrong[task.asset_id]
        verdict = "accept" if truth is None else "fix"
        said = given if truth is None else truth
        answer(session, task, reviewer, None, verdict=verdict, **{field: said})
    session.commit()
    judging.judge(sessions)
    session.expire_all()
    return floor, lead


def same(rate, hits, n):
    assert rate["n"] == n
    if not n:
        assert rate["value"] is None
        return
    low, high = wilson(hits, n)
    expected = (hits / n, float(low), float(high))
    assert (rate["value"], rate["low"], rate["high"]) == pytest.approx(expected)


def test_classes_and_slices_of_choices(make, session, sessions, client_for):
    floor, lead = reviewed(make, session, sessions, "class", CHOICES, "class")
    found = reviewed_parts.of_batch(session, floor.batch, floor.project)
    pairs = [(given, truth or given) for given, truth in CHOICES * 3]
    assert found["n"] == len(pairs)
    assert found["sizes"] == []
    for one in found["classes"]:
        hits = sum(a == b == one["key"] for a, b in pairs)
        same(one["precision"], hits, sum(a == one["key"] for a, _ in pairs))
        same(one["recall"], hits, sum(b == one["key"] for _, b in pairs))
    # A field that is another for every item, or no single value, makes no slices.
    assert [one["field"] for one in found["slices"]] == ["light"]
    for one in found["slices"][0]["values"]:
        mine = [p for i, p in enumerate(pairs) if LIGHT[i % 3] == one["value"]]
        same(one["accuracy"], sum(a == b for a, b in mine), len(mine))
    page = client_for(lead).get(f"/batches/{floor.batch.id}").text
    shown = page.split('id="parts"')[1].split("</section>")[0]
    assert "By class" in shown and "By light" in shown and "night" in shown
    for table in report_parts.tables(found, {"a": "A", "b": "B"}):
        for row in table["rows"]:
            assert all(cell in shown for cell in row)


def test_classes_sizes_and_slices_of_boxes(make, session, sessions):
    floor, _ = reviewed(make, session, sessions, "boxes", BOXES, "objects")
    assert len(consensus.current(session, [a.id for a in floor.assets])) == 12
    found = reviewed_parts.of_batch(session, floor.batch, floor.project)
    # Three times over: a is given 5 times and right 3 times, of 3; b once and right, of 3.
    by_class = {one["key"]: one for one in found["classes"]}
    same(by_class["a"]["precision"], 9, 15)
    same(by_class["a"]["recall"], 9, 9)
    same(by_class["b"]["precision"], 3, 3)
    same(by_class["b"]["recall"], 3, 9)
    by_size = {one["key"]: one for one in found["sizes"]}
    same(by_size["small"]["precision"], 9, 12)  # boxes of 20 px
    same(by_size["small"]["recall"], 9, 12)
    same(by_size["medium"]["precision"], 3, 6)  # of 40 and 50 px
    same(by_size["medium"]["recall"], 3, 6)
    same(by_size["large"]["precision"], 0, 0)
    night = found["slices"][0]["values"][1]
    same(night["accuracy"], 1, 4)
    assert night["f1"]["value"] == pytest.approx(2 * 4 / (6 + 6))


def test_nothing_reviewed_says_nothing(make, session):
    floor = floor_of(make, "boxes", labellers=1, assets=1, wanted=1)
    assert reviewed_parts.of_batch(session, floor.batch, floor.project) is None
    assert report_parts.tables(None, {}) == []


def test_what_is_undefined_is_said():
    assert report_parts.said({"value": None, "low": None, "high": None, "n": 0}) == "undefined"
