"""A client's people at once: drawing, sharing, deciding; and a delivery beside them."""

import pytest
from sqlalchemy import func, select

from metrics.deliver import deliver
from ops import sealer
from ops.db import transaction
from ops.models import (
    Acceptance,
    AcceptanceItem,
    Batch,
    Consensus,
    Delivery,
    DeliveryItem,
    ReopenedAsset,
    Task,
    User,
)
from quality.acceptance import audit, deciding, drawing
from tests.at_once import REFUSED, at_once
from tests.finished import decide, finished

pytestmark = pytest.mark.serial

AT_ONCE = 6


@pytest.fixture
def world(make, session, sessions):
    done = finished(make, session, assets=12, alone=True)
    done.made = deliver(session, done.batch, done.lead).id
    organisation = done.project.organisation_id
    done.people = [make.user("client", organisation_id=organisation).id for _ in range(AT_ONCE)]
    done.lead_id = done.lead.id
    session.commit()
    sealer.seal(sessions)
    return done


def by(who, act, world):
    """`act(session, delivery, person)` as a call."""
    return lambda own: act(own, own.get(Delivery, world.made), own.get(User, who))


def looked(session, sessions, world, wrong=3):
    with transaction(sessions) as own:
        made, who = own.get(Delivery, world.made), own.get(User, world.people[0])
        drawing.draw(own, made, who, n=6, seed=1)
        for place in range(1, 7):
            bad = place <= wrong
            errors = ["wrong_class"] if bad else []
            audit.look(own, made, who, place, "wrong" if bad else "right", errors)


def test_those_who_draw_at_once_draw_one_sample(world, session, sessions):
    draws = [by(p, lambda s, m, w: drawing.draw(s, m, w, n=5).seed, world) for p in world.people]
    assert len(set(at_once(sessions, draws))) == 1
    assert session.scalar(select(func.count()).select_from(Acceptance)) == 1
    assert session.scalar(select(func.count()).select_from(AcceptanceItem)) == 5


def test_nobody_is_given_what_another_has_on_the_screen(world, session, sessions):
    with transaction(sessions) as own:
        person = own.get(User, world.people[0])
        drawing.draw(own, own.get(Delivery, world.made), person, n=AT_ONCE)
    takes = [by(p, lambda s, m, w: audit.take_next(s, m, w).position, world) for p in world.people]
    assert sorted(at_once(sessions, takes)) == list(range(1, AT_ONCE + 1))


def test_of_those_who_decide_at_once_one_does(world, session, sessions):
    looked(session, sessions, world)
    acts = [deciding.reject, deciding.accept] * (AT_ONCE // 2)
    both = [
        by(p, lambda s, m, w, act=act: act(s, m, w).state, world)
        for p, act in zip(world.people, acts, strict=True)
    ]
    said = at_once(sessions, both)
    decided = [one for one in said if isinstance(one, str)]
    assert len(decided) == 1
    assert all("It is decided once" in one.message for one in said if not isinstance(one, str))
    tasks = select(func.count()).select_from(Task).where(Task.stage.in_(("rework", "adjudicate")))
    assert session.scalar(tasks) == (3 if decided == ["rejected"] else 0)
    again = session.scalar(select(func.count()).select_from(ReopenedAsset))
    assert again == (3 if decided == ["rejected"] else 0)


def test_a_rejection_beside_deliveries_and_judges_leaves_every_other_label(
    world, session, sessions
):
    """Whoever comes first, what was not rejected is delivered again as it was."""
    looked(session, sessions, world)
    wrong = set(
        session.scalars(select(AcceptanceItem.asset_id).where(AcceptanceItem.verdict == "wrong"))
    )
    session.commit()
    batch, lead = world.batch.id, world.lead_id

    def deliver_it(own):
        return deliver(own, own.get(Batch, batch), own.get(User, lead)).version

    def judged(own):
        one = own.get(Batch, batch)
        other = own.scalars(
            select(DeliveryItem.asset_id).where(DeliveryItem.asset_id.not_in(wrong)).limit(1)
        ).one()
        decide(own, one, other, "review", "c")

    reject = by(world.people[0], lambda s, m, w: deciding.reject(s, m, w).state, world)
    said = at_once(sessions, [reject, deliver_it, judged, deliver_it])
    assert said[0] == "rejected"
    assert all(isinstance(one, REFUSED) for one in said[1:]), said
    assert session.scalar(select(func.count()).select_from(Delivery)) == 1
    newest = session.scalars(
        select(Consensus.label).where(Consensus.asset_id.not_in(wrong)).order_by(Consensus.id)
    ).all()
    assert all(label == {"class": "a"} for label in newest)
