"""What leads read of a model's drafts: nothing yet and what to do, then figures that add up."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from metrics.reads import assistance as reads
from ops import clock_time, projects, references
from ops.models import Assignment
from ops.reference_rows import Said
from quality import gold
from quality.models import Assistance
from tests.db.answering import answer
from tests.db.every_type import CASES, floor_of


@pytest.fixture
def lead(make, session):
    return make.user(role="ops_lead")


def give(session, floor, label):
    rows = [Said(asset.external_id, label) for asset in floor.assets]
    return references.give_predictions(session, floor.project, "detector", rows, by=None)


def page(client, floor):
    found = client.get(f"/projects/{floor.project.id}/assistance")
    assert found.status_code == 200
    return found.text


def test_without_a_model_the_page_says_what_to_do_next(make, session, lead, client_for):
    floor = make.floor()
    make.member(floor.project, lead)
    client = client_for(lead)
    assert "Import predictions" in page(client, floor)
    give(session, floor, {"class": "a"})
    session.commit()
    assert "Choose the model" in page(client, floor)
    projects.save_settings(session, floor.project, {"assist": {"model": "detector"}}, lead)
    session.commit()
    text = page(client, floor)
    assert "detector assists" in text and "all but 10 % of the tasks" in text.replace("\xa0", " ")
    settings = client.get(f"/projects/{floor.project.id}/settings").text
    assert "A model&#39;s drafts" in settings and "<option selected>detector</option>" in settings
    for link in ("", "/settings"):
        assert (
            f"/projects/{floor.project.id}/assistance"
            in client.get(f"/projects/{floor.project.id}{link}").text
        )
    stranger = client_for(make.user(role="ops_lead"))
    assert stranger.get(f"/projects/{floor.project.id}/assistance").status_code == 404


@pytest.fixture
def history(make, session, lead):
    """Two labellers, sixty gold of class b of which the model says a: by draft or without one.

    With a draft they take 4 s and repeat the mistake in 16 of 20, without it 8 s and 5 of 10.
    """
    floor = make.floor(assets=30, labellers=2)
    make.member(floor.project, lead)
    floor.labellers[0].name = "Ada <Lovelace>"
    at = clock_time.now() - timedelta(days=1)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [{"class": "b"}], None)
    model = give(session, floor, {"class": "a"})
    projects.save_settings(session, floor.project, {"assist": {"model": "detector"}}, lead)
    for who in floor.labellers:
        for i, task in enumerate(floor.tasks):
            withheld = i >= 20
            repeats = (i - 20) % 2 == 0 if withheld else i % 5 > 0
            given = answer(
                session, task, who, "a" if repeats else "b", surplus=True, at=at,
                active_ms=(8000 if withheld else 4000) + 10 * i,
            )  # fmt: skip
            counts = {"kept": 0, "changed": 0, "thrown": 0, "added": 1}
            if not withheld:
                counts = {
                    "kept": int(repeats),
                    "changed": int(not repeats),
                    "thrown": 0,
                    "added": 0,
                }
            session.execute(
                insert(Assistance).values(
                    assignment_id=given.id, model_id=model.id, withheld=withheld, show_above=0.3,
                    shown_at=at, compared_at=at, **counts,
                )
            )  # fmt: skip
    session.commit()
    return floor


def test_the_figures_add_up_and_the_conclusion_follows(history, lead, client_for, session):
    found = reads.of_project(session, history.project)
    everyone = found.all
    assert (everyone.fates.answers, everyone.fates.without) == (40, 20)
    assert (everyone.fates.kept.value, everyone.fates.kept.n) == (0.8, 40)
    assert everyone.fates.changed.value == pytest.approx(0.2) and everyone.fates.thrown.value == 0
    assert everyone.time.saved == pytest.approx(0.5, abs=0.02)
    assert (everyone.time.n_with, everyone.time.n_without) == (40, 20)
    shown, withheld = everyone.anchoring.shown, everyone.anchoring.withheld
    assert (shown.value, shown.n, withheld.value, withheld.n) == (0.8, 40, 0.5, 20)
    assert everyone.anchoring.pull == pytest.approx(0.3) and everyone.anchoring.low > 0
    assert [one.fates.answers for one in found.labellers] == [20, 20]

    text = page(client_for(lead), history).replace("\xa0", " ")
    assert "Labellers keep 80 % of what detector proposes" in text
    assert "A draft saves 50 % of the time" in text
    assert "Wrong drafts pull: they stay 30 percentage points more often" in text
    assert "Ada &lt;Lovelace&gt;" in text and "<Lovelace>" not in text
    assert "<svg" in text and "Ada &lt;Lovelace&gt;: kept 80 %" in text


def test_a_fixed_number_of_statements_however_many_labellers(history, session, count_queries):
    count_queries.clear()
    reads.of_project(session, history.project)
    assert len(count_queries) <= 8


@pytest.mark.parametrize("label_type", ["boxes", "spans", "keypoints", "masks", "transcription"])
def test_every_kind_of_label_has_its_mistakes(make, session, label_type):
    case = CASES[label_type]
    floor = floor_of(make, label_type, assets=2)
    for asset in floor.assets:
        gold.make(session, floor.project, asset, [case.right], None)
    model = give(session, floor, case.wrong)
    for task, said in zip(floor.tasks, (case.wrong, case.right), strict=True):
        given = answer(session, task, floor.labellers[0], None, surplus=True, **said)
        values = {"kept": 0, "changed": 0, "thrown": 0, "added": 0}
        session.execute(
            insert(Assistance).values(
                assignment_id=given.id, model_id=model.id, withheld=False, show_above=0,
                shown_at=given.ended_at, compared_at=given.ended_at, **values,
            )
        )  # fmt: skip
    shown = reads.of_project(session, floor.project).all.anchoring.shown
    assert (shown.value, shown.n) == (0.5, 2)
    assert session.get(Assignment, given.id).surplus
