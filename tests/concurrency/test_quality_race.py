"""What quality writes, raced with real commits: labels brought beside claims, samples drawn twice,
runs asked for twice, predictions given twice, and a delivery beside a sample."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from metrics.deliver import deliver
from ops import intake, references
from ops.errors import Conflict, Frozen
from ops.models import (
    Asset,
    Assignment,
    Batch,
    Consensus,
    Delivery,
    GateVerdict,
    Project,
    ReferenceModel,
    Task,
    User,
)
from ops.reference_rows import Said
from quality.models import RescoreRun, ReviewSample
from quality.rescoring import runs
from quality.review_sample import draw_review_sample
from scheduling import dispatch
from tests.at_once import at_once
from tests.db.gated import decide, make_labelled

pytestmark = pytest.mark.serial

ASSETS = 40


def test_labels_brought_beside_claims_leave_each_asset_to_one_of_them(
    make, session, sessions, settings
):
    floor = make.floor(assets=ASSETS, labellers=4, settings={"max_leases": 10})
    lead = make.member(floor.project, make.user(role="ops_lead"))
    rows = [
        intake.Row(line=n, external_id=asset.external_id, text=asset.text, label='{"class": "a"}')
        for n, asset in enumerate(floor.assets, start=1)
    ]
    session.commit()

    def bring(own):
        batch, by = own.get_one(Batch, floor.batch.id), own.get_one(User, lead.id)
        return intake.import_rows(
            own, batch, rows, by=by, settings=settings, keep_existing=True, labels="labels"
        )

    def claim(who):
        def run(own):
            me = own.get_one(User, who)
            return dispatch.claim(own, me)

        return run

    claims = [claim(one.id) for one in floor.labellers for _ in range(3)]
    came = at_once(sessions, [*claims[:6], bring, *claims[6:]])
    session.rollback()
    leased = set(
        session.scalars(select(Task.asset_id).join(Assignment, Assignment.task_id == Task.id))
    )
    brought = set(session.scalars(select(Consensus.asset_id)))
    assert leased.isdisjoint(brought)
    assert leased | brought == {asset.id for asset in floor.assets}
    assert came[6].labelled == len(brought)
    still_open = select(Task.asset_id).where(Task.stage == "label", Task.open)
    assert brought.isdisjoint(session.scalars(still_open))


def test_a_sample_drawn_from_many_sides_holds_no_asset_twice(make, session, sessions):
    made = make_labelled(make, session)

    def draw(own):
        return draw_review_sample(
            own, own.get_one(Batch, made.batch.id), 9, own.get_one(User, made.lead.id)
        )

    assert at_once(sessions, [draw] * 5) == [9] * 5
    session.rollback()
    drawn = session.scalars(select(ReviewSample.asset_id)).all()
    assert len(drawn) == len(set(drawn)) == 45
    steps = Counter(session.scalars(select(ReviewSample.step)))
    assert steps == dict.fromkeys(range(1, 6), 9)
    reviews = session.scalars(select(Task.asset_id).where(Task.stage == "review")).all()
    assert sorted(reviews) == sorted(drawn)


def test_of_runs_asked_for_at_once_there_is_one(make, session, sessions):
    made = make_labelled(make, session)

    def ask(own):
        return runs.request(
            own, own.get_one(Batch, made.batch.id), own.get_one(User, made.lead.id)
        ).version

    came = at_once(sessions, [ask] * 4)
    assert sum(one == 1 for one in came) == 1
    assert sum(isinstance(one, Conflict) for one in came) == 3
    session.rollback()
    assert session.scalar(select(func.count()).select_from(RescoreRun)) == 1


def test_predictions_given_at_once_are_versions_that_share_nothing(make, session, sessions):
    made = make_labelled(make, session)
    names = list(session.scalars(select(Asset.external_id).order_by(Asset.id)))

    def give(key):
        def run(own):
            said = [Said(name, {"class": key}, 0.5, {}) for name in names]
            project, by = own.get_one(Project, made.project.id), own.get_one(User, made.lead.id)
            model = references.give_predictions(own, project, "Net", said, by=by)
            return key, model.id

        return run

    came = dict(at_once(sessions, [give(key) for key in "abab"]))
    assert set(came) == {"a", "b"}
    session.rollback()
    models = session.scalars(select(ReferenceModel).order_by(ReferenceModel.version)).all()
    assert [model.version for model in models] == [1, 2, 3, 4]
    assert [model.assets for model in models] == [len(names)] * 4


def test_a_sample_beside_a_delivery_is_in_its_verdict_or_refused(make, session, sessions):
    made = make_labelled(make, session)
    for asset in made.assets:
        decide(session, made.batch, asset.id, "a", "review")
    terms = {"accuracy": 0.5, "confidence": 0.9, "review_sample": 10, "rescore": False}
    session.get_one(Project, made.project.id).settings = {"gate": terms}
    draw_review_sample(session, made.batch, 10, made.lead)
    session.commit()

    def draw(own):
        return draw_review_sample(
            own, own.get_one(Batch, made.batch.id), 5, own.get_one(User, made.lead.id)
        )

    def send(own):
        return deliver(own, own.get_one(Batch, made.batch.id), own.get_one(User, made.lead.id)).id

    drawn, sent = at_once(sessions, [draw, send])
    session.rollback()
    assert not isinstance(sent, Exception), sent
    sampled = session.scalar(select(func.count()).select_from(ReviewSample))
    assert sampled == (10 if isinstance(drawn, Frozen) else 15)
    verdict = session.get_one(GateVerdict, session.get_one(Delivery, sent).verdict_id)
    assert verdict.figures["sample"]["n"] == sampled
