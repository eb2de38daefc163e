"""Nothing is decided in a batch that was delivered, not even by a writer who began before."""

import threading

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from metrics.deliver import deliver
from ops import clock_time, consensus
from ops.db import transaction
from ops.errors import Frozen
from ops.models import Batch, Consensus, User
from quality.rescoring import runs
from tests.factories import Make
from tests.finished import Finished, decide, finished


@pytest.fixture
def delivered(make: Make, session: Session) -> Finished:
    done = finished(make, session)
    deliver(session, done.batch, done.lead)
    session.commit()
    return done


def _row(done: Finished, version: int) -> dict[str, object]:
    return {
        "asset_id": done.assets[0].id,
        "batch_id": done.batch.id,
        "version": version,
        "method": "majority",
        "label": {"class": "b"},
        "answers": 1,
        "posterior": {},
        "at": clock_time.now(),
    }


def test_the_verb_refuses(delivered: Finished, session: Session) -> None:
    with pytest.raises(Frozen):
        decide(session, delivered.batch, delivered.assets[0].id, "review", "b")


def test_the_database_refuses_whoever_goes_around_the_verb(
    delivered: Finished, session: Session
) -> None:
    with pytest.raises(IntegrityError, match="was delivered"):
        session.execute(insert(Consensus), [_row(delivered, 90), _row(delivered, 91)])


def test_other_batches_still_get_their_labels(
    delivered: Finished, make: Make, session: Session
) -> None:
    batch = make.batch(delivered.project)
    asset = make.assets(batch)[0]
    decide(session, batch, asset.id, "majority")
    assert consensus.current(session, [asset.id])[asset.id].version == 1


def test_no_run_is_queued(delivered: Finished, session: Session) -> None:
    with pytest.raises(Frozen):
        runs.request(session, delivered.batch, delivered.lead)


def test_a_label_written_beside_a_delivery_comes_before_it_or_not_at_all(
    make: Make, session: Session, sessions: sessionmaker[Session]
) -> None:
    """The writer has read an open batch; the delivery is under way; then the writer writes."""
    done = finished(make, session)
    before = session.scalar(select(func.count()).select_from(Consensus))
    session.commit()
    outcome: list[str] = []

    def write() -> None:
        try:
            with transaction(sessions) as late:
                late.execute(insert(Consensus), [_row(done, 90)])
            outcome.append("written")
        except IntegrityError:
            outcome.append("refused")

    with transaction(sessions) as own:
        deliver(own, own.get_one(Batch, done.batch.id), own.get_one(User, done.lead.id))
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.5)
        assert writer.is_alive(), "the writer did not wait for the delivery"
    writer.join()
    assert outcome == ["refused"]
    assert session.scalar(select(func.count()).select_from(Consensus)) == before
