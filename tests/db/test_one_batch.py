"""What a lead reads of one batch besides its figures."""

from sqlalchemy.orm import Session, sessionmaker

from metrics.reads import one_batch
from ops import clock_time, consensus, sealer
from quality.models import LabelScore, RescoreRun
from tests.factories import Make
from tests.finished import decide, finished


def test_how_labels_were_decided_and_which_are_in_doubt(make: Make, session: Session):
    done = finished(make, session, assets=10)
    other = finished(make, session, assets=3)
    worst = done.assets[4]
    for asset, agreement in ((worst, 0.5), (done.assets[2], 0.75)):
        consensus.append(
            session, asset_id=asset.id, batch_id=done.batch.id, method="majority",
            label={"class": "b"}, probability=0.6, answers=4, agreement=agreement, posterior={},
        )  # fmt: skip
    assert dict(map(tuple, one_batch.methods(session, done.batch))) == {"review": 8, "majority": 2}
    doubts = one_batch.disagreements(session, done.batch)
    assert [row.asset_id for row in doubts] == [worst.id, done.assets[2].id]
    assert doubts[0].key == "b"
    assert one_batch.disagreements(session, other.batch) == []


def test_suspects_nobody_looked_at_come_first(make: Make, session: Session):
    done = finished(make, session, assets=4)
    run = RescoreRun(
        batch_id=done.batch.id, version=1, name="Run 1", state="done",
        requested_at=clock_time.now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    now = consensus.current(session, [a.id for a in done.assets])
    for rank, (asset, outcome) in enumerate(
        zip(done.assets, ("accepted", None, None, None), strict=True)
    ):
        session.add(
            LabelScore(
                run_id=run.id, asset_id=asset.id, consensus_id=now[asset.id].id, given="a",
                predicted="b", quality=0.1, probabilities={}, suspect=rank < 3, rank=rank,
                outcome=outcome,
            )
        )  # fmt: skip
    session.flush()
    decide(session, done.batch, done.assets[1].id, "review", "b")
    found = one_batch.suspects(session, run.id)
    assert [(row.asset_id, row.outcome) for row in found] == [
        (done.assets[2].id, None),
        (done.assets[0].id, "accepted"),
        (done.assets[1].id, "decided"),
    ]
    assert one_batch.failed_run(session, done.batch) is None
    run.state = "failed"
    session.flush()
    assert one_batch.failed_run(session, done.batch) is run


def test_the_trail_says_who_and_whether_it_is_sealed(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    done = finished(make, session)
    entry = one_batch.trail(session, done.batch)[0]
    assert entry.action == "batch.review_sample_drawn"
    assert (entry.name, entry.sealed) == (done.lead.name, False)
    sealer.seal(sessions)
    session.rollback()
    assert one_batch.trail(session, done.batch)[0].sealed is True


def test_reviews_are_counted_by_why_they_were_asked_for(
    make: Make, session: Session, sessions: sessionmaker[Session]
):
    from metrics.reads import reviews
    from tests.db.staging import Hands

    terms = {"newcomer": 1.0, "layers": 2, "layer_share": 1.0}
    floor = make.floor(assets=4, settings={"review": terms})
    [author] = floor.labellers
    one = make.member(floor.project, make.user(role="reviewer"))
    session.commit()
    hands = Hands(session, sessions)
    for _ in range(4):
        hands.give(author, "label", key="a")
    hands.give(one, "review", key="a", verdict="accept")
    hands.give(one, "review", key="b", verdict="fix")
    hands.give(one, "review", verdict="return", remark="no")
    hands.give(author, "rework", key="c")
    found = {r.why: r for r in reviews.by_reason(session, floor.batch)}
    first = found["Standing of the labeller"]
    assert first[1:6] == (4, 3, 1, 1, 1)
    assert (first.rate.value, first.rate.n) == (1 / 3, 3)
    assert found["After rework"][1:6] == (1, 0, 0, 0, 0)
    assert found["After rework"].rate.value is None
    assert found["Second layer"][1:3] == (2, 0)
