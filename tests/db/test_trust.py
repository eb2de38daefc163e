"""Standing follows from stored evidence, and is shown once a day."""

import numpy as np
from sqlalchemy import select

from ops import clock_time
from quality import trust
from quality.measures import standing as measure
from quality.models import Evidence, Standing
from tests.db.answering import answer


def evidence(session, floor, labeller, kinds):
    """Store evidence about new answers: each item lists what is known of one answer."""
    for i, known in enumerate(kinds):
        row = answer(session, floor.tasks[i], labeller, "a", surplus=True)
        for kind, correct, certainty in known:
            session.add(
                Evidence(
                    labeller_id=labeller.id,
                    skill_id=floor.project.skill_id,
                    project_id=floor.project.id,
                    assignment_id=row.id,
                    kind=kind,
                    correct=correct,
                    certainty=certainty,
                    classes=3,
                    at=clock_time.now(),
                )
            )
    session.flush()


def test_without_evidence_the_prior_stands(session, make):
    believed = trust.standing(session, make.user().id, make.skill().id)
    assert believed == measure.posterior()
    assert believed.n == 0


def test_is_the_posterior_of_the_stored_evidence(session, make):
    floor = make.floor(assets=12)
    [labeller] = floor.labellers
    q = [0.91, 0.91, 0.55, 0.99]
    evidence(
        session,
        floor,
        labeller,
        [
            *[[("gold", 1, 1)]] * 4,
            [("gold", 0, 1)],
            *[[("review", 1, 1)]] * 2,
            *[[("consensus", float(i != 2), q[i])] for i in range(4)],
        ],
    )
    pair = (labeller.id, floor.project.skill_id)
    assert trust.recompute(session, [pair, pair]) == 1
    expected = measure.posterior(5, 4, 2, 2, [True, True, False, True], q, n_classes=3)
    believed = trust.standing(session, *pair)
    assert np.allclose(believed[:3], expected[:3], atol=1e-9) and believed.n == expected.n
    before = session.execute(select(Standing.mean, Standing.low, Standing.high)).all()
    trust.recompute(session, [pair])
    session.expire_all()
    assert session.execute(select(Standing.mean, Standing.low, Standing.high)).all() == before


def test_an_answer_counts_once_by_the_best_that_is_known_of_it(session, make):
    floor = make.floor(assets=3, labellers=2)
    one, two = floor.labellers
    everything = [("gold", 0, 1), ("review", 1, 1), ("consensus", 1, 0.9)]
    evidence(session, floor, one, [everything, everything[1:], everything[2:]])
    trust.recompute(session, [(one.id, floor.project.skill_id)])
    row = session.get(Standing, (one.id, floor.project.skill_id))
    session.refresh(row)
    assert (row.gold_n, row.gold_correct) == (1, 0)
    assert (row.review_n, row.review_correct, row.consensus_n) == (1, 1, 1)
    assert trust.standing(session, two.id, floor.project.skill_id).n == 0


def test_is_shown_once_a_day_to_everybody_at_once(session, sessions, make, clock):
    floor = make.floor(assets=4, labellers=2)
    one, two = floor.labellers
    evidence(session, floor, one, [[("gold", 1, 1)]])
    trust.recompute(session, [(one.id, floor.project.skill_id)])
    session.commit()
    assert trust.publish_daily(sessions) == 1
    evidence(session, floor, two, [[("gold", 0, 1)]])
    pairs = [(labeller.id, floor.project.skill_id) for labeller in (one, two)]
    trust.recompute(session, pairs)
    session.commit()
    clock(hours=11)
    assert trust.publish_daily(sessions) == 0
    session.expire_all()
    assert session.get(Standing, pairs[1]).shown_mean is None
    clock(hours=2)
    assert trust.publish_daily(sessions) == 2
    session.expire_all()
    row = session.get(Standing, pairs[1])
    assert (row.shown_mean, row.shown_n) == (row.mean, 1)
